"""The agent's own program, with a clock that the campaign moves and a journal of what it made.

    python -m tests.chaos.school CONFIG CLOCK-FILE JOURNAL

The journal has a line before an observation is handed to the spool (`made ID`) and one after the spool has it on disk
(`kept ID`). What was killed between the two may be stored or not; anything else must be stored once.
"""

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import service
from agent.clock import Clock
from agent.probes import PROBES
from agent.settings import load_settings
from agent.spool import Spool
from common import logs
from wire.report import Observation

SLICE_SECONDS = 0.1


class MovedClock(Clock):
    """Follows a file: `{"real": …, "simulated": …, "speed": …, "off": …, "synchronised": …}`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp = 0
        self._says: dict[str, Any] = {}
        self._look()
        super().__init__()

    def _look(self) -> dict[str, Any]:
        if (stamp := self._file.stat().st_mtime_ns) != self._stamp:
            self._says, self._stamp = json.loads(self._file.read_text()), stamp
        return self._says

    def _simulated(self) -> float:
        says = self._look()
        return float(says["simulated"] + (time.time() - says["real"]) * says["speed"])

    def machine(self) -> datetime:
        return datetime.fromtimestamp(self._simulated() + self._look()["off"], UTC)

    def monotonic(self) -> float:
        return self._simulated()

    def is_synchronised(self) -> bool:
        return bool(self._look()["synchronised"])

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            if await super().wait(event, min(left / self._look()["speed"], SLICE_SECONDS)):
                return True
        return event.is_set()


def journalled(path: Path) -> type[Spool]:
    journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    class Journalled(Spool):
        async def add(self, observation: Observation) -> None:
            os.write(journal, f"made {observation.id} {observation.started_at.timestamp()}\n".encode())
            await super().add(observation)
            if self.state.buffered == 0:
                os.write(journal, f"kept {observation.id}\n".encode())

    return Journalled


def main(config: str, clock: str, journal: str) -> None:
    logs.set_up()
    setattr(service, "Spool", journalled(Path(journal)))  # noqa: B010  # the service has no other way in
    asyncio.run(service.run(load_settings(Path(config), PROBES), PROBES, MovedClock(Path(clock))))


if __name__ == "__main__":
    main(*sys.argv[1:4])
