"""Polls a device with 500 ports beside snmp_exporter, in the same run: python -m bench.snmp_poll [--rounds N]

The device is a real snmpd in a network namespace of its own, with 250 pairs of virtual Ethernet ports and a loopback.
Both sides read it in turn with 25 repetitions over SNMP v2c. Wall time is the median of the rounds; CPU is user and
system time of the polling process, divided by the rounds. Needs root for the namespace. Prints a Markdown table.
"""

import argparse
import asyncio
import http.client
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from agent.clients.snmp import connect
from agent.clients.snmp_settings import SnmpSettings
from agent.probes.base import Context
from agent.probes.ports import table
from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortsSettings
from agent.runner import observe
from tests.peers.free import free_port, until_ready
from tests.peers.snmpd import snmpd

PAIRS = 250
INTERFACES = 2 * PAIRS + 1
_INSIDE = "CAMPUS_BENCH_NAMESPACE"
_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WHOLE = [f"{_IF}.{column}" for column in range(1, 23)] + [f"{_IFX}.{column}" for column in range(1, 20)]
PROBED = [
    table.DESCR, table.TYPE, table.ADMIN, table.OPER, table.SPEED, table.NAME, table.HIGH_SPEED, table.ALIAS,
    *table.COUNTERS,
]  # fmt: skip
_TEXTS = {f"{_IF}.2", f"{_IF}.6", f"{_IFX}.1", f"{_IFX}.18"}
_NO_NUMBERS = _TEXTS | {f"{_IF}.22"}


@dataclass
class Side:
    """One way to poll: `poll` reads the device once and returns how many objects or samples it got."""

    name: str
    poll: Callable[[], Awaitable[int]]
    cpu: Callable[[], float]
    walls: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    got: int = 0

    async def once(self) -> None:
        cpu, start = self.cpu(), time.perf_counter()
        self.got = await self.poll()
        self.walls.append(time.perf_counter() - start)
        self.cpu_seconds += self.cpu() - cpu

    @property
    def wall_ms(self) -> float:
        return statistics.median(self.walls) * 1000

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds / len(self.walls) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each side (default 30)")
    rounds = parser.parse_args().rounds
    if _INSIDE not in os.environ:
        inside = {**os.environ, _INSIDE: "1", "PYTHONPATH": os.getcwd()}
        return subprocess.run(
            ["unshare", "-n", sys.executable, "-m", "bench.snmp_poll", *sys.argv[1:]], env=inside
        ).returncode
    _make_ports()
    os.environ["CAMPUS_BENCH_COMMUNITY"] = "public"
    with snmpd() as device, exporter() as (http_port, process):
        print(asyncio.run(_measure(rounds, device, http_port, process)))
    return 0


async def _measure(rounds: int, device: int, http_port: int, process: int) -> str:
    settings = SnmpSettings.model_validate(
        {"host": "127.0.0.1", "port": device, "community": {"env": "CAMPUS_BENCH_COMMUNITY"}}
    )
    ports = PortsSettings(probe="ports", device="bench", snmp=settings)

    async def walk() -> int:
        async with connect(settings) as snmp:
            return sum(map(len, (await snmp.columns(WHOLE)).values()))

    async def probe() -> int:
        seen = await observe(PROBE, ports, Context(Path()))
        if seen.outcome != "ok":
            raise RuntimeError(f"{seen.outcome}: {seen.detail}")
        return len(seen.readings)

    def scrape(module: str) -> Callable[[], Awaitable[int]]:
        return lambda: asyncio.to_thread(_scrape, http_port, device, module)

    def theirs() -> float:
        return _cpu_of(process)

    pairs = [
        (
            "ifTable and ifXTable, whole",
            Side("client", walk, time.process_time),
            Side("exporter", scrape("whole"), theirs),
        ),
        (
            "what the ports probe reads",
            Side("probe", probe, time.process_time),
            Side("exporter", scrape("probed"), theirs),
        ),
    ]
    for side in (side for _, ours, peer in pairs for side in (ours, peer)):
        await side.poll()  # connections, caches and imports are not what is compared
    for _ in range(rounds):
        for _, ours, peer in pairs:
            await ours.once()
            await peer.once()
    return _table(pairs, rounds)


def _table(pairs: list[tuple[str, Side, Side]], rounds: int) -> str:
    lines = [
        f"{INTERFACES} interfaces, {rounds} rounds; {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"gufo-snmp {version('gufo-snmp')}, {_exporter_version()}",
        "",
        "| what is read | | wall ms | CPU ms | samples |",
        "|---|---|---|---|---|",
    ]
    for what, ours, peer in pairs:
        lines += [
            f"| {what} | this {ours.name} | {ours.wall_ms:.0f} | {ours.cpu_ms:.0f} | {ours.got} |",
            f"| | snmp_exporter | {peer.wall_ms:.0f} | {peer.cpu_ms:.0f} | {peer.got} |",
            f"| | ours / theirs | {ours.wall_ms / peer.wall_ms:.2f} | {ours.cpu_ms / peer.cpu_ms:.2f} | |",
        ]
    return "\n".join(lines)


def _make_ports() -> None:
    lines = ["link set lo up"]
    for pair in range(PAIRS):
        lines += [f"link add p{2 * pair} type veth peer name p{2 * pair + 1}", f"link set p{2 * pair} up"]
        lines += [f"link set p{2 * pair + 1} up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


@contextmanager
def exporter() -> Iterator[tuple[int, int]]:
    """A running snmp_exporter: its HTTP port and its process id."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "snmp.yml")
        config.write_text(yaml.safe_dump({"whole": _module(WHOLE, [_IF, _IFX]), "probed": _module(PROBED, PROBED)}))
        process = subprocess.Popen(
            ["prometheus-snmp-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"],
            stderr=subprocess.DEVNULL,
        )
        try:
            until_ready(lambda: _listens(port), process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)


def _module(columns: list[str], walk: list[str]) -> dict[str, Any]:
    """A module in the form of release 0.21, with the labels that the common if_mib module gives."""
    lookups = [
        {"labels": ["ifIndex"], "labelname": name, "oid": oid, "type": "DisplayString"}
        for name, oid in (("ifDescr", f"{_IF}.2"), ("ifName", f"{_IFX}.1"), ("ifAlias", f"{_IFX}.18"))
    ]
    metrics = [
        {
            "name": f"c_{column.replace('.', '_')}",
            "oid": column,
            "type": "gauge",
            "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
            "lookups": lookups,
        }
        for column in columns
        if column not in _NO_NUMBERS
    ]
    return {"version": 2, "auth": {"community": "public"}, "max_repetitions": 25, "walk": walk, "metrics": metrics}


def _scrape(port: int, device: int, module: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/snmp?target=127.0.0.1:{device}&module={module}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"snmp_exporter: {answer.status} {body[:200]!r}")
    return sum(1 for line in body.splitlines() if line.startswith(b"c_"))


def _listens(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        time.sleep(0.05)
        return False


def _cpu_of(process: int) -> float:
    """User and system seconds of a process and all its threads (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _exporter_version() -> str:
    said = subprocess.run(["prometheus-snmp-exporter", "--version"], capture_output=True, text=True)
    words = (said.stdout + said.stderr).split()
    return f"snmp_exporter {words[words.index('version') + 1].rstrip(',')}" if "version" in words else "snmp_exporter"


if __name__ == "__main__":
    sys.exit(main())
