"""Pools: the words of what runs once, the table `pool` of a model, and what arguments say where fixtures do not reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.catalog_checks import check_model_file
from unclosed.config import Config, override
from unclosed.lint import check_paths, check_source
from unclosed.text import SourceFile

USED = "    with engine.connect() as conn:\n        conn.exec_driver_sql('SELECT 1')\n"
MAKES = f"def main():\n    engine = create_engine(URL)\n{USED}"


def codes(program: str, *select: str) -> list[str]:
    """The codes that are reported for a program."""
    config = override(Config(), extend_select=list(select))
    result = check_source(SourceFile("example.py", f"from sqlalchemy import create_engine\n{program}"), config, Catalog.load())
    assert result.error is None
    return [finding.code for finding in result.findings]


@pytest.mark.parametrize(
    ("text", "is_registered"),
    [
        ("app.on_startup.append(connect)", True),
        ("Starlette(on_startup=[first, hooks.connect])", True),
        ('app.add_event_handler("startup", connect)', True),
        ("FastAPI(lifespan=connect)", True),
        ("# at startup, connect to the database", False),
        ("startup = connect()", False),
        ("app.on_startup.append(connected)", False),
    ],
)
def test_registrations_are_found_in_texts(text: str, is_registered: bool) -> None:
    """A function's name after a word that registers it, and not in prose."""
    assert Catalog.load().lifetimes.registers(text, "connect") is is_registered


def test_a_pool_that_is_spelt_wrong_is_refused(tmp_path: Path) -> None:
    """A key that does not exist, and an argument that is none."""
    path = tmp_path / "acme.toml"
    head = 'library = "acme"\nwords = ["acme"]\nsource = "acme 1"\n'
    path.write_text(f'{head}[functions."acme.pool".pool]\nunbound = []\nendless = ["wait for=1"]\n', encoding="utf-8")
    problems = "\n".join(check_model_file(path))
    assert "unbound: is no key here; did you mean 'unbounded'?" in problems
    assert "'wait for=1' is no argument such as 'maxsize@1=0'" in problems


def test_a_main_that_another_module_calls_is_no_program(tmp_path: Path) -> None:
    """The same function is silent alone, and reported once somebody else imports it."""
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    start = tmp_path / "start.py"
    start.write_text(f"from sqlalchemy import create_engine\nURL = 'postgresql://db.example/shop'\n\n\n{MAKES}", encoding="utf-8")
    alone = check_paths([str(start)], Config(), Catalog.load())
    (tmp_path / "web.py").write_text("from start import main as bootstrap\n\n\ndef serve():\n    bootstrap()\n", encoding="utf-8")
    together = check_paths([str(start)], Config(), Catalog.load())
    assert [[finding.code for finding in report.findings] for report in (alone, together)] == [[], ["UNC301"]]


@pytest.mark.parametrize("call", ["thread(target=load)", "[load for _ in range(3)]", "schedule.every(load)"])
def test_a_function_that_is_handed_on_runs_per_call(call: str) -> None:
    """Called by the module itself it runs once; handed to somebody, who knows how often."""
    function = f"def load():\n    engine = create_engine(URL)\n{USED}"
    assert codes(f"{function}load()\n") == []
    assert codes(f"{function}{call}\n") == ["UNC301"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("max_overflow=-1", ["UNC302"]),
        ("max_overflow=- 1", ["UNC302"]),
        ("pool_size=0", ["UNC302"]),
        ("pool_timeout=None", ["UNC303"]),
        ("max_overflow=-1, pool_timeout=None", ["UNC302"]),
        ("**{'max_overflow': -1}", ["UNC302"]),
        ("**{'max_overflow': -1, **more}", ["UNC302"]),
        ("**{**more}", []),
        ("*given", []),
        ("max_overflow=1 - 2", []),
        ("max_overflow=-1 if big else 5", []),
    ],
)
def test_arguments_are_read(arguments: str, expected: list[str]) -> None:
    """What is told is reported at module level too; what is not known is not."""
    assert codes(f"engine = create_engine(URL, {arguments})\n") == expected


def test_only_what_is_missing_is_asked_for() -> None:
    """A dictionary that is not known may say anything."""
    assert codes("engine = create_engine(URL)\n", "UNC305") == ["UNC305"]
    assert codes("engine = create_engine(URL, **options)\n", "UNC305") == []
