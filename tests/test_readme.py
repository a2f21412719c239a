"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from unclosed.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The texts of the code blocks in this language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def test_the_opening_example_has_the_output_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program as shown, under the name in its first line, gives the lines as shown."""
    command, _, shown = blocks("console")[0].partition("\n")
    monkeypatch.chdir(tmp_path)
    Path("shop.py").write_text(blocks("python")[0].removeprefix("# shop.py\n"), encoding="utf-8")
    result = CliRunner().invoke(main, command.removeprefix("$ unclosed ").split())
    assert result.output == shown
    assert result.exit_code == 1


def test_the_configuration_that_is_shown_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key of the example exists, the model included."""
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(blocks("toml")[0], encoding="utf-8")
    Path("client.py").write_text("import acme\n\n\ndef ping():\n    client = acme.Client()\n    client.ping()\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "."])
    assert (result.output, result.exit_code) == ("./client.py:5:14: UNC101 client from acme.Client() is never closed; use 'with'\n", 1)


def test_the_two_commands_for_a_fresh_clone_are_one_line_each() -> None:
    """`.ci/run` runs the second as it stands here."""
    commands = [block.strip() for block in blocks("sh")]
    assert [command.count("\n") for command in commands] == [0, 0]
    assert all(command.startswith("python3 -m venv .venv && .venv/bin/pip install -q ") for command in commands)


def test_links_into_the_repository_lead_somewhere() -> None:
    """Relative links name files that exist."""
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
