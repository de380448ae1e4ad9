"""What discovery saw at an address, and what a probe proposes for it.

A probe that can be proposed has a module `discovered.py` in its folder with `propose`; nothing else names it. All texts
here that came from a device are cleaned and bounded by `clean`, and are for people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.text import Text

MAX_WORDS = 100


def clean(words: str, at_most: int = MAX_WORDS) -> str:
    """A device's words on one line, without anything that a terminal or a YAML comment would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in words[: at_most * 4]).split())[:at_most]


@dataclass(frozen=True, slots=True)
class Clue:
    """What one way of looking learnt of one address."""

    way: str
    """The way's name, such as snmp, pjlink, ws_discovery, rtsp."""
    port: int
    words: Text
    """What was recognised, for a person."""
    said: str = ""
    """The device's own words, cleaned."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a probe may go by; each way's page in docs/discovery.md lists its facts."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """snmp: the part `snmp` of an entry that reaches the device. Secrets are named in it, never held."""


@dataclass(slots=True)
class Found:
    """One address that answered, with a clue of each way that it answered to."""

    address: str
    clues: dict[str, Clue] = field(default_factory=dict)
    neighbours: list[str] = field(default_factory=list)
    """What other devices say of it: LLDP and ARP tables."""

    def fact(self, way: str, name: str) -> str:
        """One fact of one way; empty where there is none."""
        clue = self.clues.get(way)
        return clue.facts.get(name, "") if clue is not None else ""

    def number(self, way: str, name: str) -> int:
        """A fact as a number; 0 where it is none."""
        fact = self.fact(way, name)
        return int(fact) if fact.isascii() and fact.isdigit() else 0

    @property
    def name(self) -> str:
        """What the device calls itself, by the first way that tells; else its address."""
        names = (clue.facts.get("name", "") for clue in self.clues.values())
        return next((clean(name, 60) for name in names if clean(name, 60)), self.address)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One entry of a configuration for one address, without its key `probe`."""

    address: str
    entry: Mapping[str, Any]
    because: Text
    """What it was recognised by."""
    said: str = ""
    """The device's own words, cleaned."""
    first: Text | None = None
    """What a person must do first; the entry is then written as a comment."""


Propose = Callable[[Sequence[Found]], list[Proposal]]
"""`propose(found)` of a probe's discovered.py: pure; `found` is everything that answered, in the order of addresses."""
