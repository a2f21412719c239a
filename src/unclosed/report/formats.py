"""The output formats by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from unclosed.config import OutputFormat
from unclosed.report.paint import Paint
from unclosed.report.report import Report

Renderer = Callable[[Report, Paint], str]


def _renderer(name: str) -> Renderer:
    """The renderer of the module with this name, which is loaded when something is printed."""

    def render(report: Report, paint: Paint) -> str:
        found: Renderer = importlib.import_module(f"unclosed.report.{name}").render
        return found(report, paint)

    return render


RENDERERS: Mapping[OutputFormat, Renderer] = MappingProxyType({each: _renderer(each.value) for each in OutputFormat})
"""One renderer for each format, in the module of its name; it gives the whole text, empty where there is nothing to say."""
