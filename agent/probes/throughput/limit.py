"""What limited a throughput test: this machine's card or processor, the server, other traffic, or else the path."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, process_time
from typing import Literal

import psutil

Limit = Literal["nic", "cpu", "server", "cross_traffic", "path"]

NIC_SHARE = 0.85
"""Payload over a card's raw speed from which the card is the limit: a gigabit carries about 0.94 at most."""
PROCESS_SHARE = 0.90
"""Of one core: reading and writing is one thread's work."""
MACHINE_SHARE = 0.95
CROSS_SHARE = 0.1
"""Of everything that the line carried during the test, from which other traffic is the limit."""


def limit_of(
    rate: float,
    nic_speed: float | None,
    process_cpu: float,
    machine_cpu: float,
    *,
    server_limited: bool = False,
    cross_traffic: float | None = None,
) -> Limit:
    """The limit of a test at `rate` bytes per second; a card of unknown speed (None) is never the limit.

    `cross_traffic` is what others moved meanwhile, in bytes per second; None when nobody can say.
    """
    if nic_speed is not None and rate >= NIC_SHARE * nic_speed:
        return "nic"
    if process_cpu >= PROCESS_SHARE or machine_cpu >= MACHINE_SHARE:
        return "cpu"
    if server_limited:
        return "server"
    if cross_traffic is not None and cross_traffic >= CROSS_SHARE * (rate + cross_traffic):
        return "cross_traffic"
    return "path"


@dataclass(frozen=True, slots=True)
class CpuUse:
    """Since `CpuUse.now()`: this process's share of one core, and the machine's of all of them."""

    at: float
    process: float
    busy: float
    idle: float

    @classmethod
    def now(cls) -> "CpuUse":
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        return cls(monotonic(), process_time(), _without_guests(times) - idle, idle)

    def until(self, later: "CpuUse") -> tuple[float, float]:
        """(process, machine) between the two moments."""
        busy, idle = later.busy - self.busy, later.idle - self.idle
        machine = busy / (busy + idle) if busy + idle > 0 else 0.0
        return (later.process - self.process) / max(later.at - self.at, 1e-6), machine


def _without_guests(times: Sequence[float]) -> float:
    """All seconds of proc_stat(5); what guests take stands in user and nice once more."""
    return sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
