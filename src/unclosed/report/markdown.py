"""Markdown as a terminal shows it: headings stand out, paragraphs are as wide as the window, words of code are coloured.

Of Markdown it knows what explanations use: headings, paragraphs, code between backquotes, and blocks of code by four spaces.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from unclosed.report.paint import Paint

_HEADING = re.compile(r"(?P<marks>#+) (?P<text>.+)")
_CODE = re.compile(r"`([^`]+)`")
_BLOCK = "    "
_MARK = "\ue000"
"""Stands for a backquote while a paragraph is filled, so that colours take no room; a character of private use."""


def drawn_markdown(text: str, paint: Paint, width: int) -> str:
    """The text for a terminal of this width; without colours, code keeps its backquotes."""
    return "\n".join(_blocks(text, paint, max(width, 20))) + "\n"


def _blocks(text: str, paint: Paint, width: int) -> Iterator[str]:
    paragraph: list[str] = []
    for line in (*text.splitlines(), ""):
        heading = _HEADING.fullmatch(line)
        if paragraph and (heading is not None or not line.strip() or line.startswith(_BLOCK)):
            yield _filled(" ".join(paragraph), paint, width)
            paragraph = []
        if heading is not None:
            yield paint.heading(heading["text"])
            if len(heading["marks"]) == 1:
                yield paint.margin("=" * min(len(heading["text"]), width))
        elif line.startswith(_BLOCK):
            yield _BLOCK + paint.literal(line.removeprefix(_BLOCK))
        elif line.strip():
            paragraph.append(line.strip())
        else:
            yield ""


def _filled(paragraph: str, paint: Paint, width: int) -> str:
    """A paragraph as wide as the window, its words of code coloured; a piece of code is not broken."""
    if not paint.colour:
        return textwrap.fill(paragraph, width, break_long_words=False, break_on_hyphens=False)
    whole = _CODE.sub(lambda code: f"\x01{code[1].replace(' ', _MARK)}\x02", paragraph)
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(re.sub("\x01([^\x02]*)\x02", lambda code: paint.literal(code[1].replace(_MARK, " ")), line) for line in lines)
