"""Productions of simple statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .flavours import Manager
from .scope import Scope, State

if TYPE_CHECKING:
    from .grammar import Maker

MAY_BE_OPEN = (State.OPEN, State.MAYBE)


def acquire(maker: Maker, scope: Scope) -> list[str]:
    """`c = connect()` in its forms."""
    name = maker.name(scope)
    value = maker.acquire()
    scope.bind(name, State.OPEN)
    form = maker.random.random()
    if form < 0.05:
        return [f"{name}: {maker.flavour.annotation} = {value}"]
    if form < 0.10:
        other = maker.name(scope)
        scope.bind(other, State.OPEN)
        return [f"{name} = {other} = {value}"]
    if form < 0.14:
        scope.bind(name, State.MAYBE)
        return [f"{name} = {value} if {maker.fresh(maker.pick(['a', 'b[?]']))} else None"]
    if form < 0.17:
        return [f"{name} = m or {value}"]
    if form < 0.21:
        return [f"({name} := {value})"]
    if form < 0.24:
        other = maker.name(scope)
        if other != name:
            scope.bind(other, State.OPEN)
            return [f"{name}, {other} = {value}, {maker.acquire()}"]
    return [f"{name} = {value}"]


def release(maker: Maker, scope: Scope) -> list[str] | None:
    """`c.close()`, mostly of what may be open and with a guard where it may be None."""
    names = scope.names(*MAY_BE_OPEN)
    if maker.chance(0.1):
        names = scope.names(State.OPEN, State.MAYBE, State.CLOSED)
    if not names:
        return None
    return released(maker, scope, maker.pick(names))


def released(maker: Maker, scope: Scope, name: str) -> list[str]:
    """The release of the resource of this name, guarded as it must be or by chance."""
    maybe = scope.states.get(name) is State.MAYBE
    scope.bind(name, State.MAYBE if maybe else State.CLOSED)
    closing = maker.flavour.call(f"{name}.close()")
    if maybe or maker.chance(0.1):
        if maker.chance(0.15):
            return [f"{name} and {closing}"]
        guards = [name, f"{name} is not None"]
        if maker.flavour.closed:
            guards.append(f"{name} is not None and not {name}.{maker.flavour.closed}")
        return [f"if {maker.pick(guards)}:", f"    {closing}"]
    return [closing]


def use(maker: Maker, scope: Scope) -> list[str] | None:
    """A call on an open resource, or one that borrows it."""
    names = scope.names(State.OPEN)
    if not names:
        return None
    name = maker.pick(names)
    calls = [f'{name}.execute("select 1")', f'{name}.execute("select 2")', f"{name}.commit()", f"{name}.rollback()"]
    form = maker.random.random()
    if form < 0.15:
        return [f"work({name})"]
    if form > 0.9 and not maker.flavour.is_async and not maker.flavour.is_child:
        made = f"{name}.cursor()"
        return maker.random.choice([[f"k = {made}"], [f"k = {made}", 'k.execute("select 6")'], [f'{made}.execute("select 6")']])
    if form < 0.25 and not maker.flavour.is_async:
        return [f'row = {name}.execute("select 3").fetchone()']
    return [maker.flavour.call(maker.pick(calls))]


def work(maker: Maker, scope: Scope) -> list[str]:
    """A call that may raise and has nothing to do with any resource."""
    scope.forget("a")
    calls = ["work()", "work()", "a = work()", "work(1)", "k = [x for x in items]", "k = [work(x) for x in items if x]"]
    if maker.flavour.is_async:
        calls += ["await fetch()", "await fetch()", "row = await fetch(2)"]
    return [maker.pick(calls)]


def calm(maker: Maker, scope: Scope) -> list[str]:
    """A statement that does not raise."""
    return [maker.pick(['print("here")', "k = 1", "pass", "k = a[1]", "x = y = None", "k = [x for x in (1, 2)]"])]


def jump(maker: Maker, scope: Scope) -> list[str] | None:
    """`return`, `raise`, `break`, `continue` and, now and then, the end of the process."""
    if scope.in_finally or (scope.depth == 0 and maker.chance(0.7)):
        return None
    names = scope.names(*MAY_BE_OPEN)
    forms = ["return", "return 1", 'raise Failure("bad")']
    if names:
        forms += [f"return {maker.pick(names)}", f"return {maker.pick(names)}"]
    if scope.in_loop:
        forms += ["break", "continue"] * 3
    if scope.in_handler:
        forms += ["raise"] * 4
    if maker.chance(0.04):
        forms = ["sys.exit(1)"]
    if maker.chance(0.04):
        forms = [f"return {maker.acquire()}"]
    return [maker.pick(forms)]


def alias(maker: Maker, scope: Scope) -> list[str] | None:
    """A second name, a swap, or the loss of a name."""
    names = scope.names(*MAY_BE_OPEN)
    if not names:
        return None
    name, other = maker.pick(names), maker.name(scope)
    form = maker.random.random()
    if form < 0.4:
        scope.bind(other, scope.states[name])
        return [f"{other} = {name}"]
    if form < 0.55 and len(names) > 1:
        other = maker.pick([each for each in names if each != name])
        states = scope.states
        states[name], states[other] = states[other], states[name]
        return [f"{name}, {other} = {other}, {name}"]
    if form < 0.7:
        scope.unbind(name)
        return [f"del {name}"]
    scope.bind(name, State.NONE)
    return [f"{name} = None"]


def escape(maker: Maker, scope: Scope) -> list[str] | None:
    """The resource is handed to somebody who keeps it."""
    names = scope.names(State.OPEN)
    if not names:
        return None
    name = maker.pick(names)
    scope.bind(name, State.CLOSED)
    forms = [f"self.{name} = {name}", f"items.append({name})", f"Holder({name})", f"k = Holder({name})", f"work({name}.close)"]
    if maker.flavour.is_async:
        forms.pop()
    if maker.is_generator:
        forms.append(f"yield {name}")
    return [maker.pick(forms)]


def temporary(maker: Maker, scope: Scope) -> list[str]:
    """A resource that never gets a name."""
    value = maker.acquire()
    inner = f"({value})" if maker.flavour.is_async else value
    using = maker.flavour.call(f'{inner}.execute("select 4")')
    forms = [value, using, f"k = {using}", f"work({value})", f"self.kept = {value}", f"items.append({value})", f"Holder({value})"]
    forms.append(maker.flavour.call(f"{inner}.close()"))
    return [maker.pick(forms)]


def nested(maker: Maker, scope: Scope) -> list[str] | None:
    """A function made inside, over an open resource, and handed on."""
    names = scope.names(State.OPEN)
    if not names or maker.flavour.is_async:
        return None
    name = maker.pick(names)
    scope.bind(name, State.CLOSED)
    handing = maker.pick(["work(later)", "items.append(later)", "self.later = later"])
    if maker.chance(0.4):
        return [f"later = lambda: {name}.close()", handing]
    return ["def later():", f"    {name}.close()", handing]


def give(maker: Maker, scope: Scope) -> list[str] | None:
    """`yield`, in a generator."""
    return ["yield a"] if maker.is_generator and not scope.in_finally else None


def assertion(maker: Maker, scope: Scope) -> list[str] | None:
    """`assert` on something opaque or on a resource."""
    names = scope.names(*MAY_BE_OPEN)
    return [maker.fresh(f"assert {maker.pick(['a', 'b[?]', *names])}")]


def forget_binding(maker: Maker, scope: Scope) -> list[str] | None:
    """The resource of a `with` that keeps it, used a second time as a manager, without a body worth the name."""
    names = scope.names(State.OPEN)
    if not names or maker.flavour.manager is Manager.NONE or maker.flavour.enters_unawaited:
        return None
    name = maker.pick(names)
    if maker.flavour.manager is Manager.RELEASES:
        scope.bind(name, State.CLOSED)
    return [f"{maker.flavour.enter} {name}:", "    pass"]


PRODUCTIONS = (
    (7, acquire), (20, release), (12, use), (8, work), (3, calm), (8, jump), (5, alias), (4, escape), (2, temporary), (1, nested),
    (2, give), (1, assertion), (1, forget_binding),
)  # fmt: skip
