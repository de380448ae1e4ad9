"""A link of known rate between two network namespaces: a school and the district. tc-tbf(8) shapes both directions."""

import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

SCHOOL, DISTRICT = "10.99.0.1", "10.99.0.2"
WEAK_CARD = "10.99.7.1"
PORT = 5201
PAYLOAD = 1448 / 1514
"""Of what tbf counts, TCP payload: full frames without their check sequence, with time stamps."""
_NUMBERS = count()
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Link:
    """The two namespaces, and the rate between them in bit/s."""

    school: str
    district: str
    rate: float

    def start(self, namespace: str, command: Sequence[str], **more: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(["ip", "netns", "exec", namespace, *command], text=True, cwd=_ROOT, **more)

    def run(self, namespace: str, command: Sequence[str], timeout: float = 60) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", namespace, *command], text=True, cwd=_ROOT, capture_output=True, timeout=timeout
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def link(megabits: float) -> Iterator[Link]:
    """Two namespaces with a link of this many Mbit/s; both are removed with it."""
    number = f"{os.getpid()}-{next(_NUMBERS)}"
    found = Link(f"school-{number}", f"district-{number}", megabits * 1e6)
    near, far = f"s{number}"[:15], f"d{number}"[:15]
    ends = ((found.school, near, SCHOOL), (found.district, far, DISTRICT))
    made: list[str] = []
    try:
        for namespace, _, _ in ends:
            _ip("netns", "add", namespace)
            made.append(namespace)
        _ip("link", "add", near, "netns", found.school, "type", "veth", "peer", "name", far, "netns", found.district)
        for namespace, card, address in ends:
            _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", card)
            for each in ("lo", card):
                _ip("-n", namespace, "link", "set", each, "up")
            shape = ["rate", f"{megabits:g}mbit", "burst", "256kb", "latency", "50ms"]
            subprocess.run(["tc", "-n", namespace, "qdisc", "add", "dev", card, "root", "tbf", *shape], check=True)
        _ip("-n", found.district, "route", "add", f"{WEAK_CARD}/32", "via", SCHOOL)
        yield found
    finally:
        for namespace in made:
            subprocess.run(["ip", "netns", "del", namespace], check=False)


@contextmanager
def weak_card(on: Link, megabits: int) -> Iterator[None]:
    """A card of the school whose driver tells this speed, and from whose address the school speaks to the district.

    A tap device takes any speed and tells it to whoever asks (ethtool), as a real card does; the frames themselves go
    over the link, which must be shaped accordingly.
    """
    holder = on.start(
        on.school,
        [sys.executable, "-m", "tests.peers.link", str(megabits)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        _ip("-n", on.school, "addr", "add", f"{WEAK_CARD}/32", "dev", "weak")
        _ip("-n", on.school, "route", "replace", f"{DISTRICT}/32", "dev", _card(on), "src", WEAK_CARD)
        yield
    finally:
        holder.kill()
        holder.communicate()


def _card(on: Link) -> str:
    return on.school.replace("school-", "s")[:15]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _hold_tap(megabits: int) -> None:
    """Opens a tap device, so that it has a carrier, sets its speed, and holds it until the input ends.

    linux/if_tun.h: TUNSETIFF, IFF_TAP | IFF_NO_PI; linux/ethtool.h: ETHTOOL_SSET with a struct ethtool_cmd.
    """
    import array
    import socket

    with open("/dev/net/tun", "r+b", buffering=0) as tap, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH14x", b"weak", 0x0002 | 0x1000))
        subprocess.run(["ip", "link", "set", "weak", "up"], check=True)
        command = array.array("B", struct.pack("<IIIHBBBBBBIIHBBI2I", 2, 0, 0, megabits, 1, *[0] * 13))
        fcntl.ioctl(asking, 0x8946, struct.pack("16sP", b"weak", command.buffer_info()[0]))
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _hold_tap(int(sys.argv[1]))
