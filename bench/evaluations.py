"""What one new observation costs: which verdicts are made again, counted, beside making all of them again.

    python -m bench.evaluations

A district of SCHOOLS schools whose devices have all reported once; then one observation of each kind arrives at one
school. The limit beside it is a collector that judges everything anew with each report.
"""

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import structlog

from collector.district import District
from collector.policy import Policy
from collector.roster.model import Place, Roster, School
from collector.store.database import Database
from collector.store.observations import Received, keep, load_agents
from collector.store.rosters import save_roster
from wire.measures import (
    ACCESS_PORT_SPEED,
    AP_UP,
    AV_DEVICE_UP,
    HOST_CPU,
    PATH_LOSS,
    SERVICE_UP,
    TERMINALS,
    UPLINK_SPEED,
    UPLINK_THROUGHPUT,
)
from wire.report import Observation, Reading, Report

SCHOOLS = 120
START = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)

KINDS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "host": ((HOST_CPU.name, {}),),
    "ports": (
        (UPLINK_SPEED.name, {"port": "ge1"}),
        *((ACCESS_PORT_SPEED.name, {"port": f"p{n}", "ifindex": str(n), "place": "101"}) for n in range(24)),
    ),
    "throughput": ((UPLINK_THROUGHPUT.name, {"direction": "download", "method": "iperf3"}),),
    "wireless": tuple((AP_UP.name, {"ap": f"ap{n}", "ap_id": f"{n}", "place": f"10{n}"}) for n in range(8)),
    "terminals": ((TERMINALS.name, {"owner": "student", "basis": "verified"}),),
    "path": ((PATH_LOSS.name, {"destination": "core"}),),
    "display": ((AV_DEVICE_UP.name, {"system": "multimedia", "place": "101"}),),
    "camera": ((AV_DEVICE_UP.name, {"system": "surveillance", "place": "101"}),),
    "service": ((SERVICE_UP.name, {"system": "exam_marking", "service": "marking"}),),
}


def _observation(kind: str, at: datetime) -> Observation:
    readings = tuple(Reading(measure=measure, value=1, labels=labels) for measure, labels in KINDS[kind])
    return Observation(
        id=uuid4(), probe=kind, device=f"{kind}-1", started_at=at, duration_seconds=1, every_seconds=60,
        outcome="ok", readings=readings,
    )  # fmt: skip


def _school(number: int) -> School:
    places = tuple(Place(id=f"10{room}") for room in range(8))
    return School(
        id=f"s{number}", name=f"s{number}", stage="primary", students=300, teachers=20, classes=8, places=places
    )


async def _measured(folder: Path) -> Iterator[str]:
    now = START
    database = Database(f"sqlite:///{folder / 'campus.sqlite'}")
    database.write_now(lambda c: save_roster(c, Roster(schools=tuple(map(_school, range(SCHOOLS)))), START))
    district = District(database, Policy(), lambda: now)
    await district.load()

    async def take(school: str, *observations: Observation) -> None:
        received = Received(Report(school=school, observations=observations), now)
        kept = database.write_now(lambda c: keep(c, received, district.rolling))
        district.took([kept], database.read_now(lambda c: load_agents(c, {school})), {})

    for school in district.schools:
        await take(school, *(_observation(kind, now) for kind in KINDS))
    await district.judge_dirty()
    everything = len(district.policy.enabled) * SCHOOLS
    start = perf_counter()
    for school in district.schools:
        district.mark_all(school)
    await district.judge_dirty()
    all_seconds = perf_counter() - start
    lines = [
        f"| everything again (the limit) | {everything} | {all_seconds * 1000:.0f} ms | 1 |",
    ]
    for kind in KINDS:
        now += timedelta(seconds=1)
        before = district.evaluations.copy()
        start = perf_counter()
        await take("s7", _observation(kind, now))
        await district.judge_dirty()
        seconds = perf_counter() - start
        counted = {n: c for n, c in (district.evaluations - before).items() if n in district.policy.enabled}
        count = sum(counted.values())
        names = ", ".join(sorted(counted)) or "none"
        lines.append(
            f"| one {kind} observation: {names} | {count} | {seconds * 1000:.1f} ms | {count / everything:.5f} |"
        )
    database.close()
    return iter(lines)


def main() -> None:
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        lines = asyncio.run(_measured(Path(folder)))
    print(f"{SCHOOLS} schools, {len(Policy().enabled)} targets each; one observation at one school:\n")
    print("| what arrives: what is judged again | school verdicts made | store and judge | of all |")
    print("|---|---:|---:|---:|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
