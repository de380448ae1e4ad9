"""Keeps a transfer to a rate, by waiting."""

import asyncio

_BEHIND_SECONDS = 0.1
"""What was not used is not made up for: a burst would be faster than what was agreed."""

HELD_SHARE = 0.85
"""Of the pace. Whole blocks cost a short transfer some of it; when in doubt, it was the pace."""


class Pace:
    """At most so many bytes per second; without a rate, nothing ever waits."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._rate = bytes_per_second
        self._due = 0.0

    async def passed(self, count: int) -> None:
        """Wait until `count` more bytes were due."""
        if self._rate is None:
            return
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - _BEHIND_SECONDS) + count / self._rate
        if self._due > now:
            await asyncio.sleep(self._due - now)

    def held(self, rate: float) -> bool:
        """Whether a transfer at this rate was held back here."""
        return self._rate is not None and rate >= HELD_SHARE * self._rate
