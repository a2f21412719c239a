"""The formats for other programs: to the letter, and as those programs define them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from leaks import CLEAN, LEAK, NEVER
from sample_report import REPORT, golden, golden_file, written
from unclosed.catalog import Catalog
from unclosed.cli import main
from unclosed.config import Config, OutputFormat
from unclosed.findings import Finding, numbered
from unclosed.lint import check_source
from unclosed.report.paths import relative, uri
from unclosed.report.report import Report
from unclosed.rules import all_rules
from unclosed.text import SourceFile

ROOT = Path(__file__).resolve().parent
CATALOG = Catalog.load()
SARIF = jsonschema.Draft4Validator(json.loads((ROOT / "data" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")))
OURS = jsonschema.Draft202012Validator(
    json.loads((ROOT.parent / "docs" / "report.schema.json").read_text(encoding="utf-8")),
)
PROGRAMS = [each for each in OutputFormat if not each.is_for_people]


def found(text: str, path: str = "app.py") -> tuple[Finding, ...]:
    """The findings in a text, with their ordinals."""
    return numbered(check_source(SourceFile(path, text), Config(), CATALOG).findings)


def run(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("output_format", OutputFormat)
def test_every_format_is_as_it_was(output_format: OutputFormat) -> None:
    """What other programs read changes on purpose only; `python tests/sample_report.py` writes these files."""
    assert golden(output_format) == golden_file(output_format).read_text(encoding="utf-8")


@pytest.mark.parametrize("output_format", [each for each in PROGRAMS if each is not OutputFormat.GITHUB])
def test_documents_are_ascii(output_format: OutputFormat) -> None:
    """So no terminal's encoding can spoil them."""
    assert written(output_format).isascii()


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(REPORT, id="sample"),
        pytest.param(Report(), id="empty"),
        pytest.param(Report(tuple(finding for rule in all_rules() for finding in found(rule.bad))), id="every-rule"),
    ],
)
def test_logs_and_documents_have_the_shape_that_is_promised(report: Report) -> None:
    """SARIF by its own schema, JSON by ours."""
    log, document = (json.loads(written(each, report)) for each in (OutputFormat.SARIF, OutputFormat.JSON))
    assert [error.message for error in SARIF.iter_errors(log)] == []
    assert [error.message for error in OURS.iter_errors(document)] == []
    run = log["runs"][0]
    assert [run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in run["results"]] == [
        finding.code for finding in report.findings
    ]


def test_the_schemas_refuse() -> None:
    """A check that cannot fail is none."""
    log, document = (json.loads(written(each)) for each in (OutputFormat.SARIF, OutputFormat.JSON))
    log["runs"][0]["results"][0]["level"] = "grave"
    del document["findings"][0]["fingerprint"]
    assert (SARIF.is_valid(log), OURS.is_valid(document)) == (False, False)


def test_sarif_leads_along_the_trail() -> None:
    """Through both files, each relative to the root of the repository."""
    log: dict[str, Any] = json.loads(written(OutputFormat.SARIF))
    flow = log["runs"][0]["results"][1]["codeFlows"][0]["threadFlows"][0]["locations"]
    places = [step["location"]["physicalLocation"] for step in flow]
    assert [(place["artifactLocation"], place["region"]["startLine"]) for place in places] == [
        ({"uri": "src/app.py", "uriBaseId": "%SRCROOT%"}, 4),
        ({"uri": "lib/a%20b%2C%20c%3Ad%23%C3%A9.py", "uriBaseId": "%SRCROOT%"}, 2),
        ({"uri": "src/app.py", "uriBaseId": "%SRCROOT%"}, 5),
    ]


def test_junit_is_xml() -> None:
    """With as many cases as it says."""
    root = ET.fromstring(written(OutputFormat.JUNIT))
    assert (root.get("tests"), len(root.findall(".//testcase"))) == ("6", 6)
    assert (root.get("failures"), len(root.findall(".//failure"))) == ("4", 4)
    assert (root.get("errors"), len(root.findall(".//error"))) == ("2", 2)
    clean = ET.fromstring(written(OutputFormat.JUNIT, Report(files=1)))
    assert [(case.get("name"), len(case)) for case in clean.iter("testcase")] == [("no findings", 0)]


def test_gitlab_has_each_finding_once() -> None:
    """Its fingerprints are for all files together."""
    twice = tuple(replace(finding, path="other.py") for finding in REPORT.findings)
    entries = json.loads(written(OutputFormat.GITLAB, replace(REPORT, findings=(*REPORT.findings, *twice))))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 8


MOVED = "import os\n\n\n" + LEAK.replace("rows =", "os.listdir()\n    rows =")


def test_a_fingerprint_stays_when_lines_or_files_move() -> None:
    """Other code above, in between, and another path."""
    assert [finding.fingerprint for finding in found(LEAK)] == [finding.fingerprint for finding in found(MOVED, "lib/other.py")]


def test_fingerprints_of_one_file_differ() -> None:
    """By function, and by the count of the same call in one function."""
    twice = NEVER + "    conn = sqlite3.connect(path); conn.execute('SELECT 2')\n" + LEAK.removeprefix("import sqlite3\n")
    fingerprints = [finding.fingerprint for finding in found(twice)]
    assert len(set(fingerprints)) == len(fingerprints) == 3


@pytest.mark.parametrize(
    ("path", "name", "reference"),
    [
        ("/r/a.py", "a.py", "a.py"),
        ("/r/b/../ä b.py", "ä b.py", "%C3%A4%20b.py"),
        ("/other/a.py", "/other/a.py", "file:///other/a.py"),
        ("/r2/a.py", "/r2/a.py", "file:///r2/a.py"),
        ("/r/..a.py", "..a.py", "..a.py"),
        ("/r/\udcff.py", "\\udcff.py", "%FF.py"),
    ],
)
def test_paths(path: str, name: str, reference: str) -> None:
    """From the root, or whole where they lie elsewhere."""
    assert (relative(path, Path("/r")), uri(path, Path("/r"))) == (name, reference)


def test_paths_start_at_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From wherever the run starts."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(LEAK, encoding="utf-8")
    for start, path in ((tmp_path, "src"), (tmp_path / "src", "."), (Path("/"), str(tmp_path / "src" / "app.py"))):
        monkeypatch.chdir(start)
        entry = json.loads(run("check", "--output-format", "gitlab", path).stdout)[0]
        assert entry["location"]["path"] == "src/app.py"


@pytest.mark.parametrize("output_format", OutputFormat)
def test_the_output_goes_to_a_file(output_format: OutputFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In directories that are made; standard output stays empty, the status as it is."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(LEAK, encoding="utf-8")
    printed = run("check", "--output-format", output_format.value, "app.py")
    silent = run("check", "--output-format", output_format.value, "--output-file", "new/report", "app.py")
    assert (silent.stdout, silent.stderr, silent.exit_code) == ("", "", 1)
    assert Path("new/report").read_text(encoding="utf-8") == printed.stdout


def test_an_output_file_that_cannot_be_written_is_one_line_and_status_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was found."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(CLEAN, encoding="utf-8")
    result = run("check", "--output-file", "app.py/report", "app.py")
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1)
    assert result.stderr.startswith("Error: --output-file: app.py/report cannot be written: ")


@pytest.mark.parametrize("output_format", PROGRAMS)
def test_statistics_do_not_disturb_programs(output_format: OutputFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go to standard error."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(LEAK, encoding="utf-8")
    plain = run("check", "--output-format", output_format.value)
    counted = run("check", "--output-format", output_format.value, "--statistics")
    assert (counted.stdout, counted.stderr.splitlines()[0]) == (plain.stdout, "     1 UNC103")


def test_the_document_that_is_shown_is_one() -> None:
    """The example of docs/formats.md has the shape of the schema."""
    text = (ROOT.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    OURS.validate(json.loads(text.partition("```json\n")[2].partition("```")[0]))
