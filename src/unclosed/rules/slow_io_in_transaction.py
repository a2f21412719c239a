"""UNC204: external I/O with a long time limit runs while a transaction is open."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import HeldCall
from unclosed.rules.explanation import sections
from unclosed.rules.held_calls import HeldCallRule, in_words, is_slow, way_out, where_begun
from unclosed.rules.wording import article, shortened


class SlowIoInTransaction(HeldCallRule):
    """Allow slow-io-in-transaction: external I/O with a long time limit runs while a transaction is open."""

    code = "UNC204"
    name = "slow-io-in-transaction"
    summary = "external I/O with a long time limit runs while a transaction is open"
    explanation = sections(
        does="""
            Reports external I/O in an open transaction that has a time limit, but a long one: `slow-io-seconds` (60 by default)
            or more. The limit is the call's own argument, that of the client's constructor, of a timeout scope around what is
            awaited, or the library's default (600 s for openai, 60 s for boto3), times its attempts.
        """,
        why="""
            The limit is the time for which the transaction may be held: a minute with locked rows and a missing connection is a
            long time for everybody else.
        """,
        release="""
            Make the call outside the transaction, or give it a limit that the transaction can afford.
        """,
        ignore="""
            When holding the transaction that long is meant: a nightly job on its own.
        """,
        options="""
            `slow-io-seconds` in `[tool.unclosed]`, or `--slow-io-seconds`: 60 by default; 0 reports every call that has a limit.
        """,
    )
    bad = dedent("""\
        import requests
        from django.db import transaction


        def charge(order):
            with transaction.atomic():
                order.lock()
                requests.post("https://payments.example/charge", json=order.data, timeout=120)
    """)
    good = dedent("""\
        import requests
        from django.db import transaction


        def charge(order):
            with transaction.atomic():
                order.lock()
                requests.post("https://payments.example/charge", json=order.data, timeout=3)
    """)

    def applies(self, call: HeldCall) -> bool:
        """Whether the call is I/O with a long limit in a transaction."""
        return call.in_transaction and is_slow(call, self.slow_io_seconds)

    def sentence(self, call: HeldCall, width: int) -> str:
        """`client.post(), an HTTP request, may take 600 s in the transaction opened on line 12; …`."""
        written = shortened(call.written, width)
        limit = in_words(call.seconds)
        if call.through_helper:
            return f"{written} makes {article(call.what)} that may take {limit} in {where_begun(call)}; {way_out(call, 'lower')}"
        return f"{written}, {article(call.what)}, may take {limit} in {where_begun(call)}; {way_out(call, 'lower')}"
