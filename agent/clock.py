"""Time, in one place, so that tests bring their own."""

import asyncio
from datetime import UTC, datetime
from time import monotonic


class Clock:
    """This machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that no change of the wall clock moves."""
        return monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """True as soon as `event` is set, False once `seconds` have passed."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await event.wait()
        except TimeoutError:
            return False
        return True
