"""Looks at a camera's stream beside ffprobe, and at 300 cameras at once: python -m bench.cameras [--rounds N]

The camera is GStreamer's RTSP server with Digest, on loopback. ffprobe is run as monitoring scripts run it: a process
for each look, once as it comes and once told to analyse as little as it can. 300 cameras are probed by one process, as
an agent does with 32 at a time. Prints Markdown tables.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from agent.probes.base import Context
from agent.probes.camera.probe import PROBE
from agent.probes.camera.settings import CameraSettings
from agent.runner import observe
from tests.peers.gst_rtsp import gst_rtsp

USER, PASSWORD, VARIABLE = "admin", "bench", "CAMPUS_BENCH_PASSWORD"
CAMERAS, AT_ONCE = 300, 32
MEGABYTE = 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10, help="looks of each side (default 10)")
    parser.add_argument("--many", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ[VARIABLE] = PASSWORD
    if given.many:
        print(json.dumps(asyncio.run(_many(given.many))))
        return 0
    with gst_rtsp("digest", USER, PASSWORD) as port:
        _print_single(port, given.rounds)
        many = [sys.executable, "-m", "bench.cameras", "--many", str(port)]
        told = json.loads(subprocess.run(many, check=True, capture_output=True, text=True).stdout)
    print(f"\n| {CAMERAS} cameras, {AT_ONCE} at a time | |\n|---|---:|")
    print(f"| seconds | {told['seconds']:.1f} |\n| CPU ms a camera | {told['cpu_ms']:.1f} |")
    print(f"| memory before, after MB | {told['before']:.0f}, {told['after']:.0f} |")
    return 0


def _print_single(port: int, rounds: int) -> None:
    url = f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{port}/live"
    ffprobe = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_streams"]
    hasty = ["-analyzeduration", "1", "-probesize", "32"]
    walls: dict[str, list[float]] = {"probe": [], "play": [], "hasty": [], "ffprobe": []}
    cpu = dict.fromkeys(walls, 0.0)
    for _ in range(rounds):
        for name in walls:
            with _measured(walls[name], cpu, name):
                if name in ("hasty", "ffprobe"):
                    command = [*ffprobe, *(hasty if name == "hasty" else []), url]
                    subprocess.run(command, check=True, capture_output=True)
                else:
                    asyncio.run(_look(port, play=name == "play"))
    print("| one look at a stream | wall ms | CPU ms |\n|---|---:|---:|")
    words = {"probe": "this probe, to SETUP", "play": "this probe, to the first packet"}
    words |= {"hasty": "ffprobe, analysing as little as it can", "ffprobe": "ffprobe as it comes"}
    for name, word in words.items():
        print(f"| {word} | {statistics.median(walls[name]) * 1000:.1f} | {cpu[name] / rounds * 1000:.1f} |")


@contextmanager
def _measured(walls: list[float], cpu: dict[str, float], name: str) -> Iterator[None]:
    before, start = _cpu(), time.perf_counter()
    yield
    walls.append(time.perf_counter() - start)
    cpu[name] += _cpu() - before


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


async def _look(port: int, *, play: bool) -> None:
    settings = CameraSettings.model_validate(
        {
            "probe": "camera",
            "device": "c",
            "host": "127.0.0.1",
            "user": USER,
            "password": {"env": VARIABLE},
            "rtsp": {"port": port, "path": "/live", "play": play},
        }
    )
    seen = await observe(PROBE, settings, Context(Path()))
    assert seen.outcome == "ok", seen.detail


async def _many(port: int) -> dict[str, float]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await _look(port, play=False)

    memory = psutil.Process().memory_info
    before, cpu, start = memory().rss, _cpu(), time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CAMERAS)))
    return {
        "seconds": time.perf_counter() - start,
        "cpu_ms": (_cpu() - cpu) / CAMERAS * 1000,
        "before": before / MEGABYTE,
        "after": memory().rss / MEGABYTE,
    }


if __name__ == "__main__":
    sys.exit(main())
