"""How grave a finding is for other programs: its confidence, in their words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from unclosed.confidence import Confidence

SARIF: Mapping[Confidence, str] = MappingProxyType({Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "note"})
GITHUB: Mapping[Confidence, str] = MappingProxyType(
    {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "notice"}
)
GITLAB: Mapping[Confidence, str] = MappingProxyType({Confidence.CERTAIN: "major", Confidence.LIKELY: "minor", Confidence.POSSIBLE: "info"})
