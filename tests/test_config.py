"""What `[tool.unclosed]` says is what the run does, and what it cannot mean is refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from unclosed.catalog_files import UserModels
from unclosed.confidence import Confidence
from unclosed.config import DEFAULT_EXCLUDE, Codes, Config, FileIgnores, OutputFormat, Patterns, find_config, override, read_config
from unclosed.config_keys import NAMES
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
        per-file-ignores = { "tests/" = ["UNC101", "UNC2"] }
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
        per_file_ignores=(
            FileIgnores(Patterns(tmp_path, ("tests/",)), Codes(f"{path}: tool.unclosed.per-file-ignores.'tests/'", ("UNC101", "UNC2"))),
        ),
        exclude=Patterns(tmp_path, ("vendor",)),
        extend_exclude=(Patterns(tmp_path, ("/docs/",)),),
        min_confidence=Confidence.POSSIBLE,
        output_format=OutputFormat.FULL,
        slow_io_seconds=2.5,
        models=(UserModels(str(path), {"types": {"acme.Conn": {"kind": "connection"}}}),),
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
            "{path}: tool.unclosed.slect: unknown key; did you mean 'select'? (accepted: " + ", ".join(sorted(NAMES)) + ")",
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
            "{path}: tool.unclosed.output-format: 'ful' is not accepted; did you mean 'full'? "
            "(accepted: flake8, full, github, gitlab, html, json, junit, sarif)",
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
        pytest.param(
            "[tool.unclosed]\nper-file-ignores = ['tests/']",
            "{path}: tool.unclosed.per-file-ignores: must be a table of patterns with lists of codes, not ['tests/']",
            id="ignores-no-table",
        ),
        pytest.param(
            "[tool.unclosed.per-file-ignores]\n'tests/' = 'UNC101'",
            "{path}: tool.unclosed.per-file-ignores.'tests/': must be a list of strings, not 'UNC101'",
            id="ignores-no-list",
        ),
        pytest.param("[tool.unclosed]\nextend = 1", "{path}: tool.unclosed.extend: must be a text, not 1", id="extend-no-text"),
        pytest.param(
            "[tool.unclosed]\nextend = 'missing.toml'",
            "{path}: tool.unclosed.extend: {directory}/missing.toml: cannot be read: No such file or directory",
            id="extend-missing",
        ),
        pytest.param(
            "[tool.unclosed]\nextend = 'pyproject.toml'",
            "{path}: tool.unclosed.extend: 'pyproject.toml' extends this file",
            id="extend-itself",
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
    assert str(caught.value) == message.format(path=path, directory=tmp_path)


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


def test_what_is_extended_holds_where_the_file_says_nothing(tmp_path: Path) -> None:
    """Lists that add are joined, the others and single values are replaced; each pattern stays relative to its own file."""
    base = written(
        tmp_path / "shared",
        "[tool.unclosed]\nselect = ['UNC1']\nextend-select = ['UNC205']\nignore = ['UNC112']\nmin-confidence = 'certain'\n"
        "exclude = ['vendor']\nextend-exclude = ['gen']\nslow-io-seconds = 5\n[tool.unclosed.models]\nwords = ['one']\n",
    )
    path = written(
        tmp_path / "project",
        "[tool.unclosed]\nextend = '../shared/pyproject.toml'\nignore = []\nextend-select = ['UNC305']\nextend-exclude = ['tmp']\n"
        "min-confidence = 'likely'\n[tool.unclosed.models]\nwords = ['two']\n",
    )
    config = read_config(path)
    assert (config.file, config.select) == (path, Codes(f"{base}: tool.unclosed.select", ("UNC1",)))
    assert [codes.prefixes for codes in config.extend_select] == [("UNC205",), ("UNC305",)]
    assert config.ignore == Codes(f"{path}: tool.unclosed.ignore", ())
    assert config.exclude == Patterns(base.parent, ("vendor",))
    assert config.extend_exclude == (Patterns(base.parent, ("gen",)), Patterns(path.parent, ("tmp",)))
    assert (config.min_confidence, config.slow_io_seconds) == (Confidence.LIKELY, 5.0)
    assert config.models == (UserModels(str(base), {"words": ["one"]}), UserModels(str(path), {"words": ["two"]}))


def test_each_value_remembers_where_it_is_from(tmp_path: Path) -> None:
    """Of what adds, every place; of what replaces, the last; of what nobody says, none."""
    base = written(tmp_path / "shared", "[tool.unclosed]\nselect = ['UNC1']\nignore = ['UNC112']\nextend-exclude = ['gen']\n")
    path = written(
        tmp_path / "project", "[tool.unclosed]\nextend = '../shared/pyproject.toml'\nignore = ['UNC110']\nextend-exclude = ['tmp']\n"
    )
    config = override(read_config(path), ignore=["UNC2"], slow_io_seconds=0)
    assert config.origins == {
        "extend": (str(path),),
        "select": (str(base),),
        "ignore": ("--ignore",),
        "extend-exclude": (str(base), str(path)),
        "slow-io-seconds": ("--slow-io-seconds",),
    }


def test_two_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    """The message names the file that closes the circle."""
    one = written(tmp_path / "one", "[tool.unclosed]\nextend = '../two/pyproject.toml'\n")
    two = written(tmp_path / "two", "[tool.unclosed]\nextend = '../one/pyproject.toml'\n")
    with pytest.raises(ConfigError) as caught:
        read_config(one)
    assert str(caught.value) == f"{two}: tool.unclosed.extend: '../one/pyproject.toml' extends this file"


def test_a_file_without_the_table_cannot_be_extended(tmp_path: Path) -> None:
    """It would be a mistake that nobody sees."""
    written(tmp_path / "other", "[tool.other]\nx = 1\n")
    path = written(tmp_path, "[tool.unclosed]\nextend = 'other/pyproject.toml'\n")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value) == f"{path}: tool.unclosed.extend: 'other/pyproject.toml' has no table [tool.unclosed]"


def test_a_mistake_in_what_is_extended_names_that_file(tmp_path: Path) -> None:
    """That is where it is mended."""
    base = written(tmp_path / "shared", "[tool.unclosed]\nmin-confidence = 'likly'\n")
    path = written(tmp_path, "[tool.unclosed]\nextend = 'shared/pyproject.toml'\n")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{base}: tool.unclosed.min-confidence: 'likly' is not accepted")


@pytest.mark.parametrize("item", ["tests/", "tests/:", ":UNC101"])
def test_an_option_without_pattern_or_code_is_refused(item: str) -> None:
    """It names the shape."""
    with pytest.raises(ConfigError) as caught:
        override(Config(), per_file_ignores=[item])
    assert str(caught.value) == f"--per-file-ignores: {item!r} is not PATTERN:CODE such as 'tests/:UNC101'"
