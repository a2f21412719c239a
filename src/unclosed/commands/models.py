"""`unclosed models`: what is known of libraries and of the project's own classes, and what is wrong with what the user says of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click

from unclosed.catalog import Catalog, user_shelf
from unclosed.catalog_checks import check_model_file, problems_of_models
from unclosed.catalog_files import MODELS, Shelf, Written, read_model_file, shipped_shelf
from unclosed.catalog_lineage import Lineage
from unclosed.commands.completion import complete_models
from unclosed.commands.usage import Mistake, chosen_config, config_option, usage_errors
from unclosed.explain.leases import lease_lines
from unclosed.library import Acquires, CallModel
from unclosed.toml_text import toml_key, toml_lines

_CLOSE_ENOUGH = 3
"""So many names are proposed for one that is not there."""


@click.group()
def models() -> None:
    """Look up and check what is known of libraries.

    A model says what the calls of a library acquire and how that is released. Shipped models are files; your own stand in
    pyproject.toml.
    """


@models.command("list")
@click.argument("text", required=False)
@config_option
def list_models(text: str | None, config_file: str | None) -> None:
    """List libraries, or names that hold TEXT.

    Without TEXT: your own, and a line for each library, with where its facts are from. With TEXT: every type, function and object
    whose name holds it, your own included.
    """
    with usage_errors():
        shelf = user_shelf(chosen_config((), config_file).models)
    for line in (*_own(shelf), *_libraries()) if text is None else _names(shelf, text.lower()):
        click.echo(line)


@models.command("show")
@click.argument("name", shell_complete=complete_models)
@config_option
def show_model(name: str, config_file: str | None) -> None:
    """Show what is known of a type, function or method.

    NAME is a qualified name such as psycopg2.pool.ThreadedConnectionPool.getconn. The answer says what is owed in words, and then how
    the model says it, with what it inherits; the same tables may stand under [tool.unclosed.models].
    """
    with usage_errors():
        config = chosen_config((), config_file)
        shelf = user_shelf(config.models)
        click.echo("\n".join(_card(name, shelf, Catalog(shelf))))


@models.command("check")
@click.argument("files", nargs=-1, type=click.Path(), metavar="[FILE]...")
@config_option
def check_models(files: tuple[str, ...], config_file: str | None) -> None:
    """Say everything that is wrong with models.

    Each mistake is a line. Each FILE is a model file; without one, the models and own classes of the project's settings are checked.

    Exit status: 0 nothing is wrong, 1 something is.
    """
    mistakes = [mistake for file in files for mistake in check_model_file(Path(file))]
    if not files:
        with usage_errors():
            mistakes = list(_mistakes(config_file))
    for mistake in mistakes:
        click.echo(mistake)
    raise SystemExit(1 if mistakes else 0)


def _mistakes(config_file: str | None) -> Iterator[str]:
    """What is wrong with the user's own models; a table with a mistake is left out for those after it."""
    shelf = shipped_shelf()
    for each in chosen_config((), config_file).models:
        problems = problems_of_models(each, shelf)
        yield from map(str, problems)
        if not problems:
            shelf = user_shelf((each,), shelf)


def _own(shelf: Shelf) -> Iterator[str]:
    """A line for each file of the user with what it describes alone, sorted."""
    names = sorted(Catalog(shelf).own_names)
    places = {name: written.where for entries in (shelf.types, shelf.functions, shelf.objects) for name, written in entries.items()}
    for where in sorted({places[name] for name in names if name in places}):
        own = [name for name in names if places.get(name) == where and not name.endswith("._Lent")]
        yield f"your own, in {where}: {', '.join(own)}"


def _libraries() -> Iterator[str]:
    """A line for each shipped file."""
    for path in sorted(MODELS.glob("*.toml")):
        tables = read_model_file(path)
        yield f"{tables['library']}: {tables['source']}"


def _names(shelf: Shelf, text: str) -> Iterator[str]:
    """A line for each modelled name that holds a text, sorted."""
    lineage = Lineage(shelf)
    found = {name: f"a {kind.value}" if (kind := lineage.terms(name).kind) is not None else "a type" for name in shelf.types}
    found |= dict.fromkeys(shelf.functions, "a function") | dict.fromkeys(shelf.objects, "an object")
    found |= {alias: f"another name of {name}" for alias, name in shelf.aliases.items()}
    yield from (f"{name}: {what}" for name, what in sorted(found.items()) if text in name.lower())


def _card(name: str, shelf: Shelf, catalog: Catalog) -> Iterator[str]:
    """What is known of a name; raises `Mistake` if nothing is."""
    canonical = catalog.canonical(name)
    owner, _, method = canonical.rpartition(".")
    written = _written(canonical, shelf) or (_written(owner, shelf) if catalog.method(owner, method) is not None else [])
    if not written:
        raise Mistake(_unknown(name, shelf))
    if canonical != name:
        yield f"# {name} is another name of {canonical}"
    yield from (f"# {line}" for line in _in_words(canonical, catalog))
    for table, title, entry in written:
        yield ""
        yield f"# {entry.where}{': ' + entry.source if entry.source else ''}"
        yield from list(toml_lines(entry.values, f"{table}.{toml_key(title)}"))[1:]


def _written(name: str, shelf: Shelf) -> list[tuple[str, str, Written]]:
    """The entries of a name and of the types that it extends: table, name, entry."""
    found = [
        (table, name, entries[name]) for table, entries in (("functions", shelf.functions), ("objects", shelf.objects)) if name in entries
    ]
    return found + [("types", entry.name, shelf.types[entry.name]) for entry in Lineage(shelf).types(name)]


def _in_words(name: str, catalog: Catalog) -> Iterator[str]:
    """What is owed: for what the name makes, and for what each method of it gives."""
    model = catalog.type(name)
    if model is None:
        owner, _, method = name.rpartition(".")
        call = catalog.function(name) or catalog.method(owner, method)
        yield from _call_in_words(name, call) if call is not None else (name,)
        return
    yield f"{name}: {'a type' if model.kind is None else f'a {model.kind.value}'}"
    if model.lease is not None:
        yield from (f"  {line}" for line in lease_lines(model.lease))
    if model.constructor is not None and model.constructor.acquires is Acquires.NO and model.kind is not None:
        yield "  made by a call that owes nothing"
    methods = {each: None for entry in (name, *model.extends) if (of := catalog.type(entry)) is not None for each in of.methods}
    for method in methods:
        call = catalog.method(name, method)
        if call is not None and call.lease is not None:
            yield from _call_in_words(f"{method}()", call)


def _call_in_words(name: str, call: CallModel) -> Iterator[str]:
    """What a call acquires or lends, and what is owed for it."""
    if call.lease is None:
        yield f"{name}: {f'gives {call.returns}' if call.returns else 'owes nothing'}"
        return
    when = {Acquires.NO: "lends for a block", Acquires.CALL: "acquires", Acquires.AWAITED: "acquires, once awaited,"}[call.acquires]
    yield f"{name}: {when} {call.lease.type_name}, a {call.lease.kind.value}"
    yield from (f"  {line}" for line in lease_lines(call.lease))
    if call.child or call.child_of is not None:
        yield "  closed with what it is made from"


def _unknown(name: str, shelf: Shelf) -> str:
    """One line for a name that no model has, with the nearest names."""
    names = (*shelf.types, *shelf.functions, *shelf.objects, *shelf.aliases)
    near = (
        difflib.get_close_matches(name, names, n=_CLOSE_ENOUGH)
        or sorted(each for each in names if each.endswith(f".{name}"))[:_CLOSE_ENOUGH]
    )
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "; 'unclosed models list' lists what is known"
    return f"no model has the name {name!r}{hint}"
