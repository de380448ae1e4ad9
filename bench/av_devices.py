"""300 AV devices probed each minute by one agent, beside blackbox_exporter: python -m bench.av_devices [--minutes N]

In a network namespace, 300 addresses of the loopback: at 270 a PJLink projector answers on a real socket (in a process
of its own), at 30 every packet is dropped, as at a device without power. `campus-agent run` probes them all each minute
and keeps what it sees on disk; then blackbox_exporter is asked for the same 300 each minute, spread over it. It can do
no more than connect: its TCP module reads lines that end in LF, and PJLink's end in CR. CPU and memory are those of the
probing process (proc(5)). Needs root for the namespace. Prints a Markdown table.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.peers.free import free_port, until_ready
from tests.peers.projector import ON, STANDBY, Projector

DEVICES = 300
DEAD = 30
EVERY = 60.0
PORT = 4352
ON_TIME_SECONDS = 5.0
"""A run that begins later than this after its time is late."""
_INSIDE = "CAMPUS_BENCH_NAMESPACE"


@dataclass(frozen=True, slots=True)
class Result:
    """What one side took. `per_run` is asked of each device that answers."""

    name: str
    runs: int
    good: int
    late: int
    latest_seconds: float
    cpu_share: float
    peak_mb: float

    @property
    def row(self) -> str:
        return (
            f"| {self.name} | {self.runs} | {self.good} | {self.late} | {self.latest_seconds:.1f} | "
            f"{self.cpu_share * 100:.1f} % | {self.cpu_share * EVERY * 1000 / DEVICES:.1f} | {self.peak_mb:.0f} |"
        )


def address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def is_dead(number: int) -> bool:
    return number % (DEVICES // DEAD) == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=int, default=4, help="for how long each side is watched (default 4)")
    parser.add_argument("--devices", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.devices:
        asyncio.run(_devices())
        return 0
    if _INSIDE not in os.environ:
        inside = {**os.environ, _INSIDE: "1", "PYTHONPATH": os.getcwd()}
        command = ["unshare", "-n", sys.executable, "-m", "bench.av_devices", *sys.argv[1:]]
        return subprocess.run(command, env=inside).returncode
    _make_network()
    with _process([sys.executable, "-m", "bench.av_devices", "--devices"]) as peers:
        until_ready(_greets, peers)
        results = [_ours(options.minutes), asyncio.run(_theirs(options.minutes))]
    print(_table(results, options.minutes))
    return 0


def _make_network() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    dead = ", ".join(address(number) for number in range(DEVICES) if is_dead(number))
    chain = "add table ip t\nadd chain ip t c { type filter hook output priority 0; }\n"
    rules = f"{chain}add rule ip t c ip daddr {{ {dead} }} drop\n"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


async def _devices() -> None:
    """Every third projector is in standby; one process answers for all addresses."""
    states = [Projector({**says, "CLSS": "2", "FILT": "300"}) for says in (ON, ON, STANDBY)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = int(writer.get_extra_info("sockname")[0].rpartition(".")[2])
        await states[number % len(states)]._session(reader, writer)

    server = await asyncio.start_server(answer, "0.0.0.0", PORT, backlog=512)
    async with server:
        await server.serve_forever()


def _greets() -> bool:
    import socket

    try:
        with socket.create_connection((address(1), PORT), timeout=1) as peer:
            return peer.recv(8) == b"PJLINK 0"
    except OSError:
        time.sleep(0.05)
        return False


def _ours(minutes: int) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        devices = [
            {
                "probe": "display",
                "device": f"d{number}",
                "host": address(number),
                "place": f"{number}",
                "every_seconds": EVERY,
            }
            for number in range(DEVICES)
        ]
        config = Path(folder, "agent.yaml")
        document: dict[str, Any] = {"school": "bench", "state_dir": "state", "devices": devices}
        config.write_text(yaml.safe_dump({**document, "metrics": {"listen": f"127.0.0.1:{port}"}}))
        with _process([sys.executable, "-m", "agent.cli", "run", "--config", str(config)]) as agent:
            until_ready(lambda: _page(port) != "", agent)
            time.sleep(EVERY)  # imports and each device's first run are not what is compared
            before, began = _cpu_of(agent.pid), time.monotonic()
            seen: dict[str, set[float]] = {}
            worst = 0.0
            while time.monotonic() - began < minutes * EVERY:
                time.sleep(5)
                page = _page(port)
                worst = max(worst, _value(page, "campus_agent_schedule_lag_seconds"))
                for line in page.splitlines():
                    if line.startswith("campus_probe_last_run_timestamp_seconds{"):
                        seen.setdefault(line.split("} ")[0], set()).add(float(line.split("} ")[1]))
            share = (_cpu_of(agent.pid) - before) / (time.monotonic() - began)
            peak = _peak_mb(agent.pid)
            good = sum(line.startswith("campus_probe_success{") and line.endswith(" 1.0") for line in page.splitlines())
    gaps = [later - earlier for times in seen.values() for earlier, later in pairwise(sorted(times))]
    late = sum(gap > EVERY + ON_TIME_SECONDS for gap in gaps)
    return Result("this agent", len(gaps), good, late, worst, share, peak)


async def _theirs(minutes: int) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = Path(folder, "blackbox.yml")
        module = {"prober": "tcp", "timeout": "4s", "tcp": {"preferred_ip_protocol": "ip4"}}
        config.write_text(yaml.safe_dump({"modules": {"connect": module}}))
        command = ["prometheus-blackbox-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]
        with _process(command) as exporter:
            until_ready(lambda: _page(port) != "", exporter)
            async with aiohttp.ClientSession() as session:
                await asyncio.gather(*(_asked(session, port, number, 1) for number in range(DEVICES)))
                before, began = _cpu_of(exporter.pid), time.monotonic()
                told = await asyncio.gather(*(_asked(session, port, number, minutes) for number in range(DEVICES)))
                share = (_cpu_of(exporter.pid) - before) / (time.monotonic() - began)
            peak = _peak_mb(exporter.pid)
    lags = [lag for lags, _ in told for lag in lags]
    good = sum(last for _, last in told)
    late = sum(lag > ON_TIME_SECONDS for lag in lags)
    return Result("blackbox_exporter", len(lags), good, late, max(lags), share, peak)


async def _asked(session: aiohttp.ClientSession, port: int, number: int, minutes: int) -> tuple[list[float], bool]:
    """How late each answer about one device began, and whether the last one was good."""
    first = time.monotonic() + EVERY * number / DEVICES
    lags: list[float] = []
    good = False
    url = f"http://127.0.0.1:{port}/probe?module=connect&target={address(number)}:{PORT}"
    for minute in range(minutes):
        due = first + minute * EVERY
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        lags.append(time.monotonic() - due)
        async with session.get(url) as answer:
            good = "\nprobe_success 1" in await answer.text()
    return lags, good


def _table(results: list[Result], minutes: int) -> str:
    ours, theirs = results
    return "\n".join(
        [
            f"{DEVICES} devices, {DEAD} of them dead, each every {EVERY:g} s, {minutes} minutes; "
            f"{os.cpu_count()} cores, Python {platform.python_version()}, {_exporter_version()}",
            "",
            "| | runs | good at the end | late | latest, s | CPU of one core | CPU ms a run | peak RSS, MB |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
            *(result.row for result in results),
            "| ours / theirs | | | | | "
            f"{ours.cpu_share / theirs.cpu_share:.2f} | | {ours.peak_mb / theirs.peak_mb:.2f} |",
        ]
    )


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _page(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        time.sleep(0.05)
        return ""


def _value(page: str, metric: str) -> float:
    return next((float(line.split()[1]) for line in page.splitlines() if line.startswith(f"{metric} ")), 0.0)


def _cpu_of(process: int) -> float:
    """User and system seconds of a process and all its threads (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(process: int) -> float:
    """VmHWM: the most that the process has had in memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _exporter_version() -> str:
    said = subprocess.run(["prometheus-blackbox-exporter", "--version"], capture_output=True, text=True)
    words = (said.stdout + said.stderr).split()
    return f"blackbox_exporter {words[words.index('version') + 1].rstrip(',')}" if "version" in words else ""


if __name__ == "__main__":
    sys.exit(main())
