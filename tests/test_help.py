"""Help fits a terminal and says something of everything; shells complete; a rule is drawn on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from unclosed.cli import main
from unclosed.report import rule_page
from unclosed.report.markdown import drawn_markdown
from unclosed.report.paint import Paint
from unclosed.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).parent / "unclosed"


def commands(command: click.Command = main, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, groups included."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner is not None
            yield from commands(inner, (*name, word))


COMMANDS = [pytest.param(name, command, id=" ".join(name) or "unclosed") for name, command in commands()]
every_command = pytest.mark.parametrize(("name", "command"), COMMANDS)


@every_command
def test_help_fits_80_columns(name: tuple[str, ...], command: click.Command) -> None:
    """And no sentence of a list is cut."""
    result = CliRunner().invoke(main, [*name, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert [line for line in result.output.splitlines() if len(line) > 80] == []
    assert [line for line in result.output.splitlines() if line.endswith("...") and not line.startswith("Usage: ")] == []


@every_command
def test_everything_has_its_words(name: tuple[str, ...], command: click.Command) -> None:
    """The command a sentence of its own for the list, each option a text that begins with a capital and ends with a full stop."""
    head = (command.help or "").split("\n\n")[0]
    assert re.fullmatch(r"[A-Z][^.]+\.", head)
    options = [option for option in command.params if isinstance(option, click.Option)]
    texts = [(option.help or "").partition("  [")[0] for option in options]
    assert [text for text in texts if not re.fullmatch(r"(?s)[A-Z].+\.", text)] == []


@every_command
def test_paths_and_names_in_the_usage_are_explained(name: tuple[str, ...], command: click.Command) -> None:
    """Each argument is a word of the text."""
    words = [argument.make_metavar(click.Context(command)) for argument in command.params if isinstance(argument, click.Argument)]
    assert [word for word in words if re.sub(r"[^A-Z:]", "", word.split("[:")[0]) not in (command.help or "")] == []


def test_the_options_of_a_check_stand_under_headings() -> None:
    """Each once, and none is lost."""
    lines = CliRunner().invoke(main, ["check", "-h"]).output.splitlines()
    headings = [line for line in lines if re.fullmatch(r"[A-Z][\w ]+:", line)]
    assert headings == ["What is looked for:", "Which files:", "Known and new findings:", "Output:", "Other options:"]
    shown = [match[1] for line in lines if (match := re.match(r"  (?:-h, )?(--[\w-]+)", line))]
    check = main.get_command(click.Context(main), "check")
    assert check is not None
    assert sorted(shown) == sorted([option.opts[0] for option in check.params if isinstance(option, click.Option)] + ["--help"])


# Shell completion


def completed(*words: str, kind: str = "plain") -> list[str]:
    """What bash is offered behind these words, through the real program: `plain` words, or a `file` to complete."""
    environment = {**os.environ, "_UNCLOSED_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run([PROGRAM], capture_output=True, text=True, check=True, env=environment)
    found = [line.partition(",") for line in done.stdout.splitlines()]
    return [word for told, _, word in found if told == kind]


@pytest.mark.processes
def test_a_shell_completes_commands_options_codes_and_names() -> None:
    """The last of several codes as well."""
    assert completed("unclosed", "ch") == ["check"]
    assert completed("unclosed", "check", "--ext") == ["--extend-select", "--extend-exclude"]
    assert completed("unclosed", "check", "--select", "UNC90") == ["UNC901", "UNC902"]
    assert completed("unclosed", "check", "--ignore", "UNC103,UNC90") == ["UNC103,UNC901", "UNC103,UNC902"]
    assert completed("unclosed", "rule", "leak-on-e") == ["leak-on-early-exit", "leak-on-exception"]
    assert completed("unclosed", "models", "show", "psycopg2.pool.Th") == ["psycopg2.pool.ThreadedConnectionPool"]
    assert "psycopg2.pool" in completed("unclosed", "models", "show", "psycopg2.")


@pytest.mark.processes
@pytest.mark.parametrize(
    "words", ["check", "check --config", "check --baseline", "check --output-file", "config", "models check", "explain", "baseline write"]
)
def test_a_shell_completes_paths_where_one_is_wanted(words: str) -> None:
    """It is told to complete a file."""
    assert completed("unclosed", *words.split(), "sr", kind="file") == ["sr"]


@pytest.mark.processes
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_documented_lines_give_a_script(shell: str) -> None:
    """For each shell that the README names."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"_UNCLOSED_COMPLETE={shell}_source unclosed" in readme
    environment = {**os.environ, "_UNCLOSED_COMPLETE": f"{shell}_source"}
    done = subprocess.run([PROGRAM], capture_output=True, text=True, check=True, env=environment)
    assert f"_UNCLOSED_COMPLETE={shell}_complete" in done.stdout


# Rules on a terminal


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What the program writes to a terminal of 60 columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 60, 0, 0))
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "unclosed", *arguments]
    written = b""
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=plain | environment) as process:
        os.close(theirs)
        try:
            while chunk := os.read(ours, 10_000):
                written += chunk
        except OSError:  # the other end is closed
            pass
        process.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.processes
def test_a_rule_is_drawn_on_a_terminal() -> None:
    """Filled to its width, headings and code in colours, without the marks of Markdown."""
    shown = on_a_terminal("rule", "UNC103")
    assert shown.startswith("\x1b[1mUNC103 leak-on-exception\x1b[0m\n")
    assert "\n\x1b[1mWhat it does\x1b[0m\n" in shown
    assert "\n#" not in shown
    assert "`" not in shown
    prose = [re.sub(r"\x1b\[\d*m", "", line) for line in shown.splitlines()]
    assert [line for line in prose if len(line) > 60 and not line.startswith("    ")] == []
    assert max(len(line) for line in prose if not line.startswith("    ")) > 50


@pytest.mark.processes
def test_without_colour_code_keeps_its_marks() -> None:
    """`NO_COLOR` takes the colours, a dumb terminal gets Markdown."""
    plain = on_a_terminal("rule", "UNC103", NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.startswith("UNC103 leak-on-exception\n==")
    assert "`with`" in plain
    assert on_a_terminal("rule", "UNC103", TERM="dumb") == CliRunner().invoke(main, ["rule", "UNC103"]).output


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_drawing_loses_no_word(rule: object) -> None:
    """All that is said is shown, at any width."""
    from unclosed.rules.rule import Rule

    assert isinstance(rule, Rule)
    text = rule_page.render(rule)
    said = re.sub(r"^#+ ", "", text, flags=re.MULTILINE).replace("`", "").split()
    for width in (20, 80, 200):
        drawn = re.sub(r"\x1b\[\d*m", "", drawn_markdown(text, Paint(colour=True), width))
        assert re.sub(r"^=+$", "", drawn, flags=re.MULTILINE).replace("`", "").split() == said
