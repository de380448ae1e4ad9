"""What the SNMP benchmarks share: the sides that poll, and a network namespace with a device of many ports."""

import asyncio
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.probes.base import Context
from agent.probes.ports import table
from tests.peers.free import free_port, until_ready

INSIDE = "CAMPUS_BENCH_NAMESPACE"
_FOLDER = tempfile.TemporaryDirectory(prefix="campus-bench-")
SCRATCH = Context(Path(_FOLDER.name))
"""What probes remember between their runs, gone with this process."""
REPETITIONS = 25
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WHOLE = [f"{IF}.{column}" for column in range(1, 23)] + [f"{IFX}.{column}" for column in range(1, 20)]
PROBED = [
    table.DESCR, table.TYPE, table.ADMIN, table.OPER, table.SPEED, table.NAME, table.HIGH_SPEED, table.ALIAS,
    *table.COUNTERS,
]  # fmt: skip
_TEXTS = {f"{IF}.2", f"{IF}.6", f"{IFX}.1", f"{IFX}.18"}
_NO_NUMBERS = _TEXTS | {f"{IF}.22"}


@dataclass
class Side:
    """One way to poll: `poll` reads everything once and returns how many objects or samples it got."""

    name: str
    poll: Callable[[], Awaitable[int]]
    cpu: Callable[[], float] = time.process_time
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


def rows(what: str, ours: Side, peers: Sequence[Side]) -> list[str]:
    """Rows of a Markdown table: each side, and how ours compares with each peer."""
    lines = [f"| {what} | {ours.name} | {ours.wall_ms:.0f} | {ours.cpu_ms:.0f} | {ours.got} |"]
    lines += [f"| | {peer.name} | {peer.wall_ms:.0f} | {peer.cpu_ms:.0f} | {peer.got} |" for peer in peers]
    for peer in peers:
        wall, cpu = ours.wall_ms / peer.wall_ms, ours.cpu_ms / peer.cpu_ms
        lines.append(f"| | ours / {peer.name} | {wall:.2f} | {cpu:.3f} | |")
    return lines


def in_namespace(module: str) -> int | None:
    """Run this benchmark again in a network namespace of its own; None when it already is in one."""
    if INSIDE in os.environ:
        return None
    inside = {**os.environ, INSIDE: "1", "PYTHONPATH": os.getcwd()}
    return subprocess.run(["unshare", "-n", sys.executable, "-m", module, *sys.argv[1:]], env=inside).returncode


def make_ports(pairs: int) -> None:
    """Pairs of virtual Ethernet ports, up, beside the loopback."""
    lines = ["link set lo up"]
    for pair in range(pairs):
        lines += [f"link add p{2 * pair} type veth peer name p{2 * pair + 1}", f"link set p{2 * pair} up"]
        lines += [f"link set p{2 * pair + 1} up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


@contextmanager
def exporter() -> Iterator[tuple[int, int]]:
    """A running snmp_exporter: its HTTP port and its process id."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "snmp.yml")
        config.write_text(yaml.safe_dump({"whole": _module(WHOLE, [IF, IFX]), "probed": _module(PROBED, PROBED)}))
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


def scrape(port: int, target: str, module: str) -> int:
    """Have snmp_exporter poll a device; returns the samples of its page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/snmp?target={target}&module={module}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"snmp_exporter: {answer.status} {body[:200]!r}")
    return sum(1 for line in body.splitlines() if line.startswith(b"c_"))


async def pysnmp_walk(address: str, port: int, columns: Sequence[str]) -> int:
    """pysnmp reading columns one after another, without looking anything up in MIBs; returns the objects."""
    from pysnmp.hlapi.v1arch import asyncio as hlapi
    from pysnmp.proto.rfc1902 import ObjectIdentifier

    dispatcher = hlapi.SnmpDispatcher()
    target = await hlapi.UdpTransportTarget.create((address, port), timeout=5)
    community, total = hlapi.CommunityData("public"), 0
    try:
        for column in columns:
            root = ObjectIdentifier(column)
            last, going = root, True
            while going:
                asked = (last, hlapi.Null(""))
                error, status, _, found = await hlapi.bulk_cmd(
                    dispatcher, community, target, 0, REPETITIONS, asked, lookupMib=False
                )
                if error or status:
                    raise RuntimeError(f"pysnmp: {error or status}")
                for name, _ in found:
                    going = root.isPrefixOf(name)
                    if not going:
                        break
                    last, total = name, total + 1
    finally:
        dispatcher.transport_dispatcher.close_dispatcher()
    return total


def cpu_of(process: int) -> float:
    """User and system seconds of a process and all its threads (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exporter_version() -> str:
    said = subprocess.run(["prometheus-snmp-exporter", "--version"], capture_output=True, text=True)
    words = (said.stdout + said.stderr).split()
    return f"snmp_exporter {words[words.index('version') + 1].rstrip(',')}" if "version" in words else "snmp_exporter"


async def at_once(limit: int, tasks: Sequence[Callable[[], Awaitable[int]]]) -> int:
    """The sum of all tasks, so many at a time."""
    slots = asyncio.Semaphore(limit)

    async def one(task: Callable[[], Awaitable[int]]) -> int:
        async with slots:
            return await task()

    return sum(await asyncio.gather(*map(one, tasks)))


def _module(columns: list[str], walk: list[str]) -> dict[str, Any]:
    """A module in the form of release 0.21, with the labels that the common if_mib module gives."""
    lookups = [
        {"labels": ["ifIndex"], "labelname": name, "oid": oid, "type": "DisplayString"}
        for name, oid in (("ifDescr", f"{IF}.2"), ("ifName", f"{IFX}.1"), ("ifAlias", f"{IFX}.18"))
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
    return {
        "version": 2,
        "auth": {"community": "public"},
        "max_repetitions": REPETITIONS,
        "walk": walk,
        "metrics": metrics,
    }


def _listens(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        time.sleep(0.05)
        return False
