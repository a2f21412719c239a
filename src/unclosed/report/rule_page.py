"""What `unclosed rule` prints of a rule."""

from __future__ import annotations

import textwrap

from unclosed.rules.rule import Rule


def render(rule: Rule) -> str:
    """The rule's head, its explanation, and an example of bad and of good code."""
    head = f"{rule.code} {rule.name}"
    state = "on by default" if rule.default else "off by default"
    beside = [line for name, text in rule.beside.items() for line in (f"Beside it stands `{name}`:", "", _indented(text), "")]
    return "\n".join(
        [
            f"# {head}",
            "",
            f"{rule.summary[:1].upper()}{rule.summary[1:]} ({state}).",
            "",
            rule.explanation.strip(),
            "",
            "## Bad",
            "",
            _indented(rule.bad),
            "",
            *beside,
            "## Good",
            "",
            _indented(rule.good),
            "",
        ]
    )


def _indented(text: str) -> str:
    return textwrap.indent(text.strip("\n"), "    ")
