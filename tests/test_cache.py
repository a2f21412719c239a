"""Facts kept on disk: what comes back is what went in, whatever happens to the folder, and findings are the same with and without it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import libcst as cst
import pytest
from click.testing import CliRunner

from unclosed.cache import Cache, cache_folder, clean
from unclosed.catalog import Catalog
from unclosed.cli import main
from unclosed.config import Config
from unclosed.flow.dump import dump
from unclosed.lint import check_paths
from unclosed.lowering.facts import ModuleFacts
from unclosed.lowering.module import ModuleLowering
from unclosed.lowering.parse import parse
from unclosed.lowering.stored import BROKEN, read, write

ROOT = Path(__file__).resolve().parent.parent
TEXTS = sorted((ROOT / "fixtures").rglob("*.py")) + sorted((ROOT / "src").rglob("*.py"))
LEAK = "import sqlite3\n\ndef count(path):\n    conn = sqlite3.connect(path)\n    return conn.execute('select 1').fetchone()\n"


def facts_of(text: str) -> ModuleFacts:
    return ModuleLowering(parse(text)).lower()


@pytest.mark.parametrize("folder", sorted({path.parent for path in TEXTS}), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_comes_back_is_what_went_in(folder: Path) -> None:
    for path in (path for path in TEXTS if path.parent == folder):
        try:
            facts = facts_of(path.read_text(encoding="utf-8"))
        except Exception:  # noqa: BLE001 - a fixture of what cannot be read
            continue
        back = read(write(facts))
        assert [f.name for f in back.functions] == [f.name for f in facts.functions]
        for mine, other in zip(facts.functions, back.functions, strict=True):
            for name in type(mine).__slots__:
                if name != "graph":
                    assert getattr(mine, name) == getattr(other, name), (path, mine.name, name)
            assert mine.graph.places.keys == other.graph.places.keys
            assert [type(key) for key in mine.graph.places.keys] == [type(key) for key in other.graph.places.keys]
            for name in ("events", "edges", "tested", "empty_displays", "reads", "literals"):
                assert getattr(mine.graph, name) == getattr(other.graph, name), (path, mine.name, name)
            assert dump(mine.graph) == dump(other.graph)
        assert (back.classes, back.star_imports, back.skipped, back.main_guard) == (
            facts.classes,
            facts.star_imports,
            facts.skipped,
            facts.main_guard,
        )


def test_a_damaged_text_is_noticed() -> None:
    text = write(facts_of(LEAK))
    for wrong in ("", "[]", "{}", text[:-2], text.replace('"functions"', '"other"'), json.dumps({"functions": [1]})):
        with pytest.raises(BROKEN):
            read(wrong)


def check(path: Path, cache: Cache | None) -> tuple[str, ...]:
    report = check_paths([str(path)], Config(), Catalog.load(()), cache=cache)
    assert not report.errors
    return tuple(f"{f.start.row}:{f.code} {f.message} {[(s.span, s.text) for s in f.trail]}" for f in report.findings)


def test_a_second_run_parses_nothing_that_has_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, folder = tmp_path / "project", tmp_path / "cache"
    project.mkdir()
    (project / "pyproject.toml").write_text("")
    (project / "clean.py").write_text("import sqlite3\n\ndef open_it(path):\n    return sqlite3.connect(path)\n")
    parsed: list[str] = []

    def watched(text: str) -> cst.Module:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr("unclosed.lowering.parse.parse", watched)
    first = check(project, Cache(folder))
    assert len(parsed) == 1
    assert check(project, Cache(folder)) == first == ()
    assert len(parsed) == 1


def test_findings_and_their_trails_are_the_same(tmp_path: Path) -> None:
    for name in ("projects", "UNC103"):
        where = ROOT / "fixtures" / name
        if where.is_dir():
            without, cold, warm = check(where, None), check(where, Cache(tmp_path)), check(where, Cache(tmp_path))
            assert without == cold == warm != ()


def test_an_entry_that_is_damaged_is_no_entry(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    found = check(tmp_path / "a.py", Cache(tmp_path / "cache"))
    entries = [path for path in (tmp_path / "cache").glob("??/*") if path.is_file()]
    assert len(entries) == 1
    for wrong in (b"", b"x", entries[0].read_bytes()[:-3]):
        entries[0].write_bytes(wrong)
        assert check(tmp_path / "a.py", Cache(tmp_path / "cache")) == found != ()
    assert entries[0].read_bytes() != wrong  # it was written anew


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "a.py").write_text(LEAK)
    assert check(tmp_path / "a.py", Cache(tmp_path / "file" / "cache")) != ()


def test_another_text_or_kind_has_another_key(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert len({cache.key("facts", "a"), cache.key("facts", "b"), cache.key("other", "a")}) == 3
    assert cache.key("facts", "a") == Cache(tmp_path).key("facts", "a")


def test_the_folder_stays_below_its_size(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=20_000)
    keys = [cache.key("facts", str(number)) for number in range(60)]
    for number, key in enumerate(keys):
        cache.put(key, os.urandom(500).hex())
        path = tmp_path / key[:2] / key[2:]
        os.utime(path, (1_000 + number, 1_000 + number))
    cache.tidy()
    left = [key for key in keys if (tmp_path / key[:2] / key[2:]).exists()]
    assert 0 < len(left) < 60
    assert left == keys[-len(left) :]  # the oldest went
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*")) <= 20_000


def test_the_folder_is_the_variables_or_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("UNCLOSED_CACHE_DIR")
    assert cache_folder().name == "unclosed"


def test_clean_removes_the_cache_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    (tmp_path / "a.py").write_text(LEAK)
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", str(folder))
    assert CliRunner().invoke(main, ["check", str(tmp_path / "a.py")]).exit_code == 1
    assert folder.is_dir()
    result = CliRunner().invoke(main, ["clean"])
    assert (result.exit_code, folder.exists()) == (0, False)
    assert CliRunner().invoke(main, ["clean"]).exit_code == 0
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", str(tmp_path))
    assert not clean(tmp_path)
    assert (tmp_path / "a.py").exists()


def test_no_cache_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    monkeypatch.setenv("UNCLOSED_CACHE_DIR", str(tmp_path / "cache"))
    assert CliRunner().invoke(main, ["check", "--no-cache", str(tmp_path / "a.py")]).exit_code == 1
    assert not (tmp_path / "cache").exists()
