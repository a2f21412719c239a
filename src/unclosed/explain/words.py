"""Values, definitions and leases in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from unclosed.flow import events as ev
from unclosed.flow.events import PlaceId
from unclosed.infer.types import ModuleTypes, ScopeTypes
from unclosed.infer.values import Sort, Value
from unclosed.library import Lease
from unclosed.lowering.positions import Spans
from unclosed.project.program import Program
from unclosed.report.excerpt import drawn
from unclosed.source import split_lines
from unclosed.text import Span

_LONGEST = 100


def inset(lines: Iterable[str]) -> Iterator[str]:
    """The lines, two columns further in."""
    return (f"  {line}" for line in lines)


def row_of(path: str, span: Span) -> str:
    """`app.py:12`."""
    return f"{path}:{span.start.row}"


class Words:
    """What needs the program to be said: where a definition stands, how a module is called."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def value(self, value: Value | None) -> str:
        """What a place holds, and how sure that is."""
        return "unknown" if value is None else f"{self._bare(value)}, {value.confidence.label}"

    def _bare(self, value: Value | None) -> str:
        if value is None:
            return "something unknown"
        match value.sort:
            case Sort.NAME:
                return f"the name {value.name}"
            case Sort.INSTANCE:
                return f"instance of {value.name}"
            case Sort.DEFINITION:
                return self.definition(value)
            case Sort.OBJECT:
                return f"instance of {self.definition(value)}"
            case Sort.SUPER:
                return f"super() of {self.definition(value)}"
            case Sort.ALIAS:
                return f"type alias {value.name} of {self.path(value.module)}"
            case Sort.MODULE:
                return f"module {self.path(value.module)}"
            case Sort.OPAQUE:
                return f"{value.name}, of the project, from which no resource can come"
            case Sort.NONE:
                return "None"
            case Sort.TUPLE:
                return f"tuple of ({', '.join(map(self._bare, value.parts))})"
        doing = {Sort.AWAITABLE: "awaitable of", Sort.MANAGER: "context manager of", Sort.CALLABLE: "callable for"}[value.sort]
        return f"{doing} {self._bare(value.parts[0])}"

    def definition(self, value: Value) -> str:
        """A function or class of the project and where it stands: `function get_conn of db.py:6`."""
        loaded = self._program.module(value.module)
        is_class = loaded is not None and value.name in loaded.types.facts.classes
        return f"{'class' if is_class else 'function'} {value.name} of {self.where(value.module, value.name)}"

    def lease_type(self, lease: Lease) -> str:
        """The type of what is owed; a class of the project with its file."""
        module, _, name = lease.type_name.rpartition(":")
        return f"{name} of {self.path(module)}" if module else name

    def where(self, module: str, name: str) -> str:
        """The file and row of a definition; the file alone where it cannot be read."""
        loaded = self._program.module(module)
        if loaded is None:
            return self.path(module)
        facts = loaded.types.function(name)
        if name in loaded.types.facts.classes:
            facts = loaded.types.facts.functions[loaded.types.facts.classes[name].body]
        return loaded.shown_as if facts is None else row_of(loaded.shown_as, loaded.positions().span(facts.span))

    def path(self, module: str) -> str:
        """The path of a module as it is shown."""
        return self._program.shown_as(Path(module))

    def spans(self, types: ModuleTypes) -> Spans | None:
        """The positions of a module; `None` if it cannot be read any more."""
        loaded = self._program.module(types.name)
        return loaded.positions() if loaded is not None else None

    def source(self, types: ModuleTypes, row: int) -> str:
        """The line of source in this row of a module, without its indentation."""
        loaded = self._program.module(types.name)
        lines = split_lines(loaded.text) if loaded is not None else []
        return shortened(lines[row - 1]) if 0 < row <= len(lines) else ""

    def written(self, scope: ScopeTypes, place: PlaceId) -> str:
        """A place as the user wrote it: a call without its arguments for what it gives."""
        places, spans = scope.graph.places, self.spans(scope.module)
        match places.keys[place]:
            case ev.Temp():
                node = scope.producer.get(place)
                made = scope.graph.events[node] if node is not None else None
                return f"{spans.callee_text(made.span)}()" if isinstance(made, ev.Call) and spans is not None else "an expression"
            case ev.Attribute(base, name):
                return f"{self.written(scope, base)}.{name}"
            case ev.Item(base, number):
                return f"{self.written(scope, base)}[{'...' if number < 0 else number}]"
            case ev.Local(name):
                return name.partition("'")[0]
        return places.text(place)


def shortened(line: str) -> str:
    """A line of source, stripped, safe for a terminal, and cut if it is long."""
    text = drawn(line.strip())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
