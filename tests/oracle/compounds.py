"""Productions of compound statements, and the conditions in their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flavours import Manager
from .lines import indented, jumps
from .scope import Scope, State
from .statements import MAY_BE_OPEN, released

if TYPE_CHECKING:
    from .grammar import Maker

DEEPEST = 4
CONDITIONS = (
    "a", "b", "a", "b", "not a", "a[?]", "b[?]", "b[?] == 1", "more()", "a and b", "a or b[?]", "not (a or b)", "(k := work())",
    "n is None",
)  # fmt: skip
LOOPS = (
    "while True:", "while more():", "while a[?]:", "for item in items:", "for item in items:", "for k in (1, 2, 3):", "while a:",
    "while (k := work()):",
)  # fmt: skip


def condition(maker: Maker, scope: Scope) -> tuple[str, dict[str, State], dict[str, State]]:
    """A condition, and the states that follow where it holds and where it does not."""
    names = scope.names(State.MAYBE, State.NONE)
    if not names or maker.chance(0.1):
        names = scope.names(*MAY_BE_OPEN)
    if names and maker.chance(0.3):
        name = maker.pick(names)
        state = scope.states[name]
        held = {name: State.NONE if state is State.NONE else State.OPEN}
        other = {name: State.OPEN if state is State.OPEN else State.NONE}
        return maker.random.choice([
            (name, held, other), (f"{name} is not None", held, other), (f"{name} is None", other, held), (f"not {name}", other, held),
            (f"a and {name}", held, {}), (f"{name} is None or b", {}, held), (f"not ({name} is None)", held, other),
        ])  # fmt: skip
    text = maker.fresh(maker.pick([*CONDITIONS, *sorted(scope.flags)]))
    return text, dict(scope.guarded.get(text, {})), {}


def choice(maker: Maker, scope: Scope) -> list[str] | None:
    """`if` with its branches."""
    if scope.depth >= DEEPEST:
        return None
    text, held, other = condition(maker, scope)
    ends: list[Scope] = []
    then = scope.branch()
    then.states.update(held)
    lines = [f"if {text}:", *_body(maker, then, ends)]
    if all(part in ("a", "b", "not", "and") or part in scope.flags for part in text.split()):
        scope.guarded[text] = {name: state for name, state in then.states.items() if name not in scope.states}
    if maker.chance(0.15):
        second, second_held, _ = condition(maker, scope)
        branch = scope.branch()
        branch.states.update({**other, **second_held})
        lines += [f"elif {second}:", *_body(maker, branch, ends)]
    if maker.chance(0.4):
        branch = scope.branch()
        branch.states.update(other)
        lines += ["else:", *_body(maker, branch, ends)]
    else:
        branch = scope.branch()
        branch.states.update(other)
        ends.append(branch)
    scope.join(ends)
    return lines


def matching(maker: Maker, scope: Scope) -> list[str] | None:
    """`match` on something opaque."""
    if scope.depth >= DEEPEST:
        return None
    ends: list[Scope] = []
    lines = [f"match {maker.fresh(maker.pick(['a[?]', 'b[?]', 'work()']))}:"]
    for pattern in maker.random.choice([("1", "2"), ("1", "_"), ("1 | 2", '"x"', "_"), ("1", "k"), ("1 if a", "_")]):
        branch = scope.branch()
        lines += [f"    case {pattern}:", *(f"    {line}" for line in _body(maker, branch, ends))]
    scope.join([*ends, scope.branch()])
    return lines


def loop(maker: Maker, scope: Scope) -> list[str] | None:
    """`while` and `for` loops."""
    if scope.depth >= DEEPEST - 1:
        return None
    inner = scope.branch(in_loop=True, in_finally=False)
    head = maker.fresh(maker.pick(LOOPS))
    if maker.flavour.is_async and head == "for item in items:" and maker.chance(0.5):
        head = "async for item in items:"
    ends: list[Scope] = []
    body = _body(maker, inner, ends)
    if head == "while a:":
        body = ["    a = more()", *body]
    if head == "while True:" and not any("break" in line or "return" in line for line in body):
        body = [maker.fresh("    if b[?]:"), "        break", *body]
    lines = [head, *body]
    scope.join([scope.branch(), *ends] if head != "while True:" else [scope.branch(), inner])
    if head != "while True:" and maker.chance(0.12):
        lines += ["else:", *_body(maker, scope.branch(), [])]
    return lines


HANDLERS = (
    ("Exception",), ("Exception",), ("ValueError",), ("ValueError", "Exception"), ("BaseException",), ("",), ("(ValueError, KeyError)",),
)  # fmt: skip
CANCEL_HANDLERS = (("asyncio.CancelledError",), ("Exception", "asyncio.CancelledError"), ("(Exception, asyncio.CancelledError)",))


def attempt(maker: Maker, scope: Scope) -> list[str] | None:
    """`try` with handlers, `else` and `finally`."""
    if scope.depth >= DEEPEST:
        return None
    ends: list[Scope] = []
    before = scope.branch()
    body = scope.branch()
    with_else = maker.chance(0.15)
    lines = ["try:", *_body(maker, body, [] if with_else else ends)]
    middle = scope.branch()
    middle.join([before, body])
    handlers: tuple[str, ...] = ()
    if maker.chance(0.7):
        handlers = maker.random.choice(HANDLERS + (CANCEL_HANDLERS if maker.flavour.is_async else ()))
    for handler in handlers:
        as_name = " as error" if handler and maker.chance(0.2) else ""
        branch = middle.branch(depth=scope.depth + 1, in_handler=True)
        lines += [f"except {handler}{as_name}:" if handler else "except:", *_handler(maker, branch, ends)]
    if handlers and with_else:
        lines += ["else:", *_body(maker, body, ends)]
    scope.join(ends)
    if not handlers or maker.chance(0.3):
        final = scope.branch(in_finally=True, in_loop=False)
        final.join([middle, *ends])
        lines += ["finally:", *_final(maker, final)]
        for name in scope.states:
            scope.states[name] = final.states.get(name, scope.states[name])
    return lines


def _handler(maker: Maker, scope: Scope, ends: list[Scope]) -> list[str]:
    """The body of a handler: often a release and a new raise."""
    names = scope.names(*MAY_BE_OPEN)
    if maker.chance(0.5):
        lines = released(maker, scope, maker.pick(names)) if names else []
        if maker.chance(0.6):
            return indented([*lines, "raise"])
        ends.append(scope)
        return indented(lines or ["pass"])
    return _body(maker, scope, ends)


def _final(maker: Maker, scope: Scope) -> list[str]:
    """The body of a `finally`: mostly releases."""
    lines: list[str] = []
    if maker.chance(0.25):
        lines += maker.block(scope, 1)
    for name in scope.names(*MAY_BE_OPEN):
        if maker.chance(0.75):
            lines += released(maker, scope, name)
    return indented(lines or maker.block(scope, 2))


def managed(maker: Maker, scope: Scope) -> list[str] | None:
    """`with` on a resource, on a wrapper of one, or on a suppressor."""
    if scope.depth >= DEEPEST:
        return None
    flavour = maker.flavour
    names = scope.names(State.OPEN)
    name = maker.name(scope)
    keeps = flavour.manager is Manager.KEEPS
    forms: list[tuple[str, str, State | None]] = [(f"with contextlib.suppress({maker.pick(['Exception', 'ValueError'])}):", "", None)]
    if flavour.manager is not Manager.NONE:
        header = flavour.header(maker.label())
        forms += [(f"{flavour.enter} {header} as {name}:", name, State.OPEN)] * 3 + [(f"{flavour.enter} {header}:", "", None)]
        other = maker.name(scope)
        if other != name:
            forms.append((f"{flavour.enter} {header} as {name}, {flavour.header(maker.label())} as {other}:", name, State.OPEN))
        if names and not flavour.enters_unawaited:
            forms += [(f"{flavour.enter} {names[0]}:", names[0], State.OPEN if keeps else State.CLOSED)] * 3
    if flavour.wraps:
        forms += [(f"with contextlib.closing({maker.acquire()}) as {name}:", name, State.CLOSED)] * 3
        if names:
            forms += [(f"with contextlib.closing({names[0]}):", names[0], State.CLOSED)] * 2
            forms += [(f"with contextlib.suppress(Exception), contextlib.closing({names[0]}) as {name}:", name, State.CLOSED)]
    head, bound, after = maker.random.choice(forms)
    inner = scope.branch()
    if bound:
        inner.bind(bound, State.OPEN)
    ends: list[Scope] = []
    lines = [head, *_body(maker, inner, ends)]
    scope.join([*ends, scope.branch()] if "suppress" in head else ends)
    if bound and bound in scope.states and after is not None:
        scope.bind(bound, after if keeps or after is State.CLOSED else State.CLOSED)
    return lines


def _body(maker: Maker, scope: Scope, ends: list[Scope]) -> list[str]:
    """An indented block; `scope` joins `ends` if the block can be left at its end."""
    lines = maker.small_block(scope)
    if not jumps(lines):
        ends.append(scope)
    return indented(lines)


PRODUCTIONS = ((10, choice), (1, matching), (4, loop), (9, attempt), (6, managed))
