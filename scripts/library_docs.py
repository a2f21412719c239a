"""Writes docs/libraries.md from the models and what the conformance run has checked; with `--check` it only says whether it is current."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unclosed.catalog import Catalog
from unclosed.catalog_files import MODELS, read_model_file
from unclosed.library import Acquires, CallModel, Kind, Lease, PoolModel, Release, Told, WithExit

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "libraries.md"
CHECKED = ROOT / "tests" / "conformance" / "checked.json"
HEAD = """\
<!-- written by scripts/library_docs.py from src/unclosed/models and tests/conformance/checked.json -->

# Libraries

What is believed of each library: what acquires, what releases, what leaving a block really does, and how that was checked. It stands as
data in [src/unclosed/models](../src/unclosed/models), one file per library; [models.md](models.md) explains the keys.

*Run* means: `pytest -m conformance` acquires, releases or leaves the block, and looks from the other side whether the resource is still
there: in `pg_stat_activity`, the process list, `CLIENT LIST`, the only slot of a pool, the connections of a local server, the open
descriptors. *Read* means that names, methods, arguments and coroutines were compared with the installed package. Where neither was done,
it rests on the source that is named.
"""
READ = ("names", "arguments", "coroutines", "blocks", "results")
"""Claims of the record that were compared with the package and not run."""
ENDS = {
    WithExit.RELEASE: "releases",
    WithExit.TRANSACTION: "**stays open**, ends the transaction at most",
    WithExit.NOTHING: "no manager",
}


@dataclass(frozen=True, slots=True)
class Acquire:
    """One call that acquires or lends: as it is written, and its model."""

    written: str
    model: CallModel

    @property
    def lease(self) -> Lease:
        """What is owed for its value."""
        assert self.model.lease is not None
        return self.model.lease


def page() -> str:
    """The text of the page."""
    catalog, record = Catalog.load(), json.loads(CHECKED.read_text(encoding="utf-8"))
    sections, others = [], []
    for path in sorted(MODELS.glob("*.toml"), key=lambda path: str(read_model_file(path)["library"]).lower()):
        tables, checked = read_model_file(path), _checked(record.get(path.stem, {}))
        acquires = list(_acquires(catalog, tables))
        if acquires:
            sections.append(_section(path, tables, acquires, checked))
        else:
            others.extend(_rows_of_waits(catalog, tables, checked))
    waits = [
        "## What else is known: calls that talk to something that is no database, or wait",
        "Held against an open transaction and a checked-out connection. The limit is the one that holds when the call says nothing.",
        "\n".join(["| library | limit | calls | checked |", "| --- | --- | --- | --- |", *others]),
    ]
    return "\n\n".join([HEAD.strip(), *sections, *waits]) + "\n"


def _section(path: Path, tables: Mapping[str, object], acquires: list[Acquire], checked: str) -> str:
    """One library that has resources."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for acquire in acquires:
        groups.setdefault(_cells(acquire), []).append(f"`{acquire.written}`")
    rows = [f"| {', '.join(names)} | {' | '.join(cells)} |" for cells, names in groups.items()]
    heads = ["| acquires | what | released by | leaving `with` | leaving `async with` |", "| --- | --- | --- | --- | --- |"]
    traps = [f"- {trap}" for trap in dict.fromkeys([*_traps(acquires), *_comments(path)])]
    parts = [f"## {tables['library']}", "\n".join([*heads, *rows])]
    if traps:
        parts.append("\n".join(["Traps and notes:", "", *traps]))
    parts.append(f"Checked: {checked} Source: {_one_line(tables['source'])}")
    return "\n\n".join(parts)


def _cells(acquire: Acquire) -> tuple[str, ...]:
    """What is said of one acquire: its kind, its releases, what the two blocks do."""
    lease = acquire.lease
    releases = ", ".join(_release(release) for release in lease.release) or "leaving the block"
    if acquire.model.acquires is Acquires.NO:
        blocks = [f"lends: {ENDS[end]}" if end is WithExit.RELEASE else "-" for end in (lease.with_exit, lease.async_with_exit)]
        return lease.kind.value, releases, *blocks
    plain, asynchronous = ENDS[lease.with_exit], ENDS[lease.async_with_exit]
    if acquire.model.lends is not None:
        asynchronous = f"un-awaited: releases; awaited: {asynchronous}"
    return lease.kind.value, releases, plain, asynchronous


def _release(release: Release) -> str:
    owner = "owner." if release.owner else ""
    argument = "" if release.argument is None else "it"
    return f"`{'await ' if release.awaited else ''}{owner}{release.method}({argument})`"


def _traps(acquires: Sequence[Acquire]) -> Iterator[str]:
    """What surprises, from the models alone."""
    for acquire in acquires:
        lease, model = acquire.lease, acquire.model
        for method in sorted(lease.wrong_release):
            unless = "".join(f", unless its pool was made with `{argument}=`" for argument in sorted(lease.right_if_owner_given))
            yield f"`{method}()` on what `{acquire.written}` gives loses it for its owner{unless}."
        for lost in lease.lost_in:
            before = "" if lost.before is None else f" before Python {lost.before[0]}.{lost.before[1]}"
            yield f"`{lost.function}` around `{acquire.written}`{before} can lose what was acquired when the task is cancelled."
        if lease.opened_by:
            given = " or ".join(f"`{name}=`" for _, name in model.only_given)
            yield f"`{acquire.written}` holds nothing before {_methods(lease.opened_by)}{f', or if it is given {given}' if given else ''}."
        if lease.lazy:
            yield f"`{acquire.written}` holds nothing before its first use."
        for argument in sorted(model.unless_given):
            yield f"`{acquire.written}` with `{argument}=` acquires nothing."
        if model.pool is not None:
            yield from _limits_of_pool(acquire.written, model.pool)
    coroutines: dict[str, list[str]] = {}
    for acquire in acquires:
        for release in acquire.lease.release:
            if release.awaited:
                coroutines.setdefault(_release(release), []).append(f"`{acquire.written}`")
    for written, names in coroutines.items():
        yield f"{written} of {', '.join(names)}: without `await` nothing happens."


def _limits_of_pool(written: str, pool: PoolModel) -> Iterator[str]:
    for told, what in ((pool.unbounded, "grows without limit"), (pool.endless, "waits without limit for a free connection")):
        if told:
            yield f"`{written}` {what} with {', '.join(' and '.join(map(_told, group)) for group in told)}."


def _told(told: Told) -> str:
    return f"`{told.name}={told.spelling}`" if told.spelling else f"`{told.name}=`"


def _methods(names: Iterable[str]) -> str:
    return " or ".join("its block" if name in {"__enter__", "__aenter__"} else f"`{name}()`" for name in sorted(names))


def _comments(path: Path) -> Iterator[str]:
    """What the comments of a model file say, each with the entry that it stands before."""
    comment: list[str] = []
    entry = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        head = re.match(r'\[\w+\."([^"]+)"((?:\.\w+)*)\]', line)
        if head is not None:
            entry = head[1] + head[2].removeprefix(".methods").removesuffix(".constructor")
        key = re.match(r"methods\.(\w+)", line)
        subject = f"{entry}.{key[1]}" if key else entry
        text = " ".join(comment) if comment and not line.startswith("#") else ""
        tail = re.search(r"  # (.+)$", line)
        if text and subject and (head is not None or key is not None):
            yield f"`{subject}`: {text}"
        elif text and subject:
            yield f"`{entry}`: {text}"
        if tail is not None and subject and not line.startswith("#"):
            yield f"`{subject}`: {tail[1]}{'' if tail[1].endswith('.') else '.'}"
        comment = [*comment, line.removeprefix("#").strip()] if line.startswith("#") else []


def _acquires(catalog: Catalog, tables: Mapping[str, object]) -> Iterator[Acquire]:
    """Every call of a model file that acquires or lends a resource, in the order of the file; transactions are no resource of their own."""
    for name in _keys(tables, "functions"):
        yield from _acquire(name, catalog.function(name))
    for name in _keys(tables, "types"):
        model = catalog.type(name)
        if model is None or name.startswith("unclosed."):
            continue
        yield from _acquire(name, model.constructor)
        for method, call in model.methods.items():
            yield from _acquire(f"{name}.{method}", call)
        yield from _acquire(f"{name}()", model.call)


def _acquire(name: str, model: CallModel | None) -> Iterator[Acquire]:
    if model is not None and model.lease is not None and model.lease.kind is not Kind.TRANSACTION:
        awaited = "await " if model.acquires is Acquires.AWAITED and model.lends is None else ""
        yield Acquire(f"{awaited}{name}()", model)


def _rows_of_waits(catalog: Catalog, tables: Mapping[str, object], checked: str) -> Iterator[str]:
    """The rows of a library without resources: its calls by what limits them."""
    groups: dict[str, list[str]] = {}
    for name, model in _calls(catalog, tables):
        if model is not None and (model.io or model.waits or model.sleeps):
            groups.setdefault(_limit(model), []).append(f"`{name.replace('unclosed.', '')}()`")
    for limit, calls in groups.items():
        more = f" and {len(calls) - 6} more" if len(calls) > 6 else ""
        yield f"| {tables['library']} | {limit} | {', '.join(calls[:6])}{more} | {checked} |"


def _calls(catalog: Catalog, tables: Mapping[str, object]) -> Iterator[tuple[str, CallModel | None]]:
    """Every call that a model file describes."""
    yield from ((name, catalog.function(name)) for name in _keys(tables, "functions"))
    for name in _keys(tables, "types"):
        model = catalog.type(name)
        if model is not None:
            yield name, model.constructor
            yield from ((f"{name}.{method}", call) for method, call in model.methods.items())
            yield f"{name}()", model.call


def _limit(model: CallModel) -> str:
    """How long a call may take when it says nothing."""
    if model.sleeps:
        return "sleeps"
    if model.limit is None or (model.limit.default is None and not model.limit.from_owner):
        return "not known"
    if model.limit.from_owner:
        return "its client's"
    return "**none**" if model.limit.default == float("inf") else f"{model.limit.default:g} s"


def _checked(record: Mapping[str, object]) -> str:
    """How a library was checked, as the recorded conformance run has it."""
    claims = record.get("claims")
    if not isinstance(claims, dict):
        reason = record.get("left out")
        return f"facts only; the package {reason}." if reason else "facts only."
    run = [about for about in claims if about not in READ]
    what = f"run against {record['library']} ({', '.join(run)})" if run else f"names and signatures read from {record['library']}"
    return f"{what}."


def _one_line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if text.endswith(".") else f"{text}."


def _keys(tables: Mapping[str, object], key: str) -> list[str]:
    value = tables.get(key)
    return list(value) if isinstance(value, dict) else []


def main() -> int:
    """Exit status 1 if the page was not current."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    new = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    return int(old != new)


if __name__ == "__main__":
    raise SystemExit(main())
