"""What a throughput test costs the test box, by method, beside iperf3 run by hand over the same link.

    python -m bench.throughput

Two network namespaces with a gigabit link between them (tbf); each run is a process of its own, and its CPU is that of
the process with the programs that it starts, less that of starting it. Needs root.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.agent.test_throughput_links import OBSERVE, serving
from tests.peers.link import DISTRICT, PORT, Link, link

ROUNDS = 3
SECONDS = 5
MEGABITS = 1000
METHODS = ("http", "iperf3", "ndt7")
IDLE = OBSERVE.rsplit("print", 1)[0]
"""The same process without its test: what starting Python and reading the agent costs."""
COST = """
import resource
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([sum(one.ru_utime + one.ru_stime for one in used), used[0].ru_maxrss / 1024]))
"""


def main() -> None:
    print("| | download Mbit/s | upload Mbit/s | CPU s | RSS MB |\n|---|---:|---:|---:|---:|")
    with link(MEGABITS) as on, tempfile.TemporaryDirectory() as folder:
        for method in METHODS:
            with serving(on, method):
                _row(f"the probe, `{method}`", lambda method=method: _probe(on, method, Path(folder)))  # type: ignore[misc]
        with serving(on, "iperf3"):
            _row("iperf3 by hand", lambda: _by_hand(on))


def _row(name: str, once: Callable[[], tuple[float, float, float, float]]) -> None:
    runs = [once() for _ in range(ROUNDS)]
    down, up, cpu, memory = (median(values) for values in zip(*runs, strict=True))
    print(f"| {name} | {down / 1e6:.0f} | {up / 1e6:.0f} | {cpu:.2f} | {memory:.0f} |", flush=True)


def _probe(on: Link, method: str, folder: Path) -> tuple[float, float, float, float]:
    settings = {
        "probe": "throughput",
        "device": "man",
        "method": method,
        "seconds": SECONDS,
        "most_bytes_per_day": 10**12,
    }
    if method != "http":
        settings |= {"host": DISTRICT, "port": PORT, "tls": False}
    url = f"http://{DISTRICT}:{PORT}" if method == "http" else ""
    arguments = [json.dumps(settings), str(folder), url]
    seen, cost = on.run(on.school, [sys.executable, "-c", OBSERVE + COST, *arguments]).splitlines()
    idle = on.run(on.school, [sys.executable, "-c", IDLE + COST, *arguments])
    readings = json.loads(seen)["readings"]
    rates = {
        one["labels"]["direction"]: one["value"] * 8
        for one in readings
        if one["measure"] == "uplink_throughput_bytes_per_second"
    }
    cpu, memory = json.loads(cost)
    return rates["download"], rates["upload"], cpu - json.loads(idle)[0], memory


def _by_hand(on: Link) -> tuple[float, float, float, float]:
    rates, cpu, memory = [], 0.0, 0.0
    for direction in (["-R"], []):
        command = ["iperf3", "-c", DISTRICT, "-p", str(PORT), "-J", "-t", str(SECONDS - 1), "-O", "1", *direction]
        measured = [sys.executable, "-c", _RUN, *command]
        said, cost = subprocess.run(
            ["ip", "netns", "exec", on.school, *measured], capture_output=True, text=True, check=True
        ).stdout.split("\0")
        rates.append(json.loads(said)["end"]["sum_received"]["bits_per_second"])
        spent, resident = json.loads(cost)
        cpu, memory = cpu + spent, max(memory, resident)
    return rates[0], rates[1], cpu, memory


_RUN = """
import json, resource, subprocess, sys
print(subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout, end="\\0")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


if __name__ == "__main__":
    main()
