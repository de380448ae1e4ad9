"""GStreamer's RTSP server on loopback, under the system's Python, which has its bindings."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.free import READY_SECONDS, free_port

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("gst_rtsp_server.py")
STOP_SECONDS = 5.0


@contextmanager
def gst_rtsp(scheme: str = "", user: str = "", password: str = "") -> Iterator[int]:
    """The port of a server with /live, /sound and /dead; `scheme` is digest or basic where it asks for a password."""
    port = free_port()
    command = [SYSTEM_PYTHON, str(SERVER), str(port), *filter(None, (scheme, user, password))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    clock = threading.Timer(READY_SECONDS, process.kill)
    clock.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
        clock.cancel()
        if line.strip() != "ready":
            process.kill()
            raise AssertionError(f"GStreamer's server did not start: {process.communicate()[1][-2000:]}")
        yield port
    finally:
        clock.cancel()
        process.terminate()
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
