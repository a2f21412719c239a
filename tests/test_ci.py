"""What docs/ci.md offers, run as far as a machine without those servers can: every shell step, in a real repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from git_repository import IDENTITY, commit, environment, git, put, repository
from leaks import CLEAN, LEAK

pytestmark = pytest.mark.processes

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "ci.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).resolve().parent.parent / "src"
BASH = shutil.which("bash") or "bash"


def block(heading: str, language: str) -> str:
    """The first block of code in this language under a heading."""
    section = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(f"{heading}\n"))
    return text.partition(f"```{language}\n")[2].partition("```")[0]


def executable(path: Path, text: str) -> None:
    """A file that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """The project on a server, with an old leak on `main`; a fetched clone stands beside it as `clone`, on the branch `change`."""
    server = repository(tmp_path / "server", old=LEAK, calm=CLEAN)
    git(tmp_path, "clone", "--quiet", str(server), str(tmp_path / "clone"))
    git(tmp_path / "clone", "checkout", "--quiet", "-b", "change")
    executable(tmp_path / "bin" / "unclosed", f'#!/bin/sh\nexec "{sys.executable}" -m unclosed "$@"\n')
    executable(tmp_path / "bin" / "pip", '#!/bin/sh\necho "$@" >> "$(dirname "$0")/installed"\n')
    return server


def shell(tmp_path: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a step in the clone as a server does: by bash, which stops at the first failure."""
    more = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(SOURCES), **variables}
    command = [BASH, "-eo", "pipefail", "-c", script, "step", *arguments]
    return subprocess.run(command, cwd=tmp_path / "clone", capture_output=True, text=True, check=False, env=environment(**more))


def found(text: str) -> list[str]:
    """`path:row:column: CODE` of each finding in a text."""
    return re.findall(r"[\w./]+:\d+:\d+: UNC\d{3}", text)


def workflow_runs(tmp_path: Path, event: str) -> subprocess.CompletedProcess[str]:
    """The workflow's own steps for an event, one after the other; the last of them. Conditions are those that are known here."""
    known = {None: True, "github.event_name == 'pull_request'": event == "pull_request"}
    workflow: dict[Any, Any] = yaml.safe_load(block("GitHub", "yaml"))
    assert event in workflow[True]  # YAML 1.1 reads `on` so
    steps = [step for step in workflow["jobs"]["unclosed"]["steps"] if "run" in step and known[step.get("if")]]
    done = [shell(tmp_path, step["run"], GITHUB_BASE_REF="main" if event == "pull_request" else "") for step in steps]
    assert [each.returncode for each in done[:-1]] == [0] * (len(done) - 1), done
    return done[-1]


def merged(clone: Path, **files: str) -> None:
    """The state that GitHub checks for a pull request: a merge of the change with what has happened on `main` in the meantime."""
    for name, text in files.items():
        put(clone, f"{name}.py", text)
    commit(clone)
    server = clone.parent / "server"
    put(server, "theirs.py", LEAK)
    commit(server)
    git(clone, "fetch", "--quiet", "origin")
    git(clone, "checkout", "--quiet", "--detach", "origin/main")
    subprocess.run(
        ["git", *IDENTITY, "merge", "--quiet", "--no-ff", "-m", "merge", "change"],
        cwd=clone,
        check=True,
        env=environment(),
        capture_output=True,
    )


def test_the_workflow_refuses_a_new_leak_and_reports_all(origin: Path, tmp_path: Path) -> None:
    """At its line in the pull request; what others did on `main` is not in the way."""
    merged(tmp_path / "clone", new=LEAK)
    done = workflow_runs(tmp_path, "pull_request")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("::error title=unclosed UNC103,file=new.py,line=5,")
    assert found(done.stdout) == ["new.py:5:12: UNC103"]
    log = json.loads((tmp_path / "clone" / "unclosed.sarif").read_text(encoding="utf-8"))
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["runs"][0]["results"]]
    assert places == ["new.py", "old.py", "theirs.py"]
    assert (tmp_path / "bin" / "installed").read_text(encoding="utf-8") == "install unclosed\n"


def test_the_workflow_lets_a_clean_change_pass(origin: Path, tmp_path: Path) -> None:
    """Whatever leaks elsewhere."""
    merged(tmp_path / "clone", new=CLEAN)
    done = workflow_runs(tmp_path, "pull_request")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_workflow_does_not_fail_a_push(origin: Path, tmp_path: Path) -> None:
    """It reports for code scanning."""
    done = workflow_runs(tmp_path, "push")
    assert (done.stdout, done.returncode) == ("", 0)
    assert (tmp_path / "clone" / "unclosed.sarif").exists()


def test_the_workflow_has_what_its_actions_need() -> None:
    """The whole history, and the right to upload the file that was written."""
    workflow = yaml.safe_load(block("GitHub", "yaml"))
    assert workflow["permissions"] == {"contents": "read", "security-events": "write"}
    steps = workflow["jobs"]["unclosed"]["steps"]
    checkout, upload = (next(step for step in steps if name in step.get("uses", "")) for name in ("checkout", "upload-sarif"))
    assert checkout["with"]["fetch-depth"] == 0
    assert any(f"--output-file {upload['with']['sarif_file']} " in step.get("run", "") for step in steps)


@pytest.mark.parametrize(
    ("text", "is_request", "status", "places"),
    [
        pytest.param(LEAK, True, 1, ["./new.py:5:12: UNC103"], id="leak"),
        pytest.param(CLEAN, True, 0, [], id="clean"),
        pytest.param(LEAK, False, 0, [], id="default-branch"),
    ],
)
def test_the_pipeline_for_gitlab(text: str, is_request: bool, status: int, places: list[str], origin: Path, tmp_path: Path) -> None:
    """The report has everything; a merge request fails for what is new."""
    put(tmp_path / "clone", "new.py", text)
    commit(tmp_path / "clone")
    job = yaml.safe_load(block("GitLab", "yaml"))["unclosed"]
    base = git(tmp_path / "clone", "merge-base", "origin/main", "HEAD").strip()
    variables = {**job["variables"], **({"CI_MERGE_REQUEST_DIFF_BASE_SHA": base} if is_request else {})}
    done = shell(tmp_path, "\n".join([*job["before_script"], *job["script"]]), **variables)
    assert (found(done.stdout), done.returncode) == (places, status), done.stdout + done.stderr
    report = json.loads((tmp_path / "clone" / job["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
    assert [entry["location"]["path"] for entry in report] == (["new.py"] if text == LEAK else []) + ["old.py"]


def test_the_shell_gate(origin: Path, tmp_path: Path) -> None:
    """Its three endings: nothing new, a new leak, no answer."""
    gate = tmp_path / "gate.sh"
    executable(gate, block("Anywhere else", "sh"))
    calm = shell(tmp_path, '"$1"', str(gate))
    assert (calm.stdout, calm.stderr, calm.returncode) == ("No new leaks.\n", "", 0)
    put(tmp_path / "clone", "new.py", LEAK)
    loud = shell(tmp_path, '"$1" "$2"', str(gate), "origin/main")
    assert (found(loud.stdout), loud.returncode, loud.stderr.split()[:2]) == (["./new.py:5:12: UNC103"], 1, ["Mend", "the"])
    lost = shell(tmp_path, '"$1" "$2"', str(gate), "origin/nothing")
    assert (lost.stdout, lost.returncode) == ("", 2)
    assert lost.stderr == "Error: --diff: there is no commit 'origin/nothing' here\nNot everything could be checked.\n"


def test_the_shown_baseline(origin: Path, tmp_path: Path) -> None:
    """The two commands, as shown, but for the number."""
    commands = [line.removeprefix("$ ") for line in block("A baseline", "console").splitlines() if line.startswith("$ ")]
    done = shell(tmp_path, "\n".join(commands))
    assert (done.stdout, done.returncode) == ("1 finding written to unclosed.baseline\n", 0)


def test_links_lead_somewhere() -> None:
    """Relative ones name files that exist."""
    targets = re.findall(r"\]\(([^)#:]+)", TEXT)
    assert targets
    assert [target for target in targets if not (SOURCES.parent / "docs" / target).exists()] == []
