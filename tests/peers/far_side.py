"""A network namespace at the end of a veth pair, for servers behind a link of known rate and for multicast."""

import itertools
import os
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class FarSide:
    """`here` and `there` are the addresses of the pair's ends, `interface` the end on this side."""

    name: str
    interface: str
    here: str
    there: str

    def command(self, *words: str) -> list[str]:
        """A command line that runs there."""
        return ["ip", "netns", "exec", self.name, *words]

    def limit(self, rate: str) -> None:
        """What comes from there is no faster from now on; `rate` as tc writes it."""
        shape = ("tbf", "rate", rate, "burst", "4kb", "latency", "400ms")
        _run(self.command("tc", "qdisc", "replace", "dev", "far", "root", *shape))

    def cut(self) -> None:
        """Take the link down."""
        _run(self.command("ip", "link", "set", "far", "down"))


@contextmanager
def far_side() -> Iterator[FarSide]:
    """Made for this test alone, and taken away with everything in it."""
    number = next(_NUMBERS)
    name, near = f"far-{os.getpid()}-{number}", f"n{os.getpid() % 1_000_000}x{number}"
    net = _free_net()
    side = FarSide(name, near, str(net[1]), str(net[2]))
    _run(["ip", "netns", "add", name])
    try:
        _run(["ip", "link", "add", near, "type", "veth", "peer", "name", "far", "netns", name])
        _run(["ip", "addr", "add", f"{side.here}/30", "dev", near])
        _run(["ip", "link", "set", near, "up"])
        _run(side.command("ip", "link", "set", "lo", "up"))
        _run(side.command("ip", "addr", "add", f"{side.there}/30", "dev", "far"))
        _run(side.command("ip", "link", "set", "far", "up"))
        _run(side.command("ip", "route", "add", "224.0.0.0/4", "dev", "far"))
        yield side
    finally:
        subprocess.run(["ip", "link", "del", near], capture_output=True, check=False)
        _run(["ip", "netns", "del", name])


def _free_net() -> IPv4Network:
    """A /30 of 198.18.0.0/15, which is for tests (RFC 2544), that no other test on this machine has now."""
    taken = _run(["ip", "-4", "route", "show"])
    while True:
        net = IPv4Network((int(IPv4Address("198.18.0.0")) + 4 * random.randrange(2**15), 30))
        if str(net) not in taken:
            return net


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
