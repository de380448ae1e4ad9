"""Takes reports: what waits is committed together and answered when it is durable, without a timer."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from collector.district import District
from collector.store.observations import AgentRow, Kept, Received, keep, load_agents, load_measures
from wire.report import Measure, Receipt, Report

log = structlog.get_logger(__name__)

MAX_WAITING = 500
"""Reports that may wait for the store; more are told to come back later."""
MAX_TOGETHER = 100


class Full(Exception):
    """Too many reports wait already, or the store fails: the agent keeps its report and comes back."""


@dataclass(slots=True)
class _Waiting:
    received: Received
    answer: "asyncio.Future[Receipt]"


class Intake:
    """One queue in front of the store."""

    def __init__(self, district: District) -> None:
        self._district = district
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(MAX_WAITING)
        self.reports = 0
        self.observations = 0
        self.repeated = 0

    async def take(self, report: Report, address: str = "") -> Receipt:
        """The receipt for a report from that address, once it is on disk. Raises Full."""
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(Received(report, datetime.now(UTC), address), answer))
        except asyncio.QueueFull:
            raise Full from None
        return await answer

    async def keep_storing(self) -> None:
        """Commit whatever waits, as one transaction, for ever."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_TOGETHER and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._store(batch)

    async def _store(self, batch: list[_Waiting]) -> None:
        district = self._district

        def work(connection: Connection) -> tuple[list[Kept], dict[str, AgentRow], dict[str, Measure]]:
            kept = [keep(connection, waiting.received, district.rolling) for waiting in batch]
            schools = {waiting.received.report.school for waiting in batch}
            agents = load_agents(connection, schools)
            new_measures = any(waiting.received.report.measures for waiting in batch)
            return kept, agents, load_measures(connection) if new_measures else {}

        try:
            kept, agents, measures = await district.database.write(work)
        except Exception:
            log.exception("reports could not be stored; their agents keep them", reports=len(batch))
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(Full())
            return
        district.took(kept, agents, measures)
        for waiting, part in zip(batch, kept, strict=True):
            ids = tuple(observation.id for observation in waiting.received.report.observations)
            self.reports += 1
            self.observations += len(part.new)
            self.repeated += len(ids) - len(part.new)
            if not waiting.answer.done():  # the agent may have hung up: it will send again, and the ledger knows
                waiting.answer.set_result(Receipt(kept=ids))
