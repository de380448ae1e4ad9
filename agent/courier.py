"""Carries what the spool holds to the collector. Nothing is forgotten without a receipt."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import NoReturn
from uuid import UUID

import aiohttp
import structlog
import zstandard
from pydantic import ValidationError

from agent.answers import Answer, read_answer
from agent.clock import Clock
from agent.probes.base import AnyProbe, CollectorLink
from agent.spool import Spool
from agent.spool_rows import Row
from agent.tls import ask_the_time, client_context, learn
from common.secrets import SecretUnavailable
from wire.api import REPORTS
from wire.limits import MAX_OBSERVATIONS
from wire.measures import CATALOGUE
from wire.report import Measure, Observation, Receipt, Report

log = structlog.get_logger(__name__)

REPORT_BYTES = 1024 * 1024
"""JSON of one report before compression, unless one observation is larger."""
BACKOFF_SECONDS = 1.0
"""The first pause is at most twice this; the bound doubles up to the configured longest."""
REFUSED_SECONDS = 300.0
"""After a rejected credential: a person must act, and asking more often helps nobody."""
RETRY_AFTER_AT_MOST = 3600.0
MORE_EACH_PASS = 25
"""After a report was too large, the next ones grow again by so many observations."""
MAX_SET_ASIDE_IN_ONE_PASS = 20
"""A collector that takes none of so many single observations has a fault of its own: the rest stays."""

_UNDATED = b'"known":false'
_NOT_TAKEN = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
_NOT_ALLOWED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT)
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(slots=True)
class CourierState:
    """What was done since the start."""

    sent: int = 0
    refused: int = 0
    failures: int = 0
    last_receipt_at: float | None = None
    """Unix time."""
    trouble: str = ""
    """Why the last try failed; empty while things go well."""


class _Later(Exception):
    """This pass is over and what is left stays. `kind` tells one trouble from the next; no `pause` means back-off."""

    def __init__(self, kind: str, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.kind = kind
        self.pause = pause


def own_measures(probes: Collection[AnyProbe]) -> tuple[Measure, ...]:
    """The measures of these probes that are not in the catalogue, so that the collector learns them."""
    own = {m.name: m for probe in probes for m in probe.measures if m.name not in CATALOGUE}
    return tuple(own[name] for name in sorted(own))


class Courier:
    """One collector's one client. `run` until cancelled."""

    def __init__(
        self,
        link: CollectorLink,
        report: Report,
        spool: Spool,
        clock: Clock,
        every_seconds: float = 10,
        timeout_seconds: float = 30,
        retry_at_most_seconds: float = 60,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`report` is the frame of every report: its school, measures and version. Raises OSError for a bad ca_file."""
        self._link = link
        self._frame = report
        self._spool = spool
        self._clock = clock
        self._every = every_seconds
        self._seconds = timeout_seconds
        self._retry_at_most = retry_at_most_seconds
        self._chance = chance
        self._ssl = client_context(link.ca_file, clock)
        self._encoding = "zstd"
        self._most = MAX_OBSERVATIONS
        self._in_a_row = 0
        self._kind = ""
        self.state = CourierState()

    def session(self) -> aiohttp.ClientSession:
        """The connections that `deliver` uses; close it after."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=2), timeout=aiohttp.ClientTimeout(total=self._seconds)
        )

    async def run(self) -> NoReturn:
        """Deliver whatever comes, for ever."""
        async with self.session() as session:
            while True:
                if self._spool.state.waiting == 0:
                    await self._spool.arrived.wait()
                await self._clock.wait(asyncio.Event(), await self.deliver(session))

    async def deliver(self, session: aiohttp.ClientSession) -> float:
        """One pass over one batch. Returns the seconds until the next: 0 while a backlog is being worked off."""
        self._spool.arrived.clear()
        rows = await self._spool.batch(self._most, REPORT_BYTES)
        if not rows:
            return self._every
        behind = self._spool.state.waiting > len(rows)
        most, asides = self._most, list[Row]()
        try:
            if not self._clock.known:
                # Before anything is sent, so that what was measured meanwhile arrives with its time.
                async with self._answers():
                    await ask_the_time(self._link.url, self._link.ca_file, self._clock, self._seconds)
            await self._send(session, self._dated(rows), asides)
        except _Later as later:
            return self._failed(later)
        self._went_well()
        if self._most == most:
            self._most = min(MAX_OBSERVATIONS, most + MORE_EACH_PASS)
        return 0.0 if behind else self._every

    def _dated(self, rows: Sequence[Row]) -> list[Row]:
        """What was made before the time was known gets it, where it is known now."""
        return [self._clock_corrected(row) if _UNDATED in row.plain else row for row in rows]

    def _clock_corrected(self, row: Row) -> Row:
        corrected = self._clock.corrected(Observation.model_validate_json(row.plain))
        return replace(row, plain=corrected.model_dump_json().encode())

    async def _send(self, session: aiohttp.ClientSession, rows: Sequence[Row], asides: list[Row]) -> None:
        """Get a receipt for each of `rows`, halving what is not taken whole. Raises _Later."""
        asked = self._clock.monotonic()
        answer = await self._post(session, rows)
        if answer.status == HTTPStatus.OK:
            await self._receipt(answer, rows)
            learn(self._clock, answer, asked)
        elif answer.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE and self._encoding == "zstd":
            self._encoding = "gzip"
            await self._send(session, rows, asides)
        elif answer.status in _NOT_TAKEN and len(rows) > 1:
            half = len(rows) // 2
            if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                self._most = half
            await self._send(session, rows[:half], asides)
            await self._send(session, rows[half:], asides)
        elif answer.status in _NOT_TAKEN:
            if len(asides) >= MAX_SET_ASIDE_IN_ONE_PASS:
                raise _Later("takes nothing", f"nothing is taken: {answer.why}", REFUSED_SECONDS)
            asides.extend(rows)
            await self._set_aside({rows[0].id: answer.why})
        elif answer.status in _NOT_ALLOWED:
            raise _Later("not allowed", answer.why, REFUSED_SECONDS)
        elif answer.status in _BUSY and answer.retry_after is not None:
            raise _Later("busy", answer.why, min(answer.retry_after, RETRY_AFTER_AT_MOST))
        elif answer.status in _BUSY:
            raise _Later("busy", answer.why)
        else:
            raise _Later("no collector", f"no collector's answer: {answer.why}")

    async def _receipt(self, answer: Answer, rows: Sequence[Row]) -> None:
        try:
            receipt = Receipt.model_validate_json(answer.body)
        except ValidationError:
            raise _Later("no collector", "the answer is no receipt; something else is at this address") from None
        asked = {row.id for row in rows}
        kept = asked.intersection(receipt.kept)
        refused = {refusal.id: refusal.why for refusal in receipt.refused if refusal.id in asked - kept}
        if not kept and not refused:
            raise _Later("no receipt", "the receipt names none of the observations")
        await self._spool.settle(kept, {})
        self.state.sent += len(kept)
        self.state.last_receipt_at = self._clock.now().timestamp()
        if refused:
            await self._set_aside(refused)

    async def _set_aside(self, refused: dict[UUID, str]) -> None:
        await self._spool.settle((), refused)
        self.state.refused += len(refused)
        log.warning("observations refused and set aside", count=len(refused), why=next(iter(refused.values())))

    async def _post(self, session: aiohttp.ClientSession, rows: Sequence[Row]) -> Answer:
        try:
            token = self._link.token().get_secret_value()
        except SecretUnavailable as error:
            raise _Later("no token", f"no credential: {error}", REFUSED_SECONDS) from None
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise _Later("no token", "the credential is not one word of ASCII", REFUSED_SECONDS)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Content-Encoding": self._encoding,
        }
        body = await asyncio.to_thread(self._body, rows)
        # A redirect would carry the credential to an address that nobody configured.
        sent = session.post(self._link.url + REPORTS, data=body, headers=headers, allow_redirects=False)
        async with self._answers(), sent as response:
            return await read_answer(response)

    @asynccontextmanager
    async def _answers(self) -> AsyncIterator[None]:
        """What goes wrong with the line, as _Later."""
        try:
            yield
        except TimeoutError:
            raise _Later("unreachable", f"no answer in {self._seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _Later("unreachable", str(error) or type(error).__name__) from None

    def _body(self, rows: Sequence[Row]) -> bytes:
        """The report, compressed. Rows are JSON already: parsing them again would only cost time."""
        state = self._spool.state
        agent = self._frame.agent.model_copy(
            update={
                "spooled_reports": state.waiting,
                "dropped_observations": state.dropped,
                "clock_correction_seconds": round(self._clock.offset_seconds, 3),
            }
        )
        frame = self._frame.model_copy(update={"sent_at": self._clock.now(), "agent": agent})
        head = frame.model_dump_json(exclude={"observations"}).encode()
        plain = head[:-1] + b',"observations":[' + b",".join(row.plain for row in rows) + b"]}"
        return zstandard.compress(plain, 3) if self._encoding == "zstd" else gzip.compress(plain, 6)

    def _failed(self, later: _Later) -> float:
        self._in_a_row += 1
        self.state.failures += 1
        self.state.trouble = str(later)
        if later.kind != self._kind:
            log.warning(
                "the collector has no report of ours; observations wait",
                kind=later.kind,
                why=str(later),
                waiting=self._spool.state.waiting,
            )
            self._kind = later.kind
        if later.pause is not None:
            # A tenth of chance, so that a district's agents do not come back all at once.
            return later.pause * (1 + self._chance() / 10)
        bound = min(self._retry_at_most, BACKOFF_SECONDS * 2.0 ** min(self._in_a_row, 16))
        return bound * self._chance()

    def _went_well(self) -> None:
        if self._kind:
            log.info("the collector takes reports again", tries=self._in_a_row, waiting=self._spool.state.waiting)
        self._in_a_row, self._kind, self.state.trouble = 0, "", ""
