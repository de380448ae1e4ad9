"""Polls 200 devices beside snmp_exporter and pysnmp, and weighs an agent that does: python -m bench.many_devices

The devices are real snmpds in a network namespace, each listening on 50 addresses, with 24 virtual Ethernet ports and a
loopback. Each side reads what the ports probe reads of all of them, 32 at a time. Then `campus-agent run` polls the
same devices every 10 s; its memory is read after three periods. Needs root for the namespace. Prints Markdown.
"""

import argparse
import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortsSettings
from agent.runner import observe
from bench.pollers import (
    PROBED,
    SCRATCH,
    Side,
    at_once,
    cpu_of,
    exporter,
    exporter_version,
    in_namespace,
    make_ports,
    pysnmp_walk,
    rows,
    scrape,
)
from tests.peers.free import free_port
from tests.peers.snmpd import snmpd

DEVICES, EACH, PAIRS, LIMIT = 200, 50, 12, 32
SECONDS = 40
EVERY = 10
Device = tuple[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each side (default 10); pysnmp has one")
    rounds = parser.parse_args().rounds
    if (returned := in_namespace("bench.many_devices")) is not None:
        return returned
    make_ports(PAIRS)
    os.environ["CAMPUS_BENCH_COMMUNITY"] = "public"
    with ExitStack() as stack:
        devices: list[Device] = []
        for number in range(DEVICES // EACH):
            addresses = [f"127.0.{50 + number}.{n}" for n in range(1, EACH + 1)]
            listen = ",".join(f"udp:{address}:{{port}}" for address in addresses)
            port = stack.enter_context(snmpd(f"agentaddress {listen}"))
            devices += [(address, port) for address in addresses]
        http_port, process = stack.enter_context(exporter())
        print(asyncio.run(_measure(rounds, devices, http_port, process)))
        print()
        print(_weigh(devices))
    return 0


async def _measure(rounds: int, devices: list[Device], http_port: int, process: int) -> str:
    def probe(address: str, port: int) -> Callable[[], Awaitable[int]]:
        settings = PortsSettings.model_validate(_entry(address, port))

        async def once() -> int:
            seen = await observe(PROBE, settings, SCRATCH)
            if seen.outcome != "ok":
                raise RuntimeError(f"{address}: {seen.outcome}: {seen.detail}")
            return len(seen.readings)

        return once

    def page(address: str, port: int) -> Callable[[], Awaitable[int]]:
        return lambda: asyncio.to_thread(scrape, http_port, f"{address}:{port}", "probed")

    def walk(address: str, port: int) -> Callable[[], Awaitable[int]]:
        return lambda: pysnmp_walk(address, port, PROBED)

    def side(name: str, make: Callable[[str, int], Callable[[], Awaitable[int]]]) -> Side:
        tasks = [make(*device) for device in devices]
        return Side(name, lambda: at_once(LIMIT, tasks))

    ours, theirs, slow = side("this probe", probe), side("snmp_exporter", page), side("pysnmp", walk)
    theirs.cpu = lambda: cpu_of(process)
    await ours.poll()
    await theirs.poll()
    for _ in range(rounds):
        await ours.once()
        await theirs.once()
    await slow.once()
    lines = [
        f"{DEVICES} devices with {2 * PAIRS + 1} interfaces, {LIMIT} at a time, {rounds} rounds (pysnmp one); "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, gufo-snmp {version('gufo-snmp')}, "
        f"{exporter_version()}, pysnmp {version('pysnmp')}",
        "",
        "| what is read | | wall ms | CPU ms | samples |",
        "|---|---|---|---|---|",
        *rows("the same of 200 devices", ours, [theirs, slow]),
    ]
    return "\n".join(lines)


def _weigh(devices: list[Device]) -> str:
    """An agent's memory while it polls all devices, and its CPU."""
    listen = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="agent-") as name:
        entries = "".join(f"  - {_flow(_entry(address, port))}\n" for address, port in devices)
        config = Path(name, "agent.yaml")
        config.write_text(f"school: bench\nstate_dir: state\nmetrics: {{listen: '{listen}'}}\ndevices:\n{entries}")
        process = subprocess.Popen(
            [sys.executable, "-m", "agent.cli", "run", "--config", str(config)], stderr=subprocess.DEVNULL
        )
        try:
            time.sleep(SECONDS)
            status = Path(f"/proc/{process.pid}/status").read_text()
            now, most = (_megabytes(status, key) for key in ("VmRSS", "VmHWM"))
            with urllib.request.urlopen(f"http://{listen}/metrics") as page:
                told = page.read().decode()
            ok = sum(line.startswith("campus_probe_success{") and line.endswith(" 1.0") for line in told.splitlines())
            cpu = cpu_of(process.pid) / SECONDS
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    return "\n".join(
        [
            "| an agent with 200 devices, each every 10 s | |",
            "|---|---|",
            f"| devices whose last run was ok | {ok} |",
            f"| resident memory after {SECONDS} s, MB | {now:.1f} |",
            f"| at most, MB | {most:.1f} |",
            f"| of one core | {cpu:.0%} |",
        ]
    )


def _entry(address: str, port: int) -> dict[str, object]:
    snmp = {"host": address, "port": port, "community": {"env": "CAMPUS_BENCH_COMMUNITY"}}
    return {"probe": "ports", "device": address, "every_seconds": EVERY, "timeout_seconds": 9, "snmp": snmp}


def _flow(value: object) -> str:
    """Nested mappings in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    return str(value)


def _megabytes(status: str, key: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
