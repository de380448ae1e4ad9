"""Two network namespaces with a cable between them: `eth0` at both ends. Needs root; always taken away again."""

import itertools
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_COUNT = itertools.count()


@dataclass(frozen=True, slots=True)
class Cable:
    """The names of the namespaces at its ends."""

    near: str
    far: str


@contextmanager
def cable() -> Iterator[Cable]:
    """Both ends are up and have no address."""
    number = next(_COUNT)
    ends = Cable(*(f"campus-{os.getpid()}-{number}{end}" for end in "ab"))
    try:
        for end in (ends.near, ends.far):
            ip("netns", "add", end)
        ip("-n", ends.near, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", ends.far)
        for end in (ends.near, ends.far):
            for interface in ("lo", "eth0"):
                ip("-n", end, "link", "set", interface, "up")
        yield ends
    finally:
        for end in (ends.near, ends.far):
            subprocess.run(["ip", "netns", "del", end], stderr=subprocess.DEVNULL)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def inside(namespace: str, *command: str) -> Sequence[str]:
    """The command line that runs a program in a namespace."""
    return ["ip", "netns", "exec", namespace, *command]
