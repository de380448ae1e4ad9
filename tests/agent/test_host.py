"""The agent's own machine, against what the kernel says of itself."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from agent.clients import nic
from agent.probes.base import Context
from agent.probes.host.probe import PROBE
from agent.probes.host.settings import HostSettings
from agent.runner import observe
from wire.report import Observation

ROOT = Path(__file__).parents[2]


async def look(state_dir: Path, **settings: Any) -> Observation:
    return await observe(
        PROBE, HostSettings(probe="host", device="agent", **{"cpu_seconds": 0.2, **settings}), Context(state_dir)
    )


def values(seen: Observation) -> dict[str, float]:
    return {reading.measure: reading.value for reading in seen.readings if not reading.labels}


async def test_against_the_kernel(tmp_path: Path) -> None:
    seen = await look(tmp_path)
    assert (seen.outcome, seen.detail) == ("ok", "")
    found = values(seen)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(found["host_boot_time_seconds"] - (time.time() - uptime)) < 5
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(memory["MemAvailable"].split()[0]) * 1024
    assert abs(found["host_memory_available_bytes"] - available) < 200 * 2**20
    disk = os.statvfs(tmp_path)
    assert abs(found["host_disk_free_bytes"] - disk.f_bavail * disk.f_frsize) < 200 * 2**20
    assert 0 <= found["host_cpu_ratio"] <= 1


async def test_a_busy_processor_is_seen(tmp_path: Path) -> None:
    """One process in an endless loop is at least most of one core."""
    with subprocess.Popen([sys.executable, "-c", "print('on', flush=True)\nwhile True: pass"], stdout=-1) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        try:
            seen = await look(tmp_path, cpu_seconds=0.5)
        finally:
            busy.kill()
    assert values(seen)["host_cpu_ratio"] > 0.5 / (os.cpu_count() or 1)


async def test_the_loop_is_not_blocked(tmp_path: Path) -> None:
    running = asyncio.create_task(look(tmp_path, cpu_seconds=0.4))
    ticks = 0
    while not running.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 10


async def test_a_missing_folder_keeps_the_rest(tmp_path: Path) -> None:
    seen = await look(tmp_path / "gone")
    assert seen.outcome == "unreachable"
    assert "gone: No such file" in seen.detail
    assert "host_disk_free_bytes" not in values(seen)
    assert "host_memory_available_bytes" in values(seen)


async def test_unknown_speeds_and_the_loopback_are_absent(tmp_path: Path) -> None:
    kernel = {}
    for card in Path("/sys/class/net").iterdir():
        try:
            kernel[card.name] = int((card / "speed").read_text())
        except OSError:
            continue
    seen = await look(tmp_path, skip_nics=())
    found = {r.labels["nic"]: r.value for r in seen.readings if r.measure == "host_nic_speed_bytes"}
    assert "lo" not in found
    assert all(speed > 0 and speed == kernel[name] * 125_000 for name, speed in found.items())
    assert not {name for name, speed in kernel.items() if speed <= 0} & set(found)


def test_a_card_that_tells_its_speed() -> None:
    """A veth pair in a namespace of its own tells the kernel's 10 Gbit/s; one end is skipped by name."""
    setup = "ip link set lo up; ip link add wan0 type veth peer name veth9; ip addr add 10.99.0.1/24 dev wan0; "
    setup += 'ip link set wan0 up; ip link set veth9 up; exec "$0" -c "$1"'
    code = (
        "import asyncio, json; from pathlib import Path\n"
        "from tests.agent.test_host import look; from agent.clients import nic\n"
        "seen = asyncio.run(look(Path()))\n"
        "cards = {r.labels['nic']: r.value for r in seen.readings if r.measure == 'host_nic_speed_bytes'}\n"
        "towards = [asyncio.run(nic.nic_speed_towards(host, 1)) for host in ('10.99.0.2', '127.0.0.1', '192.0.2.1')]\n"
        "print(json.dumps([cards, towards]))"
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", setup, sys.executable, code],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"wan0": 1_250_000_000}, [1_250_000_000, None, None]]


async def test_speed_towards_no_such_name_is_unknown() -> None:
    assert await nic.nic_speed_towards("no-such-host.invalid", 1) is None
