"""Measure `unclosed` beside other linters on real projects, in one run on one machine.

    python benchmarks/run.py --runs 3 --output benchmarks/results path/to/project [path/to/another ...]

Each tool runs over each project in turn, the whole round several times, so that what else the machine does falls on all of them alike.
Printed are medians of the elapsed time, the ratio to `unclosed` (cold: nothing kept from before; warm: nothing changed since), peak memory
of the largest process, and how the time grows with copies of the same tree. Kept are all numbers as JSON, with the machine described,
and a plot.
Needs the tools: `pip install -e '.[benchmarks]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

BIN = Path(sys.executable).parent
CACHE = "UNCLOSED_CACHE_DIR"
PACKAGES = ("unclosed", "libcst", "click", "ruff", "bandit", "pylint", "flake8", "flake8-async")


@dataclass(frozen=True)
class Tool:
    """One way to check a project: its name, the arguments before the path, and what is done before each run."""

    name: str
    command: tuple[str, ...]
    before: Callable[[], None] = lambda: None


@dataclass
class Measured:
    """The runs of one tool over one project: seconds on the clock, seconds of all processors, bytes of the largest process."""

    tool: str
    project: str
    lines: int
    elapsed: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def median(self) -> float:
        """Seconds on the clock."""
        return statistics.median(self.elapsed)


def tools(cache: Path) -> list[Tool]:
    """The tools; each looks for the nearest thing to a leak that it knows."""

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    flake8 = (str(BIN / "flake8"), "--isolated", "--exit-zero", "--jobs=1")
    return [
        Tool("unclosed (cold)", (str(BIN / "unclosed"), "check", "--exit-zero"), forget),
        Tool("unclosed (warm)", (str(BIN / "unclosed"), "check", "--exit-zero")),
        Tool("unclosed (cold, one process, nothing kept)", (str(BIN / "unclosed"), "check", "--exit-zero", "--no-cache", "--jobs=1")),
        Tool("ruff", (str(BIN / "ruff"), "check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--select=S113,SIM115,ASYNC")),
        Tool("bandit", (str(BIN / "bandit"), "--recursive", "--quiet", "--exit-zero", "--tests=B113")),
        Tool("pylint", (str(BIN / "pylint"), "--disable=all", "--enable=R1732,W3101", "--recursive=y", "--exit-zero", "--jobs=1")),
        Tool("flake8, no plugin", (*flake8, "--extend-ignore=UNC,ASYNC")),
        Tool("flake8, this plugin alone", (*flake8, "--select=UNC")),
        Tool("flake8-async alone", (*flake8, "--select=ASYNC")),
    ]


def measure(tool: Tool, project: Path, cache: Path, into: Measured, limit: float) -> bool:
    """Run a tool once; `False` if it took longer than `limit` seconds and was stopped."""
    tool.before()
    started = time.perf_counter()
    process = subprocess.Popen(
        [*tool.command, str(project)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=project.parent,
        env={**os.environ, CACHE: str(cache)},
    )
    while True:
        done, _, used = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        if time.perf_counter() - started > limit:
            process.kill()
            os.wait4(process.pid, 0)
            return False
        time.sleep(0.005)
    into.elapsed.append(time.perf_counter() - started)
    into.cpu.append(used.ru_utime + used.ru_stime)
    into.memory = max(into.memory, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    return True


def compare(projects: Sequence[Path], runs: int, limit: float) -> Iterator[Measured]:
    """All tools over all projects, in turn."""
    for project in projects:
        count = lines_of(project)
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder, "cache")
            measured = [(tool, Measured(tool.name, project.name, count)) for tool in tools(cache) if Path(tool.command[0]).exists()]
            for _ in range(runs):
                for tool, into in list(measured):
                    if not measure(tool, project, cache, into, limit):
                        click.echo(f"{tool.name} over {project.name}: stopped after {limit:.0f} s", err=True)
                        measured.remove((tool, into))
            yield from (into for _, into in measured if into.elapsed)


def growth(project: Path, factors: Sequence[int], limit: float) -> Iterator[tuple[int, Measured]]:
    """`unclosed`, cold, over a tree and over several copies of it, each a project of its own."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "cache")
        tool = tools(cache)[0]
        for factor in factors:
            tree = Path(folder, f"{factor}x")
            for number in range(factor):
                shutil.copytree(project, tree / f"copy{number}", ignore=shutil.ignore_patterns(".git"), symlinks=True)
                (tree / f"copy{number}" / "setup.cfg").touch()
            into = Measured(tool.name, f"{project.name} {factor}x", lines_of(tree))
            if not measure(tool, tree, cache, into, limit):
                return
            yield factor, into
            shutil.rmtree(tree)


def lines_of(project: Path) -> int:
    """Lines of the Python files below a folder."""
    return sum(path.read_bytes().count(b"\n") for path in project.rglob("*.py") if path.is_file())


def parsed(project: Path) -> str:
    """What `unclosed` says of how many files it read and how many of them it analysed."""
    command = [str(BIN / "unclosed"), "check", "--exit-zero", "--no-cache", "--statistics", str(project)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return next((line for line in reversed(said) if " parsed" in line), "")


def start_up(runs: int) -> dict[str, float]:
    """Median seconds of starting the interpreter, with click, and of checking one file without any word that matters."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain.py")
        plain.write_text("def double(number):\n    return 2 * number\n")
        commands = {
            "python": [sys.executable, "-c", "pass"],
            "python with click": [sys.executable, "-c", "import click"],
            "unclosed, a file without databases": [str(BIN / "unclosed"), "check", str(plain)],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, CACHE: folder})
                found[name].append(time.perf_counter() - started)
        return {name: statistics.median(each) for name, each in found.items()}


def machine() -> dict[str, str]:
    """What it ran on and with."""
    found = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    found["processors"] = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    found["processor"] = names[0] if names else platform.processor()
    return found | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def table(measured: Sequence[Measured]) -> str:
    """A Markdown table for each project."""
    text = []
    for project in dict.fromkeys(each.project for each in measured):
        rows = [each for each in measured if each.project == project]
        base = next(each.median for each in rows if each.tool == "unclosed (cold)")
        text += [f"### {project}, {rows[0].lines:,} lines", "", "| tool | seconds | ratio to cold | processor seconds | memory | lines/s |"]
        text.append("| --- | ---: | ---: | ---: | ---: | ---: |")
        for each in rows:
            text.append(
                f"| {each.tool} | {each.median:.2f} | {each.median / base:.2f} | {statistics.median(each.cpu):.2f} "
                f"| {each.memory / 1e6:.0f} MB | {each.lines / each.median:,.0f} |"
            )
        text.append("")
    return "\n".join(text)


def plot(measured: Sequence[Measured], grown: Sequence[tuple[int, Measured]], path: Path) -> None:
    """Bars of the medians, and the growth curve."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), width_ratios=(3, 2))
    names = list(dict.fromkeys(each.tool for each in measured))
    projects = list(dict.fromkeys(each.project for each in measured))
    height = 0.8 / max(len(projects), 1)
    for number, project in enumerate(projects):
        rows = {each.tool: each for each in measured if each.project == project}
        at = [index + number * height for index, name in enumerate(names) if name in rows]
        bars = left.barh(at, [rows[name].median for name in names if name in rows], height, label=project)
        left.bar_label(bars, fmt="%.2f", padding=2, fontsize=7)
    left.set_yticks([index + 0.4 - height / 2 for index in range(len(names))], names, fontsize=8)
    left.set(xscale="log", xlabel="seconds on the clock, median (logarithmic)", title="Checking a project")
    left.invert_yaxis()
    left.legend(fontsize=8)
    right.plot([each.lines for _, each in grown], [each.median for _, each in grown], marker="o")
    right.set(xlabel="lines", ylabel="seconds", title="unclosed, cold, over copies of one tree", ylim=(0, None), xlim=(0, None))
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", type=Path, help="folders of real projects; the first is copied for the growth curve")
    parser.add_argument("--runs", type=int, default=3, help="rounds; medians are printed")
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a tool is stopped")
    parser.add_argument("--growth", type=int, nargs="*", default=[1, 2, 4, 8], help="copies for the growth curve")
    parser.add_argument("--output", type=Path, help="folder for the numbers (JSON), the table and the plot")
    given = parser.parse_args()
    projects = [project.resolve() for project in given.projects]
    measured = list(compare(projects, given.runs, given.limit))
    grown = list(growth(projects[0], given.growth, given.limit))
    started = start_up(max(given.runs, 5))
    text = table(measured) + "\n".join(f"{project.name}: {parsed(project)}  " for project in projects) + "\n"
    text += "\n| copies | lines | seconds | µs per line | memory |\n| ---: | ---: | ---: | ---: | ---: |\n"
    for factor, each in grown:
        text += f"| {factor} | {each.lines:,} | {each.median:.2f} | {each.median / each.lines * 1e6:.0f} | {each.memory / 1e6:.0f} MB |\n"
    text += "\n| start-up | seconds |\n| --- | ---: |\n" + "".join(f"| {name} | {seconds:.3f} |\n" for name, seconds in started.items())
    click.echo(text)
    if given.output is not None:
        given.output.mkdir(parents=True, exist_ok=True)
        numbers = {
            "machine": machine(),
            "measured": [asdict(each) for each in measured],
            "growth": [{"copies": factor, **asdict(each)} for factor, each in grown],
            "start_up": started,
        }
        (given.output / "results.json").write_text(json.dumps(numbers, indent=1) + "\n")
        (given.output / "results.md").write_text(text)
        plot(measured, grown, given.output / "results.png")


if __name__ == "__main__":
    main()
