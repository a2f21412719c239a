"""The layers of docs/architecture.md, held against the imports of every module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "unclosed"
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"}
every_module = pytest.mark.parametrize("module", MODULES)


def layers() -> list[str]:
    """The modules and packages in the order of the table: a later one may import an earlier one."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Layers\n")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("|")]
    return [name for row in rows for name in re.findall(r"`([\w/]+(?:\.py|/))`", row[2])]


LAYERS = layers()


def place(module: str) -> int:
    """The position of a module in the table: its own, or that of the package that holds it."""
    names = [module, *(f"{parent.as_posix()}/" for parent in Path(module).parents)]
    return next(LAYERS.index(name) for name in names if name in LAYERS)


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path: Path) -> list[str]:
    """The modules of this package that a file imports, as in `MODULES`."""
    dotted = (name.removeprefix("unclosed.").replace(".", "/") + ".py" for name in imported(path) if name.startswith("unclosed."))
    return sorted({name for name in dotted if name in MODULES})


def test_the_table_names_every_module_once() -> None:
    """A new module gets its place before it gets its imports."""
    assert [module for module in MODULES if not any(module == name or module.startswith(name) for name in LAYERS)] == []
    assert len(LAYERS) == len(set(LAYERS))
    assert [name for name in LAYERS if not (PACKAGE / name).exists()] == []


@every_module
def test_imports_go_down_the_layers(module: str) -> None:
    """A module imports only what stands before it in the table; inside a package that is listed whole, anything."""
    assert [name for name in own_imports(MODULES[module]) if place(name) > place(module)] == []


def test_only_lowering_imports_libcst() -> None:
    """Everything after lowering works on graphs."""
    users = [module for module, path in MODULES.items() if any(name.split(".")[0] == "libcst" for name in imported(path))]
    assert [module for module in users if not module.startswith("lowering/")] == []


def test_only_the_command_line_and_its_reports_import_click() -> None:
    """Everything else works inside flake8."""
    users = [module for module, path in MODULES.items() if any(name.split(".")[0] == "click" for name in imported(path))]
    assert [module for module in users if not module.startswith(("cli", "commands/", "report/"))] == []


def test_importing_the_plugin_loads_neither_libcst_nor_click() -> None:
    """flake8 starts as fast as without it, also after options are registered and rules are known."""
    program = (
        "import sys; import unclosed.flake8_plugin, unclosed.rules; unclosed.rules.all_rules();"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'libcst', 'click'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@every_module
def test_modules_are_small(module: str) -> None:
    """400 lines ask for a reason, 600 are refused."""
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 600


@every_module
def test_functions_fit_a_screen(module: str) -> None:
    """Forty lines with signature and docstring; `check` and `sentence` of a rule thirty."""
    limit = 30 if module.startswith("rules/") else 40
    functions = [
        node
        for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= limit] == []
