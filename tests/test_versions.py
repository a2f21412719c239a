"""What a model says of other versions of its library: the project's pins choose, and without one the current release counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.catalog_checks import problems_of_tables
from unclosed.catalog_files import UserModels
from unclosed.config import Config
from unclosed.lint import check_file
from unclosed.project.pins import Pins
from unclosed.rules import all_rules

MODELS = {
    "functions": {"acme.connect": {"returns": "acme.Connection", "acquires": True}},
    "types": {"acme.Connection": {"kind": "connection", "release": ["close"], "with_exit": "transaction"}},
    "versions": [{"package": "acme-db", "admits": "<2.0", "types": {"acme.Connection": {"with_exit": "release"}}}],
}
BLOCK = "import acme\n\n\ndef rows(url):\n    with acme.connect(url) as conn:\n        return conn.run('SELECT 1')\n"
LEAK = "import acme\n\n\ndef rows(url):\n    conn = acme.connect(url)\n    return conn.run('SELECT 1')\n"


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    """Code and confidence of the findings on a file in a folder."""
    path = folder / "shop.py"
    path.write_text(text, encoding="utf-8")
    config, catalog = Config(), Catalog.load([UserModels("tests", MODELS)])
    result = check_file(str(path), str(path), config, catalog, all_rules())
    assert result.error is None
    return [(finding.code, finding.confidence.label) for finding in result.findings]


@pytest.mark.parametrize(
    ("requirement", "block"),
    [
        ("acme-db==1.9", []),
        ("acme_db<2", []),
        ("ACME.DB==2.0.1", [("UNC104", "certain")]),
        ("acme-db>=1.0", [("UNC104", "likely")]),
        ("acme==1.0", [("UNC104", "likely")]),
    ],
)
def test_the_pin_chooses(requirement: str, block: list[tuple[str, str]], tmp_path: Path) -> None:
    """A finding that another version would not have is less sure where nothing says which version runs."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements.txt").write_text(requirement + "\n", encoding="utf-8")
    assert found(tmp_path, BLOCK) == block


def test_what_every_version_says_is_certain(tmp_path: Path) -> None:
    """The doubt is about what differs, not about the library."""
    (tmp_path / "pyproject.toml").touch()
    assert found(tmp_path, LEAK) == [("UNC101", "certain")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "SQLAlchemy==1.4.54\n"),
        ("pyproject.toml", "[project]\ndependencies = [\"sqlalchemy[asyncio] ==1.4.54 ; python_version > '3'\"]\n"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nSQLAlchemy = "1.4.54"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nsqlalchemy = { version = "1.4.54", extras = ["asyncio"] }\n'),
        ("uv.lock", '[[package]]\nname = "alembic"\nversion = "1.1"\n\n[[package]]\nname = "sqlalchemy"\nversion = "1.4.54"\n'),
        ("Pipfile.lock", '{"default": {"sqlalchemy": {"hashes": [], "index": "pypi", "version": "==1.4.54"}}}'),
    ],
)
def test_a_pin_is_read_wherever_it_stands(name: str, text: str, tmp_path: Path) -> None:
    """In requirements, in the project's metadata, in Poetry's, in a lock."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert Pins().version(tmp_path, tmp_path, "sqlalchemy") == (1, 4, 54)


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many packages and folders are asked for."""
    (tmp_path / "uv.lock").write_text('name = "redis"\nversion = "7.1.0"\n', encoding="utf-8")
    read: list[str] = []
    text_of = Path.read_text

    def counted(path: Path, encoding: str | None = None, errors: str | None = None) -> str:
        read.append(path.name)
        return text_of(path, encoding, errors)

    monkeypatch.setattr(Path, "read_text", counted)
    pins = Pins()
    asked = [pins.version(tmp_path / folder, tmp_path, package) for folder in ("a", "b", "") for package in ("redis", "pymysql")]
    assert asked == [(7, 1, 0), None] * 3
    assert read.count("uv.lock") == 3  # one in each folder, of which two are not there


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ({"types": {}}, "versions.admits: is None, but must say versions such as '<1.0' or '>=0.9,<1.0'"),
        ({"admits": "1.0", "types": {}}, "versions.admits: is '1.0', but must say versions such as '<1.0' or '>=0.9,<1.0'"),
        ({"admits": "<1.0"}, "versions.types: is missing: what differs in these versions?"),
        ({"admits": "<1.0", "types": {"acme.Connection": {"with_exit": "close"}}}, "'close' is not known"),
        ({"admits": "<1.0", "below": "1", "types": {}}, "versions.below: is no key here"),
    ],
)
def test_a_mistake_is_told(version: dict[str, object], problem: str) -> None:
    """The list is checked as the file is."""
    problems = problems_of_tables({**MODELS, "versions": [version]}, "acme.toml", required=())
    assert [text for text in map(str, problems) if problem in text] != []
