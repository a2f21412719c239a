"""Help of a command with many options: under headings, in the order in which a person would look for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

OF_A_RUN = {
    "What is looked for": ("select", "extend_select", "ignore", "per_file_ignores", "min_confidence", "slow_io_seconds"),
    "Which files": ("exclude", "extend_exclude", "force_exclude", "stdin_filename"),
    "Known and new findings": ("baseline", "revision", "add_noqa", "noqa_reason"),
    "Output": ("output_format", "output_file", "with_statistics", "exit_zero"),
}
"""Headings, and the parameters of the options below them."""


class Sectioned(click.Command):
    """A command whose help has its options under `OF_A_RUN`; those that stand under no heading come last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options into the help."""
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        records = {option.name: option.get_help_record(ctx) for option in options}
        sections: Mapping[str, Sequence[str]] = OF_A_RUN
        listed = {name for names in sections.values() for name in names}
        rest = [name for name in records if name not in listed]
        for title, names in (*sections.items(), ("Other options", rest)):
            shown = [record for name in names if (record := records.get(name)) is not None]
            if shown:
                with formatter.section(title):
                    formatter.write_dl(shown, col_max=28)
