"""A display's evening as the collector keeps it: what is told of it comes from real reports over a real store."""

from datetime import datetime
from pathlib import Path
from uuid import uuid4

from tests.collector.engine import Clock, Engine, facts
from tests.collector.hours import ZONE
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Observation, Reading

ID = "multimedia_classroom"


def told(at: datetime, state: str) -> Observation:
    labels = {"system": "multimedia", "place": "101"}
    readings = (
        Reading(measure=AV_DEVICE_UP.name, value=1, labels=labels),
        Reading(measure=AV_DEVICE_STATE.name, value=1, labels={**labels, "state": state}),
    )
    return Observation(
        id=uuid4(), probe="display", device="p1", started_at=at, duration_seconds=1, every_seconds=300,
        outcome="ok", readings=readings,
    )  # fmt: skip


async def test_a_display_left_on_is_told_of_with_since_when(tmp_path: Path) -> None:
    engine = await Engine(tmp_path, clock=Clock(datetime(2026, 9, 10, 17, 0, tzinfo=ZONE))).start(facts(places=1))

    async def until(hour: int, minute: int, state: str) -> list[str]:
        """The display in one state up to then; since when it is said to be on."""
        end = engine.clock.now.replace(hour=hour, minute=minute)
        while engine.clock.now < end:
            engine.wait(minutes=5)
            await engine.report("east", [told(engine.clock.now, state)])
        verdict = engine.district.verdicts["east"][ID].verdict
        assert verdict.state == "met", "on or in standby, it works"
        return [str(f.values["since"]) for f in verdict.findings if f.code == "display_left_on"]

    assert await until(17, 55, "ok") == []
    assert await until(18, 30, "ok") == ["2026-09-10 17:30"]
    assert await until(19, 0, "standby") == []
    assert await until(19, 25, "ok") == []
    assert await until(22, 0, "ok") == ["2026-09-10 19:00"]
    await engine.restart()
    assert await until(22, 5, "ok") == ["2026-09-10 19:00"]
    engine.database.close()
