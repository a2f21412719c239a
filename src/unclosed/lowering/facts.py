"""What lowering hands on of a module: its functions with their graphs, its classes, its imports.

Everything after lowering works on these values; the syntax tree is gone by then but for the positions of what is reported.
Function ids are indexes into `ModuleFacts.functions`; the module's own body is function 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from unclosed.flow.events import SpanId
from unclosed.flow.graph import FlowGraph

FunctionId = NewType("FunctionId", int)
MODULE_BODY = FunctionId(0)


class Scope(Enum):
    """What a graph is the body of."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `annotation` and `default` are source text, empty where absent; `position` is `None` for keyword-only ones and stars.
    `span`: that of its name.
    """

    name: str
    position: int | None
    annotation: str = ""
    default: str = ""
    star: str = ""
    span: SpanId = SpanId(0)


@dataclass(frozen=True, slots=True)
class Decorator:
    """One decorator: the dotted name (empty if it has none) and whether it is called. `span`: that of the call or name."""

    name: str
    is_called: bool
    text: str
    span: SpanId = SpanId(0)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function, class body or module body.

    `name`: dotted name inside the module, empty for the module itself. `outer`: the scope that it is defined in. `owner`: the dotted
    name of the class whose method it is, else empty. `globals`: names declared `global`. `annotations`: those of local names.
    """

    id: FunctionId
    name: str
    scope: Scope
    graph: FlowGraph
    outer: FunctionId | None = None
    owner: str = ""
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[Decorator, ...] = ()
    returns: str = ""
    is_async: bool = False
    is_generator: bool = False
    is_lambda: bool = False
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    """Names that the scope binds, parameters included."""
    annotations: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """The text of the type expressions that the scope gives names to: `Store = Annotated[Session, ...]`."""
    span: SpanId = SpanId(0)
    only_raises: bool = False
    """The body is `raise NotImplementedError` or nothing at all: an abstract method."""


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One class: the text of its bases, its body's graph, its methods by name in source order."""

    name: str
    body: FunctionId
    bases: tuple[str, ...] = ()
    decorators: tuple[Decorator, ...] = ()
    metaclass: str = ""
    """The text of `metaclass=`, empty if there is none."""


@dataclass(frozen=True, slots=True)
class SkippedFunction:
    """A function that was not lowered."""

    name: str
    span: SpanId
    reason: str


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """One module. `star_imports`: the modules whose names are all imported, as written (relative ones with their dots)."""

    functions: tuple[FunctionFacts, ...]
    classes: dict[str, ClassFacts]
    star_imports: tuple[str, ...] = ()
    skipped: tuple[SkippedFunction, ...] = ()
    main_guard: frozenset[FunctionId] = frozenset()
