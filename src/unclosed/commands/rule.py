"""`unclosed rule`: a rule explained, drawn on a terminal and as Markdown everywhere else."""

from __future__ import annotations

import os
import shutil
import sys

import click

from unclosed.commands.completion import complete_rules
from unclosed.commands.usage import usage_errors
from unclosed.report import rule_page
from unclosed.report.markdown import drawn_markdown
from unclosed.report.paint import Paint, wants_colour
from unclosed.rules import all_rules
from unclosed.selection import find_rule

_WIDEST = 96


@click.command()
@click.argument("name", metavar="CODE", required=False, shell_complete=complete_rules)
@click.option("--all", "every", is_flag=True, help="Explain every rule, in the order of their codes.")
def rule(name: str | None, every: bool) -> None:
    """Explain a rule, with a bad and a good example.

    CODE is the code of a rule, such as UNC103, or its name, such as discarded. On a terminal the explanation is drawn; into a file
    or a pipe goes Markdown.
    """
    if every == (name is not None):
        raise click.UsageError("name one rule, or give --all")
    with usage_errors():
        rules = all_rules() if name is None else (find_rule(name),)
    text = "\n".join(rule_page.render(each) for each in rules)
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        text = drawn_markdown(text, Paint(colour=wants_colour(sys.stdout)), width)
    click.echo(text, nl=False, color=True)
