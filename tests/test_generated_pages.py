"""The pages that are written from the rules and the models are current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("script", ["rule_pages", "library_docs"])
def test_a_generated_page_is_current(script: str) -> None:
    """Running the script without `--check` mends it."""
    done = subprocess.run([sys.executable, f"scripts/{script}.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, f"run: python scripts/{script}.py"


@pytest.mark.parametrize("script", ["rule_pages", "library_docs"])
def test_a_page_that_is_not_current_is_seen(script: str, tmp_path: Path) -> None:
    """In a copy where a page was changed by hand, and a page of no rule lies about."""
    for folder in ("scripts", "docs", "src/unclosed/models", "tests/conformance"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".toml", ".json"}:
                copy = tmp_path / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, f"scripts/{script}.py"]
    assert subprocess.run([*command, "--check"], cwd=tmp_path, check=False).returncode == 0
    page = tmp_path / "docs" / ("libraries.md" if script == "library_docs" else "rules/UNC101.md")
    page.write_text(page.read_text(encoding="utf-8").replace("releases", "may release").replace("release", "let go"), encoding="utf-8")
    assert subprocess.run([*command, "--check"], cwd=tmp_path, check=False).returncode == 1


def test_links_of_the_pages_lead_somewhere() -> None:
    """Relative links of what is below `docs/` name files that exist."""
    lost = []
    for path in sorted((ROOT / "docs").rglob("*.md")):
        targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        lost += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert lost == []
