"""UNC306: what a `pgbouncer.ini` says, where that is reported, and when it is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leaks import LEAK
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config, OutputFormat, Patterns, override
from unclosed.discovery import discover
from unclosed.lint import check_paths
from unclosed.pgbouncer.ini import read_ini
from unclosed.pgbouncer.known import knowledge
from unclosed.pgbouncer.pooler import Pooler
from unclosed.pgbouncer.surroundings import pooler_of
from unclosed.report import full
from unclosed.report.formats import RENDERERS
from unclosed.report.paint import Paint
from unclosed.text import SourceFile

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "fixtures" / "pgbouncer_settings"
FIXTURES = sorted(FOLDER.rglob("*.ini"))
CATALOG = Catalog.load()
UNLIMITED = "[databases]\nshop = host=db\n[pgbouncer]\nidle_transaction_timeout = 9\nquery_wait_timeout = 0\n"

_MARKER = re.compile(r"^[;#] expect: (UNC\d{3})(?:@(\d+))?$")


def expected(path: Path) -> list[tuple[int, int, str]]:
    """What the comments say: each stands on the line above that of its finding; column 0 where it does not matter."""
    found = []
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = _MARKER.match(line)
        if match is not None:
            found.append((row + 1, int(match[2] or 0), match[1]))
    return found


def codes(*paths: Path, config: Config | None = None) -> list[tuple[str, int, str]]:
    """Name of the file, row and code of each finding."""
    report = check_paths([str(path) for path in paths], config or Config(), CATALOG)
    assert report.errors == ()
    return [(Path(finding.path).name, finding.start.row, finding.code) for finding in report.findings]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a bad `pgbouncer.ini`, a copy of another name, and a leak."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "deploy" / "pgbouncer.ini").write_text(UNLIMITED, encoding="utf-8")
    (tmp_path / "deploy" / "other.ini").write_text(UNLIMITED, encoding="utf-8")
    (tmp_path / "leak.py").write_text(LEAK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_linter_says_what_the_comments_say(path: Path) -> None:
    """Each marked line is reported, at the marked column, and no other line is."""
    report = check_paths([str(path)], Config(), CATALOG)
    assert report.errors == ()
    columns = {row: column for row, column, _ in expected(path)}
    seen = [(f.start.row, f.start.column + 1 if columns.get(f.start.row) else 0, f.code) for f in report.findings]
    assert seen == expected(path)


def test_silent_files_are_the_larger_part() -> None:
    """Near misses, and settings as they should be."""
    loud = [path for path in FIXTURES if expected(path)]
    assert len(FIXTURES) - len(loud) > len(loud) > 0


def test_a_named_file_is_checked(project: Path) -> None:
    """Whatever its name is, though the rule is off by default; the leak beside it is not looked at."""
    assert codes(project / "deploy" / "other.ini") == [("other.ini", 5, "UNC306")]


def test_a_file_below_a_directory_is_found_if_the_rule_is_selected(project: Path) -> None:
    """By its name alone, and only then."""
    leak = ("leak.py", 5, "UNC103")
    assert codes(project) == [leak]
    assert codes(project, config=override(Config(), extend_select=["UNC306"])) == [("pgbouncer.ini", 5, "UNC306"), leak]


def test_a_file_that_is_named_and_found_is_checked_once(project: Path) -> None:
    """It counts as named."""
    assert codes(project / "deploy", project / "deploy" / "pgbouncer.ini") == [("pgbouncer.ini", 5, "UNC306")]


def test_what_is_selected_or_ignored_counts_for_named_files(project: Path) -> None:
    """`--select` of other rules and `--ignore` leave it alone; a prefix selects it."""
    path = project / "deploy" / "pgbouncer.ini"
    assert codes(path, config=override(Config(), select=["UNC1"])) == []
    assert codes(path, config=override(Config(), ignore=["UNC306"])) == []
    assert codes(path, config=override(Config(), select=["UNC3"])) == [("pgbouncer.ini", 5, "UNC306")]


def test_excluded_files_are_left_out(project: Path) -> None:
    """As pre-commit needs it: patterns are held against named files too."""
    config = Config(extend_exclude=(Patterns(project, ("deploy",)),))
    paths = [str(project / "deploy" / "pgbouncer.ini")]
    assert [check_paths(paths, config, CATALOG, force_exclude=force).files for force in (True, False)] == [0, 1]


def test_discovery_asks_for_further_names(project: Path) -> None:
    """Names besides those of Python files are wanted, or not."""
    named = [Path(path).name for path in discover([str(project)], Config(), also=frozenset({"pgbouncer.ini"})).files]
    assert named == ["pgbouncer.ini", "leak.py"]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """One line on standard error, exit status 3."""
    path = tmp_path / "folder.ini"
    path.symlink_to("/proc/self/mem")
    report = check_paths([str(path)], Config(), CATALOG)
    assert ([error.path for error in report.errors], report.exit_status) == ([str(path)], 3)


def test_the_full_format_shows_the_line(project: Path) -> None:
    """With carets under the setting."""
    report = check_paths([str(project / "deploy" / "pgbouncer.ini")], Config(), CATALOG)
    assert full.render(report, Paint(colour=False)).splitlines()[1:3] == [
        "    5 | query_wait_timeout = 0",
        "      | ^^^^^^^^^^^^^^^^^^^^^^",
    ]


@pytest.mark.parametrize("output_format", OutputFormat, ids=lambda member: member.value)
def test_every_format_prints_it(project: Path, output_format: OutputFormat) -> None:
    """With the name of the file and the code."""
    report = check_paths([str(project / "deploy" / "pgbouncer.ini")], Config(), CATALOG)
    printed = RENDERERS[output_format](report, Paint(colour=False))
    assert "UNC306" in printed and "pgbouncer.ini" in printed


def test_a_finding_in_an_included_file_is_reported_there(tmp_path: Path) -> None:
    """And silenced there."""
    (tmp_path / "pgbouncer.ini").write_text("[pgbouncer]\n%include waits.ini\n%include more.ini\n", encoding="utf-8")
    (tmp_path / "waits.ini").write_text("idle_transaction_timeout = 9\nquery_wait_timeout = 0\n", encoding="utf-8")
    (tmp_path / "more.ini").write_text("; noqa: UNC306\nserver_connect_timeout = 0\n", encoding="utf-8")
    assert codes(tmp_path / "pgbouncer.ini") == [("waits.ini", 2, "UNC306")]


def test_a_circle_of_includes_ends() -> None:
    """As for PgBouncer, at a depth of ten."""
    assert not read_ini(SourceFile(str(FOLDER / "x.ini"), "%include " + "comments_silence_what_follows.ini\n%include x.ini\n")).is_whole


def test_messages_are_short_and_name_the_setting() -> None:
    """One line of at most 120 characters, which begins with the setting."""
    paths = [str(path) for path in FIXTURES]
    findings = check_paths(paths, override(Config(), min_confidence="possible"), CATALOG).findings
    assert [f.message for f in findings if len(f.message) > 120 or f.message.split()[0] not in knowledge().settings] == []
    assert {f.confidence for f in findings} == {Confidence.CERTAIN, Confidence.LIKELY}


@pytest.mark.parametrize(
    ("image", "kept"),
    [
        ("edoburu/pgbouncer:1.18.0", False),
        ("bitnami/pgbouncer:1.22", False),
        ("edoburu/pgbouncer:v1.24.1-p1", True),
        ("edoburu/pgbouncer:latest", True),
    ],
)
def test_the_version_is_that_of_the_image(tmp_path: Path, image: str, kept: bool) -> None:
    """Whether prepared statements are kept is the version's default; one that is not known is the newest."""
    (tmp_path / "docker-compose.yml").write_text(f"services:\n  pooler:\n    image: {image}\n", encoding="utf-8")
    (tmp_path / "setup.cfg").touch()
    assert pooler_of(SourceFile(str(tmp_path / "pgbouncer.ini"), "[pgbouncer]\n")).keeps_statements() is kept


def test_a_user_goes_before_a_database_and_that_before_the_rest() -> None:
    """As `src/server.c` of PgBouncer 1.25 asks for the mode of a pool."""
    text = "[databases]\na=pool_mode=session\nb=host=x\n[users]\nu=pool_mode=statement\n[pgbouncer]\npool_mode=transaction\n"
    pooler = Pooler("x.ini", read_ini(SourceFile("x.ini", text)))
    modes = {name: sorted(pooler.modes(name)) for name in ("a", "b", "other", "")}
    assert modes == {
        "a": ["session", "statement"],
        "b": ["statement", "transaction"],
        "other": ["statement", "transaction"],
        "": ["session", "statement", "transaction"],
    }
