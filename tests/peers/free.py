"""Ports for servers that cannot pick one themselves, and waiting until a server is ready."""

import socket
import subprocess
import time
from collections.abc import Callable

from demo.ports import free_port

__all__ = ["free_port", "free_udp_port", "until_ready"]
READY_SECONDS = 30.0


def free_udp_port() -> int:
    return free_port(socket.SOCK_DGRAM)


def until_ready(ready: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Ask `ready`, which itself waits a moment for an answer, until it says so. Fails when the process ends first."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{process.args!r} ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise AssertionError(f"not ready in {READY_SECONDS:g} s")
