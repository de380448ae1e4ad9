"""The product's own commands as processes: run to their end, or kept running until the demo ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from common.text import say

ROOT = Path(__file__).parent.parent
COMMAND_SECONDS = 30.0
STOP_SECONDS = 5.0
LOG_LINES = 12


class Failed(Exception):
    """A program did not do what it must; the text is for the person who started the demo."""


async def command(module: str, *arguments: str | Path) -> str:
    """What a command prints, once it is done. Raises Failed with its complaint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *map(str, arguments),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, complaint = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        raise Failed(f"{module} {arguments[0]}: {COMMAND_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Failed(f"{module} {arguments[0]}: {complaint.decode().strip()}")
    return out.decode()


@dataclass
class Programs:
    """The programs that run until the end. Their logs lie in `logs`."""

    logs: Path
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, name: str, module: str, *arguments: str | Path) -> None:
        """Start one. A session of its own keeps Ctrl-C of the terminal from it: the demo ends it in order."""
        with self.log_of(name).open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *map(str, arguments),
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def check(self) -> None:
        """Raise Failed, with the end of its log, when one has ended."""
        for name, process in self._running.items():
            if process.returncode is not None:
                raise Failed(
                    say(f"{name} 已退出({process.returncode})", f"{name} ended ({process.returncode})")
                    + f"\n{self.tail(name)}"
                )

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        return "\n".join(self.log_of(name).read_text(errors="replace").splitlines()[-LOG_LINES:])

    async def stop(self) -> None:
        """End every one, the last started first; one that does not listen is killed."""
        for process in reversed(self._running.values()):
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self._running.values():
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        self._running.clear()


@asynccontextmanager
async def programs(logs: Path) -> AsyncIterator[Programs]:
    """Programs that are all gone at the end, however it comes."""
    running = Programs(logs)
    try:
        yield running
    finally:
        await asyncio.shield(running.stop())
