"""An ONVIF camera of others (PyPI ipycam) in a network namespace of its own, since it listens on every address."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.peers.free import READY_SECONDS

SCRIPT = Path(__file__).with_name("onvif_camera_program.py")
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Camera:
    host: str
    onvif_port: int
    rtsp_port: int


@contextmanager
def ipycam(user: str, password: str, *, clock: str = "") -> Iterator[Camera]:
    """A camera that is ready. `clock` is how far its clock is off, as faketime takes it, such as +3h."""
    with _namespace() as (namespace, address):
        camera = Camera(address, 18080, 18554)
        shifted = ["faketime", "-f", clock] if clock else []
        command = ["ip", "netns", "exec", namespace, *shifted, sys.executable, str(SCRIPT)]
        command += [address, str(camera.onvif_port), str(camera.rtsp_port), user, password]
        with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+b") as log:
            # In a folder of its own: it writes its configuration where it stands.
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder, start_new_session=True)
            timer = threading.Timer(READY_SECONDS, process.kill)
            timer.start()
            try:
                _wait_for(b"ready", process)
                timer.cancel()
                yield camera
            except AssertionError:
                log.seek(0)
                print(log.read()[-3000:].decode(errors="replace"))
                raise
            finally:
                timer.cancel()
                _end(process)


def _wait_for(word: bytes, process: "subprocess.Popen[bytes]") -> None:
    for line in process.stdout or ():
        if line.strip() == word:
            return
    raise AssertionError(f"ipycam ended with {process.wait()}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The whole session of it: it starts ffmpeg of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)
    if process.stdout:
        process.stdout.close()


@contextmanager
def _namespace() -> Iterator[tuple[str, str]]:
    """A network namespace that this machine reaches over one wire, and its address."""
    mark = f"{os.getpid() % 100_000}{random.randrange(100)}"
    name, here, there = f"cam{mark}", f"ca{mark}", f"cb{mark}"
    # Of RFC 2544's range for tests of networks, which nobody's own network uses.
    third, fourth = random.randrange(256), random.randrange(0, 256, 4)
    our_end, its_end = (f"198.{18 + os.getpid() % 2}.{third}.{fourth + n}" for n in (1, 2))
    _ip("netns", "add", name)
    try:
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        _ip("addr", "add", f"{our_end}/30", "dev", here)
        _ip("link", "set", here, "up")
        for words in (
            ("addr", "add", f"{its_end}/30", "dev", there),
            ("link", "set", there, "up"),
            ("link", "set", "lo", "up"),
            ("route", "add", "239.0.0.0/8", "dev", there),
        ):
            _ip("-n", name, *words)
        yield name, its_end
    finally:
        subprocess.run(["ip", "link", "del", here], check=False, capture_output=True)
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
