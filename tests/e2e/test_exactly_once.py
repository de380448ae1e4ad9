"""The collector is killed while agents send; afterwards every observation is stored exactly once."""

import asyncio
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from agent.clock import Clock
from agent.courier import Courier
from agent.probes.base import CollectorLink
from agent.spool import Spool
from tests.peers.collector import CollectorProcess, collector
from wire.measures import HOST_CPU
from wire.report import Observation, Reading, Report

SCHOOLS = ("east", "west", "north")
ROSTER = {
    "schools": [
        {"id": school, "name": school, "stage": "primary", "students": 1, "teachers": 1, "classes": 1}
        for school in SCHOOLS
    ]
}
EACH = 1500
KILLS = 4
DEADLINE_SECONDS = 90.0


async def one_school(school: str, token: str, folder: Path, url: str, made: set[str]) -> None:
    """Measure and send at the same time, with the agent's own spool and courier, until nothing is left."""
    clock = Clock()
    spool = Spool(folder / school, 64 * 1024 * 1024, timedelta(days=30), clock)
    await spool.open()
    link = CollectorLink(url, lambda: SecretStr(token))
    courier = Courier(link, Report(school=school, observations=()), spool, clock, 0.01, 5, 0.2)
    carrying = asyncio.create_task(courier.run())
    for number in range(EACH):
        observation = Observation(
            id=uuid4(),
            probe="host",
            device=f"box-{number % 7}",
            started_at=datetime.now(UTC),
            duration_seconds=0.1,
            outcome="ok",
            readings=(Reading(measure=HOST_CPU.name, value=number / EACH),),
        )
        made.add(str(observation.id))
        await spool.add(observation)
    while spool.state.waiting:
        await asyncio.sleep(0.05)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    await spool.close()


async def kill_now_and_then(process: CollectorProcess, seed: int) -> None:
    """Kill at moments that differ with the seed; the agents go on measuring while it is away."""
    moments = random.Random(seed)
    for _ in range(KILLS):
        await asyncio.sleep(moments.uniform(0.05, 0.6))
        await asyncio.to_thread(process.kill)
        await asyncio.to_thread(process.start)


async def test_sigkill_while_agents_send_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    made: set[str] = set()
    with collector(tmp_path / "collector", ROSTER) as process:
        tokens = {school: process.token(school) for school in SCHOOLS}
        async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
            for school in SCHOOLS:
                group.create_task(one_school(school, tokens[school], tmp_path, process.url, made))
            group.create_task(kill_now_and_then(process, seed))
    with sqlite3.connect(process.store) as store:
        ids = [row[0] for row in store.execute("SELECT id FROM observation_ids")]
        runs, values = store.execute(
            "SELECT sum(count), sum(total) FROM daily WHERE measure = 'probe_success'"
        ).fetchone()
    store.close()
    assert len(made) == EACH * len(SCHOOLS)
    assert sorted(ids) == sorted(made)
    assert (runs, values) == (len(made), len(made))
