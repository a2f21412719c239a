"""The hook, run for real: pre-commit installs this repository and runs it over a staged file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leaks import CLEAN, LEAK

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]


def git(directory: Path, *arguments: str) -> None:
    """Runs git in a directory."""
    subprocess.run(["git", "-C", str(directory), *IDENTITY, *arguments], check=True, capture_output=True)


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


def test_the_hook_reports_leaks_in_staged_files(project: Path, tmp_path: Path) -> None:
    """Named files are held against the excludes, scripts are recognised, and the run fails."""
    repository = committed_copy(tmp_path / "unclosed")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(repository), "unclosed", "--all-files"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=environment)
    found = [" ".join(line.split()[:2]) for line in done.stdout.splitlines() if " UNC" in line]
    assert (found, done.returncode) == (["leak.py:5:12: UNC103", "script:6:12: UNC103"], 1), done.stdout + done.stderr
