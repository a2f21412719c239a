"""UNC202: a wait without a limit for something else than the database, or a sleep, runs while a transaction is open."""

from __future__ import annotations

from textwrap import dedent

from unclosed.analysis.verdicts import HeldCall
from unclosed.rules.explanation import sections
from unclosed.rules.held_calls import HeldCallRule, way_out, where_begun
from unclosed.rules.wording import article, shortened


class BlockingWaitInTransaction(HeldCallRule):
    """Allow blocking-wait-in-transaction: a sleep, or a wait without a limit for something else than the database, in a transaction."""

    code = "UNC202"
    name = "blocking-wait-in-transaction"
    summary = "a wait without a limit for something else than the database, or a sleep, runs while a transaction is open"
    explanation = sections(
        does="""
            Reports a wait without a limit for something that is not the database, made while a transaction is open:
            `queue.get()`, `lock.acquire()`, `thread.join()`, `future.result()`, `event.wait()`, `input()`. `time.sleep` and
            `asyncio.sleep` are always reported: they are waits by design.
        """,
        why="""
            The transaction stays open as long as the other side likes: locks are held, the connection is missing from the pool,
            and a lock that is waited for while rows are locked is one half of a deadlock that the database cannot see.
        """,
        release="""
            Wait before the transaction begins or after it has ended; in a polling loop, end the transaction before sleeping.
            Where the wait has to be inside, give it a limit: `queue.get(timeout=5)`.
        """,
        ignore="""
            When the wait is for the transaction's own work, done by another thread on another connection, and cannot hang.
        """,
    )
    bad = dedent("""\
        import time

        from sqlalchemy.orm import Session


        def poll(session: Session, job_id):
            while session.get(Job, job_id).state != "done":
                time.sleep(5)
    """)
    good = dedent("""\
        import time

        from sqlalchemy.orm import Session


        def poll(session: Session, job_id):
            while session.get(Job, job_id).state != "done":
                session.rollback()
                time.sleep(5)
    """)

    def applies(self, call: HeldCall) -> bool:
        """Whether the call waits without a limit in a transaction."""
        return call.is_wait and call.in_transaction and (call.sleeps or call.seconds == float("inf"))

    def sentence(self, call: HeldCall, width: int) -> str:
        """`time.sleep() sleeps in the transaction opened on line 12; end the transaction first`."""
        written = shortened(call.written, width)
        if call.sleeps:
            return f"{written} sleeps in {where_begun(call)}; end the transaction first"
        return f"{written} waits for {article(call.what)} without a limit in {where_begun(call)}; {way_out(call)}"
