"""The hook, run for real: pre-commit installs this repository, tries it, and stands before a commit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from git_repository import IDENTITY, environment, git, put
from leaks import CLEAN, LEAK

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent


def quiet(home: Path) -> dict[str, str]:
    """The environment in which pre-commit keeps what it installs in `home`, and prints no colours."""
    return environment(PRE_COMMIT_HOME=str(home), PRE_COMMIT_COLOR="never")


def committed_copy(target: Path) -> Path:
    """A repository with what an installation needs, as it is now, in one commit."""
    target.mkdir()
    shutil.copytree(ROOT / "src", target / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", ".gitignore"):
        shutil.copy(ROOT / name, target / name)
    git(target, "init", "--quiet")
    git(target, "add", "--all")
    git(target, "commit", "--quiet", "--message", "as it is now")
    return target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of a user, with a leak, clean code, and a leak in a directory that is left out."""
    directory = tmp_path / "project"
    for name, text in {"leak.py": LEAK, "clean.py": CLEAN, "gen/leak.py": LEAK, "script": "#!/usr/bin/env python3\n" + LEAK}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (directory / "script").chmod(0o755)
    (directory / "pyproject.toml").write_text("[tool.unclosed]\nextend-exclude = ['gen']\n", encoding="utf-8")
    git(directory, "init", "--quiet")
    git(directory, "add", "--all")
    return directory


def test_the_hooks_report_what_is_in_staged_files(project: Path, tmp_path: Path) -> None:
    """Named files are held against the excludes, scripts and settings of PgBouncer are recognised, and the run fails."""
    for folder in ("deploy", "gen"):
        put(project, f"{folder}/pgbouncer.ini", "[pgbouncer]\nidle_transaction_timeout = 9\nquery_wait_timeout = 0\n")
    put(project, "setup.cfg", "[metadata]\nname = shop\n")
    git(project, "add", "--all")
    repository = committed_copy(tmp_path / "unclosed")
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(repository), "--all-files"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=quiet(tmp_path / "home"))
    found = [" ".join(line.split()[:2]) for line in done.stdout.splitlines() if " UNC" in line]
    expected = ["leak.py:5:12: UNC103", "script:6:12: UNC103", "deploy/pgbouncer.ini:3:1: UNC306"]
    assert (found, done.returncode) == (expected, 1), done.stdout + done.stderr


LENDER = """\
import sqlite3


def connect(path):
    return sqlite3.connect(path)
"""
USER = """\
from lender import connect


def names(path):
    conn = connect(path)
    rows = conn.execute("SELECT name FROM users").fetchall()
    conn.close()
    return rows
"""
CALM_USER = """\
from contextlib import closing

from lender import connect


def names(path):
    with closing(connect(path)) as conn:
        return conn.execute("SELECT name FROM users").fetchall()
"""


class Hooked:
    """A repository of a user in which the hook stands before every commit."""

    def __init__(self, directory: Path) -> None:
        repository = committed_copy(directory / "unclosed")
        revision = git(repository, "rev-parse", "HEAD").strip()
        self.directory, self._environment = directory / "project", quiet(directory / "home")
        for name, text in {"lender.py": LENDER, "old.py": LEAK}.items():
            put(self.directory, name, text)
        self._shown = f"repos: [{{repo: '{repository}', rev: {revision}, hooks: [{{id: unclosed}}]}}]\n"
        put(self.directory, ".pre-commit-config.yaml", self._shown)
        git(self.directory, "init", "--quiet")
        git(self.directory, "add", "--all")
        git(self.directory, "commit", "--quiet", "--message", "before the hook")
        done = self._run(sys.executable, "-m", "pre_commit", "install", "--install-hooks")
        assert done.returncode == 0, done.stdout + done.stderr

    def configure(self, arguments: str) -> None:
        """Gives the hook these arguments, in a commit that it does not see."""
        put(self.directory, ".pre-commit-config.yaml", self._shown.replace("id: unclosed", f"id: unclosed, args: {arguments}"))
        git(self.directory, "add", "--all")
        git(self.directory, "commit", "--quiet", "--no-verify", "--message", "arguments")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False, env=self._environment)

    def commit(self, **files: str) -> tuple[list[str], bool]:
        """What the hook finds in a commit of these Python files, and whether there is a commit then; nothing is staged afterwards."""
        for name, text in files.items():
            put(self.directory, f"{name}.py", text)
            git(self.directory, "add", f"{name}.py")
        before = git(self.directory, "rev-parse", "HEAD")
        done = self._run("git", *IDENTITY, "commit", "--message", "change")
        found = [" ".join(line.split()[:2]) for line in done.stderr.splitlines() + done.stdout.splitlines() if " UNC" in line]
        assert "unclosed" in done.stderr + done.stdout, done
        git(self.directory, "reset", "--quiet")
        return found, git(self.directory, "rev-parse", "HEAD") != before


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Hooked:
    """One for all tests of this module: installing takes a while."""
    return Hooked(tmp_path_factory.mktemp("hooked"))


def test_a_leak_stops_the_commit(hooked: Hooked) -> None:
    """Old leaks in files that are not part of it do not."""
    assert hooked.commit(app=LEAK) == (["app.py:5:12: UNC103"], False)
    assert hooked.commit(app=CLEAN) == ([], True)


def test_other_modules_are_read_for_what_they_lend(hooked: Hooked) -> None:
    """Only the file of the commit is named, and its leak rests on a helper in a file that is not."""
    assert hooked.commit(user=USER) == (["user.py:5:12: UNC103"], False)
    assert hooked.commit(user=CALM_USER) == ([], True)


def test_what_is_not_staged_is_not_looked_at(hooked: Hooked) -> None:
    """pre-commit puts it aside: neither a leak nor its cure counts."""
    put(hooked.directory, "lender.py", LENDER + LEAK.replace("import sqlite3\n", ""))
    assert hooked.commit(half=CLEAN) == ([], True)
    git(hooked.directory, "checkout", "--quiet", "lender.py")


def test_a_baseline_in_the_configuration_holds(hooked: Hooked) -> None:
    """A known leak in a file of the commit passes, a new one does not."""
    put(hooked.directory, "pyproject.toml", "[tool.unclosed]\nbaseline = 'unclosed.baseline'\n")
    entry = (
        '{"path": "old.py", "code": "UNC103", "function": "names", "resource": "sqlite3.connect()", "ordinal": 1, "confidence": "certain"}'
    )
    put(hooked.directory, "unclosed.baseline", f'{{"unclosed": "baseline", "version": 1}}\n{entry}\n')
    assert hooked.commit(old="# moved\n" + LEAK) == ([], True)
    assert hooked.commit(old="# moved\n" + LEAK + LEAK.replace("names", "others")) == (["old.py:14:12: UNC103"], False)


def test_changed_lines_alone(hooked: Hooked) -> None:
    """With the arguments that docs/ci.md shows, an old leak in a file of the commit passes."""
    shown = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8").partition("- id: unclosed\n      args: ")[2].partition("\n")[0]
    put(hooked.directory, "lines.py", LEAK)
    hooked.configure(shown)
    assert hooked.commit(lines=LEAK + "\n\nX = 1\n") == ([], True)
    assert hooked.commit(lines=LEAK.replace("SELECT name", "SELECT id") + "\n\nX = 1\n") == (["lines.py:5:12: UNC103"], False)
