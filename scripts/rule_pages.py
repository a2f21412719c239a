"""Writes docs/rules/ from the rule classes, a page each; with `--check` it only says whether the pages are current."""

from __future__ import annotations

import sys
from pathlib import Path, PurePath

from unclosed.rules import all_rules
from unclosed.rules.rule import Rule

PAGES = Path(__file__).resolve().parent.parent / "docs" / "rules"
LANGUAGES = {".py": "python", ".ini": "ini", ".toml": "toml"}


def pages() -> dict[str, str]:
    """The text of each page, by its file name."""
    return {f"{rule.code}.md": page(rule) for rule in all_rules()}


def page(rule: Rule) -> str:
    """One rule: its head, its explanation, an example of bad and of good code."""
    state = "on by default" if rule.default else "off by default"
    beside = [part for name, text in rule.beside.items() for part in (f"Beside it stands `{name}`:", _block(text, name))]
    parts = [
        "<!-- written by scripts/rule_pages.py -->",
        f"# {rule.code} {rule.name}",
        f"{rule.summary[:1].upper()}{rule.summary[1:]} ({state}).",
        rule.explanation.strip(),
        "## Bad",
        _block(rule.bad, rule.example),
        *beside,
        "## Good",
        _block(rule.good, rule.example),
        "[All rules](../../README.md#rules) · [Libraries](../libraries.md)",
    ]
    return "\n\n".join(parts) + "\n"


def _block(text: str, name: str) -> str:
    """A file's text as a block of code."""
    language = LANGUAGES.get(PurePath(name).suffix, "text")
    return f"```{language}\n{text.strip()}\n```"


def main() -> int:
    """Exit status 1 if a page was not current, or one stands there that no rule has."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    if "--check" not in sys.argv[1:]:
        PAGES.mkdir(parents=True, exist_ok=True)
        for name in there.keys() - wanted.keys():
            (PAGES / name).unlink()
        for name, text in wanted.items():
            (PAGES / name).write_text(text, encoding="utf-8")
    return int(there != wanted)


if __name__ == "__main__":
    raise SystemExit(main())
