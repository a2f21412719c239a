"""Small git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]


def environment(**more: str) -> dict[str, str]:
    """The environment of this process without what git has put there, for instance in a hook."""
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | more


def git(directory: Path, *arguments: str) -> str:
    """Runs git in a directory and returns what it prints."""
    command = ["git", "-C", str(directory), *IDENTITY, *arguments]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment(GIT_CONFIG_GLOBAL="", GIT_CONFIG_NOSYSTEM="1")
    )
    return done.stdout


def repository(directory: Path, **files: str) -> Path:
    """A repository with these files in its first commit, on the branch `main`; `__` in a name is `/`, and each is a `.py` file."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "--quiet")
    for name, text in files.items():
        put(directory, f"{name.replace('__', '/')}.py", text)
    commit(directory)
    return directory


def put(directory: Path, name: str, text: str) -> None:
    """One file of the work tree."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(directory: Path) -> None:
    """A commit of everything."""
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "as it is now")
