"""The modules of a project, loaded when asked for: names followed through imports and re-exports, each file parsed at most once.

Names in modules that do not bear (see `bearing.py`) cannot stand for resources; such a module is parsed only when a resource is handed
to one of its functions. What is answered depends on the files alone, never on which file was asked for first.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unclosed.cache import Cache
from unclosed.catalog import Catalog
from unclosed.errors import TooDeep, UnclosedError
from unclosed.infer.recursion import Recursion
from unclosed.infer.types import MAX_HOPS, ModuleTypes
from unclosed.infer.values import Sort, Value
from unclosed.lowering.deferred import deferred
from unclosed.lowering.facts import ModuleFacts
from unclosed.lowering.stored import BROKEN, read, write
from unclosed.project.bearing import Bearing
from unclosed.project.endings import ending_methods
from unclosed.project.own_names import OwnNames
from unclosed.project.pins import Pins, Version
from unclosed.project.subclasses import Subclasses

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans

_ALL = re.compile(r"^__all__\s*(?::[^=]+)?=\s*[\[(]([^\])]*)[\])]", re.MULTILINE)
_FROM_SUBMODULE = r"^[ \t]*from[ \t]+[\w.]*\.{}[ \t]+import\b"
_DEFINITION = r"^(?:async[ \t]+)?(?:def|class)[ \t]+{}\b"


@dataclass(slots=True)
class LoadedModule:
    """One module: its text, its facts and types, and its spans as long as its tree is kept."""

    path: Path
    shown_as: str
    text: str
    types: ModuleTypes
    spans: Spans | None

    def positions(self) -> Spans:
        """The spans; the text is parsed again when one is asked for if its tree was let go, which numbers the spans alike."""
        if self.spans is None:
            self.spans = deferred(lambda: _lowered(self.text)[1])
        return self.spans


class Program:
    """The modules around the files that are checked."""

    def __init__(self, catalog: Catalog, bearing: Bearing, cache: Cache | None = None) -> None:
        self.catalog, self._cache = catalog, cache
        self._bearing = bearing
        self._recursion = Recursion()
        self._loaded: dict[Path, LoadedModule | None] = {}
        self._by_key: dict[str, LoadedModule | None] = {}
        self._bears: dict[str, bool] = {}
        self._makes_pools: dict[str, bool] = {}
        self._shares_sessions: dict[str, bool] = {}
        self._named: dict[tuple[str, str], Value | None] = {}
        self._endings: dict[Path, frozenset[str]] = {}
        self._settings: dict[tuple[Path, frozenset[str]], bool] = {}
        self._pins = Pins()
        self._subclasses = Subclasses(bearing)
        self._own_names = OwnNames(catalog, bearing)

    # Loading

    def open(self, path: Path, text: str) -> LoadedModule:
        """The module of a file that is checked, with the text given (it may be unsaved). Raises `UnparsableFile` and `TooDeep`."""
        path = path.absolute()
        known = self._loaded.get(path)
        if known is not None and known.text == text:
            return known
        self._bearing.set_text(path, text)
        made = self._load(path, self.shown_as(path), text)
        self._loaded[path] = self._by_key[str(path)] = made
        return made

    def close(self, module: LoadedModule) -> None:
        """Let the module's tree go; its facts stay."""
        module.spans = None

    def module(self, key: str) -> LoadedModule | None:
        """The module with this key (its path), loaded if need be; `None` if it cannot be read or parsed."""
        if key in self._by_key:
            return self._by_key[key]
        path = Path(key)
        if path not in self._loaded:
            self._loaded[path] = None  # an import cycle finds nothing here, and asks again later through its own names
            try:
                self._loaded[path] = self._load(path, self.shown_as(path), self._bearing.text(path))
            except (UnclosedError, TooDeep, RecursionError):
                self._loaded[path] = None
            self._by_key[key] = self._loaded[path]
        return self._loaded[path]

    def _load(self, path: Path, shown_as: str, text: str) -> LoadedModule:
        facts, spans = self._facts(text)
        return LoadedModule(path, shown_as, text, ModuleTypes(str(path), facts, self._catalog_of(path), self, self._recursion), spans)

    def _facts(self, text: str) -> tuple[ModuleFacts, Spans | None]:
        """The facts of a text, from the cache if it has them, with the spans if the text was parsed."""
        if self._cache is None:
            return _lowered(text)
        key = self._cache.key("facts", text)
        kept = self._cache.get(key)
        if kept is not None:
            with contextlib.suppress(*BROKEN):
                return read(kept), None
        facts, spans = _lowered(text)
        self._cache.put(key, write(facts))
        return facts, spans

    def _catalog_of(self, path: Path) -> Catalog:
        """The catalog for the versions that the project of a module runs, where the module can have to do with one that matters."""
        if not self._bearing.varies(path):
            return self.catalog
        return self.catalog.for_versions(lambda package: self.pinned(str(path), package))

    def shown_as(self, path: Path) -> str:
        """The path in trails: the same whoever asks, relative to the working directory if it lies below."""
        try:
            return str(path.relative_to(Path.cwd()))
        except ValueError:
            return str(path)

    # Names

    def types(self, module: str) -> ModuleTypes | None:
        """The types of a module of the project."""
        found = self.module(module)
        return found.types if found is not None else None

    def named(self, qualified: str, importer: ModuleTypes) -> Value | None:
        """What a qualified name means when a module imports it; `None` if it is not of the project."""
        key = (importer.name, qualified)
        if key not in self._named:
            self._named[key] = None
            self._named[key] = self._resolve(qualified, Path(importer.name))
        return self._named[key]

    def _resolve(self, qualified: str, importer: Path, hops: int = MAX_HOPS) -> Value | None:
        layout = self._bearing.layout(importer)
        dots = len(qualified) - len(qualified.lstrip("."))
        parts = [part for part in qualified[dots:].split(".") if part]
        if not dots and parts and (self.catalog.ships_root(parts[0]) or qualified in self.catalog.own_names):
            return None  # a file of the project that is called like a library does not hide its models; an own model hides the source
        for count in range(len(parts), -1 if dots else 0, -1):
            path = layout.find("." * dots + ".".join(parts[:count]), importer)
            if path is not None and (dots or path != importer):
                beside = self._bound_beside(path, importer) if count == len(parts) else None
                return beside if beside is not None else self._in_module(path, parts[count:], qualified, hops)
        return None

    def _bound_beside(self, path: Path, importer: Path) -> Value | None:
        """What a package binds to the name of its submodule after it has imported that: `from .db import db` in its `__init__`."""
        package, name = path.parent / "__init__.py", path.stem
        if package in (path, importer) or not package.is_file() or not self._bearing.bears(package):
            return None
        if not re.search(_FROM_SUBMODULE.format(re.escape(name)), self._bearing.text(package), re.MULTILINE):
            return None
        types = self.types(str(package))
        value = types.member(name) if types is not None and types.has_global(name) else None
        return value if value is not None and value.sort not in (Sort.MODULE, Sort.NONE) else None

    def _in_module(self, path: Path, names: list[str], qualified: str, hops: int) -> Value | None:
        if not names:
            return Value(Sort.MODULE, qualified, str(path))
        if not self._bearing.bears(path):
            if re.search(_DEFINITION.format(re.escape(names[0])), self._bearing.text(path), re.MULTILINE):
                return Value(Sort.DEFINITION, ".".join(names), str(path))
            return Value(Sort.OPAQUE, qualified)
        types = self.types(str(path))
        if types is None or hops == 0:
            return Value(Sort.OPAQUE, qualified)
        value = types.member(names[0])
        scope = types.scope(types.facts.functions[0].id)
        for name in names[1:]:
            value = scope.attribute_of(value, name)
        return value if value is not None else Value(Sort.OPAQUE, qualified)

    def submodule(self, package: str, name: str) -> Value | None:
        """The module `name` of the package whose `__init__` has the key `package`."""
        path = Path(package)
        if path.name != "__init__.py" or not name.isidentifier():
            return None
        for found in (path.parent / f"{name}.py", path.parent / name / "__init__.py"):
            if found.is_file():
                return Value(Sort.MODULE, name, str(found))
        return None

    def is_exported(self, module: str, name: str, importer: ModuleTypes) -> bool:
        """Whether the module's `__all__`, if it writes one out, has the name."""
        path = self._bearing.layout(Path(importer.name)).find(module, Path(importer.name))
        listed = _ALL.search(self._bearing.text(path)) if path is not None else None
        return listed is None or re.search(rf"['\"]{re.escape(name)}['\"]", listed.group(1)) is not None

    def own_name(self, module: str, dotted: str) -> str | None:
        """The name under which the user's models describe a definition; `None`: they do not."""
        return self._own_names.name(Path(module), dotted)

    def is_bearing(self, module: str) -> bool:
        """Whether resources can come from a module."""
        if module not in self._bears:
            self._bears[module] = self._bearing.bears(Path(module))
        return self._bears[module]

    def reaches_outside(self, module: str) -> bool:
        """Whether a function of a module can reach something that is not the database."""
        return self._bearing.reaches_outside(Path(module))

    def makes_pools(self, module: str) -> bool:
        """Whether a function of a module can make a pool."""
        if module not in self._makes_pools:
            self._makes_pools[module] = self._bearing.makes_pools(Path(module))
        return self._makes_pools[module]

    def shares_sessions(self, module: str) -> bool:
        """Whether a function of a module can reach a session that everybody shares."""
        if module not in self._shares_sessions:
            self._shares_sessions[module] = self._bearing.shares_sessions(Path(module))
        return self._shares_sessions[module]

    def modules_with(self, module: str, words: tuple[str, ...]) -> Iterator[ModuleTypes]:
        """The modules of the project around a module, itself first, whose texts hold all of these words and that can be parsed."""
        path = Path(module)
        for other in dict.fromkeys((path, *self._bearing.layout(path).files())):
            text = self._bearing.text(other)
            types = self.types(str(other)) if all(word in text for word in words) else None
            if types is not None:
                yield types

    def pinned(self, module: str, package: str) -> Version | None:
        """The version of a package that the project of a module runs; `None` where no file says one, so the newest."""
        path = Path(module)
        return self._pins.version(path.parent, self._bearing.layout(path).top, package)

    def sets(self, module: str, names: frozenset[str]) -> bool:
        """Whether a text of the project around a module assigns or calls one of these names."""
        top = self.project_root(module)
        key = (top, names)
        if key not in self._settings:
            setting = re.compile(rf"^[^#\n]*(?:{'|'.join(map(re.escape, sorted(names)))})\s*(?:\(|=[^=])", re.MULTILINE)
            naming = ((path, text) for path, text in self.project_files(module) if any(name in text for name in names))
            self._settings[key] = any(setting.search(text) for path, text in naming if self._bearing.layout(path).top == top)
        return self._settings[key]

    def ending_methods(self, module: str) -> frozenset[str]:
        """The names of the functions and methods of the project around a module that end a transaction, by their texts."""
        top = self._bearing.layout(Path(module)).top
        if top not in self._endings:
            self._endings[top] = ending_methods(self.project_texts(module), self.catalog)
        return self._endings[top]

    def classes_below(self, module: str, name: str) -> list[tuple[Path, str]]:
        """File and last name of each class of the project around a module that may extend a class with this last name."""
        return self._subclasses.below(Path(module), name)

    def text(self, path: Path) -> str:
        """The text of a file of the project; empty if it cannot be read."""
        return self._bearing.text(path)

    def project_texts(self, module: str) -> Iterator[str]:
        """The texts of the Python files of the project that a module belongs to, its own first."""
        return (text for _, text in self.project_files(module))

    def project_root(self, module: str) -> Path:
        """The root of the project that a module belongs to."""
        return self._bearing.layout(Path(module)).top

    def project_files(self, module: str) -> Iterator[tuple[Path, str]]:
        """The Python files of the project that a module belongs to with their texts, its own first."""
        path = Path(module)
        yield path, self._bearing.text(path)
        for other in self._bearing.layout(path).files():
            if other != path:
                yield other, self._bearing.text(other)


def _lowered(text: str) -> tuple[ModuleFacts, Spans]:
    """A text parsed and lowered; loads libcst. Raises `UnparsableFile` and `TooDeep`."""
    from unclosed.lowering.module import ModuleLowering
    from unclosed.lowering.parse import parse

    lowering = ModuleLowering(parse(text))
    return lowering.lower(), lowering.spans
