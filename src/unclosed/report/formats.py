"""The output formats by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from unclosed.config import OutputFormat
from unclosed.report import flake8, full, github, gitlab, html, json, junit, sarif
from unclosed.report.paint import Paint
from unclosed.report.report import Report

RENDERERS: Mapping[OutputFormat, Callable[[Report, Paint], str]] = MappingProxyType(
    {
        OutputFormat.FLAKE8: flake8.render,
        OutputFormat.FULL: full.render,
        OutputFormat.JSON: json.render,
        OutputFormat.SARIF: sarif.render,
        OutputFormat.GITHUB: github.render,
        OutputFormat.GITLAB: gitlab.render,
        OutputFormat.JUNIT: junit.render,
        OutputFormat.HTML: html.render,
    }
)
"""One renderer for each format; it gives the whole text, empty where there is nothing to say."""
