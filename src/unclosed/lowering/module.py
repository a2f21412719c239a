"""One module: every scope in it lowered, each on its own.

A scope beyond the node budget or the recursion limit is skipped and recorded; the others are not touched by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from unclosed.flow import events as ev
from unclosed.lowering.expressions import ExpressionLowering
from unclosed.lowering.facts import (
    MODULE_BODY,
    ClassFacts,
    Decorator,
    FunctionFacts,
    FunctionId,
    ModuleFacts,
    Parameter,
    Scope,
    SkippedFunction,
)
from unclosed.lowering.frames import Continuation, Jump, TooComplex
from unclosed.lowering.names import dotted, is_stub_body, source, type_bounds
from unclosed.lowering.positions import Spans
from unclosed.lowering.scope import ScopeBuilder, names_of
from unclosed.lowering.statements import StatementLowering


class ModuleLowering:
    """The lowering of one module; `lower()` once, then the facts stand."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self.spans = Spans(module)
        self.star_imports: list[str] = []
        self._functions: list[FunctionFacts | None] = []
        self._classes: dict[str, ClassFacts] = {}
        self._skipped: list[SkippedFunction] = []
        self._done: dict[int, tuple[set[str], str]] = {}
        self._kept: list[cst.CSTNode] = []
        self._scopes: list[FunctionId] = []
        self._bounds: dict[str, str] = {}
        """The bounds of type parameters. Of a name that has several in one module nothing is said."""

    def lower(self) -> ModuleFacts:
        """The facts of the whole module."""
        scope = ScopeBuilder(self, "", Scope.MODULE)
        self._lower_scope(scope, self.module.body, Parts(scope=Scope.MODULE), self.module)
        functions = tuple(f for f in self._functions if f is not None)
        body = functions[MODULE_BODY]
        bounds = {name: text for name, text in self._bounds.items() if text and name not in body.bound}
        if bounds:
            body = replace(body, aliases={**bounds, **body.aliases}, bound=body.bound | bounds.keys())
            functions = (body, *functions[1:])
        # Ids are indexes: a skipped scope leaves no hole, because its place is taken by an empty graph.
        return ModuleFacts(functions, self._classes, tuple(self.star_imports), tuple(self._skipped))

    def lower_function(self, outer: ScopeBuilder, node: cst.FunctionDef) -> tuple[set[str], str]:
        """Lower a function defined in `outer`: its free names and its dotted name."""
        if id(node) not in self._done:
            name = _dotted_name(outer, node.name.value)
            scope = ScopeBuilder(self, name, Scope.FUNCTION, is_async=node.asynchronous is not None)
            parameters = _parameters(node.params, self.spans)
            self._note_bounds(node.type_parameters)
            body = node.body.body
            parts = Parts(
                scope=Scope.FUNCTION,
                owner=outer.name if outer.scope is Scope.CLASS else "",
                parameters=parameters,
                decorators=_decorators(node.decorators, self.spans),
                returns=source(node.returns.annotation) if node.returns is not None else "",
                only_raises=is_stub_body(node.body),
            )
            self._remember(node, self._lower_scope(scope, body, parts, node), name)
        return self._done[id(node)]

    def lower_lambda(self, outer: ScopeBuilder, node: cst.Lambda) -> tuple[set[str], str]:
        """Lower a lambda: its free names and a dotted name that no other lambda of the module has."""
        if id(node) not in self._done:
            name = _dotted_name(outer, f"<lambda#{len(self._functions)}>")
            scope = ScopeBuilder(self, name, Scope.FUNCTION)
            parts = Parts(scope=Scope.FUNCTION, parameters=_parameters(node.params, self.spans), is_lambda=True)
            self._remember(node, self._lower_scope(scope, [node.body], parts, node), name)
        return self._done[id(node)]

    def lower_class(self, outer: ScopeBuilder, node: cst.ClassDef) -> tuple[set[str], str]:
        """Lower a class: the free names of its body and methods, and its dotted name."""
        if id(node) not in self._done:
            name = _dotted_name(outer, node.name.value)
            scope = ScopeBuilder(self, name, Scope.CLASS)
            body_id = FunctionId(len(self._functions))
            self._note_bounds(node.type_parameters)
            free = self._lower_scope(scope, node.body.body, Parts(scope=Scope.CLASS), node)
            bases = tuple(source(argument.value) for argument in node.bases if not argument.star)
            metaclass = "".join(source(a.value) for a in node.keywords if a.keyword is not None and a.keyword.value == "metaclass")
            self._classes[name] = ClassFacts(name, body_id, bases, _decorators(node.decorators, self.spans), metaclass)
            self._remember(node, free, name)
        return self._done[id(node)]

    def _note_bounds(self, parameters: cst.TypeParameters | None) -> None:
        for name, text in type_bounds(parameters).items():
            self._bounds[name] = text if self._bounds.get(name, text) == text else ""

    def _remember(self, node: cst.CSTNode, free: set[str], name: str) -> None:
        self._done[id(node)] = (free, name)
        self._kept.append(node)  # ids are only unique while their objects live

    def _lower_scope(self, scope: ScopeBuilder, body: Sequence[cst.CSTNode], parts: Parts, node: cst.CSTNode) -> set[str]:
        id_ = FunctionId(len(self._functions))
        self._functions.append(None)
        outer = self._scopes[-1] if self._scopes else None
        self._scopes.append(id_)
        span = self.spans.register(node)
        try:
            _lower_body(scope, body, parts)
        except (TooComplex, RecursionError) as error:
            reason = str(error) if isinstance(error, TooComplex) else "nested too deeply"
            self._skipped.append(SkippedFunction(scope.name, span, reason))
            free = set().union(*(names_of(part) for part in body)) if isinstance(error, TooComplex) else set()
            scope = ScopeBuilder(self, scope.name, scope.scope, is_async=scope.is_async)
            self._functions[id_] = _facts(id_, scope, parts, outer, span)
            return free
        finally:
            self._scopes.pop()
        self._functions[id_] = _facts(id_, scope, parts, outer, span)
        return scope.free_names()


class Parts:
    """What is known of a scope before its body is lowered."""

    def __init__(
        self,
        scope: Scope,
        *,
        owner: str = "",
        parameters: tuple[Parameter, ...] = (),
        decorators: tuple[Decorator, ...] = (),
        returns: str = "",
        only_raises: bool = False,
        is_lambda: bool = False,
    ) -> None:
        self.scope, self.owner, self.parameters, self.decorators = scope, owner, parameters, decorators
        self.returns, self.only_raises, self.is_lambda = returns, only_raises, is_lambda


def _facts(id_: FunctionId, scope: ScopeBuilder, parts: Parts, outer: FunctionId | None, span: ev.SpanId) -> FunctionFacts:
    return FunctionFacts(
        id=id_,
        name=scope.name,
        scope=parts.scope,
        graph=scope.finish(),
        outer=outer,
        owner=parts.owner,
        parameters=parts.parameters,
        decorators=parts.decorators,
        returns=parts.returns,
        is_async=scope.is_async,
        is_generator=scope.is_generator,
        is_lambda=parts.is_lambda,
        globals=frozenset(scope.global_names),
        nonlocals=frozenset(scope.nonlocal_names),
        bound=frozenset(scope.bound),
        annotations=scope.annotations,
        aliases=scope.aliases,
        span=span,
        only_raises=parts.only_raises,
    )


def _lower_body(scope: ScopeBuilder, body: Sequence[cst.CSTNode], parts: Parts) -> None:
    scope.bound |= {parameter.name for parameter in parts.parameters}
    returned = scope.place(ev.Returned())
    if parts.is_lambda:
        value = ExpressionLowering(scope).lower(body[0])
        scope.emit(ev.Bind(returned, value, scope.span(body[0])))
        scope.end_statement(0, scope.span(body[0]))
    else:
        lowering = StatementLowering(scope)
        if body and isinstance(body[0], cst.BaseSmallStatement):
            lowering.lower_suite(cst.SimpleStatementSuite(body))  # type: ignore[arg-type]  # `def f(): pass` has only small statements
        else:
            lowering.lower_body(body)
        if scope.ends:
            scope.emit(ev.Bind(returned, scope.constant("None"), scope.span(body[-1] if body else scope.module.module)))
    scope.jump(Continuation(Jump.RETURN))


def _dotted_name(outer: ScopeBuilder, name: str) -> str:
    return f"{outer.name}.{name}" if outer.name else name


def _parameters(params: cst.Parameters, spans: Spans) -> tuple[Parameter, ...]:
    made = []
    for position, parameter in enumerate((*params.posonly_params, *params.params)):
        made.append(_parameter(parameter, position, "", spans))
    made += [_parameter(parameter, None, "", spans) for parameter in params.kwonly_params]
    if isinstance(params.star_arg, cst.Param):
        made.append(_parameter(params.star_arg, None, "*", spans))
    if params.star_kwarg is not None:
        made.append(_parameter(params.star_kwarg, None, "**", spans))
    return tuple(made)


def _parameter(node: cst.Param, position: int | None, star: str, spans: Spans) -> Parameter:
    annotation = source(node.annotation.annotation) if node.annotation is not None else ""
    default = source(node.default) if node.default is not None else ""
    return Parameter(node.name.value, position, annotation, default, star, spans.register(node.name))


def _decorators(nodes: Sequence[cst.Decorator], spans: Spans) -> tuple[Decorator, ...]:
    made = []
    for node in nodes:
        is_called = isinstance(node.decorator, cst.Call)
        callee = node.decorator.func if isinstance(node.decorator, cst.Call) else node.decorator
        made.append(Decorator(dotted(callee), is_called, source(node.decorator), spans.register(node.decorator)))
    return tuple(made)
