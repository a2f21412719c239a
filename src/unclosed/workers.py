"""Work on many items by several processes, results in the order of the items.

Each process makes its own function once and applies it to one run of items after another; processes share nothing but what is on disk.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

BYTES_PER_JOB = 300_000
"""Text that is worth a process of its own; starting one takes some tenths of a second."""
MAX_JOBS = 16
_RUNS_PER_JOB = 8
_LONGEST_RUN = 20
"""Items handed out at once: neighbours, which import much the same modules."""


def worthwhile_jobs(size: int) -> int:
    """How many processes pay for texts of `size` bytes together, on the processors that this process may use."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(processors, MAX_JOBS, size // BYTES_PER_JOB))


def in_order(make: Callable[[], Callable[[Item], Result]], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """What the function that `make` gives says of each item. With one job, or where no process can be started, it all happens here.

    `make` and the items have to survive the way into another process, and the results the way back. What the function raises is raised.
    """
    done = 0
    if jobs > 1 and len(items) > 1:
        for result in _elsewhere(make, items, min(jobs, len(items))):
            yield result
            done += 1
    if done < len(items):  # all of it, or what a process left undone that was killed
        function = make()
        for item in items[done:]:
            yield function(item)


def _elsewhere(make: Callable[[], Callable[[Item], Result]], items: Sequence[Item], jobs: int) -> Iterator[Result]:
    """The results, as long as the processes live."""
    from concurrent.futures.process import BrokenProcessPool

    length = max(1, min(_LONGEST_RUN, len(items) // (jobs * _RUNS_PER_JOB)))
    runs = [items[start : start + length] for start in range(0, len(items), length)]
    try:
        with _pool(make, jobs) as pool:
            try:
                yield from itertools.chain.from_iterable(pool.map(_work, runs))
            except GeneratorExit:
                pool.shutdown(cancel_futures=True)
                raise
    except (BrokenProcessPool, OSError):
        return


def _pool(make: Callable[[], Callable[[Item], Result]], jobs: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A forked process has everything loaded already; elsewhere forking is not safe, or not there.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    return ProcessPoolExecutor(jobs, context, initializer=partial(_start, make))


_function: Callable[[Any], Any] | None = None


def _start(make: Callable[[], Callable[[Any], Any]]) -> None:
    global _function  # noqa: PLW0603 - the one place that lives as long as the process
    _function = make()


def _work(run: Sequence[object]) -> list[object]:
    assert _function is not None
    return [_function(item) for item in run]
