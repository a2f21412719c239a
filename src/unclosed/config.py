"""The settings of a run: the `[tool.unclosed]` table of a `pyproject.toml`, and what the command line puts in its place.

The table is the nearest one upwards from what is checked, as far as the root of the repository; patterns in it are relative to
the file's directory. Where it says `extend`, the file named there is read first and this one laid over it. `project.requires-python`
is taken from the nearest file that has it. Codes are only shaped here; whether a rule has them is for `selection.py`, which knows the
rules. `origins` remember for each key where its value is from.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from unclosed.catalog_files import UserModels
from unclosed.confidence import Confidence
from unclosed.config_keys import KEYS, NAMES
from unclosed.errors import ConfigError
from unclosed.python_versions import lowest_python
from unclosed.toml_text import parse_toml

FILE_NAME = "pyproject.toml"
DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pyenv", ".pytest_cache", ".pytype",
    ".ruff_cache", ".svn", ".tox", ".venv", "CVS", "__pycache__", "__pypackages__", "_build", "build", "dist", "node_modules",
    "site-packages", "venv", "*.egg",
)  # fmt: skip


SLOW_IO_SECONDS = 60.0
"""What counts as slow when nothing is said."""


class OutputFormat(str, enum.Enum):
    """How findings are printed, as the user spells it."""

    FLAKE8 = "flake8"
    FULL = "full"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    HTML = "html"

    @property
    def is_for_people(self) -> bool:
        """Whether other text may stand beside it; the other formats are read by programs."""
        return self in (OutputFormat.FLAKE8, OutputFormat.FULL)


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes or prefixes of codes, and the option or key that says them, for messages about unknown ones."""

    where: str
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns in the syntax of `.gitignore`, relative to the directory `base`."""

    base: Path
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileIgnores:
    """Codes that are not reported in files which match a pattern."""

    pattern: Patterns
    codes: Codes


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a run needs to know of the user's wishes."""

    file: Path | None = None
    """Where the table stands, not what it extends; `None`: there is none."""
    select: Codes | None = None
    """The rules to run; `None`: those that are on by default."""
    extend_select: tuple[Codes, ...] = ()
    ignore: Codes = field(default_factory=lambda: Codes("ignore"))
    per_file_ignores: tuple[FileIgnores, ...] = ()
    exclude: Patterns = field(default_factory=lambda: Patterns(Path.cwd(), DEFAULT_EXCLUDE))
    extend_exclude: tuple[Patterns, ...] = ()
    min_confidence: Confidence = Confidence.LIKELY
    baseline: Path | None = None
    """The file of known findings; `None`: everything is reported."""
    output_format: OutputFormat = OutputFormat.FLAKE8
    slow_io_seconds: float = SLOW_IO_SECONDS
    """From this many seconds on, an external call with a time limit is slow."""
    models: tuple[UserModels, ...] = ()
    """The user's own library models, unchecked, each to be laid over those before it; the catalog reads them."""
    requires_python: tuple[int, int] | None = None
    """The lowest version that the project admits; `None`: it does not say."""
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    """For each key that was told, the files or options that tell it, in the order in which they are read."""


def find_config(start: Path) -> Config:
    """The configuration that applies in the directory `start`; raises `ConfigError` for a file that is refused.

    Without a table, patterns are relative to the working directory, or to `start` where that lies elsewhere.
    """
    here = Path.cwd()
    config = Config(exclude=Patterns(here if start.is_relative_to(here) else start, DEFAULT_EXCLUDE))
    requires_python: tuple[int, int] | None = None
    for path in _candidates(start):
        tables = _read(path)
        requires_python = requires_python or _requires_python(tables)
        if _has_settings(tables):
            config = _settings(path, tables)
            break
    return replace(config, requires_python=requires_python or config.requires_python)


def read_config(path: Path) -> Config:
    """The configuration in this file, defaults where it has no table; raises `ConfigError` if it cannot be read or is refused."""
    return _settings(path, _read(path))


def override(
    config: Config,
    *,
    select: Sequence[str] = (),
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    per_file_ignores: Sequence[str] = (),
    exclude: Sequence[str] = (),
    extend_exclude: Sequence[str] = (),
    min_confidence: str | None = None,
    baseline: str | None = None,
    output_format: str | None = None,
    slow_io_seconds: float | None = None,
) -> Config:
    """The configuration with what the command line says; an empty value says nothing.

    The `extend` options add to the file's, the others stand in its place. Patterns are relative to the working directory. An item of
    `per_file_ignores` is `PATTERN:CODE`.
    """
    here = Path.cwd()
    told = {
        "select": select, "extend-select": extend_select, "ignore": ignore, "per-file-ignores": per_file_ignores,
        "exclude": exclude, "extend-exclude": extend_exclude, "min-confidence": min_confidence, "output-format": output_format,
        "baseline": baseline,
        "slow-io-seconds": None if slow_io_seconds is None else (slow_io_seconds,),
    }  # fmt: skip
    return replace(
        config,
        origins=_with_origins(config.origins, {key: f"--{key}" for key, value in told.items() if value}),
        select=Codes("--select", tuple(select)) if select else config.select,
        extend_select=(*config.extend_select, Codes("--extend-select", tuple(extend_select))),
        ignore=Codes("--ignore", tuple(ignore)) if ignore else config.ignore,
        per_file_ignores=tuple(_option_ignores(item, here) for item in per_file_ignores) or config.per_file_ignores,
        exclude=Patterns(here, tuple(exclude)) if exclude else config.exclude,
        extend_exclude=(*config.extend_exclude, Patterns(here, tuple(extend_exclude))),
        min_confidence=parse_confidence("--min-confidence", min_confidence) if min_confidence else config.min_confidence,
        baseline=Path(baseline) if baseline else config.baseline,
        output_format=_output_format("--output-format", output_format) if output_format else config.output_format,
        slow_io_seconds=config.slow_io_seconds if slow_io_seconds is None else parse_seconds("--slow-io-seconds", slow_io_seconds),
    )


def parse_confidence(where: str, value: object) -> Confidence:
    """The degree with this label; raises `ConfigError` that names `where` for anything else."""
    try:
        if isinstance(value, str):
            return Confidence.parse(value)
    except KeyError:
        pass
    raise _refused(where, value, [degree.label for degree in Confidence])


def parse_seconds(where: str, value: object) -> float:
    """A number of seconds, 0 or more; raises `ConfigError` that names `where` for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    raise ConfigError(where, f"must be a number of seconds, 0 or more, not {value!r}")


def _candidates(start: Path) -> Iterator[Path]:
    """The configuration files upwards from a directory, nearest first, as far as the root of the repository."""
    for directory in (start, *start.parents):
        path = directory / FILE_NAME
        if path.is_file():
            yield path
        if (directory / ".git").exists():
            return


def _read(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "not valid UTF-8, which TOML requires") from error
    return parse_toml(text, str(path))


def _table(tables: Mapping[str, object], key: str) -> Mapping[str, object]:
    """The table under this key; an empty one where there is none."""
    value = tables.get(key)
    return value if isinstance(value, dict) else {}


def _has_settings(tables: Mapping[str, object]) -> bool:
    return "unclosed" in _table(tables, "tool")


def _requires_python(tables: Mapping[str, object]) -> tuple[int, int] | None:
    specifiers = _table(tables, "project").get("requires-python")
    return lowest_python(specifiers) if isinstance(specifiers, str) else None


def _settings(path: Path, tables: Mapping[str, object], inside: tuple[Path, ...] = ()) -> Config:
    """The checked settings of a file that has been read, over those that it extends. `inside`: the files that extend this one."""
    settings = _table(tables, "tool").get("unclosed", {})
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: tool.unclosed", "must be a table")
    for key in settings:
        if key not in NAMES:
            raise ConfigError(f"{path}: tool.unclosed.{key}", "unknown key", accepted=NAMES, value=key)
    reader = _Reader(path, settings)
    extended = reader.text("extend")
    below = Config() if extended is None else _extended(reader, extended, (*inside, path.resolve()))
    return replace(
        reader.over(below),
        file=path,
        requires_python=_requires_python(tables) or below.requires_python,
        origins=_with_origins(below.origins, dict.fromkeys(settings, str(path))),
    )


def _extended(reader: _Reader, written: str, inside: tuple[Path, ...]) -> Config:
    """The configuration of the file that another one extends; `inside`: that file and those that extend it."""
    path = (inside[-1].parent / Path(written).expanduser()).resolve()
    if path in inside:
        raise ConfigError(reader.where("extend"), f"{written!r} extends this file")
    try:
        tables = _read(path)
    except ConfigError as error:
        raise ConfigError(reader.where("extend"), str(error)) from error
    if not _has_settings(tables):
        raise ConfigError(reader.where("extend"), f"{written!r} has no table [tool.unclosed]")
    return _settings(path, tables, inside)


def _with_origins(origins: Mapping[str, tuple[str, ...]], places: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The origins with the place of each of these keys: next to those before it where a key adds, else in their stead."""
    adding = {key.name for key in KEYS if key.adds}
    return {**origins, **{key: (*(origins.get(key, ()) if key in adding else ()), place) for key, place in places.items()}}


def _option_ignores(item: str, base: Path) -> FileIgnores:
    """What `--per-file-ignores PATTERN:CODE` says."""
    pattern, colon, code = item.rpartition(":")
    if not colon or not pattern or not code:
        raise ConfigError("--per-file-ignores", f"{item!r} is not PATTERN:CODE such as 'tests/:UNC101'")
    return FileIgnores(Patterns(base, (pattern,)), Codes("--per-file-ignores", (code,)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """The values of one table, each checked for its type."""

    path: Path
    settings: Mapping[str, object]

    def where(self, key: str) -> str:
        return f"{self.path}: tool.unclosed.{key}"

    def over(self, below: Config) -> Config:
        """What the table says, and where it says nothing, what the configuration below it does."""
        base = self.path.resolve().parent
        exclude, baseline = self.strings("exclude"), self.text("baseline")
        extend_exclude = self.strings("extend-exclude")
        return replace(
            below,
            select=self.codes("select") or below.select,
            extend_select=(*below.extend_select, *filter(None, [self.codes("extend-select")])),
            ignore=self.codes("ignore") or below.ignore,
            per_file_ignores=below.per_file_ignores if "per-file-ignores" not in self.settings else self.file_ignores(base),
            exclude=below.exclude if exclude is None and below.file else Patterns(base, DEFAULT_EXCLUDE if exclude is None else exclude),
            extend_exclude=below.extend_exclude if extend_exclude is None else (*below.extend_exclude, Patterns(base, extend_exclude)),
            min_confidence=self.confidence(below.min_confidence),
            baseline=below.baseline if baseline is None else base / Path(baseline).expanduser(),
            output_format=self.output_format(below.output_format),
            slow_io_seconds=self.seconds(below.slow_io_seconds),
            models=(*below.models, *self.models()),
        )

    def text(self, key: str) -> str | None:
        value = self.settings.get(key)
        if value is None or isinstance(value, str):
            return value
        raise ConfigError(self.where(key), f"must be a text, not {value!r}")

    def strings(self, key: str) -> tuple[str, ...] | None:
        return _strings(self.where(key), self.settings[key]) if key in self.settings else None

    def codes(self, key: str) -> Codes | None:
        told = self.strings(key)
        return None if told is None else Codes(self.where(key), told)

    def file_ignores(self, base: Path) -> tuple[FileIgnores, ...]:
        where = self.where("per-file-ignores")
        table = self.settings["per-file-ignores"]
        if not isinstance(table, dict):
            raise ConfigError(where, f"must be a table of patterns with lists of codes, not {table!r}")
        places = {pattern: f"{where}.{pattern!r}" for pattern in table}
        return tuple(
            FileIgnores(Patterns(base, (pattern,)), Codes(place, _strings(place, table[pattern]))) for pattern, place in places.items()
        )

    def confidence(self, below: Confidence) -> Confidence:
        value = self.settings.get("min-confidence")
        return below if value is None else parse_confidence(self.where("min-confidence"), value)

    def seconds(self, below: float) -> float:
        value = self.settings.get("slow-io-seconds")
        return below if value is None else parse_seconds(self.where("slow-io-seconds"), value)

    def output_format(self, below: OutputFormat) -> OutputFormat:
        value = self.settings.get("output-format")
        return below if value is None else _output_format(self.where("output-format"), value)

    def models(self) -> Iterator[UserModels]:
        for key in ("models", "connections", "sessions", "clients", "pools"):
            tables = self.settings.get(key, {})
            if not isinstance(tables, dict):
                raise ConfigError(self.where(key), "must be a table of library models" if key == "models" else "must be a table of classes")
            if tables:
                yield UserModels(str(self.path), tables, f"tool.unclosed.{key}")


def _strings(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(where, f"must be a list of strings, not {value!r}")
    return tuple(value)


def _output_format(where: str, value: object) -> OutputFormat:
    try:
        return OutputFormat(value)
    except ValueError as error:
        raise _refused(where, value, [member.value for member in OutputFormat]) from error


def _refused(where: str, value: object, accepted: Sequence[str]) -> ConfigError:
    return ConfigError(where, f"{value!r} is not accepted", accepted=accepted, value=str(value))
