"""The flow graph of each construct, compared as text.

Each file under `graphs/` is a program, a line that says what is true of its graph, and the graph of every function in it. `!` marks an
exception edge, `~` a cancellation edge, `?` one that is only there if the manager swallows exceptions. After a wanted change,
`UNCLOSED_WRITE_GRAPHS=1` writes the files anew; the difference is then to be read, not believed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unclosed.flow.dump import dump
from unclosed.lowering.facts import Scope
from unclosed.lowering.module import ModuleLowering
from unclosed.lowering.parse import parse

GRAPHS = Path(__file__).parent / "graphs"
FILES = sorted(GRAPHS.glob("*.txt"))
SEPARATOR = "\n\n== "


def picture(program: str) -> str:
    """The program with the graphs of its functions below it."""
    functions = ModuleLowering(parse(program)).lower().functions
    graphs = [f"{f.name}\n{dump(f.graph)}" for f in functions if f.scope is Scope.FUNCTION]
    return SEPARATOR.join([program.rstrip("\n"), *(graph.rstrip("\n") for graph in graphs)]) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_graph_is_as_drawn(path: Path) -> None:
    """The whole graph, node by node."""
    drawn = path.read_text(encoding="utf-8")
    found = picture(drawn.partition(SEPARATOR)[0] + "\n")
    if os.environ.get("UNCLOSED_WRITE_GRAPHS"):
        path.write_text(found, encoding="utf-8")
    assert found.splitlines() == drawn.splitlines()


def test_every_graph_says_what_is_true_of_it() -> None:
    """The first line of each file is a sentence."""
    first = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in FILES}
    assert [stem for stem, line in first.items() if not (line.startswith("# ") and line.endswith("."))] == []
