"""What is wrong with a pooler's settings: clients that wait or hold without limit, limits in a bad order, pools too large or too sticky."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from unclosed.confidence import Confidence
from unclosed.pgbouncer.ini import DATABASES, MAIN, USERS, Entry, Setting
from unclosed.pgbouncer.known import Order, Zero, knowledge
from unclosed.pgbouncer.pooler import SESSION, STATEMENT, Pooler, as_number
from unclosed.text import Span

_IDLE, _WHOLE, _CLIENTS = "idle_transaction_timeout", "transaction_timeout", "max_client_conn"


class SettingFault(enum.Enum):
    """What is wrong with a setting."""

    UNLIMITED = "unlimited"
    IDLE_TRANSACTIONS = "idle-transactions"
    ORDER = "order"
    FEW_CLIENTS = "few-clients"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class SettingVerdict:
    """One fault, at the setting, or at the section's head where it is missing.

    `written`: the setting as a person reads it, `query_wait_timeout = 0`. `other`: the setting or number that it is held against. `why`:
    what comes of it, for messages.
    """

    fault: SettingFault
    path: str
    span: Span
    written: str
    confidence: Confidence
    other: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class JudgedSettings:
    """All that the rules may ask of one file of settings."""

    path: str
    verdicts: tuple[SettingVerdict, ...] = ()


def judge(pooler: Pooler, web_package: str = "") -> JudgedSettings:
    """The verdicts on a pooler. `web_package`: the package by which the project around it is a web service; empty: it is none."""
    return JudgedSettings(pooler.path, tuple(_Judge(pooler).verdicts(web_package)))


class _Judge:
    def __init__(self, pooler: Pooler) -> None:
        self._pooler, self._ini = pooler, pooler.ini

    def verdicts(self, web_package: str) -> Iterator[SettingVerdict]:
        yield from self._unlimited()
        yield from self._idle_transactions()
        for order in knowledge().orders:
            yield from self._ordered(order)
        yield from self._few_clients()
        if web_package:
            yield from self._sessions(web_package)

    def _unlimited(self) -> Iterator[SettingVerdict]:
        """Limits that are told to be none."""
        known = knowledge().settings
        inner = ((entry.section, setting) for entry in self._ini.entries.values() for setting in entry.settings)
        for section, setting in (*((MAIN, setting) for setting in self._ini.settings.values()), *inner):
            about = known.get(setting.name)
            if about is None or not about.holds or about.zero is not Zero.UNLIMITED or not (section == MAIN or section in about.inside):
                continue
            if as_number(setting.value) == 0:
                yield self._at(SettingFault.UNLIMITED, setting, why=about.holds)

    def _idle_transactions(self) -> Iterator[SettingVerdict]:
        """No limit for a client that is idle in a transaction. In statement mode there is no transaction to be idle in."""
        if any(_limits(entry, _IDLE) or _limits(entry, _WHOLE) for entry in self._ini.of(USERS)):
            return
        if self._pooler.modes() <= {STATEMENT} or self._pooler.number(_IDLE) != 0 or self._pooler.number(_WHOLE) not in (0, None):
            return
        said = self._pooler.said(_IDLE)
        if said is not None:
            yield self._at(SettingFault.IDLE_TRANSACTIONS, said)
        else:
            yield from self._missing(SettingFault.IDLE_TRANSACTIONS, _IDLE)

    def _ordered(self, order: Order) -> Iterator[SettingVerdict]:
        """Two limits in the wrong order: of the general section, and where a database or user has its own."""
        seen: set[tuple[Setting | None, Setting | None]] = set()
        for entry in (None, *self._ini.of(DATABASES), *self._ini.of(USERS)):
            whose = None if order.general else entry
            smaller, larger = self._pooler.said(order.smaller, entry), self._pooler.said(order.larger, whose)
            few, many = self._pooler.number(order.smaller, entry), self._pooler.number(order.larger, whose)
            said = [setting for setting in (smaller, larger) if setting is not None]
            own = [setting for setting in said if entry is not None and setting in entry.settings]
            reported = next(iter((*own, *said)), None)
            if reported is None or (order.both and None in (smaller, larger)) or (smaller, larger) in seen:
                continue
            seen.add((smaller, larger))
            if few and many and few * order.times > many:
                texts = [_shown(order.smaller, smaller, few), _shown(order.larger, larger, many)]
                words = "well below" if order.times > 1 else "below"
                yield SettingVerdict(
                    SettingFault.ORDER, reported.path, reported.span, texts[0], Confidence.CERTAIN, f"{words} {texts[1]}", order.why
                )

    def _few_clients(self) -> Iterator[SettingVerdict]:
        """Pools that can never be filled: more server connections than clients may come."""
        clients = self._pooler.number(_CLIENTS)
        served = sum(size for _, size in self._pooler.pools())
        if clients is None or served <= clients:
            return
        said = self._pooler.said(_CLIENTS)
        if said is not None:
            yield self._at(SettingFault.FEW_CLIENTS, said, f"{served:g}")
        else:
            yield from self._missing(SettingFault.FEW_CLIENTS, _shown(_CLIENTS, None, clients), f"{served:g}")

    def _sessions(self, package: str) -> Iterator[SettingVerdict]:
        """Every database of a web service is pooled by session. One that is pooled otherwise shows that this was thought about."""
        if self._pooler.modes() != {SESSION}:
            return
        said = self._pooler.said("pool_mode")
        if said is not None:
            yield self._at(SettingFault.SESSIONS, said, package, confidence=Confidence.LIKELY)
        else:
            yield from self._missing(SettingFault.SESSIONS, _shown("pool_mode", None, SESSION), package, Confidence.LIKELY)

    def _at(
        self, fault: SettingFault, setting: Setting, other: str = "", why: str = "", confidence: Confidence = Confidence.CERTAIN
    ) -> SettingVerdict:
        return SettingVerdict(fault, setting.path, setting.span, f"{setting.name} = {setting.value}", confidence, other, why)

    def _missing(
        self, fault: SettingFault, written: str, other: str = "", confidence: Confidence = Confidence.CERTAIN
    ) -> Iterator[SettingVerdict]:
        """The verdict on what is not written, at the head of the section; none where the file has no such section."""
        head = self._ini.heads.get(MAIN)
        if head is not None:
            yield SettingVerdict(fault, head.path, head.span, written, confidence, other)


def _limits(entry: Entry, name: str) -> bool:
    """Whether an entry gives this limit itself, or may: what is not known counts."""
    return any(setting.name == name and as_number(setting.value) != 0 for setting in entry.settings)


def _shown(name: str, said: Setting | None, value: object) -> str:
    """`query_wait_timeout = 120`, or `query_wait_timeout (120 by default)`."""
    if said is not None:
        return f"{name} = {said.value}"
    return f"{name} ({value:g} by default)" if isinstance(value, float) else f"{name} ({value} by default)"
