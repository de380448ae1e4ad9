"""Two network namespaces and the link between them: the schools' side and the district's."""

import ctypes
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "collector.chaos.test"
RATE = "20mbit"
_CLONE_NEWNET = 0x40000000


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=20)


@dataclass(frozen=True)
class Link:
    """What lies between the two. Each fault is undone by its opposite; all go with the namespaces."""

    schools: str
    district: str
    address: str
    hosts: Path

    def inside(self, namespace: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", namespace)

    def cut(self) -> None:
        run(*self.inside(self.schools), "ip", "link", "set", "wan", "down")

    def mend(self) -> None:
        run(*self.inside(self.schools), "ip", "link", "set", "wan", "up")

    def lose(self, percent: int) -> None:
        """Drop so many of a hundred packets, each way; none with 0."""
        run(*self.inside(self.schools), "nft", "flush", "table", "inet", "chaos")
        for way in ("in", "out") if percent else ():
            rule = f"numgen random mod 100 < {percent} drop"
            run(*self.inside(self.schools), "nft", f"add rule inet chaos {way} {rule}")

    def forget_the_name(self) -> None:
        self._write("127.0.0.1 localhost\n")

    def know_the_name(self) -> None:
        self._write(f"127.0.0.1 localhost\n{self.address} {NAME}\n")

    def _write(self, text: str) -> None:
        # In place: `ip netns exec` mounted this very file over /etc/hosts.
        with self.hosts.open("r+") as file:
            file.truncate()
            file.write(text)


@contextmanager
def link(number: int) -> Iterator[Link]:
    """Both namespaces, joined at a known rate (tc tbf). Needs root; leaves nothing behind."""
    schools, district = f"chaos{number}s", f"chaos{number}d"
    folder = Path("/etc/netns") / schools
    made = Link(schools, district, f"10.213.{number % 256}.2", folder / "hosts")
    _remove(made)
    try:
        for namespace in (schools, district):
            run("ip", "netns", "add", namespace)
            run(*made.inside(namespace), "ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "wan", "netns", schools, "type", "veth", "peer", "name", "lan", "netns", district)
        for namespace, device, last in ((schools, "wan", 1), (district, "lan", 2)):
            inside = made.inside(namespace)
            run(*inside, "ip", "address", "add", f"10.213.{number % 256}.{last}/24", "dev", device)
            run(*inside, "ip", "link", "set", device, "up")
            run(*inside, *f"tc qdisc add dev {device} root tbf rate {RATE} burst 64kb latency 400ms".split())
        for rule in ("table", "chain"):
            for way, hook in (("in", "input"), ("out", "output")):
                where = f"{way} {{ type filter hook {hook} priority 0 ; }}" if rule == "chain" else ""
                run(*made.inside(schools), "nft", f"add {rule} inet chaos {where}")
        folder.mkdir(parents=True, exist_ok=True)
        made.hosts.write_text("")
        (folder / "resolv.conf").write_text("nameserver 127.0.0.2\noptions timeout:1 attempts:1\n")
        made.know_the_name()
        yield made
    finally:
        _remove(made)


def _remove(made: Link) -> None:
    for namespace in (made.schools, made.district):
        subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True, timeout=20)
    for file in ("hosts", "resolv.conf"):
        made.hosts.with_name(file).unlink(missing_ok=True)
    if made.hosts.parent.exists():
        made.hosts.parent.rmdir()


class Inside:
    """Asks from within a namespace, whatever the rest of this process is in."""

    def __init__(self, namespace: str) -> None:
        self._thread = ThreadPoolExecutor(1, initializer=_enter, initargs=(namespace,))

    def ask(self, url: str, body: bytes | None = None, seconds: float = 5) -> bytes | None:
        """The answer's body; None when there is none, or none that is good."""
        return self._thread.submit(_ask, url, body, seconds).result(seconds + 5)

    def close(self) -> None:
        self._thread.shutdown()


def _enter(namespace: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    finally:
        os.close(descriptor)


def _ask(url: str, body: bytes | None, seconds: float) -> bytes | None:
    request = urllib.request.Request(url, data=body, method="POST" if body is not None else "GET")
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, OSError):
        return None
