"""The settings of a framework in the texts of a project."""

from __future__ import annotations

import pytest

from unclosed.analysis.settings_read import setting_items
from unclosed.flow.graph import UNKNOWN_LITERAL

NAME = "SQLALCHEMY_ENGINE_OPTIONS"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (f"class Config:\n    {NAME} = {{'pool_size': 5}}\n", {"pool_size": "5"}),
        (f"class Config:\n    {NAME}: dict[str, int] = {{'pool_size': 5}}\n", {"pool_size": "5"}),
        (
            f"app.config['{NAME}'] = {{\n    'max_overflow': -1,\n    'pool_timeout': None,\n}}\n",
            {"max_overflow": "-1", "pool_timeout": "None"},
        ),
        (
            f"app.config.update({NAME}={{'connect_args': {{'a': {{}}}}, 'pool_size': 0}})\n",
            {"connect_args": UNKNOWN_LITERAL, "pool_size": "0"},
        ),
        (f"SETTINGS = {{'{NAME}': {{'pool_size': size()}}}}\n", {"pool_size": UNKNOWN_LITERAL}),
        (f"options = app.config['{NAME}']\n", {}),
        (f"if app.config['{NAME}'] == {{}}:\n    pass\n", {}),
        (f"{NAME} = options()\n", None),
        (f"{NAME} = {{**OPTIONS}}\n", None),
        (f"{NAME} = {{'pool_size': 5}}\n{NAME} = {{'pool_size': 0}}\n", None),
        ("", {}),
    ],
)
def test_a_setting_is_read_where_it_is_set_once(text: str, items: dict[str, str] | None) -> None:
    """As an attribute, an item, a keyword; what is set twice or made by a call is not known."""
    assert setting_items([text], NAME) == items
