"""Productions of whole idioms: the ways in which people hold a resource, with anything in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .compounds import DEEPEST
from .flavours import Manager
from .lines import indented, jumps
from .scope import Scope, State
from .statements import released

if TYPE_CHECKING:
    from .grammar import Maker


def straight(maker: Maker, scope: Scope) -> list[str]:
    """Acquire, do something, release."""
    name = maker.name(scope)
    lines = [f"{name} = {maker.acquire()}"]
    scope.bind(name, State.OPEN)
    return lines + _then_release(maker, scope, name)


def in_finally(maker: Maker, scope: Scope) -> list[str] | None:
    """Acquire, then `try` and a release in `finally`."""
    if scope.depth >= DEEPEST:
        return None
    name = maker.name(scope)
    lines = [f"{name} = {maker.acquire()}"]
    scope.bind(name, State.OPEN)
    return lines + _try_finally(maker, scope, name)


def from_none(maker: Maker, scope: Scope) -> list[str] | None:
    """Acquire inside the `try`, with None before and a guard in `finally`."""
    if scope.depth >= DEEPEST:
        return None
    name = maker.name(scope)
    inner = scope.branch()
    inner.bind(name, State.OPEN)
    body = [f"{name} = {maker.acquire()}", *maker.small_block(inner)]
    guard = maker.pick([name, f"{name} is not None"])
    closing = maker.flavour.call(f"{name}.close()")
    scope.bind(name, State.MAYBE)
    return [f"{name} = None", "try:", *indented(body), "finally:", f"    if {guard}:", f"        {closing}"]


def with_handler(maker: Maker, scope: Scope) -> list[str] | None:
    """Release in a handler that raises again or swallows, and at the end."""
    if scope.depth >= DEEPEST:
        return None
    name = maker.name(scope)
    scope.bind(name, State.OPEN)
    inner = scope.branch()
    lines = [f"{name} = {maker.acquire()}", "try:", *indented(maker.small_block(inner))]
    handler = maker.pick(["except Exception:", "except BaseException:", "except ValueError:", "except:"])
    last = maker.pick(["raise", "raise", 'raise Failure("worse")', "return"] if not scope.in_finally else ["raise"])
    lines += [handler, *indented([*released(maker, scope.branch(), name), last])]
    scope.bind(name, State.OPEN)
    if maker.chance(0.3):
        return [*lines, "else:", *indented(released(maker, scope, name))]
    if maker.chance(0.7):
        return lines + released(maker, scope, name)
    return lines


def cancellable(maker: Maker, scope: Scope) -> list[str] | None:
    """Await something inside a `try` whose handlers may or may not take a cancellation."""
    if scope.depth >= DEEPEST or not maker.flavour.is_async:
        return None
    name = maker.name(scope)
    inner = scope.branch()
    inner.bind(name, State.OPEN)
    using = maker.pick([f'await {name}.execute("select 5")', "await fetch(3)"])
    handler = maker.pick(["except Exception:", "except Exception:", "except BaseException:", "except (Exception, asyncio.CancelledError):"])
    closing = f"await {name}.close()"
    last = maker.pick(["raise", "raise", "return", "pass"] if not scope.in_finally else ["raise"])
    lines = [f"{name} = {maker.acquire()}", "try:", *indented([*maker.block(inner, 1), using])]
    lines += [handler, f"    {closing}", f"    {last}"]
    scope.bind(name, State.CLOSED)
    return [*lines, maker.pick([closing, f"return {name}", closing])] if not scope.in_finally else [*lines, closing]


def taken_conditionally(maker: Maker, scope: Scope) -> list[str] | None:
    """Acquire unless the caller gave one, and release under the same condition."""
    if scope.depth >= DEEPEST or not maker.given:
        return None
    name, given = maker.name(scope), maker.given.pop()
    closing = maker.flavour.call(f"{name}.close()")
    acquiring = [f"    {name} = {maker.acquire()}"]
    if maker.chance(0.5):
        lines = [f"{name} = {given}", f"own = {name} is None", "if own:", *acquiring]
    else:
        lines = [f"{name} = {given}", "own = False", f"if {name} is None:", *acquiring, "    own = True"]
    scope.bind(name, State.CLOSED)
    inner = scope.branch()
    body = maker.small_block(inner)
    return [*lines, "try:", *indented(body), "finally:", f"    if {maker.pick(['own', 'own', 'own', 'a'])}:", f"        {closing}"]


def correlated(maker: Maker, scope: Scope) -> list[str] | None:
    """Acquire and release under one condition, tested twice."""
    if scope.depth >= DEEPEST:
        return None
    name, test = maker.name(scope), maker.pick(["a", "b", "not a", "a and b"])
    lines = [f"if {test}:", f"    {name} = {maker.acquire()}", *maker.block(scope.branch(), 2)]
    scope.unbind(name)
    closing = maker.flavour.call(f"{name}.close()")
    if maker.chance(0.4) and not scope.in_finally:
        inner = scope.branch()
        return [*lines[:2], "try:", *indented(maker.small_block(inner)), "finally:", f"    if {test}:", f"        {closing}"]
    return [*lines, f"if {test}:", f"    {closing}"]


def exit_stack(maker: Maker, scope: Scope) -> list[str] | None:
    """An `ExitStack` that takes a resource in one of its ways."""
    if scope.depth >= DEEPEST or not maker.flavour.wraps:
        return None
    name = maker.name(scope)
    forms = [
        [f"{name} = stack.enter_context(contextlib.closing({maker.acquire()}))"],
        [f"{name} = {maker.acquire()}", f"stack.callback({name}.close)"],
        [f"{name} = {maker.acquire()}", f"stack.enter_context(contextlib.closing({name}))"],
    ]
    if maker.flavour.manager is Manager.RELEASES:
        forms += [[f"{name} = stack.enter_context({maker.acquire()})"], [f"{name} = {maker.acquire()}", f"stack.push({name})"]]
    inner = scope.branch()
    inner.bind(name, State.CLOSED)
    body = [*maker.block(inner, 1), *maker.random.choice(forms), *maker.small_block(inner)]
    return ["with contextlib.ExitStack() as stack:", *indented(body)]


def retry(maker: Maker, scope: Scope) -> list[str] | None:
    """Acquire again and again until something works."""
    if scope.depth >= DEEPEST - 1:
        return None
    name = maker.name(scope)
    inner = scope.branch(in_loop=True, in_finally=False)
    inner.bind(name, State.OPEN)
    acquiring = f"{name} = {maker.acquire()}"
    body = maker.small_block(inner)
    leave = maker.pick(["break", f"return {name}", "break"]) if not scope.in_finally else "break"
    handler = maker.pick(["continue", "pass", f"{maker.flavour.call(name + '.close()')}"])
    before = [f"{name} = None"] if maker.chance(0.5) else []
    scope.bind(name, State.MAYBE) if before else scope.unbind(name)
    if maker.chance(0.5):
        steps = [acquiring, "try:", *indented([*body, leave]), "except Exception:", f"    {handler}"]
    else:
        steps = ["try:", *indented([acquiring, *body, leave]), "except Exception:", "    continue"]
    head = maker.pick(["while True:", "for item in items:", "for k in (1, 2):", "while more():"])
    return [*before, head, *indented(steps)]


def _then_release(maker: Maker, scope: Scope, name: str) -> list[str]:
    """A block, and a release unless the block jumps."""
    lines = maker.small_block(scope)
    if jumps(lines):
        return lines
    return lines + released(maker, scope, name) if name in scope.states else lines


def _try_finally(maker: Maker, scope: Scope, name: str) -> list[str]:
    """`try`, a block, `finally` and the release."""
    inner = scope.branch()
    lines = ["try:", *indented(maker.small_block(inner)), "finally:"]
    if maker.chance(0.15):
        lines += indented(maker.block(scope.branch(in_finally=True, in_loop=False), 1))
    return lines + indented(released(maker, scope, name))


PRODUCTIONS = (
    (6, straight), (5, in_finally), (3, from_none), (3, with_handler), (4, cancellable), (2, taken_conditionally), (3, correlated),
    (2, retry), (2, exit_stack),
)  # fmt: skip
