"""Which files a path stands for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from unclosed.config import Config, Patterns, find_config, override
from unclosed.discovery import Discovery, Trouble, common_directory, discover


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(*names: str) -> None:
    """Files with these paths, empty."""
    for name in names:
        write(name, "")


def write(name: str, text: str) -> None:
    """One file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def found(*paths: str, config: Config | None = None, force_exclude: bool = False) -> list[str]:
    """The files for these paths, without a leading `./`."""
    files = discover(paths, config or find_config(Path.cwd()), force_exclude=force_exclude).files
    return [file.removeprefix("./") for file in files]


def test_a_directory_stands_for_the_python_files_below_it() -> None:
    """At every depth, in order, with the suffixes of source files."""
    tree("b.py", "a/c.pyw", "a/b/d.py", "a/e.pyi", "a/f.txt", "py", "a.py/g.py")
    assert found(".") == ["a.py/g.py", "a/b/d.py", "a/c.pyw", "b.py"]


def test_paths_are_shown_as_they_are_named() -> None:
    """As flake8 shows them."""
    tree("src/a.py")
    config = find_config(Path.cwd())
    assert discover(["."], config).files == ("./src/a.py",)
    assert discover(["src"], config).files == ("src/a.py",)
    assert discover([str(Path("src/a.py").absolute())], config).files == (str(Path("src/a.py").absolute()),)


def test_a_file_that_is_reached_twice_is_checked_once() -> None:
    """By the first of its names."""
    tree("a.py", "src/b.py")
    os.symlink("b.py", "src/link.py")
    assert found("a.py", "./a.py", ".", "src", "src/b.py") == ["a.py", "src/b.py"]


@pytest.mark.parametrize("directory", [".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", ".tox", ".nox", ".eggs"])
def test_the_usual_directories_are_left_out(directory: str) -> None:
    """At every depth."""
    tree(f"{directory}/a.py", f"src/{directory}/b.py", "src/c.py")
    assert found(".") == ["src/c.py"]


def test_a_named_path_is_checked_whatever_leaves_it_out() -> None:
    """A file, a directory, and what lies below it; patterns for what is deeper hold."""
    tree("build/a.py", "build/b/c.py", "build/venv/d.py", ".venv/lib/site-packages/acme/e.py", "script")
    assert found("build") == ["build/a.py", "build/b/c.py"]
    assert found("build/b/c.py", "script") == ["build/b/c.py", "script"]
    assert found(".venv/lib/site-packages/acme") == [".venv/lib/site-packages/acme/e.py"]


def test_force_exclude_holds_for_named_paths() -> None:
    """As pre-commit needs it, which names every file."""
    tree("build/a.py", "src/b.py", "src/generated/c.py")
    config = override(find_config(Path.cwd()), extend_exclude=["src/generated"])
    assert found("build/a.py", "src/b.py", "src/generated/c.py", "build", config=config, force_exclude=True) == ["src/b.py"]


def test_exclude_replaces_and_extend_exclude_adds() -> None:
    """Patterns are relative to the file that holds them, or to the working directory."""
    tree("build/a.py", "vendor/b.py", "src/vendor/c.py", "src/d.py")
    write("pyproject.toml", "[tool.unclosed]\nexclude = ['/vendor']\n")
    config = find_config(Path.cwd())
    assert found(".", config=config) == ["build/a.py", "src/d.py", "src/vendor/c.py"]
    assert found(".", config=override(config, extend_exclude=["d.py"])) == ["build/a.py", "src/vendor/c.py"]
    assert found(".", config=override(config, exclude=["src"])) == ["build/a.py", "vendor/b.py"]
    assert found("src", config=config) == ["src/d.py", "src/vendor/c.py"]


def test_patterns_from_elsewhere_hold_below_the_named_directory(tmp_path: Path) -> None:
    """When the directory lies outside the one that the patterns are relative to."""
    tree("here/x", "there/a.py", "there/tests/b.py")
    config = Config(exclude=Patterns(tmp_path / "here", ("tests",)))
    assert found("there", config=config) == ["there/a.py"]


def git_sees() -> list[str]:
    """The Python files that git itself would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"], capture_output=True, text=True, check=True
    )
    return sorted(listing.stdout.split())


IGNORES = {
    "plain": ["ignored.py", "generated/"],
    "everything": ["*"],
    "anchored": ["/a.py", "/src/*.py"],
    "negated": ["*.py", "!keep.py", "!src/"],
    "negated-below-an-ignored-directory": ["src/", "!src/keep.py"],
    "negated-below-ignored-contents": ["src/*", "!src/keep.py"],
    "double-star": ["**/deep/**", "!**/deep/keep.py"],
    "double-star-for-directories": ["src/**/", "**/", "!src/deep/keep.py"],
    "comments-and-blanks": ["# a.py", "", "\\#b.py", "a.py   "],
    "character-class": ["[ab].py"],
    "directory-only": ["a.py/", "deep/"],
    "broken": ["[", "a.py"],
}


@pytest.mark.parametrize("lines", IGNORES.values(), ids=IGNORES)
def test_gitignore_is_read_as_git_reads_it(lines: Sequence[str]) -> None:
    """The same files as `git ls-files`, with the patterns at the top, below it, and in `.git/info/exclude`."""
    names = ["a.py", "b.py", "keep.py", "ignored.py", "src/a.py", "src/keep.py", "src/deep/a.py", "src/deep/keep.py", "generated/x.py"]
    tree(*names, "other/a.py", "other/deep/a.py", "other/deep/keep.py")
    subprocess.run(["git", "init", "--quiet"], check=True)
    for place in (".gitignore", "src/.gitignore", ".git/info/exclude"):
        write(place, "\n".join(lines) + "\n")
        assert found(".") == git_sees()
        Path(place).unlink()


def test_a_deeper_gitignore_is_stronger() -> None:
    """It brings back what a higher one, or `.git/info/exclude`, takes away."""
    tree("src/a.py", "src/b.py", "a.py", "b.py")
    subprocess.run(["git", "init", "--quiet"], check=True)
    write(".git/info/exclude", "b.py\n")
    write(".gitignore", "a.py\n")
    write("src/.gitignore", "!a.py\n!b.py\n")
    assert found(".") == git_sees() == ["src/a.py", "src/b.py"]


def test_gitignores_above_the_named_directory_count_as_far_as_the_repository() -> None:
    """Those above the repository do not."""
    tree("repository/src/a.py", "repository/src/b.py")
    write(".gitignore", "*.py\n")
    write("repository/.gitignore", "/src/b.py\n")
    subprocess.run(["git", "init", "--quiet", "repository"], check=True)
    assert found("repository/src") == ["repository/src/a.py"]


def test_a_named_directory_that_git_ignores_is_walked() -> None:
    """With the patterns that do not speak of it."""
    tree("scratch/a.py", "scratch/b.py")
    write(".gitignore", "scratch/\nb.py\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert found("scratch") == ["scratch/a.py"]


def test_gitignore_counts_without_a_repository() -> None:
    """In an unpacked archive, from the named directory downwards."""
    tree("a.py", "src/b.py", "src/c.py")
    write(".gitignore", "a.py\n")
    write("src/.gitignore", "c.py\n")
    assert found(".") == ["src/b.py"]


def test_a_work_tree_reads_the_patterns_of_its_repository() -> None:
    """Its `.git` is a file that names the directory."""
    tree("main/a.py")
    run = ["git", "-C", "main", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", "main"], check=True)
    subprocess.run([*run, "commit", "--quiet", "--allow-empty", "--message", "first"], check=True)
    subprocess.run([*run, "worktree", "add", "--quiet", "../other"], check=True)
    write("main/.git/info/exclude", "b.py\n")
    tree("other/b.py", "other/c.py")
    assert found("other") == ["other/c.py"]


def test_links() -> None:
    """Links to files are read, links to directories are not followed, loops and broken links are silence."""
    tree("src/a.py", "elsewhere/b.py")
    os.symlink("../elsewhere/b.py", "src/b.py")
    os.symlink("..", "src/loop")
    os.symlink("missing.py", "src/broken.py")
    os.symlink("self.py", "src/self.py")
    assert found("src") == ["src/a.py", "src/b.py"]


def test_only_regular_files_are_read() -> None:
    """A pipe would never end."""
    tree("a.py")
    os.mkfifo("pipe.py")
    assert found(".") == ["a.py"]


def test_a_path_that_is_not_there_is_a_trouble() -> None:
    """The others are found."""
    tree("a.py")
    os.symlink("missing.py", "broken.py")
    assert discover(["missing.py", "a.py", "broken.py"], Config()) == Discovery(
        files=("a.py",),
        troubles=(Trouble("missing.py", "no such file or directory", True), Trouble("broken.py", "broken symbolic link", True)),
    )


def test_a_directory_without_python_is_named() -> None:
    """It is no error."""
    tree("docs/a.txt")
    assert discover(["docs"], Config()) == Discovery(empty=("docs",))


def test_a_directory_that_cannot_be_read_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the tree is walked."""
    tree("open/a.py", "shut/b.py")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path == "./shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    trouble = Trouble("./shut", "cannot be read: Permission denied")
    assert discover(["."], Config()) == Discovery(files=("./open/a.py",), troubles=(trouble,))


def test_standard_input_is_a_named_file() -> None:
    """Left out only by force, by the name that it is given."""
    config = override(Config(), extend_exclude=["generated"])
    assert discover(["-"], config, stdin_name="generated/a.py").files == ("-",)
    assert discover(["-"], config, stdin_name="generated/a.py", force_exclude=True).files == ()


def test_the_common_directory(tmp_path: Path) -> None:
    """Of directories, of files and of nothing."""
    tree("src/a/b.py", "src/c/d.py")
    assert common_directory(["src/a/b.py", "src/c"]) == tmp_path / "src"
    assert common_directory(["src/a/b.py"]) == tmp_path / "src" / "a"
    assert common_directory([]) == Path.cwd()
