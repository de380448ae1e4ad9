"""Clocks that a test moves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.clock import Clock

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class ManualClock(Clock):
    """Stands until `advance`; whoever waits wakes in the order of time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.machine_off = 0.0
        """How far the machine's own clock is off."""
        self.synchronised = True
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        super().__init__()

    def machine(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.machine_off)

    def is_synchronised(self) -> bool:
        return self.synchronised

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.seconds + max(0.0, seconds), over))
        woken = asyncio.ensure_future(event.wait())
        try:
            both: set[asyncio.Future[Any]] = {over, woken}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            over.cancel()
        return event.is_set()

    async def advance(self, seconds: float) -> None:
        """Let time pass; everything that is due on the way happens at its own moment."""
        end = self.seconds + seconds
        await settled()
        while due := sorted((at, id(over)) for at, over in self._waiting if at <= end and not over.done()):
            self.seconds = max(self.seconds, due[0][0])
            for at, over in self._waiting:
                if at <= self.seconds and not over.done():
                    over.set_result(None)
            self._waiting = [(at, over) for at, over in self._waiting if not over.done()]
            await settled()
        self.seconds = end
        await settled()


class ListedClock(ManualClock):
    """Waits for nothing, and lists how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
        return event.is_set()


async def settled() -> None:
    """Let every task go as far as it can without time or a socket."""
    for _ in range(50):
        await asyncio.sleep(0)
