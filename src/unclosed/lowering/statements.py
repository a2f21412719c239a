"""Control flow: statements become nodes and edges.

One `CSTVisitor` per scope drives the statements' children in evaluation order itself, so every `visit_` method returns `False`. Unreachable
statements are not lowered, but for the bodies of `if TYPE_CHECKING:`, whose names count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from unclosed.flow import events as ev
from unclosed.flow.events import NodeId, PlaceId
from unclosed.flow.graph import ANYTHING, IS_TRUE
from unclosed.lowering.conditions import is_truth
from unclosed.lowering.expressions import ANY_ITEM, LITERALS, Ends, ExpressionLowering
from unclosed.lowering.frames import Cleanup, Continuation, Handlers, Jump, suppresses_nothing
from unclosed.lowering.handling import BROAD, Taken, is_interrupt, suppressed_names, suppression, takes
from unclosed.lowering.names import dotted, exception_names, last_name, source, type_text
from unclosed.lowering.patterns import lower_case_pattern, subject_of

if TYPE_CHECKING:
    from unclosed.lowering.scope import ScopeBuilder

_RETURNED = ev.Returned()
_EVERYTHING = frozenset({"BaseException"})


class StatementLowering(cst.CSTVisitor):
    """Lowers the statements of one scope."""

    def __init__(self, scope: ScopeBuilder) -> None:
        super().__init__()
        self.scope = scope
        self.expressions = ExpressionLowering(scope)
        self._rounds = 0
        """How many loops over displays have been lowered."""
        self._returns = 0
        """How many `return` statements have been lowered."""
        self._handled = Jump.RAISE
        """What the innermost handler around took: its bare `raise` goes on with that."""

    def lower_body(self, body: Sequence[cst.CSTNode]) -> None:
        """Lower statements one after the other, as far as control reaches."""
        for statement in body:
            if not self.scope.ends:
                return
            statement.visit(self)

    def lower_suite(self, suite: cst.BaseSuite) -> None:
        """Lower an indented block, or the statements behind a colon on one line."""
        if isinstance(suite, cst.SimpleStatementSuite):
            self._small_statements(suite.body)
        else:
            self.lower_body(suite.body)

    def _small_statements(self, body: Sequence[cst.BaseSmallStatement]) -> None:
        for statement in body:
            if not self.scope.ends:
                return
            since = len(self.scope.temps)
            statement.visit(self)
            self.scope.end_statement(since, self.scope.span(statement))

    def _branch(self, node: cst.BaseExpression) -> tuple[Ends, Ends]:
        """Evaluate a condition; its temporaries die on both sides."""
        since = len(self.scope.temps)
        holds, fails = self.expressions.branch(node)
        dying = list(self.scope.temps[since:])
        for ends in (holds, fails):
            self.scope.ends = list(ends)
            self.scope.temps[since:] = dying
            self.scope.end_statement(since, self.scope.span(node))
            ends[:] = self.scope.ends
        del self.scope.temps[since:]
        return holds, fails

    # Simple statements

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:
        self._small_statements(node.body)
        return False

    def visit_Expr(self, node: cst.Expr) -> bool:
        value = node.value
        call = value.expression if isinstance(value, cst.Await) else value
        if isinstance(call, cst.Call):
            self.scope.bare_calls.add(call)
        place = self.expressions.lower(value)
        if isinstance(value, cst.Attribute) and place is not None:
            self.scope.emit(ev.Bare(place, self.scope.span(value)))
        return False

    def visit_Assign(self, node: cst.Assign) -> bool:
        target = node.targets[0].target
        if len(node.targets) == 1 and self._assign_pairwise(target, node.value):
            return False
        if isinstance(target, cst.Name) and len(node.targets) == 1 and is_truth(node.value):
            self._assign_truth(target, node.value)
            return False
        text = type_text(node.value)
        if text and isinstance(target, cst.Name):
            self.scope.aliases.setdefault(target.value, text)
        value = self.expressions.lower(node.value)
        for each in node.targets:
            self.expressions.assign(each.target, value)
        return False

    def _assign_truth(self, target: cst.Name, value: cst.BaseExpression) -> None:
        """`own = conn is None`: each outcome of the test goes on with its own value of the name."""
        holds, fails = self.expressions.branch(value)
        done: Ends = []
        for ends, text in ((holds, "True"), (fails, "False")):
            self.scope.ends = ends
            if ends:
                self.expressions.assign(target, self.scope.constant(text))
                done += self.scope.ends
        self.scope.ends = done

    def _assign_pairwise(self, target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
        """`a, b = b, a`: all values are read before any name is bound; `False` if the sides do not pair up."""
        if not isinstance(target, cst.Tuple | cst.List) or not isinstance(value, cst.Tuple | cst.List) or not _pairs_up(target, value):
            return False
        values = []
        for element in value.elements:
            place = self.expressions.lower(element.value)
            if place is not None and not self.scope.places.is_temp(place):
                held = self.scope.temp()
                self.scope.emit(ev.Bind(held, place, self.scope.span(element)))
                place = held
            values.append(place)
        for pair, place in zip(target.elements, values, strict=True):
            self.expressions.assign(pair.value, place)
        return True

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        name = dotted(node.target)
        if name:
            self.scope.annotations[name] = source(node.annotation.annotation)
            if "." not in name:
                self.scope.bind_name(name)
        if node.value is not None:
            if last_name(node.annotation.annotation) == "TypeAlias":
                self.scope.aliases[name] = source(node.value)
            self.expressions.assign(node.target, self.expressions.lower(node.value))
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        self.expressions.pass_on(self.expressions.lower(node.value), node.value)
        self.expressions.operate_in_place(node)
        self.expressions.assign(node.target, None)
        return False

    def visit_Return(self, node: cst.Return) -> bool:
        self._returns += 1
        returned = self.scope.place(_RETURNED)
        span = self.scope.span(node)
        if isinstance(node.value, cst.Tuple) and not any(isinstance(e, cst.StarredElement) for e in node.value.elements):
            for index, element in enumerate(node.value.elements):
                value = self.expressions.lower(element.value)
                self.scope.emit(ev.Bind(self.scope.place(ev.Item(returned, index)), value, self.scope.span(node)))
        else:
            value = self.scope.constant("None") if node.value is None else self.expressions.lower(node.value)
            self.scope.emit(ev.Bind(returned, value, span))
        # The temporaries die here, before any `finally`: what is not returned is dropped.
        self.scope.end_statement(0, span)
        self.scope.jump(Continuation(Jump.RETURN))
        return False

    def visit_Raise(self, node: cst.Raise) -> bool:
        exact = ""
        if node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
            exact = last_name(raised)
            self.expressions.lower(node.exc)
            if node.cause is not None:
                self.expressions.lower(node.cause.item)
        self.scope.emit(ev.Step("raise", None, self.scope.span(node)))
        if exact == "SystemExit":
            self.scope.ends = []  # the process ends: nothing is owed
        elif exact == "CancelledError":
            self.scope.jump(Continuation(Jump.CANCEL if self.scope.is_async else Jump.RAISE))
        elif node.exc is None:
            self.scope.jump(Continuation(self._handled))
        else:
            self.scope.jump(Continuation(Jump.RAISE, exact=exact if exact[:1].isupper() else ""))
        return False

    def visit_Assert(self, node: cst.Assert) -> bool:
        holds, fails = self.expressions.branch(node.test)
        self.scope.ends = fails
        if fails:
            if node.msg is not None:
                self.expressions.lower(node.msg)
            self.scope.emit(ev.Step("assert", None, self.scope.span(node)))
            self.scope.jump(Continuation(Jump.RAISE, exact="AssertionError"))
        self.scope.ends = holds
        return False

    def visit_Del(self, node: cst.Del) -> bool:
        targets = [e.value for e in node.target.elements] if isinstance(node.target, cst.Tuple | cst.List) else [node.target]
        for target in targets:
            place = self.expressions.lower(target)
            if isinstance(target, cst.Name) and place is not None:
                self.scope.bound.add(target.value)
                self.scope.emit(ev.Unbind(place, True, self.scope.span(node)))
        return False

    def visit_Global(self, node: cst.Global) -> bool:
        self.scope.global_names |= {item.name.value for item in node.names}
        self.scope.outer_names |= self.scope.global_names
        return False

    def visit_Nonlocal(self, node: cst.Nonlocal) -> bool:
        self.scope.nonlocal_names |= {item.name.value for item in node.names}
        self.scope.outer_names |= self.scope.nonlocal_names
        return False

    def visit_Pass(self, node: cst.Pass) -> bool:
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> bool:
        self.scope.aliases[node.name.value] = source(node.value)
        self.scope.emit(ev.Bind(self.scope.bind_name(node.name.value), None, self.scope.span(node)))
        return False

    def visit_Break(self, node: cst.Break) -> bool:
        self._jump_loop(Jump.BREAK, node)
        return False

    def visit_Continue(self, node: cst.Continue) -> bool:
        self._jump_loop(Jump.CONTINUE, node)
        return False

    def _jump_loop(self, jump: Jump, node: cst.CSTNode) -> None:
        frame = self.scope.frame
        while frame is not None and not hasattr(frame, "head"):
            frame = frame.outer
        self.scope.emit(ev.Step(jump.value, None, self.scope.span(node)))
        number = getattr(frame, "number", 0)
        self.scope.jump(Continuation(jump, loop=number))

    # Imports

    def visit_Import(self, node: cst.Import) -> bool:
        self._import_names(node.names, node)
        return False

    def _import_names(self, names: Sequence[cst.ImportAlias], node: cst.CSTNode) -> None:
        span = self.scope.span(node)
        self._import_step(node, dotted(names[0].name) if names else "")
        for alias in names:
            whole = dotted(alias.name)
            if alias.asname is not None:
                bound, name = source(alias.asname.name), whole
            else:
                bound = name = whole.split(".")[0]
            self.scope.emit(ev.Bind(self.scope.bind_name(bound), self.scope.place(ev.Imported(name)), span))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        self._import_from(node)
        return False

    def _import_from(self, node: cst.ImportFrom) -> None:
        span = self.scope.span(node)
        self._import_step(node, dotted(node.module))
        module = "." * len(node.relative) + dotted(node.module)
        if isinstance(node.names, cst.ImportStar):
            self.scope.module.star_imports.append(module)
            return
        for alias in node.names:
            name = dotted(alias.name)
            bound = name if alias.asname is None else source(alias.asname.name)
            whole = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
            self.scope.emit(ev.Bind(self.scope.bind_name(bound), self.scope.place(ev.Imported(whole)), span))

    def _import_step(self, node: cst.CSTNode, name: str) -> None:
        if self.scope.ends:
            self.scope.emit(ev.Step("import", self.scope.place(ev.Imported(name)), self.scope.span(node)), raises=True)

    # `import` deferred until first use: bound in the same way.

    def visit_LazyImport(self, node: cst.CSTNode) -> bool:
        self._import_names(tuple(getattr(node, "names", ())), node)
        return False

    def visit_LazyImportFrom(self, node: cst.CSTNode) -> bool:
        self._import_from(node)  # type: ignore[arg-type]  # the same fields as ImportFrom; the class is absent from libcst before 1.9
        return False

    # Compound statements

    def visit_If(self, node: cst.If) -> bool:
        done: Ends = []
        at: cst.If | cst.Else | None = node
        while isinstance(at, cst.If):  # `elif` chains in a loop: depth costs no recursion
            holds, fails = self._branch(at.test)
            if last_name(at.test) == "TYPE_CHECKING":
                body = at.body
                self.scope.aside(lambda body=body: self._unreached(body))  # type: ignore[misc]  # mypy cannot type a default-bound lambda
            self.scope.ends = holds
            if holds:
                self.lower_suite(at.body)
            done += self.scope.ends
            self.scope.ends = fails
            at = at.orelse if fails else None
        if isinstance(at, cst.Else):
            self.lower_suite(at.body)
        self.scope.ends = done + self.scope.ends
        return False

    def _unreached(self, suite: cst.BaseSuite) -> None:
        for statement in suite.body:
            small = statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
            for each in small:
                if isinstance(each, cst.Import | cst.ImportFrom):
                    self.scope.ends = []
                    each.visit(self)

    def visit_While(self, node: cst.While) -> bool:
        head, after = self.scope.join("while"), self.scope.join("after while")
        self.scope.flow_into(head)
        self.scope.continue_from(head)
        holds, fails = self._branch(node.test)
        self._loop_body(node.body, head, after, holds)
        self._loop_else(node.orelse, after, fails)
        return False

    def visit_For(self, node: cst.For) -> bool:
        since = len(self.scope.temps)
        iterable = self.expressions.lower(node.iter)
        root = None if iterable is None else self.scope.places.root(iterable)
        kept = [temp for temp in self.scope.temps[since:] if temp == root]
        self.scope.temps[since:] = [temp for temp in self.scope.temps[since:] if temp not in kept]
        self.scope.end_statement(since, self.scope.span(node.iter))
        began = self._count_rounds(node)
        head, after = self.scope.join("for"), self.scope.join("after for")
        self.scope.flow_into(head)
        self.scope.continue_from(head)
        is_async = node.asynchronous is not None and self.scope.is_async
        raises = not isinstance(node.iter, LITERALS)
        step = self.scope.emit(ev.Step("next", iterable, self.scope.span(node.iter)), raises=raises, cancels=is_async)
        exhausted: Ends = [(step, None)]
        if began is not None:
            # A literal with elements is gone through at least once.
            exhausted, self.scope.ends = self.scope.test(began, IS_TRUE, ANYTHING)
            self.scope.emit(ev.Bind(began, self.scope.constant("True"), self.scope.span(node.iter)))
        self.expressions.assign(node.target, None if iterable is None else self.scope.place(ev.Item(iterable, ANY_ITEM)))
        self.scope.end_statement(since, self.scope.span(node.target))
        self._loop_body(node.body, head, after, self.scope.ends)
        self._loop_else(node.orelse, after, exhausted)
        self.scope.temps += kept
        self.scope.end_statement(since, self.scope.span(node.iter))
        return False

    def _count_rounds(self, node: cst.For) -> PlaceId | None:
        """A flag that is false before the first round of a loop over a display with elements; `None` for any other loop."""
        if not isinstance(node.iter, cst.Tuple | cst.List | cst.Set) or all(isinstance(e, cst.StarredElement) for e in node.iter.elements):
            return None
        self._rounds += 1
        flag = self.scope.place(ev.Local(f"round'{self._rounds}"))
        self.scope.emit(ev.Bind(flag, self.scope.constant("False"), self.scope.span(node.iter)))
        return flag

    def _loop_body(self, body: cst.BaseSuite, head: NodeId, after: NodeId, ends: Ends) -> None:
        loop = self.scope.new_loop(head, after)
        self.scope.ends = list(ends)
        if ends:
            self.lower_suite(body)
        self.scope.flow_into(head)
        self.scope.frame = loop.outer

    def _loop_else(self, orelse: cst.Else | None, after: NodeId, ends: Ends) -> None:
        self.scope.ends = list(ends)
        if orelse is not None and ends:
            self.lower_suite(orelse.body)
        self.scope.flow_into(after)
        if self.scope.has_entry(after):
            self.scope.continue_from(after)

    def visit_Try(self, node: cst.Try) -> bool:
        self._try(node, flows_on=False)
        return False

    def visit_TryStar(self, node: cst.TryStar) -> bool:
        self._try(node, flows_on=True)
        return False

    def _try(self, node: cst.Try | cst.TryStar, *, flows_on: bool) -> None:
        cleanup: Cleanup | None = None
        if node.finalbody is not None:
            suite = node.finalbody.body
            cleanup = Cleanup(self.scope.frame, lambda _: self.lower_suite(suite), suppresses_nothing)
            self.scope.frame = cleanup
        outer = self.scope.frame
        names = frozenset().union(*(exception_names(h.type) for h in node.handlers))
        handlers = Handlers(outer, names, takes_all=bool(names & BROAD) or any(h.type is None for h in node.handlers))
        self.scope.frame = handlers if node.handlers else outer
        returns_before = self._returns
        self.lower_suite(node.body)
        drops_return = self._returns > returns_before
        self.scope.frame = outer
        if node.orelse is not None and self.scope.ends:
            self.lower_suite(node.orelse.body)
        done = self.scope.ends
        done = done + self._handlers(node.handlers, handlers, flows_on, drops_return)
        self.scope.ends = done
        if cleanup is not None:
            self.scope.frame = cleanup.outer
            if self.scope.ends:
                cleanup.lower(None)

    def _handlers(
        self, nodes: Sequence[cst.ExceptHandler | cst.ExceptStarHandler], frame: Handlers, flows_on: bool, drops_return: bool
    ) -> Ends:
        """Lower the handlers of a `try`; the ends that flow out of them.

        A handler that takes exceptions and cancellation has a body for each: its bare `raise` goes on with what came.
        """
        starts: dict[tuple[Jump, int], NodeId] = {}
        for arriving, entry in list(frame.entries.items()):
            self.scope.continue_from(entry)
            self._dispatch(nodes, arriving, starts)
        done: Ends = []
        for jump, number in sorted(starts, key=lambda start: (start[0].value, start[1])):
            self.scope.continue_from(starts[jump, number])
            self._handler_body(nodes[number], jump, drops_return)
            if flows_on and (jump, number + 1) in starts:
                ends = self.scope.ends
                self.scope.flow_into(starts[jump, number + 1])
                self.scope.ends = ends
            done += self.scope.ends
        return done

    def _dispatch(
        self, nodes: Sequence[cst.ExceptHandler | cst.ExceptStarHandler], arriving: Continuation, starts: dict[tuple[Jump, int], NodeId]
    ) -> None:
        """Lead what arrives to the handlers that take it, and on what none surely takes."""
        left = arriving
        for number, node in enumerate(nodes):
            names = exception_names(node.type)
            taken_by = takes(node, names, left, self.scope.is_async)
            if taken_by is not Taken.NO:
                key = (arriving.jump, number)
                if key not in starts:
                    starts[key] = self.scope.join("except")
                ends = self.scope.ends
                if taken_by is Taken.MAYBE and is_interrupt(names, arriving):
                    self.scope.emit(ev.Join(ev.INTERRUPTED))
                self.scope.flow_into(starts[key])
                self.scope.ends = ends
            if taken_by is Taken.YES:
                self.scope.ends = []
                return
            if taken_by is Taken.MAYBE:
                left = left._replace(passed=left.passed | names)
        self.scope.jump(left)

    def _handler_body(self, node: cst.ExceptHandler | cst.ExceptStarHandler, jump: Jump, drops_return: bool) -> None:
        name = node.name.name if node.name is not None else None
        span = self.scope.span(node)
        if drops_return:
            # An exception on the way out of a `return` drops its value.
            self.scope.emit(ev.Unbind(self.scope.place(_RETURNED), False, span))
        if isinstance(name, cst.Name):
            self.scope.emit(ev.Bind(self.scope.bind_name(name.value), None, span))
        outer, self._handled = self._handled, jump
        self.lower_suite(node.body)
        self._handled = outer
        if isinstance(name, cst.Name) and self.scope.ends:
            self.scope.emit(ev.Unbind(self.scope.bind_name(name.value), False, span))

    def visit_With(self, node: cst.With) -> bool:
        self._with_items(node, 0)
        return False

    def _with_items(self, node: cst.With, index: int) -> None:
        if index == len(node.items):
            self.lower_suite(node.body)
            return
        item, is_async = node.items[index], node.asynchronous is not None
        cancels = is_async and self.scope.is_async
        since = len(self.scope.temps)
        manager = self.expressions.lower(item.item)
        if manager is None:
            manager = self.scope.temp()
        held = manager
        if not self.scope.places.is_temp(manager):
            held = self.scope.temp()  # the block keeps its manager even if the name is bound anew
            self.scope.emit(ev.Bind(held, manager, self.scope.span(item)))
        span = self.scope.span(item.item)
        entered = self.scope.temp()
        self.scope.emit(ev.Enter(held, is_async, entered, span), raises=True, cancels=cancels)
        if item.asname is not None:
            self.expressions.assign(item.asname.name, entered)
        header = tuple(self.scope.temps[since:])
        del self.scope.temps[since:]
        self._with_block(node, index, held, header, span)

    def _with_block(self, node: cst.With, index: int, held: PlaceId, header: tuple[PlaceId, ...], span: ev.SpanId) -> None:
        is_async = node.asynchronous is not None

        def leave(jump: Jump | None) -> None:
            failing = jump in (Jump.RAISE, Jump.CANCEL)
            event = ev.Leave(held, is_async, failing, span)
            self.scope.emit(event, raises=True, cancels=is_async and self.scope.is_async)
            self.scope.emit(ev.EndStatement(header, span))

        after = self.scope.join("after with")
        item = node.items[index].item
        cleanup = Cleanup(
            self.scope.frame,
            leave,
            lambda continuation: suppression(item, continuation, self.scope.is_async),
            after,
            suppressed_names(item),
        )
        self.scope.frame = cleanup
        self._with_items(node, index + 1)
        self.scope.frame = cleanup.outer
        if self.scope.ends:
            leave(None)
        self.scope.flow_into(after)
        if self.scope.has_entry(after):
            self.scope.continue_from(after)

    def visit_Match(self, node: cst.Match) -> bool:
        since = len(self.scope.temps)
        subject = subject_of(node.subject, self.expressions.lower(node.subject))
        header = self.scope.temps[since:]
        del self.scope.temps[since:]
        done: Ends = []
        for case in node.cases:
            if not self.scope.ends:
                break
            holds, fails = lower_case_pattern(self.expressions, case.pattern, subject)
            self.scope.ends = holds
            if case.guard is not None and holds:
                holds, rejected = self._branch(case.guard)
                fails = fails + rejected
                self.scope.ends = holds
            if self.scope.ends:
                self._drop(header, case.pattern)
                self.lower_suite(case.body)
            done += self.scope.ends
            self.scope.ends = fails
        self._drop(header, node)
        self.scope.ends = done + self.scope.ends
        return False

    def _drop(self, temps: Sequence[PlaceId], node: cst.CSTNode) -> None:
        """Let the temporaries of a subject die: once a case is chosen, and where none is."""
        since = len(self.scope.temps)
        self.scope.temps += temps
        self.scope.end_statement(since, self.scope.span(node))

    # Definitions

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        since = len(self.scope.temps)
        self._decorators(node.decorators)
        params = node.params
        for parameter in (*params.posonly_params, *params.params, *params.kwonly_params):
            if parameter.default is not None:
                self.expressions.lower_default(parameter.default)
        free, name = self.scope.module.lower_function(self.scope, node)
        self._define(node.name.value, name, free, node)
        self.scope.end_statement(since, self.scope.span(node))
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        since = len(self.scope.temps)
        self._decorators(node.decorators)
        for argument in (*node.bases, *node.keywords):
            self.expressions.lower(argument.value)
        free, name = self.scope.module.lower_class(self.scope, node)
        self._define(node.name.value, name, free, node)
        self.scope.end_statement(since, self.scope.span(node))
        return False

    def _decorators(self, decorators: Sequence[cst.Decorator]) -> None:
        for decorator in decorators:
            self.expressions.lower(decorator.decorator)

    def _define(self, bound: str, name: str, free: set[str], node: cst.FunctionDef | cst.ClassDef) -> None:
        place, span = self.scope.bind_name(bound), self.scope.span(node)
        self.scope.emit(ev.Bind(place, self.scope.place(ev.Definition(name)), span))
        captured = self.scope.capture(free - {bound})
        if captured:
            self.scope.emit(ev.Capture(captured, place, name, span))
        if captured and node.decorators:
            # A decorator may register what it is given: the closure is passed on.
            self.scope.emit(ev.Store(ev.StoreKind.CONTAINER, None, "", place, span))


def _pairs_up(target: cst.Tuple | cst.List, value: cst.Tuple | cst.List) -> bool:
    elements = (*target.elements, *value.elements)
    return len(target.elements) == len(value.elements) and not any(isinstance(e, cst.StarredElement) for e in elements)
