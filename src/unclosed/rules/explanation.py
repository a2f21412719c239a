"""The shape of a rule's explanation, and the paragraphs that several rules share.

An explanation has five sections, always in this order: What it does, Why it is bad, What counts as release here, When to ignore
it, Options. Paragraphs are separated by empty lines and filled to 88 columns; a line break inside one means nothing.
"""

from __future__ import annotations

import textwrap

HEADINGS = ("What it does", "Why it is bad", "What counts as release here", "When to ignore it", "Options")

RELEASES = """
    Calling what the library names as the release, `close()` or `pool.putconn(conn)`, on the resource or on any other name of it;
    leaving a `with` or `async with` block, where that library's exit really gives the resource back; `contextlib.closing` and
    `aclosing`; an `ExitStack` that has entered it. A release that raises has still released.

    A resource that escapes is somebody else's: it is returned, yielded, stored on an object or in a container that leaves the
    function, captured by a closure that is passed on, or handed to something that keeps it or gives it back.
"""

OPTIONS = """
    `min-confidence` in `[tool.unclosed]`, or `--min-confidence`: `likely` by default, `certain` hides what rests on a naming
    convention or on a call that could not be resolved, `possible` shows more.

    `[tool.unclosed.pools]`, `connections`, `sessions` and `clients` tell in three lines what a class of your own owes, and
    `[tool.unclosed.models]` whatever else there is to say. `# noqa: CODE - why` at the end of the reported line silences one place,
    `per-file-ignores` whole files.
"""


def sections(*, does: str, why: str, ignore: str, release: str = RELEASES, options: str = OPTIONS) -> str:
    """An explanation with these texts under the five headings."""
    texts = (does, why, release, ignore, options)
    return "\n\n".join(f"## {heading}\n\n{_filled(text)}" for heading, text in zip(HEADINGS, texts, strict=True)) + "\n"


def _filled(text: str) -> str:
    """The paragraphs of a text, each filled to 88 columns."""
    paragraphs = textwrap.dedent(text).strip().split("\n\n")
    return "\n\n".join(textwrap.fill(" ".join(paragraph.split()), width=88, break_on_hyphens=False) for paragraph in paragraphs)
