"""Polls a device with 500 ports beside snmp_exporter and pysnmp: python -m bench.snmp_poll [--rounds N]

The device is a real snmpd in a network namespace of its own, with 250 pairs of virtual Ethernet ports and a loopback.
All sides read it in turn with 25 repetitions over SNMP v2c. Wall time is the median of the rounds; CPU is user and
system time of the polling process, divided by the rounds. Needs root for the namespace. Prints a Markdown table.
"""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from agent.clients.snmp import connect
from agent.clients.snmp_settings import SnmpSettings
from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortsSettings
from agent.runner import observe
from bench.pollers import (
    PROBED,
    SCRATCH,
    WHOLE,
    Side,
    cpu_of,
    exporter,
    exporter_version,
    in_namespace,
    make_ports,
    pysnmp_walk,
    rows,
    scrape,
)
from tests.peers.snmpd import snmpd

PAIRS = 250
INTERFACES = 2 * PAIRS + 1
SLOW_ROUNDS = 3
"""pysnmp takes so long that it is measured this often."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each side (default 30)")
    rounds = parser.parse_args().rounds
    if (returned := in_namespace("bench.snmp_poll")) is not None:
        return returned
    make_ports(PAIRS)
    os.environ["CAMPUS_BENCH_COMMUNITY"] = "public"
    with snmpd() as device, exporter() as (http_port, process):
        print(asyncio.run(_measure(rounds, device, http_port, process)))
    return 0


async def _measure(rounds: int, device: int, http_port: int, process: int) -> str:
    settings = SnmpSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": device,
            "community": {"env": "CAMPUS_BENCH_COMMUNITY"},
            "request_timeout_seconds": 10,
        }
    )
    ports = PortsSettings(probe="ports", device="bench", snmp=settings)

    async def walk() -> int:
        async with connect(settings) as snmp:
            return sum(map(len, (await snmp.columns(WHOLE)).values()))

    async def probe() -> int:
        seen = await observe(PROBE, ports, SCRATCH)
        if seen.outcome != "ok":
            raise RuntimeError(f"{seen.outcome}: {seen.detail}")
        return len(seen.readings)

    def theirs(module: str) -> Side:
        def once() -> Awaitable[int]:
            return asyncio.to_thread(scrape, http_port, f"127.0.0.1:{device}", module)

        return Side("snmp_exporter", once, lambda: cpu_of(process))

    def slow(columns: list[str]) -> Side:
        return Side("pysnmp", lambda: pysnmp_walk("127.0.0.1", device, columns))

    all_of: Callable[[], Awaitable[int]] = walk
    sets = [
        ("ifTable and ifXTable, whole", Side("this client", all_of), theirs("whole"), slow(WHOLE)),
        ("what the ports probe reads", Side("this probe", probe), theirs("probed"), slow(PROBED)),
    ]
    for _, *sides in sets:
        for side in sides[:2]:
            await side.poll()  # connections, caches and imports are not what is compared
    for number in range(rounds):
        for _, ours, peer, pysnmp in sets:
            await ours.once()
            await peer.once()
            if number < SLOW_ROUNDS:
                await pysnmp.once()
    lines = [
        f"{INTERFACES} interfaces, {rounds} rounds; {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"gufo-snmp {version('gufo-snmp')}, {exporter_version()}, pysnmp {version('pysnmp')}",
        "",
        "| what is read | | wall ms | CPU ms | samples |",
        "|---|---|---|---|---|",
    ]
    for what, ours, *peers in sets:
        lines += rows(what, ours, peers)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
