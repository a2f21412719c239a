"""A project with thousands of modules is opened where it matters; what is opened is counted, not timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.lint import check_paths
from unclosed.lowering.parse import parse
from unclosed.report.report import Report

COUNT = 2_000
OPENED = {
    "db.py": "import sqlite3\nfrom shop.m0001 import f0001\n\n\ndef open_db(path):\n    return sqlite3.connect(path)\n",
    "other.py": "import sqlite3\n\n\ndef open_other(path):\n    return sqlite3.connect(path)\n",
    "service.py": "from shop import db\nfrom shop.m0050 import f0050\n\n\ndef service():\n    return db.open_db('shop.db')\n",
    "orders.py": (
        "from shop import other\nfrom shop.m0100 import f0100\nfrom shop.service import service\n\n\n"
        "def never_closed():\n    conn = service()\n    f0100(conn)\n"
    ),
}
"""The modules that matter; `orders.py` calls nothing of `other.py`."""


@pytest.fixture(scope="module")
def large_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand modules without a resource that import each other in rings, and four that matter."""
    package = tmp_path_factory.mktemp("large") / "shop"
    package.mkdir()
    (package.parent / "pyproject.toml").touch()
    (package / "__init__.py").touch()
    for number in range(COUNT):
        after, far = (number + 1) % COUNT, (number * 7 + 1) % COUNT
        text = f"from shop import m{after:04}\nfrom .m{far:04} import f{far:04}\n\n\ndef f{number:04}(x):\n    return x.total_changes\n"
        (package / f"m{number:04}.py").write_text(text, encoding="utf-8")
    for name, text in OPENED.items():
        (package / name).write_text(text, encoding="utf-8")
    return package


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The texts that are parsed from now on."""
    texts: set[str] = set()

    def note(text: str) -> object:
        texts.add(text)
        return parse(text)

    monkeypatch.setattr("unclosed.lowering.parse.parse", note)
    return texts


def found(report: Report) -> list[tuple[str, int, str]]:
    """File, row and code of each finding."""
    return [(Path(finding.path).name, finding.start.row, finding.code) for finding in report.findings]


def test_a_large_project_is_opened_where_it_matters(large_project: Path, parsed: set[str]) -> None:
    """The modules with a resource or one that they import, and the one function that gets a resource."""
    report = check_paths([str(large_project)], Config(), Catalog.load())
    handed = (large_project / "m0100.py").read_text(encoding="utf-8")
    assert found(report) == [("orders.py", 7, "UNC101")]
    assert (report.files, report.parsed) == (COUNT + len(OPENED) + 1, len(OPENED))
    assert parsed == {*OPENED.values(), handed}


def test_one_file_of_a_large_project_opens_what_it_calls(large_project: Path, parsed: set[str]) -> None:
    """A module that bears a resource and is only imported stays closed."""
    report = check_paths([str(large_project / "orders.py")], Config(), Catalog.load())
    handed = (large_project / "m0100.py").read_text(encoding="utf-8")
    assert found(report) == [("orders.py", 7, "UNC101")]
    assert (report.files, report.parsed) == (1, 1)
    assert parsed == {OPENED["orders.py"], OPENED["service.py"], OPENED["db.py"], handed}


KEEPERS = {
    "keepers.py": (
        "import sqlite3\n\n\nclass Keeper:\n    def __init__(self):\n        self.kept = sqlite3.connect('kept.db')\n\n"
        "    def rows(self):\n        return self.kept.execute('SELECT 1')\n"
    ),
    "using.py": "from shop.keepers import Keeper\n\n\ndef used(keeper: Keeper):\n    return keeper.kept.total_changes\n",
    "making.py": "from shop.keepers import Keeper\n\n\ndef made():\n    return Keeper().rows()\n",
}
"""A class that keeps a connection for ever; `making.py` never reads its attribute."""


def test_users_of_a_class_are_chosen_by_their_texts(large_project: Path, parsed: set[str]) -> None:
    """Only the file that reads the attribute is opened, and no other class of the two thousand modules."""
    for name, text in KEEPERS.items():
        (large_project / name).write_text(text, encoding="utf-8")
    try:
        report = check_paths([str(large_project / "keepers.py")], Config(), Catalog.load())
    finally:
        for name in KEEPERS:
            (large_project / name).unlink()
    assert found(report) == [("keepers.py", 6, "UNC110")]
    assert parsed == {KEEPERS["keepers.py"], KEEPERS["using.py"]}
