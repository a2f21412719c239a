"""Whatever stands in `[tool.unclosed]`, it is understood or refused in one line: no value of TOML is a crash."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unclosed.catalog import Catalog
from unclosed.catalog_own import OWN_KEYS, POOL_KEYS
from unclosed.catalog_schema import CALL_KEYS, TYPE_KEYS
from unclosed.config import read_config
from unclosed.config_keys import NAMES
from unclosed.errors import ConfigError
from unclosed.file_rules import FileRules
from unclosed.toml_text import parse_toml, toml_lines

scalars = st.one_of(
    st.sampled_from(
        ["UNC1", "UNC103", "likely", "full", "close", "await close", "shop.db.Pool", "true", "transaction", "", "[", "*", "a b"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8),
    st.booleans(),
    st.integers(-5, 100),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.just(dt.date(2024, 2, 29)),
)
words = st.sampled_from([*sorted(CALL_KEYS), *sorted(TYPE_KEYS), *POOL_KEYS, *OWN_KEYS])
names = st.sampled_from(
    ["shop.db.Pool", "shop.Client", "psycopg2.connect", "Pool", "a b", "", "tests/", "types", "functions", "conventions", "web"]
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | words, inner, max_size=3), max_leaves=8)
entries = st.dictionaries(names, st.dictionaries(words, values, max_size=4), max_size=2)
tables = st.dictionaries(st.sampled_from([name for name in NAMES if name != "extend"]), values | entries, max_size=4)


def refusal(path: Path) -> str:
    """What is said of a file that is refused; empty if it is understood."""
    try:
        config = read_config(path)
        Catalog.load(config.models)
        FileRules(config).of("tests/app.py")
    except ConfigError as error:
        return str(error)
    return ""


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables)
def test_any_table_is_understood_or_refused_in_one_line(tmp_path: Path, table: dict[str, object]) -> None:
    """With the name of the file and a key."""
    path = tmp_path / "pyproject.toml"
    path.write_text("\n".join(toml_lines(table, "tool.unclosed")), encoding="utf-8")
    message = refusal(path)
    assert not message or message.startswith(f"{path}: tool.unclosed.")
    assert "\n" not in message


@settings(deadline=None)
@given(st.dictionaries(names | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), values, max_size=4))
def test_what_is_written_as_toml_is_read_as_it_was(table: dict[str, object]) -> None:
    """`unclosed config` and `unclosed models show` print what can be put into a file."""
    assert parse_toml("\n".join(toml_lines(table, "t")), "text")["t"] == table
