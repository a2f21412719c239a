"""Which files belong to a project."""

from __future__ import annotations

from pathlib import Path

from unclosed.project.layout import Layout, project_root


def _write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def test_all_below_a_marker_is_the_project(tmp_path: Path) -> None:
    """Folders without `__init__.py` too: namespace packages and scripts."""
    _write(tmp_path, "pyproject.toml", "a.py", "scripts/b.py", "shop/__init__.py", ".venv/c.py")
    assert [str(path.relative_to(tmp_path)) for path in Layout(tmp_path).files()] == ["a.py", "scripts/b.py", "shop/__init__.py"]


def test_without_a_marker_only_packages_are_searched(tmp_path: Path) -> None:
    """A script in a home folder does not make all of the home a project."""
    _write(tmp_path, "a.py", "downloads/b.py", "shop/__init__.py", "shop/orders.py", "shop/data/c.py")
    found = [str(path.relative_to(tmp_path)) for path in Layout(tmp_path).files()]
    assert found == ["a.py", "shop/__init__.py", "shop/orders.py"]


def test_a_module_called_setup_makes_no_project(tmp_path: Path) -> None:
    """Beside an `__init__.py` it is a part of the package; alone it is the script that builds the project."""
    _write(tmp_path, "pyproject.toml", "shop/__init__.py", "shop/setup.py", "shop/orders.py", "other/setup.py", "other/other.py")
    assert project_root(tmp_path / "shop" / "orders.py") == tmp_path
    assert project_root(tmp_path / "other" / "other.py") == tmp_path / "other"
