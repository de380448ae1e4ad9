"""Starts a real server program on loopback, waits until it says that it is ready, and ends it for certain."""

import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.peers.free import free_port

READY_SECONDS = 20.0
STOP_SECONDS = 10.0
ATTEMPTS = 3
"""Another test may take the port between the look and the start; then the next one is tried."""


@contextmanager
def program(command: Callable[[Path, int], Sequence[str]], ready: str) -> Iterator[str]:
    """The base URL of a running program.

    `command` gives the command line for a fresh folder and a port; `ready` is the path that answers 200 once it serves.
    Raises AssertionError with the end of the program's log when it does not.
    """
    with tempfile.TemporaryDirectory() as name:
        for attempt in range(1, ATTEMPTS + 1):
            folder = Path(name) / str(attempt)
            folder.mkdir()
            port = free_port()
            base = f"http://127.0.0.1:{port}"
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(command(folder, port), stdout=log, stderr=log)
            try:
                if _is_ready(process, base + ready):
                    yield base
                    return
            finally:
                _end(process)
            said = (folder / "log").read_text(errors="replace")
            if "address already in use" not in said:
                break
        raise AssertionError(f"{process.args!r} was not ready within {READY_SECONDS:g} s:\n{said[-3000:]}")


def _is_ready(process: "subprocess.Popen[bytes]", url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                # Whoever answered may be somebody else on that port: ours then ends with an error.
                return process.poll() is None
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
