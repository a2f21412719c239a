"""Open transactions as the analysis tells them: what is asked and when, trails, degrees, and what a message says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from fixture_files import fixture_files, fixture_projects
from unclosed.analysis.externals import Externals
from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.config import Config, override
from unclosed.findings import Finding
from unclosed.lint import check_source
from unclosed.rules.wording import LIMIT
from unclosed.text import SourceFile

CATALOG = Catalog.load()
EVERYTHING = override(Config(min_confidence=Confidence.POSSIBLE, slow_io_seconds=0), extend_select=["UNC205"])
HEAD = """\
import requests
from sqlalchemy.orm import Session


def post(order):
    return requests.post("https://hooks.example", json=order)


"""


def findings(program: str, path: str = "/nowhere/transactions.py") -> list[Finding]:
    """What is found in a program, whatever its degree."""
    result = check_source(SourceFile(path, program), EVERYTHING, CATALOG)
    assert (result.error, result.skipped) == (None, ())
    return list(result.findings)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that are asked what they do outside, from now on."""
    names: list[str] = []
    inside = Externals._inside

    def note(self: Externals, target: object, *more: object) -> object:
        names.append(target.facts.name)  # type: ignore[attr-defined]
        return inside(self, target, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Externals, "_inside", note)
    return names


@pytest.mark.parametrize(
    ("body", "questions"),
    [
        pytest.param("post(order)", [], id="no transaction"),
        pytest.param("session.add(order)\n    post(order)", [], id="no statement"),
        pytest.param("post(order)\n    session.flush()\n    session.commit()", [], id="before the transaction"),
        pytest.param("session.flush()\n    session.commit()\n    post(order)", [], id="after the transaction"),
        pytest.param("session.flush()\n    post(order)\n    session.commit()", ["post"], id="in the transaction"),
        pytest.param("session.flush()\n    post(order)\n    post(order)\n    session.commit()", ["post"], id="twice"),
    ],
)
def test_a_helper_is_asked_only_while_a_transaction_is_open(body: str, questions: list[str], asked: list[str]) -> None:
    """And only once."""
    findings(f"{HEAD}def pay(session: Session, order):\n    {body}\n")
    assert asked == questions


def test_the_trail_leads_from_the_begin_to_the_io() -> None:
    """The transaction, the call, each helper, the I/O itself."""
    send = "def send(order):\n    post(order)\n\n\n"
    (finding,) = findings(f"{HEAD}{send}def pay(session: Session, order):\n    session.flush()\n    send(order)\n    session.commit()\n")
    assert [(step.span.start.row, step.text) for step in finding.trail] == [
        (14, "this statement opens a transaction"),
        (15, "calls on to the HTTP request here"),
        (10, "send() calls on here"),
        (6, "post() makes the HTTP request here"),
    ]


@pytest.mark.parametrize(
    ("parameter", "degree"),
    [("session: Session", Confidence.CERTAIN), ("session", Confidence.LIKELY), ("session: 'Session | None'", Confidence.CERTAIN)],
)
def test_a_session_that_is_known_by_its_name_is_likely(parameter: str, degree: Confidence) -> None:
    """One that is known by its type is certain."""
    (finding,) = findings(f"{HEAD}def pay({parameter}, order):\n    session.flush()\n    post(order)\n    session.commit()\n")
    assert finding.confidence is degree


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "with conn.begin():\n        requests.post(URL)",
            "requests.post(), an HTTP request, has no time limit in the transaction opened on line 10; move it or pass 'timeout'",
        ),
        (
            "with conn.begin():\n        post(URL)",
            "post() makes an HTTP request with no time limit in the transaction opened on line 10; move or limit it",
        ),
        (
            "with conn.begin():\n        requests.post(URL, timeout=90)",
            "requests.post(), an HTTP request, may take 90 s in the transaction opened on line 10; move it or lower 'timeout'",
        ),
        (
            "with conn.begin():\n        urlretrieve(URL)",
            "urlretrieve(), an HTTP request, has no time limit in the transaction opened on line 10; move it out",
        ),
        (
            "with conn.begin():\n        time.sleep(3)",
            "time.sleep() sleeps in the transaction opened on line 10; end the transaction first",
        ),
        (
            "with conn.begin():\n        input()",
            "input() waits for a console input without a limit in the transaction opened on line 10; move it out",
        ),
        (
            "conn.begin()\n    conn.execute(1)\n    conn.commit()",
            "transaction begun by conn.begin() is not ended when an exception leaves the function; roll back there too",
        ),
    ],
)
def test_a_message_names_the_call_the_begin_and_the_way_out(program: str, message: str) -> None:
    """In one sentence."""
    imports = "import time; from urllib.request import urlretrieve\n\nimport requests\nfrom sqlalchemy import Connection\n\n"
    head = f"{imports}def post(url):\n    return requests.post(url)\n\n"
    (finding,) = findings(f"{head}def f(conn: Connection):\n    {program}\n")
    assert finding.message == message


def test_messages_keep_their_limit() -> None:
    """Whatever the names in the fixtures."""
    files = [*fixture_files(), *(file for project in fixture_projects() for file in project.files)]
    texts = {file.name: file.text for file in files if "transaction" in file.name or "holding" in file.name}
    found = [finding for name, text in texts.items() for finding in findings(text, str(Path("fixtures") / name))]
    assert len(found) > 150
    assert [finding.message for finding in found if len(finding.message) > LIMIT] == []


def test_a_long_name_is_shortened() -> None:
    """The sentence stays."""
    name = "a_rather_long_name_for_the_client_of_the_payment_service"
    program = f"""\
        import requests
        from django.db import transaction

        {name} = requests.Session()


        @transaction.atomic
        def pay(order):
            {name}.post("https://payments.example")
        """
    (finding,) = findings(dedent(program))
    assert len(finding.message) <= LIMIT
    assert finding.message.endswith("has no time limit in the transaction opened on line 7; move it or pass 'timeout'")
