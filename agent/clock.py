"""Time, in one place: this machine's clock set right by the collector's, and durations that no change of it moves."""

import asyncio
import ctypes
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from wire.report import Observation, Stamp

log = structlog.get_logger(__name__)

RIGHT_WITHIN_SECONDS = 1.5
"""An HTTP Date is whole seconds (RFC 9110, 5.6.7), so less than this is no difference."""
JUMP_SECONDS = 1.5
"""More than this between the two clocks since the last look is somebody setting the time, and no drift."""
_TIME_ERROR = 5
_TIMEX_BYTES = 512
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """UTC as well as this machine can know it. One for the whole agent."""

    def __init__(self) -> None:
        self.boot = boot_id()
        self.known = self.is_synchronised()
        """Whether anyone who knows the time has set ours: the kernel's time service, or the collector."""
        self._offset = 0.0
        self._seen = (self.machine().timestamp(), self.monotonic())

    def machine(self) -> datetime:
        """What the machine's own clock says, right or not (UTC)."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since the machine started, sleep included, that no change of its clock moves."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def is_synchronised(self) -> bool:
        """Whether the kernel says that a time service keeps the machine's clock (adjtimex(2): not TIME_ERROR)."""
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            # `modes` is the structure's first member, and zero there only reads.
            return 0 <= int(libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))) < _TIME_ERROR
        except (OSError, AttributeError):
            return False

    def now(self) -> datetime:
        """UTC: the machine's clock, and what it is known to be off by."""
        machine, running = self.machine(), self.monotonic()
        jump = (machine.timestamp() - self._seen[0]) - (running - self._seen[1])
        self._seen = (machine.timestamp(), running)
        if abs(jump) > JUMP_SECONDS:
            # Time that was known goes on as before; one that was not is as likely to have been set right just now.
            self._offset = self._offset - jump if self.known else 0.0
            log.warning("the machine's clock was set", by_seconds=round(jump, 1), known=self.known)
        return machine + timedelta(seconds=self._offset)

    @property
    def offset_seconds(self) -> float:
        """What is added to the machine's clock."""
        return self._offset

    def at(self, running: float) -> datetime:
        """UTC of a monotonic moment since the machine started."""
        return self.now() - timedelta(seconds=self.monotonic() - running)

    def learn(self, said: datetime, asked: float, answered: float) -> None:
        """Take the time from one answer of the collector: its Date, and the monotonic moments around the exchange.

        The true time at `answered` lies between the Date and a second and the whole exchange later; ours is moved only
        when it lies outside of that, and never where a time service keeps it: then the collector may be wrong.
        """
        if self.is_synchronised():
            self._offset, self.known = 0.0, True
            return
        ours = self.at(answered).timestamp()
        first, last = said.timestamp(), said.timestamp() + 1 + max(0.0, answered - asked)
        if not first - RIGHT_WITHIN_SECONDS <= ours <= last + RIGHT_WITHIN_SECONDS:
            by = (first + last) / 2 - ours
            self._offset += by
            log.warning("time was taken from the collector", by_seconds=round(by, 1))
        self.known = True

    def stamp(self, observation: Observation, started: float) -> Observation:
        """An observation that began at that monotonic moment, by our time; with the machine's where they differ."""
        at = self.at(started)
        if self.known and abs(self._offset) <= RIGHT_WITHIN_SECONDS:
            return observation.model_copy(update={"started_at": at})
        machine = at - timedelta(seconds=self._offset)
        stamp = Stamp(machine_at=machine, known=self.known, boot=self.boot, uptime_seconds=started)
        return observation.model_copy(update={"started_at": at, "clock": stamp})

    def corrected(self, observation: Observation) -> Observation:
        """One that was made before the time was known, with its time, if that was since this machine's start."""
        stamp = observation.clock
        if stamp is None or stamp.known or not self.known or stamp.boot != self.boot:
            return observation
        known = stamp.model_copy(update={"known": True})
        return observation.model_copy(update={"started_at": self.at(stamp.uptime_seconds), "clock": known})

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """True as soon as `event` is set, False once `seconds` have passed."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await event.wait()
        except TimeoutError:
            return False
        return True


def boot_id() -> str:
    """One start of this machine, as the kernel names it (random(4)); empty where there is none."""
    try:
        return _BOOT_ID.read_text().strip()[:36]
    except OSError:
        return ""
