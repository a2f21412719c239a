"""The HTML report in a real browser: it shows, filters, obeys the keyboard, can be read in light and dark, and is alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import NAMES, VARIABLE, Page, browsing, find_browser
from leaks import BY_CONVENTION, LEAK, NEVER
from sample_report import HELPER, REPORT, TEXT, written
from unclosed.catalog import Catalog
from unclosed.config import Config, OutputFormat
from unclosed.lint import check_paths

BROWSER = find_browser()

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser: install one of {', '.join(NAMES)}, or name it in {VARIABLE}"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two pages: `sample.html`, in which every odd text occurs, and `run.html`, of a run over two files."""
    directory = tmp_path_factory.mktemp("pages")
    (directory / "sample.html").write_text(written(OutputFormat.HTML), encoding="ascii")
    paths = [directory / "app.py", directory / "jobs.py"]
    paths[0].write_text(LEAK + NEVER.removeprefix("import sqlite3\n"), encoding="utf-8")
    paths[1].write_text(BY_CONVENTION, encoding="utf-8")
    report = check_paths([str(path) for path in paths], Config(), Catalog.load())
    (directory / "run.html").write_text(written(OutputFormat.HTML, report), encoding="ascii")
    return directory


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser for all tests of this module."""
    assert BROWSER is not None
    with browsing(BROWSER, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def run(page: Page, files: Path) -> Page:
    """The page of the run, freshly loaded."""
    page.look()
    page.open(files / "run.html")
    return page


SHOWN = "[...document.querySelectorAll('.finding')].filter(f => f.checkVisibility()).map(f => f.dataset.code + ' ' + f.dataset.confidence)"
HEADINGS = "[...document.querySelectorAll('main h2')].filter(h => h.checkVisibility()).map(h => h.textContent)"
STATUS = "document.querySelector('#status').textContent"


def click(page: Page, selector: str) -> None:
    """A click on one element."""
    page.ask(f"document.querySelector({selector!r}).click()")


def test_findings_are_shown_and_nothing_else_is_loaded(page: Page, files: Path) -> None:
    """No message on the console, no refusal by the policy, one request: the page."""
    page.open(files / "sample.html")
    assert page.ask(SHOWN) == ["UNC901 certain", "UNC103 certain", "UNC103 likely", "UNC202 possible"]
    methods = [event["method"] for event in page.events]
    assert [method for method in methods if method.startswith(("Log.", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"))] == []
    requests = [event["params"]["request"]["url"] for event in page.events if event["method"] == "Network.requestWillBeSent"]
    assert requests == [(files / "sample.html").as_uri()]


def test_source_is_shown_to_the_letter(page: Page, files: Path) -> None:
    """Whatever HTML would make of it; a tab is four spaces."""
    page.open(files / "sample.html")
    shown = page.ask("[...document.querySelectorAll('.finding')[1].querySelectorAll('.line > span > code')].map(c => c.textContent)")
    assert shown == [line.replace("\t", "    ") for line in TEXT.splitlines()[1:]] + HELPER.splitlines()
    assert page.ask("document.querySelectorAll('b, script').length") == 1


def test_filters(run: Page) -> None:
    """By code, by confidence, by words; and all back again."""
    assert (run.ask(SHOWN), run.ask(STATUS)) == (["UNC103 certain", "UNC101 certain", "UNC103 likely"], "3 of 3 shown")
    click(run, "input[value=UNC103]")
    assert (run.ask(SHOWN), run.ask(STATUS), len(run.ask(HEADINGS))) == (["UNC101 certain"], "1 of 3 shown", 1)
    click(run, "input[value=UNC103]")
    click(run, "input[value=certain]")
    assert run.ask(SHOWN) == ["UNC103 likely"]
    click(run, "button[type=reset]")
    run.wait(f"{STATUS} === '3 of 3 shown'")
    run.ask("document.querySelector('#words').focus()")
    run.type("jobs.py getconn")
    assert run.ask(SHOWN) == ["UNC103 likely"]
    run.type(" nowhere")
    assert (run.ask(SHOWN), run.ask(HEADINGS), run.ask(STATUS)) == ([], [], "0 of 3 shown")


def test_groups(run: Page) -> None:
    """By file at first, then by rule, each with its count."""
    assert [heading.rpartition("/")[2] for heading in run.ask(HEADINGS)] == ["app.py (2)", "jobs.py (1)"]
    click(run, "input[value=rule]")
    assert run.ask(HEADINGS) == ["UNC101 never-released (1)", "UNC103 leak-on-exception (2)"]
    assert run.ask("document.querySelector('.finding .file').checkVisibility()") is True
    click(run, "input[value=file]")
    assert len(run.ask(HEADINGS)) == 2
    assert run.ask("document.querySelector('.finding .file').checkVisibility()") is False


def test_the_path_is_seen_beside_its_lines(run: Page) -> None:
    """One dot a step, on its line, and one bar between them."""
    click(run, "#open")
    rows = run.ask("""[...document.querySelector('.finding .source').querySelectorAll('.line')].map(line => {
        const bar = getComputedStyle(line.querySelector('.way'), '::before');
        const dot = line.querySelector('.dot');
        return [line.querySelector('.row').textContent, dot !== null && dot.getBoundingClientRect().height > 5, bar.content !== 'none'];
    })""")
    assert rows == [[str(row), row in (5, 6), row in (5, 6)] for row in range(3, 9)]


FOCUS = """(() => { const at = document.activeElement;
    if (at.matches('summary')) return 'summary ' + at.closest('details').className;
    return at.id || at.value || at.className || at.textContent })()"""


def test_the_keyboard_reaches_everything(run: Page) -> None:
    """In the order of the page, every stop can be seen, and Space and Enter do what a click does."""
    stops: list[str] = []
    for _ in range(13):
        run.press("Tab")
        stops.append(run.ask(FOCUS))
        assert run.ask("getComputedStyle(document.activeElement).outlineStyle") != "none"
    filters = ["file", "certain", "likely", "UNC101", "UNC103", "words", "open", "close", "Show everything"]
    assert stops == ["skip", *filters, *["summary finding"] * 3]
    run.press("Space")
    assert run.ask("document.activeElement.closest('details').open") is True
    run.press("Tab", "Enter")
    run.wait("location.hash === '#UNC103' && document.querySelector('#UNC103').open")
    run.wait("document.querySelector('#UNC103').getBoundingClientRect().top < innerHeight")


def test_the_first_stop_skips_the_filters(run: Page) -> None:
    """To the findings."""
    run.press("Tab", "Enter")
    run.wait("document.activeElement.id === 'findings'")
    run.press("Tab")
    assert run.ask(FOCUS) == "summary finding"


def test_boxes_obey_the_keyboard(run: Page) -> None:
    """Space on a box filters, an arrow on the groups groups."""
    run.press("Tab", "Tab", "ArrowDown")
    assert len(run.ask(HEADINGS)) == 2 and run.ask(HEADINGS)[0].startswith("UNC101")
    run.press("Tab", "Space")
    assert run.ask(SHOWN) == ["UNC103 likely"]


CONTRAST = """(() => {
    const light = ([r, g, b]) => { const f = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b) };
    const numbers = text => text.match(/[\\d.]+/g).map(Number);
    const behind = element => { for (; element; element = element.parentElement) {
        const colour = numbers(getComputedStyle(element).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) return colour }
        return [255, 255, 255] };
    const poor = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) { const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.matches('style, script')) continue;
        const [one, other] = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < 4.5) poor.push([element.className || element.tagName, walker.currentNode.data.trim().slice(0, 30), ratio]) }
    return [poor, getComputedStyle(document.body).backgroundColor];
})()"""


@pytest.mark.parametrize(("dark", "paper"), [(False, "rgb(255, 255, 255)"), (True, "rgb(13, 17, 23)")])
def test_all_text_can_be_read(dark: bool, paper: str, page: Page, files: Path) -> None:
    """Contrast of 4.5 to 1 at least (WCAG 2, level AA), in light and dark, with everything open."""
    page.look(dark=dark)
    page.open(files / "sample.html")
    page.ask("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert page.ask(CONTRAST) == [[], paper]


@pytest.mark.parametrize("width", [320, 700, 1300])
def test_no_window_is_too_narrow(width: int, page: Page, files: Path) -> None:
    """Only the source scrolls sideways, in its own frame."""
    page.look(width=width, height=800)
    page.open(files / "sample.html")
    page.ask("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert page.ask("document.documentElement.scrollWidth <= innerWidth") is True


def test_without_scripts_everything_is_there(page: Page, files: Path) -> None:
    """The filters are not, because they would do nothing."""
    page.open(files / "run.html", scripts=False)
    assert page.ask(SHOWN) == ["UNC103 certain", "UNC101 certain", "UNC103 likely"]
    assert page.ask("document.querySelector('.filters').checkVisibility()") is False


def test_a_picture_is_not_empty(run: Page) -> None:
    """A screenshot with an open finding has more than one colour."""
    empty = len(run.screenshot())
    click(run, "#open")
    assert len(run.screenshot()) > empty > 10_000


def test_the_sample_has_what_the_tests_ask_for() -> None:
    """Odd characters in the text, steps in two files."""
    assert "<b>" in TEXT and "</script>" in HELPER
    assert len({step.path for step in REPORT.findings[1].trail}) == 2
