"""What a shell offers behind an option: codes of rules, names of models."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from unclosed.catalog_files import shipped_shelf
from unclosed.rules import all_rules


def complete_codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes that continue what stands behind the last comma, or colon, each with what it reports."""
    start = max(incomplete.rfind(","), incomplete.rfind(":")) + 1
    before, begun = incomplete[:start], incomplete[start:].upper()
    return [CompletionItem(before + rule.code, help=rule.name) for rule in all_rules() if rule.code.startswith(begun)]


def complete_rules(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes and names of rules."""
    found = [(rule.code, rule.name) for rule in all_rules()] + [(rule.name, rule.code) for rule in all_rules()]
    return [CompletionItem(word, help=other) for word, other in found if word.lower().startswith(incomplete.lower())]


def complete_models(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shipped names that continue this one, up to their next dot."""
    shelf = shipped_shelf()
    names = [name for name in (*shelf.types, *shelf.functions, *shelf.objects) if name.startswith(incomplete)]
    parts = {name[: end if (end := name.find(".", len(incomplete))) > 0 else len(name)] for name in names}
    return [CompletionItem(part) for part in sorted(parts)]
