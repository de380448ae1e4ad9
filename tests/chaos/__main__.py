"""A campaign of faults, and its table: python -m tests.chaos [--seed N] [--short]. Needs root, for the namespaces.

Bounded: at most 15 minutes, 3 with --short; it sends only within the namespaces that it makes. Exits with 1 when an
observation is lost or doubled, or a moment that is past was told as one of now.
"""

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.campaign import LONG, SHORT, Campaign, Phase, Scale
from tests.chaos.district import SCHOOLS, District, district
from tests.chaos.network import RATE, link


@dataclass
class Result:
    """What a whole campaign came to."""

    seed: int
    seconds: float
    phases: list[Phase]
    memory: dict[str, list[int]]
    made: int = 0
    stored: int = 0
    waiting: int = 0
    dropped: int = 0
    undated: int = 0
    lost: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Stored, and made by nobody."""
    doubled: int = 0

    @property
    def faults(self) -> list[str]:
        """Every promise that was broken, in words."""
        found = [f"{len(self.lost)} lost"] * bool(self.lost) + [f"{len(self.strange)} strange"] * bool(self.strange)
        found += [f"{self.doubled} counted other than once"] * bool(self.doubled)
        found += [f"{one.fault}: a past moment was told as now" for one in self.phases if one.past_alerts]
        found += [f"{one.fault}: not recovered" for one in self.phases if one.recovered_seconds is None]
        return found + [f"{one.fault}: no verdict was current" for one in self.phases if one.current_seconds is None]


def campaign(folder: Path, scale: Scale, seed: int) -> Result:
    """Run every fault in a folder of its own, and count."""
    start = time.monotonic()
    with link(os.getpid() % 250) as made, district(folder, made) as there:
        whole = Campaign(there, scale, random.Random(seed))
        whole.run()
        for program in there.agents.values():
            program.stop()
        result = Result(seed, time.monotonic() - start, whole.phases, whole.memory)
        _count(there, result)
    return result


def _count(there: District, result: Result) -> None:
    stored = there.stored()
    everything: set[str] = set()
    for school in SCHOOLS:
        made, kept = there.journal(school)
        waiting, dropped = there.waiting(school)
        everything |= made
        missing = sorted(kept - stored - waiting)
        result.made += len(kept)
        result.waiting += len(waiting)
        result.dropped += dropped
        if len(missing) > dropped:
            result.lost += missing
    result.stored = len(stored)
    result.strange = sorted(stored - everything)
    rolled, result.undated = there.counted()
    result.doubled = abs(len(stored) - rolled - result.undated)


def table(result: Result) -> str:
    """The campaign as Markdown."""
    lines = [
        f"Seed {result.seed}, {result.seconds:.0f} s; {len(SCHOOLS)} agents and a collector over a line of {RATE}; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores.",
        "",
        "| fault | times | seconds | made | stored | all stored after | verdicts current after | told too late |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.fault} | {one.count} | {one.seconds:.0f} | {one.made} | {one.stored} | "
        f"{_seconds(one.recovered_seconds)} | {_seconds(one.current_seconds)} | {one.past_alerts} |"
        for one in result.phases
    ]
    lines += [
        "",
        f"Made {result.made}; stored {result.stored}, still on an agent's disk {result.waiting}, dropped and counted "
        f"{result.dropped}, lost {len(result.lost)}, doubled {result.doubled}, without a time {result.undated}.",
        "",
        "| memory, MB | after the first fault | after the last | most |",
        "|---|---:|---:|---:|",
    ]
    for name, sizes in result.memory.items():
        first, last, most = (size / 1e6 for size in (sizes[0], sizes[-1], max(sizes)))
        lines.append(f"| {name} | {first:.0f} | {last:.0f} | {most:.0f} |")
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a campaign's moments")
    parser.add_argument("--short", action="store_true", help="three minutes, not fifteen")
    parser.add_argument("--keep", type=Path, help="leave logs and journals in this folder")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = wanted.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        result = campaign(folder, SHORT if wanted.short else LONG, wanted.seed)
    print(table(result))
    for fault in result.faults:
        print(f"BROKEN: {fault}")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
