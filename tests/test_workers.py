"""Work shared among processes: the same results in the same order, also where a process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from unclosed import workers
from unclosed.cache import Cache
from unclosed.catalog import Catalog
from unclosed.config import Config
from unclosed.lint import check_paths
from unclosed.workers import in_order, worthwhile_jobs

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def squaring() -> Callable[[int], tuple[int, int]]:
    return lambda number: (number * number, os.getpid())


def failing() -> Callable[[int], int]:
    return lambda number: 1 // (number - 5)


def dying(parent: int) -> Callable[[int], int]:
    def work(number: int) -> int:
        if number == 30 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return work


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    found = list(in_order(squaring, range(40), jobs))
    assert [square for square, _ in found] == [number * number for number in range(40)]
    assert (os.getpid() in {process for _, process in found}) == (jobs == 1)


def test_few_items_need_no_process() -> None:
    assert list(in_order(squaring, [3], 4)) == [(9, os.getpid())]
    assert list(in_order(squaring, [], 4)) == []


def test_what_is_raised_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(failing, range(10), 2))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process")
def test_what_a_killed_process_left_is_done_here() -> None:
    assert list(in_order(partial(dying, os.getpid()), range(60), 2)) == list(range(60))


def test_a_loop_that_is_left_ends_the_processes() -> None:
    results = in_order(squaring, range(10_000), 2)
    assert next(results)[0] == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator


def test_processes_are_started_where_they_pay() -> None:
    assert worthwhile_jobs(0) == worthwhile_jobs(workers.BYTES_PER_JOB - 1) == 1
    assert 1 <= worthwhile_jobs(10**9) <= workers.MAX_JOBS


def test_a_run_says_the_same_with_any_number_of_processes(tmp_path: Path) -> None:
    catalog = Catalog.load(())
    paths = [str(path) for path in sorted(FIXTURES.iterdir()) if path.is_dir()][:4]
    alone = check_paths(paths, Config(), catalog)
    assert len(alone.findings) > 20
    for cache in (None, Cache(tmp_path), Cache(tmp_path)):
        together = check_paths(paths, Config(), catalog, jobs=3, cache=cache)
        assert together.findings == alone.findings
        assert (together.files, together.parsed, together.skipped, together.errors, together.texts) == (
            alone.files,
            alone.parsed,
            alone.skipped,
            alone.errors,
            alone.texts,
        )
