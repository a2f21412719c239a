"""What a pool is told of its limits, where it is made: to grow or to wait without any, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unclosed.analysis.arguments import Arguments, is_no_pool
from unclosed.analysis.running import all_calls
from unclosed.analysis.settings_read import setting_items
from unclosed.analysis.summaries import Summaries
from unclosed.analysis.verdicts import PoolFault, PoolVerdict
from unclosed.confidence import Confidence
from unclosed.flow.events import NodeId
from unclosed.infer.calls import CallInfo
from unclosed.infer.types import ScopeTypes
from unclosed.library import PoolModel, Told

if TYPE_CHECKING:
    from unclosed.lowering.positions import Spans


class PoolLimits:
    """The verdicts on the limits of the pools that one module makes."""

    def __init__(self, spans: Spans, summaries: Summaries) -> None:
        self._spans, self._summaries = spans, summaries

    def of(self, scope: ScopeTypes) -> tuple[PoolVerdict, ...]:
        """What is wrong with the limits of pools in one scope, in source order."""
        found: dict[tuple[int, PoolFault], PoolVerdict] = {}
        for node, event in all_calls(scope):
            info = scope.call(node)
            if info.model is None or info.model.pool is None or info.is_convention or info.confidence < Confidence.LIKELY:
                continue
            for fault, told in self._faults(scope, node, info, info.model.pool):
                found.setdefault((event.span, fault), self._verdict(info, fault, told))
        return tuple(found[key] for key in sorted(found, key=lambda key: key[0]))

    def _faults(self, scope: ScopeTypes, node: NodeId, info: CallInfo, pool: PoolModel) -> Iterator[tuple[PoolFault, tuple[str, ...]]]:
        texts = self._summaries.project_texts
        settings = [setting_items(texts(scope.module.name), name) for name in pool.settings]
        arguments = Arguments(scope, info, pool, settings)
        if any(arguments.says(group) for group in pool.none):
            return
        grows = next((group for group in pool.unbounded if arguments.says(group)), None)
        waits = next((group for group in pool.endless if arguments.says(group)), None)
        if grows is not None:
            yield PoolFault.UNBOUNDED, _spelled(arguments, grows)
        elif waits is not None and not self._summaries.externals.is_limited(scope, node):
            yield PoolFault.ENDLESS_WAIT, _spelled(arguments, waits)
        missing = tuple(group[0].name for group in pool.asks if not any(arguments.is_given(told) for told in group))
        if missing and not is_no_pool(arguments, pool):
            yield PoolFault.IMPLICIT_LIMITS, missing

    def _verdict(self, info: CallInfo, fault: PoolFault, told: tuple[str, ...]) -> PoolVerdict:
        span = info.event.span
        return PoolVerdict(fault, self._spans.span(span), self._spans.call_text(span), info.confidence, told=told)


def _spelled(arguments: Arguments, group: tuple[Told, ...]) -> tuple[str, ...]:
    """The arguments as they are told: `max_overflow=-1`."""
    return tuple(f"{told.name}={(arguments.text(told) or '').rpartition('.')[2]}" for told in group)
