"""`--diff`: only what has to do with changed lines, in real repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from git_repository import commit, git, put, repository
from leaks import BROKEN, CLEAN, LEAK, NEVER
from unclosed.changes import FileChanges, Removal, parse_patch
from unclosed.cli import main

OTHER = LEAK.replace("names", "others").removeprefix("import sqlite3\n")
BELOW = "\n\ndef below(conn):\n    print(conn)\n"
PLACES = {"old": "app.py:5:12: UNC103", "new": "app.py:12:12: UNC103"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an old leak in its first commit, on a branch of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    directory = repository(tmp_path / "project", app=LEAK)
    git(directory, "checkout", "--quiet", "-b", "branch")
    monkeypatch.chdir(directory)
    return directory


def run(*arguments: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, arguments)


def found(*arguments: str) -> list[str]:
    """The places and codes of what has to do with the changes since `main`."""
    result = run("check", "--diff", "main", *(arguments or (".",)))
    assert result.stderr == ""
    return [" ".join(line.split(" ")[:2]).removeprefix("./") for line in result.stdout.splitlines()]


def test_old_leaks_are_silent_and_new_ones_are_not(project: Path) -> None:
    """Committed, staged, not staged: what counts is the file on disk."""
    assert (found(), run("check", "--diff", "main").exit_code) == ([], 0)
    put(project, "app.py", LEAK + OTHER)
    assert found() == [PLACES["new"]]
    git(project, "add", "--all")
    assert found() == [PLACES["new"]]
    commit(project)
    assert (found(), run("check", "--diff", "main").exit_code) == ([PLACES["new"]], 1)


def test_what_others_have_done_since_is_not_ours(project: Path) -> None:
    """The base is where the branches went apart."""
    put(project, "mine.py", NEVER)
    commit(project)
    git(project, "checkout", "--quiet", "main")
    put(project, "app.py", CLEAN)
    commit(project)
    git(project, "checkout", "--quiet", "branch")
    assert found() == ["mine.py:5:12: UNC101"]


def test_files_that_git_does_not_know_are_new(project: Path) -> None:
    """Unless it ignores them; in directories too."""
    put(project, ".gitignore", "ignored.py\n")
    for name in ("new.py", "deep/new.py", "ignored.py"):
        put(project, name, LEAK)
    assert found() == ["deep/new.py:5:12: UNC103", "new.py:5:12: UNC103"]


def test_odd_names_in_a_patch(project: Path) -> None:
    """Quoted as git quotes them."""
    for name in ('ä "b"\t\\c.py', "plain name.py"):
        put(project, name, CLEAN)
    commit(project)
    git(project, "branch", "--force", "main")
    for name in ('ä "b"\t\\c.py', "plain name.py"):
        put(project, name, CLEAN + OTHER)
    lines = run("check", "--diff", "main", ".").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["./plain name.py", './ä "b"\t\\c.py']


def test_a_renamed_file_is_compared_with_its_old_name(project: Path) -> None:
    """Only what changed besides is new."""
    git(project, "mv", "app.py", "moved.py")
    assert found() == []
    put(project, "moved.py", LEAK + OTHER)
    assert found() == ["moved.py:12:12: UNC103"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("connect(path)", "connect(path, timeout=5)", id="acquire"),
        pytest.param("SELECT name", "SELECT id", id="what-raises"),
    ],
)
def test_a_change_on_the_trail_counts(project: Path, before: str, after: str) -> None:
    """Not only the reported line."""
    put(project, "app.py", LEAK.replace(before, after))
    assert found() == [PLACES["old"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("import sqlite3\n", "import sqlite3\nimport os\n", id="above"),
        pytest.param("    return rows\n", "    return rows or []\n", id="elsewhere-in-the-function"),
        pytest.param("    return rows\n", "    return rows\n\n\nX = 1\n", id="below"),
    ],
)
def test_a_change_beside_the_trail_does_not(project: Path, before: str, after: str) -> None:
    """An old leak is no reason to stop a change that has nothing to do with it."""
    put(project, "app.py", LEAK.replace(before, after))
    assert found() == []


def rebased(project: Path, before: str, after: str) -> list[str]:
    """What is found after a change of `app.py` from one text to the other."""
    put(project, "app.py", before)
    commit(project)
    git(project, "branch", "--force", "main")
    put(project, "app.py", after)
    return found()


CALM = LEAK.replace('conn.execute("SELECT name FROM users").fetchall()', "None")
"""Nothing raises between acquire and release: clean."""


@pytest.mark.parametrize(
    "removed",
    [
        pytest.param(CALM.replace("    conn.close()\n", ""), id="a-line-less"),
        pytest.param(CALM.replace("    conn.close()\n", "    print(rows)\n"), id="another-line-instead"),
        pytest.param(CALM.partition("    conn.close()")[0], id="the-last-lines"),
    ],
)
def test_a_release_that_was_removed_counts(project: Path, removed: str) -> None:
    """It leaves no line behind that could be changed."""
    assert rebased(project, CALM, CALM) == []
    assert rebased(project, CALM, removed) == ["app.py:5:12: UNC101"]


KEPT = """\
import sqlite3


class Store:
    def __init__(self, path):
        self.conn = sqlite3.connect(path)
        self.path = path
"""
NESTED = """\
import sqlite3


def outer(conn):
    def inner(path):
        conn = sqlite3.connect(path)
        conn.execute("SELECT 1")

    inner("a")
    print(conn)
"""
BLOCK = """\
import sqlite3


def names(path):
    with sqlite3.connect(path) as conn:
        conn.execute("SELECT 1")
"""


@pytest.mark.parametrize(
    ("old", "before", "after"),
    [
        pytest.param(LEAK.replace("return rows", "return path"), "return path", "return 'path'", id="an-argument-of-the-acquire"),
        pytest.param(LEAK.replace("(path)\n    rows", "(path)  # for rows\n    rows"), "return rows", "return 1", id="a-word-of-a-comment"),
        pytest.param(KEPT, "self.path = path", "self.where = path", id="self"),
        pytest.param(NESTED, "    print(conn)\n", "", id="the-function-around"),
        pytest.param(BLOCK, '1")\n', '1")\nX = 1\n', id="after-the-block"),
    ],
)
def test_a_line_about_something_else_does_not(old: str, before: str, after: str, project: Path) -> None:
    """Only what the acquire is bound to is given back, in its own function."""
    assert rebased(project, old, old.replace(before, after)) == []


def test_a_link_is_not_what_it_leads_to(project: Path) -> None:
    """A new link to an old file changes nothing in it."""
    (project / "link.py").symlink_to("app.py")
    assert found() == []


def test_other_things_that_were_removed_do_not(project: Path) -> None:
    """A comment that names it, a line that does not, the function below."""
    old = LEAK.replace("    return rows\n", "    # conn is closed\n    x = 1\n    return rows\n") + BELOW
    assert rebased(project, old, LEAK) == []


def test_a_helper_on_the_trail_in_another_file_counts(project: Path) -> None:
    """The caller is reported, although its file is as it was."""
    provider = "import sqlite3\n\n\ndef connect(path):\n    return sqlite3.connect(path)\n"
    user = "from provider import connect\n\n\ndef names(path):\n    conn = connect(path)\n    conn.execute('SELECT 1')\n    conn.close()\n"
    put(project, "provider.py", provider)
    put(project, "user.py", user)
    commit(project)
    git(project, "branch", "--force", "main")
    assert found() == []
    put(project, "provider.py", provider.replace("connect(path)\n", "connect(path, timeout=5)\n"))
    assert found() == ["user.py:5:12: UNC103"]


def test_a_file_that_cannot_be_parsed_counts_if_it_was_changed(project: Path) -> None:
    """Wherever CPython finds the error."""
    put(project, "old.py", BROKEN)
    put(project, "broken.py", "x = (\n" + "\n" * 9 + "y = 1\n")
    commit(project)
    git(project, "branch", "--force", "main")
    put(project, "broken.py", "x = (\n" + "\n" * 8 + "y = 2\ny = 1\n")
    assert [line.split(":")[0] for line in found()] == ["broken.py"]


def test_it_does_not_matter_where_the_run_starts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the root, outside of the repository, through a link."""
    put(project, "lib/new.py", LEAK)
    (project.parent / "link").symlink_to(project)
    monkeypatch.chdir(project / "lib")
    assert found() == ["new.py:5:12: UNC103"]
    monkeypatch.chdir(project.parent)
    assert found("project") == ["project/lib/new.py:5:12: UNC103"]
    assert found("link/lib") == ["link/lib/new.py:5:12: UNC103"]


def test_the_users_configuration_of_git_changes_nothing(project: Path) -> None:
    """Nor do the variables that git sets for a hook."""
    settings = {"diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always", "diff.interHunkContext": "99"}
    settings |= {"diff.context": "9", "diff.external": "false", "diff.renames": "false", "diff.relative": "true", "core.quotePath": "true"}
    for key, value in settings.items():
        git(project, "config", key, value)
    git(project, "mv", "app.py", "moved.py")
    put(project, "moved.py", "# moved\n" + LEAK + OTHER)
    assert found() == ["moved.py:13:12: UNC103"]


def test_inside_of_a_hook(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git names its places relative to the work tree's root there."""
    put(project, "lib/new.py", LEAK)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert found("lib") == ["lib/new.py:5:12: UNC103"]


def complaint(*arguments: str) -> str:
    """The one line that says why there is no answer; nothing was checked."""
    result = run("check", *arguments)
    assert (result.stdout, result.exit_code, result.stderr.count("\n")) == ("", 2, 1), result.output
    return result.stderr.removesuffix("\n")


def test_an_unknown_revision_is_one_line() -> None:
    """Also one that looks like an option."""
    assert complaint("--diff", "mian") == "Error: --diff: there is no commit 'mian' here"
    assert complaint("--diff=--help") == "Error: --diff: there is no commit '--help' here"
    assert complaint("--diff", "main...HEAD") == "Error: --diff: there is no commit 'main...HEAD' here"


def test_a_shallow_clone_is_one_line(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the way out; once the history is there, it works."""
    put(project, "new.py", LEAK)
    commit(project)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=branch", f"file://{project}", str(clone))
    monkeypatch.chdir(clone)
    missing = "there is no commit 'origin/main' here; this clone is shallow, try 'git fetch --unshallow'"
    assert complaint("--diff", "origin/main") == f"Error: --diff: {missing}"
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    too_shallow = "this clone is too shallow to hold what HEAD and 'origin/main' have in common; try 'git fetch --unshallow'"
    assert complaint("--diff", "origin/main") == f"Error: --diff: {too_shallow}"
    git(clone, "fetch", "--quiet", "--unshallow", "origin")
    assert run("check", "--diff", "origin/main", ".").stdout.startswith("./new.py:5:12: UNC103")


def test_histories_without_a_common_commit_are_one_line(project: Path) -> None:
    """There is nothing to compare with."""
    git(project, "checkout", "--quiet", "--orphan", "alone")
    put(project, "app.py", CLEAN)
    commit(project)
    assert complaint("--diff", "main") == "Error: --diff: HEAD and 'main' have no commit in common"


def test_no_repository_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the directory."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "none").mkdir()
    monkeypatch.chdir(tmp_path / "none")
    assert complaint("--diff", "main") == f"Error: --diff: {tmp_path / 'none'} is not in a git repository"


def test_no_git_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no traceback."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert complaint("--diff", "main") == "Error: --diff: needs git, which is not installed"


PATCH = rb"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -3,2 +3 @@ def f():
--- a removed line that looks like a head
-    conn.close()
+++ b/an added one
@@ -9,0 +10,2 @@
+x
+y
\ No newline at end of file
@@ -20 +21,0 @@
-    # conn
diff --git "a/\303\244\t\"b\".py" "b/\303\244\t\"b\".py"
similarity index 100%
rename from x
rename to y
diff --git a/gone.py b/gone.py
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/data.bin b/data.bin
Binary files a/data.bin and "b/d\303\244ta.bin" differ
diff --git a/c d.py b/c d.py
--- a/c d.py<tab>
+++ b/c d.py<tab>
@@ -1 +1 @@
-x
\ No newline at end of file
+y
""".replace(b"<tab>", b"\t")


def test_a_patch_is_read_to_the_letter() -> None:
    """Lines that look like heads, names in quotes, files without an end of line, binary and removed files."""
    words = frozenset({"a", "removed", "line", "that", "looks", "like", "head", "conn", "close"})
    assert list(parse_patch(PATCH)) == [
        ("a.py", FileChanges((range(3, 4), range(10, 12)), (Removal(2, 0, words),))),
        ("däta.bin", FileChanges(is_new=True)),
        ("c d.py", FileChanges((range(1, 2),), (Removal(0, 0, frozenset({"x"})),))),
    ]
