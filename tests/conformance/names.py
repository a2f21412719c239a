"""Compares what a model file names with the installed library: names, methods, arguments, coroutines, blocks and results.

A *claim* is one thing that a model says and that can be looked up: `Claim("arguments", "psycopg2.connect", …)`. `claims_of(file)` walks
everything that a model file names; a claim without a problem holds. What a library does not tell (a function written in C has
no signature, a keyword goes through `**kwargs`) makes no claim.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
import typing
from abc import ABCMeta
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import UnionType

from conformance.exceptions import ELSEWHERE, GONE, INSTANCES, NEWER, OLD_ROOTS, SAID_BY_HAND
from unclosed.catalog import Catalog
from unclosed.catalog_files import MODELS, SHORT_LISTS, read_model_file, shipped_shelf
from unclosed.library import Acquires, CallModel, Release, TypeModel, WithExit

STAND_IN = "unclosed"
"""The import root of types that are no classes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a model says of `subject`; `problem` is what the library says instead, empty where it agrees."""

    about: str
    subject: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NamesOfFile:
    """What one model file names, canonical names and aliases apart."""

    functions: tuple[str, ...]
    types: tuple[str, ...]
    objects: tuple[str, ...]
    aliases: Mapping[str, str]

    def all(self) -> tuple[str, ...]:
        """Every name, sorted."""
        return tuple(sorted({*self.functions, *self.types, *self.objects, *self.aliases}))

    def roots(self) -> tuple[str, ...]:
        """The top-level packages of all names that should be here, sorted."""
        return tuple(sorted({name.split(".")[0] for name in self.all() if is_due(name)}))


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The shipped models, loaded once."""
    return Catalog.load()


@lru_cache(maxsize=1)
def names_by_file() -> Mapping[str, NamesOfFile]:
    """The names of each shipped model file, by the stem of its name; without stand-in types and what names nothing that is a library's."""
    found = {}
    for path in sorted(MODELS.glob("*.toml")):
        tables = read_model_file(path)
        functions = [*_keys(tables, "functions"), *(name for key in SHORT_LISTS for name in _list(tables, key))]
        types, objects = _keys(tables, "types"), _keys(tables, "objects")
        here = {*functions, *types, *objects}
        aliases = {alias: name for alias, name in shipped_shelf().aliases.items() if name in here}
        own = [tuple(sorted({name for name in each if not _is_stand_in(name)})) for each in (functions, types, objects)]
        names = NamesOfFile(own[0], own[1], own[2], aliases)
        if names.all():
            found[path.stem] = names
    return found


def absent_roots(file: str) -> list[str]:
    """What a model file names something of and cannot be imported: top-level packages, or packages of a namespace."""
    due = [name for name in names_by_file()[file].all() if is_due(name)]
    namespaces = {"google": 3, "azure": 3}
    packages = {".".join(name.split(".")[: namespaces.get(name.partition(".")[0], 1)]) for name in due}
    return sorted(package for package in packages if not exists(package))


def real(name: str) -> object:
    """What a qualified name names; raises `ImportError` or `AttributeError` if there is no such thing."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def exists(name: str) -> bool:
    """Whether there is something of this name."""
    try:
        real(name)
    except (ImportError, AttributeError):
        return False
    return True


def is_due(name: str) -> bool:
    """Whether the running Python and the installed build should have the name."""
    running = sys.version_info[:2]
    return name not in ELSEWHERE and name.partition(".")[0] not in OLD_ROOTS and NEWER.get(name, (3, 0)) <= running < GONE.get(name, (4, 0))


def claims_of(file: str, libraries: Catalog | None = None) -> Iterator[Claim]:
    """Everything that the models of a file say and that can be looked up, in the order of the names.

    `libraries`: the models to hold against the installed packages; the shipped ones if there are none. What they name beyond those, and
    begins as the names of the file do, counts as named by it.
    """
    names, libraries = names_by_file()[file], libraries or catalog()
    more = {name for name in libraries.function_names() - catalog().function_names() if name.split(".")[0] in names.roots()}
    names = replace(names, functions=(*names.functions, *sorted(more)))
    for name in names.all():
        if not is_due(name):
            continue
        if not exists(name):
            yield Claim("names", name, "there is no such name")
        elif name in names.objects or names.aliases.get(name) in names.objects:
            yield Claim("names", name)
        elif not callable(real(name)):
            yield Claim("names", name, "cannot be called")
        else:
            yield Claim("names", name, _problem_of_alias(names, name))
            yield from _claims_of_name(names, name, libraries)


def _claims_of_name(names: NamesOfFile, name: str, libraries: Catalog) -> Iterator[Claim]:
    """What is said of a function, or of a type and its members."""
    canonical = names.aliases.get(name, name)
    if canonical in names.types:
        model = libraries.type(canonical)
        assert model is not None
        yield from _claims_of_type(name, model, libraries)
        return
    function = libraries.function(canonical)
    assert function is not None
    yield from _claims_of_call(name, function, real(name), skip=0)


def _claims_of_type(name: str, model: TypeModel, libraries: Catalog) -> Iterator[Claim]:
    cls = real(name)
    if not isinstance(cls, type) or _is_mere_base(cls, model.name):
        return  # a function that makes it (threading.Lock), a base that is named in annotations (socket.SocketType)
    absent = INSTANCES.get(model.name, set())
    members = {
        *model.methods,
        *model.attributes.keys() - {"*"},
        *model.begin,
        *model.commit,
        *model.rollback,
        *model.closed_when,
        *model.open_when,
    }
    members |= {*model.statements, *model.gives_back, *model.begun_when, *(attribute for attribute, _ in model.autocommit)}
    if model.lease is not None:
        members |= {release.method for release in model.lease.release}
        members |= {*model.lease.wrong_release, *model.lease.opened_by, *model.lease.ends_itself_by}
    for member in sorted(member for member in members - absent if "*" not in member):
        yield Claim("names", f"{name}.{member}", "" if hasattr(cls, member) else "there is no such member")
    if model.constructor is not None:
        yield from _claims_of_call(name, model.constructor, cls, skip=0)
    for method, call in sorted(model.methods.items()):
        if hasattr(cls, method):
            yield from _claims_of_call(f"{name}.{method}", call, getattr(cls, method), skip=_receivers(cls, method))
        if call.lease is not None:
            for release in call.lease.release:
                yield from _claims_of_owned(name, cls, release, libraries.type(call.lease.type_name))
    if model.lease is not None:
        yield from _claims_of_blocks(name, cls, model.lease.with_exit, model.lease.async_with_exit)
        for release in model.lease.release:
            if not release.owner and hasattr(cls, release.method):
                yield _claim_of_awaiting(f"{name}.{release.method}", getattr(cls, release.method), awaited=release.awaited)


def _claims_of_owned(name: str, owner: object, release: Release, lent: TypeModel | None) -> Iterator[Claim]:
    """A release that a method of the owner's says: it is the owner's or the lent value's, and a coroutine or not."""
    holder: object = owner
    if not release.owner:
        if lent is None or _is_stand_in(lent.name) or not exists(lent.name):
            return
        name, holder = lent.name, real(lent.name)
    subject = f"{name}.{release.method}"
    if not hasattr(holder, release.method):
        if release.method not in INSTANCES.get(catalog().canonical(name), ()):
            yield Claim("names", subject, "there is no such release")
        return
    method = getattr(holder, release.method)
    yield Claim("names", subject)
    yield _claim_of_awaiting(subject, method, awaited=release.awaited)
    parameters = _parameters(method, _receivers(holder, release.method))
    if release.argument is not None and parameters is not None:
        yield Claim("arguments", subject, "" if _takes(parameters, release.argument) else f"takes no argument {release.argument}")


def _claims_of_blocks(name: str, cls: type, with_exit: WithExit, async_with_exit: WithExit) -> Iterator[Claim]:
    """Whether a value can be entered at all."""
    for word, said, method in (("with", with_exit, "__exit__"), ("async with", async_with_exit, "__aexit__")):
        is_manager = hasattr(cls, method)
        if said is WithExit.NOTHING and is_manager and not _refuses(getattr(cls, method.replace("exit", "enter"))):
            yield Claim("blocks", name, f"is a manager for '{word}', of which nothing is said")
        elif said is not WithExit.NOTHING and not is_manager and method not in INSTANCES.get(catalog().canonical(name), ()):
            yield Claim("blocks", name, f"is no manager for '{word}'")
        else:
            yield Claim("blocks", name)


def _claims_of_call(subject: str, model: CallModel, function: object, skip: int) -> Iterator[Claim]:
    """What is said of a call: its arguments, whether it is a coroutine, what it gives."""
    if (subject, "arguments") not in SAID_BY_HAND:
        parameters = _parameters(function, skip)
        if parameters is not None:
            for argument, position in sorted(_arguments(model), key=str):
                problem = _problem_of_argument(parameters, argument, position)
                if problem is not None:
                    yield Claim("arguments", f"{subject}({argument})", problem)
            for index in _positions(model):
                yield Claim("arguments", subject, "" if _takes(parameters, index) else f"takes no argument {index}")
    if not isinstance(function, type):
        if model.is_coroutine and model.lends is None:
            yield _claim_of_awaiting(subject, function, awaited=True)
        elif model.acquires is Acquires.CALL and not model.is_coroutine:
            yield _claim_of_awaiting(subject, function, awaited=False)
        yield from _claims_of_result(subject, model, function)


def _claim_of_awaiting(subject: str, function: object, *, awaited: bool) -> Claim:
    """Whether a call has to be awaited; a plain function may still give something that is awaited, and says so by its annotation."""
    if (subject, "coroutine") in SAID_BY_HAND:
        return Claim("coroutines", subject)
    is_coroutine = _is_coroutine_function(function)
    if awaited and not is_coroutine and not _gives_awaitable(function):
        return Claim("coroutines", subject, "is awaited by the model, but is a plain function")
    if not awaited and is_coroutine:
        return Claim("coroutines", subject, "is a coroutine function, which the model does not await")
    return Claim("coroutines", subject)


def _claims_of_result(subject: str, model: CallModel, function: object) -> Iterator[Claim]:
    """The annotated result is the stated type, a subclass or a base of it."""
    stated = model.returns or ""
    if (subject, "results") in SAID_BY_HAND:
        return
    if model.item is not None or model.returns_class or model.lends or stated in ("", "self") or _is_stand_in(stated) or not exists(stated):
        return
    expected, given = real(stated), _annotated_result(function)
    if isinstance(expected, type) and isinstance(given, type):
        aliases = (alias for alias, name in shipped_shelf().aliases.items() if name == stated and exists(alias))
        classes = [cls for cls in (expected, *map(real, aliases)) if isinstance(cls, type)]
        if any(_are_related(given, cls) for cls in classes):
            yield Claim("results", subject)
        elif not _tells_nothing(given):
            yield Claim("results", subject, f"gives {given.__module__}.{given.__qualname__}, not {stated}")


def _problem_of_alias(names: NamesOfFile, name: str) -> str:
    """A class named by `also` is the same class, a subclass or a base of it; a function the same or one of the same signature."""
    canonical = names.aliases.get(name)
    if canonical is None or (name, "names") in SAID_BY_HAND or _is_stand_in(canonical) or not exists(canonical):
        return ""
    if canonical.partition(".")[0] != name.partition(".")[0]:
        return ""  # a library that is another's twin: httpx2
    first, second = real(canonical), real(name)
    if isinstance(first, type) and isinstance(second, type):
        return "" if _are_related(first, second) or _is_abstract(second) else f"is no relative of {canonical}"
    return ""


def _arguments(model: CallModel) -> set[tuple[str, int | None]]:
    """Every argument that the model of a call names, with its position where it says one."""
    found: set[tuple[str, int | None]] = set()
    for limit in (model.limit, model.limits):
        found.update(limit.by if limit is not None else ())
    if model.limit is not None and model.name.rpartition(".")[2][:1].isupper():
        found.update((path[0], None) for path, _ in model.limit.attempts_by)
    found.update((told.name, told.position) for told in model.within_process)
    found.update((name, position) for name, position, _ in (*model.never_waits, *model.autocommit))
    found.update((name, None) for name in model.unless_given)
    found.update((shared.argument, shared.position) for shared in model.unless_is)
    found.update((name, position) for position, name in model.only_given)
    found.update(model.streams or ())
    found.update((keyword, None) for keyword, _, _ in model.returns_when)
    if model.pool is not None and not model.pool.within:
        groups = (*model.pool.none, *model.pool.unbounded, *model.pool.endless, *model.pool.asks)
        found.update((told.name, told.position) for group in groups for told in group)
    return found


def _positions(model: CallModel) -> list[int]:
    """The positions of arguments that the model speaks of without a name."""
    positions = (model.wraps, model.enters, model.awaits, model.passes, model.advances, model.calls, model.child_of)
    return [position for position in positions if position is not None]


_Parameters = tuple[inspect.Parameter, ...]
_FAR = 5
"""From this position on nobody gives an argument without its name, so that a model may leave the position out."""
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _problem_of_argument(parameters: _Parameters, name: str, position: int | None) -> str | None:
    """What is wrong with an argument's name and position; `None` if the signature does not tell."""
    found = next((parameter for parameter in parameters if parameter.name == name), None)
    if found is None:
        if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            return None
        return "there is no such argument"
    positional = [parameter.name for parameter in parameters if parameter.kind in _POSITIONAL]
    index = positional.index(name) if name in positional else None
    if index == position or (position is None and index is not None and index >= _FAR):
        return ""
    stands = "is given by keyword only" if index is None else f"stands at {index}"
    return f"{stands}, the model says {'no position' if position is None else position}"


def _takes(parameters: _Parameters, index: int) -> bool:
    """Whether a call takes a positional argument at an index."""
    positional = [parameter for parameter in parameters if parameter.kind in _POSITIONAL]
    return index < len(positional) or any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters)


def _parameters(function: object, skip: int) -> _Parameters | None:
    """The parameters of a callable after the first `skip`; `None` if it does not tell."""
    if not callable(function):
        return None
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    plain = [parameter.name for parameter in parameters if parameter.kind not in _POSITIONAL]
    if len(parameters) == len(plain) == 2:  # (*args, **kwargs) of a wrapper says nothing
        return None
    return parameters[skip:]


def _receivers(cls: object, method: str) -> int:
    """How many parameters of `cls.method` are the receiver's: none for a static method or one that is bound to the class."""
    raw = inspect.getattr_static(cls, method, None)
    return 0 if isinstance(raw, (staticmethod, classmethod)) or inspect.ismethod(getattr(cls, method)) or isinstance(raw, type) else 1


def _unwrapped(function: object) -> object:
    return inspect.unwrap(function) if callable(function) else function


def _is_coroutine_function(function: object) -> bool:
    """Whether calling it makes a coroutine, for functions of Cython too."""
    marker = getattr(function, "_is_coroutine", None)
    if marker is not None and type(marker).__name__ != "bool":
        return True
    return inspect.iscoroutinefunction(function)


def _gives_awaitable(function: object) -> bool:
    """Whether a plain function says that its result is to be awaited: by its annotation, or because it wraps a coroutine function."""
    inner = _unwrapped(function)
    if inner is not function and _is_coroutine_function(inner):
        return True
    text = str(getattr(inner, "__annotations__", {}).get("return", ""))
    return any(word in text for word in ("Awaitable", "Coroutine", "Future", "ContextManager"))


def _annotated_result(function: object) -> object:
    """The class that the annotation of a function names; `None` if it does not tell one."""
    try:
        hint = typing.get_type_hints(typing.cast("Callable[..., object]", _unwrapped(function))).get("return")
    except Exception:  # noqa: BLE001 - a library's annotations may name what is not imported
        return None
    return typing.get_origin(hint) or hint


def _tells_nothing(cls: type) -> bool:
    """Whether an annotation with a class says nothing of what the call gives: a union, a protocol, a wrapper that is awaited."""
    return cls in {object, type(None), UnionType} or _is_abstract(cls) or cls.__module__ == "typing" or hasattr(cls, "__await__")


def _is_abstract(cls: type) -> bool:
    """Whether a class is a protocol or an abstract class: what it describes need not inherit from it."""
    return getattr(cls, "_is_protocol", False) or isinstance(cls, ABCMeta)


def _is_mere_base(cls: type, name: str) -> bool:
    """Whether a class is a base of the class of that name, and not that class."""
    canonical = real(name) if exists(name) else cls
    return cls is not canonical and _is_base(cls, canonical)


def _are_related(first: type, second: type) -> bool:
    """Whether one of two classes is a subclass of the other."""
    return _is_base(first, second) or _is_base(second, first)


def _is_base(cls: type, other: object) -> bool:
    """Whether a class is a base of another, or that class itself."""
    return isinstance(other, type) and issubclass(other, cls)


def _refuses(function: object) -> bool:
    """Whether all that a method does is to raise (`__enter__` of a class that is there for `async with`)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(typing.cast("Callable[..., object]", function))))
    except (OSError, TypeError, SyntaxError):
        return False
    head = tree.body[0]
    return isinstance(head, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(isinstance(statement, ast.Raise) for statement in head.body)


def _is_stand_in(name: str) -> bool:
    return name.partition(".")[0] == STAND_IN


def _keys(tables: Mapping[str, object], key: str) -> list[str]:
    value = tables.get(key, {})
    assert isinstance(value, dict)
    return list(value)


def _list(tables: Mapping[str, object], key: str) -> list[str]:
    value = tables.get(key, [])
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, str)]


def file_of(name: str) -> str:
    """The model file in which a function, a type or a method of a type stands; `()` at its end does not count."""
    name = name.removesuffix("()")
    for file, names in names_by_file().items():
        if name in names.functions or name in names.types or name.rpartition(".")[0] in names.types:
            return file
    raise LookupError(name)
