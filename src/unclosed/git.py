"""Git, called as a process: what a repository says of its commits and of the differences to the files on disk.

Every refusal is a `GitError` with one line for a person. Nothing is written to the repository, and the user's own configuration of
git (colours, prefixes, external diff programs) has no effect on what is read.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_DIFF = (
    "diff", "--unified=0", "--inter-hunk-context=0", "--find-renames", "--no-color", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
"""Variables with paths that git, when it runs a hook, leaves relative to the directory in which the hook starts."""


class GitError(Exception):
    """What git cannot say, and why, in one clause."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree, whose root is `root`."""

    root: Path
    is_shallow: bool

    def common_commit(self, revision: str) -> str:
        """The id of the commit at which HEAD and this revision went apart."""
        commit = self._commit(revision)
        done = _run(self.root, ["merge-base", commit, "HEAD"])
        if done.returncode == 0:
            return _text(done.stdout)
        if self.is_shallow:
            raise GitError(f"this clone is too shallow to hold what HEAD and {revision!r} have in common; try 'git fetch --unshallow'")
        raise GitError(f"HEAD and {revision!r} have no commit in common")

    def _commit(self, revision: str) -> str:
        """The id of the commit that the revision names."""
        if not revision.startswith("-"):
            done = _run(self.root, ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"])
            if done.returncode == 0:
                return _text(done.stdout)
        mend = "; this clone is shallow, try 'git fetch --unshallow'" if self.is_shallow else ""
        raise GitError(f"there is no commit {revision!r} here{mend}")

    def diff(self, commit: str) -> bytes:
        """The differences between a commit and the files on disk, staged or not, as a patch without context."""
        return _output(self.root, [*_DIFF, commit, "--"])

    def untracked(self) -> tuple[str, ...]:
        """The files on disk that git neither tracks nor ignores, relative to the root."""
        listed = _output(self.root, ["ls-files", "--others", "--exclude-standard", "-z"])
        return tuple(os.fsdecode(path) for path in listed.split(b"\0") if path)


def repository(directory: Path) -> Repository:
    """The repository that holds the directory."""
    done = _run(directory, ["rev-parse", "--show-toplevel"])
    if done.returncode != 0:
        raise GitError(_complaint(done) if b"dubious ownership" in done.stderr else f"{directory} is not in a git repository")
    root = Path(os.fsdecode(done.stdout.rstrip(b"\n")))
    return Repository(root, _text(_output(root, ["rev-parse", "--is-shallow-repository"])) == "true")


def _output(directory: Path, arguments: Sequence[str]) -> bytes:
    done = _run(directory, arguments)
    if done.returncode != 0:
        raise GitError(_complaint(done))
    return done.stdout


def _run(directory: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(directory), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=_environment())
    except FileNotFoundError as error:
        raise GitError("needs git, which is not installed") from error
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror or error}") from error


def _environment() -> Mapping[str, str]:
    """The process's environment with absolute paths, so that git may be called in another directory, and with git's words in English."""
    absolute = {name: os.path.abspath(os.environ[name]) for name in _PLACES if os.environ.get(name)}
    return {**os.environ, **absolute, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of what git said."""
    lines = _text(done.stderr).splitlines()
    return f"git says: {lines[0]}" if lines else f"git ended with status {done.returncode}"


def _text(output: bytes) -> str:
    return output.decode("utf-8", "backslashreplace").strip()
