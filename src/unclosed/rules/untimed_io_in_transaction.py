"""UNC201: external I/O with no time limit runs while a transaction is open."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import HeldCall
from unclosed.rules.explanation import sections
from unclosed.rules.held_calls import HeldCallRule, is_untimed, way_out, where_begun
from unclosed.rules.wording import article, shortened


class UntimedIoInTransaction(HeldCallRule):
    """Allow untimed-io-in-transaction: external I/O with no time limit runs while a transaction is open."""

    code = "UNC201"
    name = "untimed-io-in-transaction"
    summary = "external I/O with no time limit runs while a transaction is open"
    explanation = sections(
        does="""
            Reports a call that talks to something else than the database (an HTTP request, mail, a subprocess, a cloud or LLM
            service …) and has no time limit, made while the function holds a transaction: one that it opened by a block or by
            hand, or one that the library opened with the first statement. The call may stand in a function of the project; then
            the outermost call is reported, and the trail leads to the I/O.
        """,
        why="""
            A peer that never answers keeps the transaction open for ever: its locks are not released, vacuum cannot clean up
            behind it, and its connection is missing from the pool. A few such requests and every other one waits.
        """,
        release="""
            Make the call before the transaction begins or after it has ended. If it has to be inside, give it a short limit:
            `timeout=` of the call, of the client's constructor, or `asyncio.timeout` around what is awaited.
        """,
        ignore="""
            When the call is known to return at once: a socket on the same machine that answers or is closed.
        """,
    )
    bad = dedent("""\
        import requests
        from sqlalchemy.orm import Session


        def pay(session: Session, order_id, token):
            order = session.get(Order, order_id)
            requests.post("https://payments.example/charge", json={"token": token})
            order.paid = True
            session.commit()
    """)
    good = dedent("""\
        import requests
        from sqlalchemy.orm import Session


        def pay(session: Session, order_id, token):
            requests.post("https://payments.example/charge", json={"token": token}, timeout=10)
            order = session.get(Order, order_id)
            order.paid = True
            session.commit()
    """)

    def applies(self, call: HeldCall) -> bool:
        """Whether the call is I/O without a limit in a transaction."""
        return is_untimed(call) and call.in_transaction

    def sentence(self, call: HeldCall, width: int) -> str:
        """`requests.post(), an HTTP request, has no time limit in the transaction opened on line 12; …`."""
        written = shortened(call.written, width)
        if call.through_helper:
            return f"{written} makes {article(call.what)} with no time limit in {where_begun(call)}; {way_out(call)}"
        return f"{written}, {article(call.what)}, has no time limit in {where_begun(call)}; {way_out(call)}"
