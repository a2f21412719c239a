"""What `[tool.unclosed]` says is what the run does, and what it cannot mean is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.confidence import Confidence
from unclosed.config import DEFAULT_EXCLUDE, Codes, Config, OutputFormat, Patterns, find_config, override, read_config
from unclosed.errors import ConfigError


def written(directory: Path, text: str) -> Path:
    """The `pyproject.toml` with this text."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    """The whole table, and `requires-python`."""
    path = written(
        tmp_path,
        """
        [project]
        requires-python = ">=3.11"
        [tool.unclosed]
        select = ["UNC1"]
        extend-select = ["UNC901"]
        ignore = ["UNC103", "UNC13"]
        exclude = ["vendor"]
        extend-exclude = ["/docs/"]
        min-confidence = "possible"
        output-format = "full"
        slow-io-seconds = 2.5
        [tool.unclosed.models.types."acme.Conn"]
        kind = "connection"
        """,
    )
    assert read_config(path) == Config(
        file=path,
        select=Codes(f"{path}: tool.unclosed.select", ("UNC1",)),
        extend_select=(Codes(f"{path}: tool.unclosed.extend-select", ("UNC901",)),),
        ignore=Codes(f"{path}: tool.unclosed.ignore", ("UNC103", "UNC13")),
        exclude=Patterns(tmp_path, ("vendor",)),
        extend_exclude=(Patterns(tmp_path, ("/docs/",)),),
        min_confidence=Confidence.POSSIBLE,
        output_format=OutputFormat.FULL,
        slow_io_seconds=2.5,
        models={"types": {"acme.Conn": {"kind": "connection"}}},
        requires_python=(3, 11),
    )


def test_a_project_without_the_table_has_the_defaults(tmp_path: Path) -> None:
    """Rules that are on by default, `likely`, flake8's format, the usual directories left out."""
    written(tmp_path, "[tool.other]\nx = 1\n")
    (tmp_path / ".git").mkdir()
    config = find_config(tmp_path)
    assert (config.file, config.select, config.min_confidence, config.output_format) == (
        None,
        None,
        Confidence.LIKELY,
        OutputFormat.FLAKE8,
    )
    assert config.exclude == Patterns(tmp_path, DEFAULT_EXCLUDE)


def test_the_nearest_table_upwards_counts(tmp_path: Path) -> None:
    """A nearer file without the table is passed over, but its `requires-python` counts."""
    written(tmp_path, "[project]\nrequires-python = '>=3.9'\n[tool.unclosed]\nselect = ['UNC101']\n")
    written(tmp_path / "package", "[project]\nrequires-python = '>=3.12'\n")
    config = find_config(tmp_path / "package" / "src")
    assert (config.file, config.requires_python) == (tmp_path / "pyproject.toml", (3, 12))


def test_the_search_ends_at_the_root_of_the_repository(tmp_path: Path) -> None:
    """What lies above the repository is somebody else's."""
    written(tmp_path, "[tool.unclosed]\nselect = ['UNC101']\n")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert find_config(tmp_path / "repository").select is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[tool.unclosed]\nslect = []",
            "{path}: tool.unclosed.slect: unknown key; did you mean 'select'? (accepted: exclude, extend-exclude, extend-select,"
            " ignore, min-confidence, models, output-format, select, slow-io-seconds)",
            id="unknown-key",
        ),
        pytest.param(
            "[tool.unclosed]\nmin-confidence = 'likly'",
            "{path}: tool.unclosed.min-confidence: 'likly' is not accepted; did you mean 'likely'? (accepted: certain, likely, possible)",
            id="unknown-degree",
        ),
        pytest.param(
            "[tool.unclosed]\nmin-confidence = 2",
            "{path}: tool.unclosed.min-confidence: 2 is not accepted (accepted: certain, likely, possible)",
            id="degree-is-a-number",
        ),
        pytest.param(
            "[tool.unclosed]\noutput-format = 'ful'",
            "{path}: tool.unclosed.output-format: 'ful' is not accepted; did you mean 'full'? (accepted: flake8, full)",
            id="unknown-format",
        ),
        pytest.param(
            "[tool.unclosed]\nselect = 'UNC103'",
            "{path}: tool.unclosed.select: must be a list of strings, not 'UNC103'",
            id="text-for-a-list",
        ),
        pytest.param(
            "[tool.unclosed]\nexclude = ['a', 1]",
            "{path}: tool.unclosed.exclude: must be a list of strings, not ['a', 1]",
            id="number-in-a-list",
        ),
        *(
            pytest.param(
                f"[tool.unclosed]\nslow-io-seconds = {value}",
                f"{{path}}: tool.unclosed.slow-io-seconds: must be a number of seconds, 0 or more, not {shown}",
                id=f"seconds-{value}",
            )
            for value, shown in [("-1", "-1"), ("nan", "nan"), ("inf", "inf"), ("'60'", "'60'"), ("true", "True"), ("[60]", "[60]")]
        ),
        pytest.param("[tool]\nunclosed = 1", "{path}: tool.unclosed: must be a table", id="no-table"),
        pytest.param(
            "[tool.unclosed]\nmodels = 'acme.toml'", "{path}: tool.unclosed.models: must be a table of library models", id="models-no-table"
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """File, key, value, what is accepted, and the nearest match."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert str(caught.value) == message.format(path=path)


@pytest.mark.parametrize(("data", "words"), [(b"x = [", "not valid TOML"), (b"x = '\xff'", "not valid UTF-8")])
def test_a_file_that_is_no_toml_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    """The message names the file."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """`--config` names a file; nothing is searched."""
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_config(tmp_path / "missing.toml")


def test_the_command_line_stands_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`extend` options add, the others replace, and what is not given stays."""
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path / "project", "[tool.unclosed]\nselect = ['UNC1']\nextend-select = ['UNC901']\nextend-exclude = ['gen']\n")
    config = override(read_config(path), select=["UNC103"], extend_select=["UNC13"], extend_exclude=["tests"], min_confidence="certain")
    assert config.select == Codes("--select", ("UNC103",))
    assert [codes.prefixes for codes in config.extend_select] == [("UNC901",), ("UNC13",)]
    assert config.exclude == Patterns(path.parent, DEFAULT_EXCLUDE)
    assert config.extend_exclude == (Patterns(path.parent, ("gen",)), Patterns(tmp_path, ("tests",)))
    assert (config.min_confidence, config.output_format) == (Confidence.CERTAIN, OutputFormat.FLAKE8)
