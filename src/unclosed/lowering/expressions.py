"""Evaluation order: expressions become events, their values places.

`lower(node)` emits what evaluating the node does and returns the place of its value, `None` where nothing is worth tracking. `branch(node)`
evaluates a condition and returns the ends where it holds and those where it does not. Left spines (`a.b().c()…`, `a + b + …`) are walked
in loops, so depth costs no recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from unclosed.flow import events as ev
from unclosed.flow.events import MAX_TEXT, PlaceId
from unclosed.flow.graph import ANYTHING, IS_FALSE, IS_NONE, IS_TRUE, UNKNOWN_LITERAL
from unclosed.lowering.conditions import inside_bool, is_pure, name_in_locals
from unclosed.lowering.frames import End
from unclosed.lowering.handling import is_expected
from unclosed.lowering.names import last_name, source
from unclosed.lowering.scope import names_captured_by

if TYPE_CHECKING:
    from unclosed.lowering.scope import ScopeBuilder

MAX_DEPTH = 4
LITERALS = (cst.Tuple, cst.List, cst.Set, cst.Dict, cst.SimpleString)
"""What can be iterated without raising."""
MAX_LITERALS = 32
"""The constants of displays with more elements than this are not kept."""
ANY_ITEM = -1
"""The index of an item that is not a constant."""

_BY_ITEM = ("KeyError", "IndexError", "TypeError")
_BY_ATTRIBUTE = ("AttributeError",)
_BY_ARITHMETIC = ("TypeError", "OverflowError")
_BY_DIVISION = ("ZeroDivisionError", *_BY_ARITHMETIC)

Ends = list[End]


class ExpressionLowering:
    """Lowers the expressions of one scope; `scope` is the graph and the names it writes to."""

    def __init__(self, scope: ScopeBuilder) -> None:
        self.scope = scope

    # Values

    def lower(self, node: cst.CSTNode) -> PlaceId | None:
        """Evaluate an expression; the place of its value, or `None`."""
        return HANDLERS[type(node)](self, node)

    def _constant(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString)
        return self.scope.constant(node.value[:MAX_TEXT])

    def _concatenated(self, node: cst.CSTNode) -> PlaceId | None:
        part: cst.CSTNode = node
        values: list[PlaceId | None] = []
        while isinstance(part, cst.ConcatenatedString):
            values.append(self.lower(part.left))
            part = part.right
        values.append(self.lower(part))
        return self.scope.joined_text(values)

    def _formatted(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.FormattedString | cst.TemplatedString)
        text = ""
        for part in node.parts:
            text += part.value if isinstance(part, cst.FormattedStringText | cst.TemplatedStringText) else "{}"
            if isinstance(part, cst.FormattedStringExpression | cst.TemplatedStringExpression):
                self.lower(part.expression)
                for inner in part.format_spec or ():
                    if isinstance(inner, cst.FormattedStringExpression | cst.TemplatedStringExpression):
                        self.lower(inner.expression)
        return self.scope.formatted(text[:MAX_TEXT]) if isinstance(node, cst.FormattedString) else None

    def _ellipsis(self, _: cst.CSTNode) -> PlaceId | None:
        return self.scope.constant("...")

    def _name(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Name)
        if node.value in ("None", "True", "False"):
            return self.scope.constant(node.value)
        return self.scope.local(node.value)

    def _spine(self, node: cst.CSTNode) -> PlaceId | None:
        """A chain of attributes, calls and subscripts, from its root outwards."""
        chain: list[cst.Attribute | cst.Call | cst.Subscript] = []
        at = node
        while isinstance(at, cst.Attribute | cst.Call | cst.Subscript):
            chain.append(at)
            at = at.func if isinstance(at, cst.Call) else at.value
        value = self.lower(at)
        receiver: PlaceId | None = None
        method, is_method = last_name(at), False
        for link, outer in zip(chain[::-1], (*chain[-2::-1], None), strict=True):
            match link:
                case cst.Attribute():
                    receiver, method, is_method = value, link.attr.value, True
                    if not isinstance(outer, cst.Call):
                        self._look_up(link, value)
                    value = self.attribute_of(value, method)
                    if not isinstance(outer, cst.Call):
                        self.scope.note_read(value, self.scope.span(link))
                case cst.Subscript():
                    receiver, method, is_method = None, "", False
                    base, value = value, self._item_of(value, link)
                    self._look_up(link, base)
                case cst.Call():
                    value = self._call(link, ev.Callee(value, receiver, method, is_method))
                    receiver, method, is_method = None, "", False
        return value

    def _look_up(self, node: cst.Attribute | cst.Subscript, base: PlaceId | None) -> None:
        """Looking up an attribute or item may raise, if a handler says so; in what a call of the same statement gives it does not."""
        if base is None or not self.scope.places.is_temp(base):
            is_item = isinstance(node, cst.Subscript)
            self._may_raise(node, "the subscript" if is_item else "the attribute", _BY_ITEM if is_item else _BY_ATTRIBUTE)

    def operate_in_place(self, node: cst.AugAssign) -> None:
        """`counts[key] += 1` reads before it writes."""
        if isinstance(node.target, cst.Attribute | cst.Subscript):
            self._look_up(node.target, None)
        is_division = isinstance(node.operator, cst.DivideAssign | cst.FloorDivideAssign | cst.ModuloAssign)
        self._may_raise(node, "the operation", _BY_DIVISION if is_division else _BY_ARITHMETIC)

    def _may_raise(self, node: cst.CSTNode, word: str, exceptions: tuple[str, ...]) -> None:
        """An operation that raises where a handler expects one of `exceptions`, and else does not in practice."""
        expected = [name for name in exceptions if is_expected(name, self.scope.frame)]
        if expected:
            self.scope.emit_raising(ev.Step(word, None, self.scope.span(node)), expected)

    def attribute_of(self, base: PlaceId | None, name: str) -> PlaceId | None:
        """The place of an attribute; `None` where none is worth tracking."""
        if base is None or isinstance(self.scope.places.keys[base], ev.Constant | ev.Formatted):
            return None
        depth, key = 1, self.scope.places.keys[base]
        while isinstance(key, ev.Attribute | ev.Item):
            depth, key = depth + 1, self.scope.places.keys[key.base]
        return self.scope.place(ev.Attribute(base, name)) if depth <= MAX_DEPTH else None

    def _item_of(self, base: PlaceId | None, node: cst.Subscript) -> PlaceId | None:
        index = ANY_ITEM
        for element in node.slice:
            inner = element.slice
            if isinstance(inner, cst.Index):
                self.lower(inner.value)
                if isinstance(inner.value, cst.Integer) and len(node.slice) == 1 and inner.value.value.isdecimal():
                    index = int(inner.value.value)
            elif isinstance(inner, cst.Slice):
                for bound in (inner.lower, inner.upper, inner.step):
                    if bound is not None:
                        self.lower(bound)
        return None if base is None else self.scope.place(ev.Item(base, index))

    def _call(self, node: cst.Call, callee: ev.Callee) -> PlaceId:
        arguments = tuple(self._argument(number, arg, len(node.args) == 1) for number, arg in enumerate(node.args))
        result = self.scope.temp()
        awaited = node in self.scope.awaited_calls
        bare = node in self.scope.bare_calls
        event = ev.Call(callee, arguments, result, awaited, bare, self.scope.span(node))
        self.scope.emit(event, raises=True, cancels=awaited and self.scope.is_async)
        return result

    def _argument(self, number: int, arg: cst.Arg, is_only: bool) -> ev.Argument:
        if is_only and isinstance(arg.value, cst.GeneratorExp):
            # Approximation: a generator that is the only argument is consumed by the call.
            value = self._comprehension(arg.value)
        else:
            value = self.lower(arg.value)
        if arg.star:
            return ev.Argument(arg.star, value)
        return ev.Argument(number if arg.keyword is None else arg.keyword.value, value)

    def _await(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Await)
        if isinstance(node.expression, cst.Call):
            self.scope.awaited_calls.add(node.expression)
            return self.lower(node.expression)
        value = self.lower(node.expression)
        result = self.scope.temp()
        self.scope.emit(ev.Await(value, result, self.scope.span(node)), raises=True, cancels=self.scope.is_async)
        return result

    def _unary(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.UnaryOperation)
        value = self.lower(node.expression)
        if value is None or not isinstance(node.operator, cst.Minus) or not isinstance(node.expression, cst.Integer | cst.Float):
            return None
        return self.scope.constant(f"-{node.expression.value}")

    def _binary(self, node: cst.CSTNode) -> PlaceId | None:
        operands = []
        at = node
        while isinstance(at, cst.BinaryOperation):
            operands.append(at.right)
            at = at.left
        for operand in (at, *reversed(operands)):
            self.pass_on(self.lower(operand), operand)
        assert isinstance(node, cst.BinaryOperation)
        is_division = isinstance(node.operator, cst.Divide | cst.FloorDivide | cst.Modulo)
        self._may_raise(node, "the operation", _BY_DIVISION if is_division else _BY_ARITHMETIC)
        return None

    def pass_on(self, value: PlaceId | None, node: cst.CSTNode) -> None:
        """A container made here goes into something that is not followed: what it holds has escaped."""
        if value is not None and value in self.scope.containers:
            self.scope.emit(ev.Store(ev.StoreKind.CONTAINER, None, "", value, self.scope.span(node)))

    def lower_default(self, node: cst.BaseExpression) -> None:
        """The default of a parameter is kept by the function."""
        value = self.lower(node)
        if value is not None and not isinstance(self.scope.places.keys[value], ev.Constant):
            self.scope.emit(ev.Store(ev.StoreKind.CONTAINER, None, "", value, self.scope.span(node)))

    def _comparison(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Comparison)
        self.lower(node.left)
        for target in node.comparisons:
            self.lower(target.comparator)
        return None

    def _boolean(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.BooleanOperation)
        result = self.scope.temp()
        is_or = isinstance(node.operator, cst.Or)
        done: Ends = []
        operands = _operands(node)
        for operand in operands[:-1]:
            value, holds, fails = self._valued_branch(operand)
            stops, goes_on = (holds, fails) if is_or else (fails, holds)
            self.scope.ends = stops
            if stops:
                self.scope.emit(ev.Bind(result, value, self.scope.span(node)))
            done += self.scope.ends
            self.scope.ends = goes_on
        value = self.lower(operands[-1])
        if self.scope.ends:
            self.scope.emit(ev.Bind(result, value, self.scope.span(node)))
        self.scope.ends = done + self.scope.ends
        return result

    def _valued_branch(self, node: cst.BaseExpression) -> tuple[PlaceId | None, Ends, Ends]:
        """A branch on an expression whose value is wanted as well."""
        if isinstance(node, _VALUED):
            value = self.lower(node)
            if value is None:
                return None, list(self.scope.ends), list(self.scope.ends)
            holds, fails = self._test_truth(value)
            return value, holds, fails
        holds, fails = self.branch(node)
        return None, holds, fails

    def _conditional(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.IfExp)
        result = self.scope.temp()
        holds, fails = self.branch(node.test)
        done: Ends = []
        for ends, value_node in ((holds, node.body), (fails, node.orelse)):
            self.scope.ends = ends
            if ends:
                value = self.lower(value_node)
                self.scope.emit(ev.Bind(result, value, self.scope.span(node)))
                done += self.scope.ends
        self.scope.ends = done
        return result

    def _walrus(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.NamedExpr)
        value = self.lower(node.value)
        self.assign(node.target, value)
        return self.lower(node.target)

    def _lambda(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Lambda)
        for parameter in (*node.params.params, *node.params.kwonly_params, *node.params.posonly_params):
            if parameter.default is not None:
                self.lower_default(parameter.default)
        captured, name = self.scope.nested_lambda(node)
        result = self.scope.temp()
        self.scope.emit(ev.Capture(captured, result, name, self.scope.span(node)))
        return result

    def _display(self, node: cst.CSTNode) -> PlaceId | None:
        """A list, set or tuple: its elements are put into a container."""
        assert isinstance(node, cst.List | cst.Set | cst.Tuple)
        values = [(self.lower(element.value), self.scope.span(element)) for element in node.elements]
        is_indexed = not isinstance(node, cst.Set) and not any(isinstance(e, cst.StarredElement) for e in node.elements)
        return self._container(values, is_indexed=is_indexed)

    def _dict(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Dict)
        values, keys = [], []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                self.lower(element.key)
            keys.append(source(element.key) if isinstance(element, cst.DictElement) else "")
            values.append((self.lower(element.value), self.scope.span(element)))
        result = self._container(values, keys)
        known = self.scope.literals.setdefault(result, {})
        for key in keys:
            known.setdefault(key, UNKNOWN_LITERAL)
        return result

    def _container(
        self, values: Sequence[tuple[PlaceId | None, ev.SpanId]], keys: Sequence[str] = (), *, is_indexed: bool = False
    ) -> PlaceId:
        result = self.scope.temp()
        self.scope.empty_displays.add(result)
        self.scope.containers.add(result)
        for index, (value, span) in enumerate(values):
            key = None if value is None else self.scope.places.keys[value]
            if isinstance(key, ev.Constant):
                name = keys[index] if keys else str(index)
                if (is_indexed or name) and len(values) <= MAX_LITERALS:
                    self.scope.literals.setdefault(result, {})[name] = key.text
            elif value is not None:
                self.scope.emit(ev.Store(ev.StoreKind.CONTAINER, result, str(index) if is_indexed else "", value, span))
        return result

    def _starred(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.StarredElement | cst.StarredDictElement | cst.StarredDictComp)
        self.lower(node.value)
        return None

    def _yield(self, node: cst.CSTNode) -> PlaceId | None:
        assert isinstance(node, cst.Yield)
        self.scope.is_generator = True
        is_from = isinstance(node.value, cst.From)
        inner = node.value.item if isinstance(node.value, cst.From) else node.value
        value = None if inner is None else self.lower(inner)
        result = self.scope.temp()
        self.scope.emit(ev.Yield(value, result, is_from, self.scope.span(node)), raises=True)
        return result

    # Comprehensions

    def _comprehension(self, node: cst.CSTNode) -> PlaceId | None:
        """A loop whose element goes into a container."""
        assert isinstance(node, cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp)
        result = self.scope.temp()
        self.scope.containers.add(result)
        clause = node.for_in
        iterable = self.lower(clause.iter)
        self.scope.enter_comprehension(clause)
        self._comprehension_loop(node, clause, iterable, result)
        self.scope.leave_comprehension()
        return result

    def _comprehension_loop(self, node: cst.BaseComp, clause: cst.CompFor, iterable: PlaceId | None, result: PlaceId) -> None:
        span = self.scope.span(node)
        is_async = clause.asynchronous is not None
        head = self.scope.join("comprehension")
        self.scope.flow_into(head)
        self.scope.continue_from(head)
        raises = not isinstance(clause.iter, LITERALS)
        step = self.scope.emit(ev.Step("next", iterable, span), raises=raises, cancels=is_async and self.scope.is_async)
        exhausted: Ends = [(step, None)]
        self.assign(clause.target, None if iterable is None else self.scope.place(ev.Item(iterable, ANY_ITEM)))
        for condition in clause.ifs:
            holds, fails = self.branch(condition.test)
            self.scope.ends = fails
            self.scope.flow_into(head)
            self.scope.ends = holds
        if clause.inner_for_in is not None:
            self._comprehension_loop(node, clause.inner_for_in, self.lower(clause.inner_for_in.iter), result)
        else:
            since = len(self.scope.temps)
            for element in _comprehension_elements(node):
                value = self.lower(element)
                if value is not None:
                    self.scope.emit(ev.Store(ev.StoreKind.CONTAINER, result, "", value, span))
            self.scope.end_statement(since, span)
        self.scope.flow_into(head)
        self.scope.ends = exhausted

    def _generator_expression(self, node: cst.CSTNode) -> PlaceId | None:
        """Only the first iterable is evaluated now, and its value kept; the rest is captured."""
        assert isinstance(node, cst.GeneratorExp)
        iterable = self.lower(node.for_in.iter)
        result = self.scope.temp()
        captured = tuple(self.scope.local(name) for name in sorted(names_captured_by(node)))
        places = captured if iterable is None else (*captured, iterable)
        self.scope.emit(ev.Capture(places, result, "", self.scope.span(node)))
        return result

    # Targets

    def assign(self, target: cst.CSTNode, value: PlaceId | None) -> None:
        """Bind a target (a name, an attribute, an item, or a pattern of them) to a value."""
        match target:
            case cst.Name():
                self._assign_name(target, value)
            case cst.Attribute():
                base = self.lower(target.value)
                place = self.attribute_of(base, target.attr.value)
                self.scope.emit(ev.Store(ev.StoreKind.ATTRIBUTE, base, target.attr.value, value, self.scope.span(target)))
                if place is not None:
                    self.scope.emit(ev.Bind(place, value, self.scope.span(target)))
            case cst.Subscript():
                base = self.lower(target.value)
                self._item_of(None, target)
                self.scope.emit(ev.Store(ev.StoreKind.SUBSCRIPT, base, "", value, self.scope.span(target)))
            case cst.Tuple() | cst.List():
                self._unpack(target, value)
            case cst.StarredElement():
                self.assign(target.value, None)

    def _assign_name(self, target: cst.Name, value: PlaceId | None) -> None:
        place = self.scope.bind_name(target.value)
        span = self.scope.span(target)
        if target.value in self.scope.outer_names:
            self.scope.emit(ev.Store(ev.StoreKind.GLOBAL, None, target.value, value, span))
        if value in self.scope.containers:
            self.scope.containers.add(place)
        self.scope.emit(ev.Bind(place, value, span))

    def _unpack(self, target: cst.Tuple | cst.List, value: PlaceId | None) -> None:
        seen_star = False
        for index, element in enumerate(target.elements):
            seen_star = seen_star or isinstance(element, cst.StarredElement)
            part = None if value is None or seen_star else self.scope.place(ev.Item(value, index))
            self.assign(element if isinstance(element, cst.StarredElement) else element.value, part)

    # Conditions

    def branch(self, node: cst.BaseExpression) -> tuple[Ends, Ends]:
        """Evaluate a condition; the ends where it holds and where it does not."""
        match node:
            case cst.UnaryOperation(operator=cst.Not()):
                holds, fails = self.branch(node.expression)
                return fails, holds
            case cst.BooleanOperation():
                return self._branch_boolean(node)
            case cst.Comparison() if len(node.comparisons) == 1:
                return self._branch_comparison(node)
            case cst.Integer():
                return self._fixed(node.value != "0")
            case cst.Name() | cst.Attribute():
                if last_name(node) == "TYPE_CHECKING":
                    return self._fixed(False)
            case cst.Call() if (asked := inside_bool(node)) is not None:
                return self.branch(asked)
        value = self.lower(node)
        key = self.scope.places.keys[value] if value is not None else None
        if value is None or isinstance(key, ev.Formatted):
            return self._branch_unknown(node)
        if isinstance(key, ev.Constant):
            return self._fixed(key.text not in ("None", "False", "0", "''", '""'))
        return self._test_truth(value)

    def _fixed(self, holds: bool) -> tuple[Ends, Ends]:
        ends = self.scope.ends
        return (ends, []) if holds else ([], ends)

    def _test_truth(self, place: PlaceId) -> tuple[Ends, Ends]:
        return self.scope.test(place, IS_TRUE, IS_NONE | IS_FALSE)

    def _branch_boolean(self, node: cst.BooleanOperation) -> tuple[Ends, Ends]:
        is_or = isinstance(node.operator, cst.Or)
        done: Ends = []
        operands = _operands(node)
        for operand in operands[:-1]:
            holds, fails = self.branch(operand)
            done += holds if is_or else fails
            self.scope.ends = fails if is_or else holds
        holds, fails = self.branch(operands[-1])
        return (done + holds, fails) if is_or else (holds, done + fails)

    def _branch_comparison(self, node: cst.Comparison) -> tuple[Ends, Ends]:
        operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
        is_same = isinstance(operator, cst.Is | cst.Equal)
        if isinstance(right, cst.Name) and right.value == "None" and isinstance(operator, cst.Is | cst.IsNot | cst.Equal | cst.NotEqual):
            value = self.lower(node.left)
            if value is not None:
                holds, fails = self.scope.test(value, IS_NONE, IS_FALSE | IS_TRUE)
                return (holds, fails) if is_same else (fails, holds)
            return self._branch_unknown(node)
        switched = self._switch(operator, right)
        if switched is not None:
            value = self.lower(node.left)
            if value is not None and switched == (isinstance(operator, cst.Equal | cst.Is)):
                holds, fails = self.scope.test(value, IS_TRUE, ANYTHING)  # what is not 1 may be true all the same
                return holds, fails
            if value is not None:
                holds, fails = self._test_truth(value)
                return (holds, fails) if switched else (fails, holds)
        bound = name_in_locals(node)
        if bound:
            return self.scope.test(self.scope.local(bound), IS_FALSE | IS_TRUE, IS_NONE)
        self._comparison(node)
        return self._branch_unknown(node)

    def _switch(self, operator: cst.BaseCompOp, right: cst.BaseExpression) -> bool | None:
        """Whether a comparison with a truth value holds where the left side is true: `conn.closed == 0` gives `False`; `None`: it is
        none.
        """
        text = right.value if isinstance(right, cst.Integer | cst.Name) else ""
        if text not in ("0", "1", "True", "False") or not isinstance(operator, cst.Equal | cst.NotEqual | cst.Is | cst.IsNot):
            return None
        return (text in ("1", "True")) == isinstance(operator, cst.Equal | cst.Is)

    def _branch_unknown(self, node: cst.BaseExpression) -> tuple[Ends, Ends]:
        """A condition known only by its text: equal texts over unchanged names are equal."""
        text, negated = source(node), False
        if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            left, right = source(node.left), source(node.comparisons[0].comparator)
            word = _OPERATORS.get(type(node.comparisons[0].operator))
            if word is not None:
                text, negated = f"{left} {word[0]} {right}", word[1]
        if not is_pure(node):
            made = self.scope.emit(ev.Join("test"))
            return [(made, None)], [(made, None)]
        place = self.scope.place(ev.Pure(text, self.scope.names_in(node)))
        holds, fails = self._test_truth(place)
        return (fails, holds) if negated else (holds, fails)


_VALUED = (cst.Name, cst.Attribute, cst.Call, cst.Await, cst.NamedExpr, cst.Subscript, cst.BooleanOperation, cst.IfExp)

_OPERATORS: dict[type[cst.BaseCompOp], tuple[str, bool]] = {
    cst.Equal: ("==", False),
    cst.NotEqual: ("==", True),
    cst.Is: ("is", False),
    cst.IsNot: ("is", True),
    cst.In: ("in", False),
    cst.NotIn: ("in", True),
    cst.LessThan: ("<", False),
    cst.GreaterThanEqual: ("<", True),
    cst.GreaterThan: (">", False),
    cst.LessThanEqual: (">", True),
}


def _operands(node: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """The operands of a chain of the same operator, left to right."""
    operands: list[cst.BaseExpression] = []
    at: cst.BaseExpression = node
    while isinstance(at, cst.BooleanOperation) and type(at.operator) is type(node.operator) and not (at is not node and at.lpar):
        operands.append(at.right)
        at = at.left
    operands.append(at)
    return operands[::-1]


def _comprehension_elements(node: cst.BaseComp) -> tuple[cst.BaseExpression, ...]:
    if isinstance(node, cst.DictComp):
        return (node.key, node.value)
    assert isinstance(node, cst.ListComp | cst.SetComp | cst.GeneratorExp)
    return (node.elt,)


Handler = Callable[[ExpressionLowering, cst.CSTNode], PlaceId | None]

# The handlers take their own node class; the table is the only caller and knows which.
_E = ExpressionLowering
HANDLERS: dict[type[cst.CSTNode], Handler] = {
    cst.Attribute: _E._spine,
    cst.Await: _E._await,
    cst.BinaryOperation: _E._binary,
    cst.BooleanOperation: _E._boolean,
    cst.Call: _E._spine,
    cst.Comparison: _E._comparison,
    cst.ConcatenatedString: _E._concatenated,
    cst.Dict: _E._dict,
    cst.DictComp: _E._comprehension,
    cst.Ellipsis: _E._ellipsis,
    cst.Float: _E._constant,
    cst.FormattedString: _E._formatted,
    cst.GeneratorExp: _E._generator_expression,
    cst.IfExp: _E._conditional,
    cst.Imaginary: _E._constant,
    cst.Integer: _E._constant,
    cst.Lambda: _E._lambda,
    cst.List: _E._display,
    cst.ListComp: _E._comprehension,
    cst.Name: _E._name,
    cst.NamedExpr: _E._walrus,
    cst.Set: _E._display,
    cst.SetComp: _E._comprehension,
    cst.SimpleString: _E._constant,
    cst.StarredElement: _E._starred,
    cst.Subscript: _E._spine,
    cst.Tuple: _E._display,
    cst.UnaryOperation: _E._unary,
    cst.Yield: _E._yield,
}
for _name in ("TemplatedString", "StarredDictComp"):  # libcst before 1.8 has neither
    if hasattr(cst, _name):
        HANDLERS[getattr(cst, _name)] = _E._formatted if _name == "TemplatedString" else _E._starred
