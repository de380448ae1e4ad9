"""Looking at cameras in tests, and reading what was seen."""

from pathlib import Path
from typing import Any

from agent.probes.base import Context
from agent.probes.camera.probe import PROBE
from agent.probes.camera.settings import CameraSettings
from agent.runner import observe
from wire.report import Observation

PLACE = "三年二班"
PASSWORD_VARIABLE = "TEST_CAMERA_PASSWORD"


def settings(user: str = "", **more: Any) -> CameraSettings:
    entry: dict[str, Any] = {"probe": "camera", "device": "c1", "host": "127.0.0.1", "place": PLACE, **more}
    if user:
        entry |= {"user": user, "password": {"env": PASSWORD_VARIABLE}}
    return CameraSettings.model_validate(entry)


async def look(user: str = "", **more: Any) -> Observation:
    return await observe(PROBE, settings(user, **more), Context(Path()))


def verdict(seen: Observation) -> tuple[str, str, float | None]:
    """Outcome, state, and whether it is up; None where that is not told."""
    ups = [r.value for r in seen.readings if r.measure == "av_device_up"]
    states = [r for r in seen.readings if r.measure == "av_device_state"]
    assert len(ups) <= 1
    (state,) = states
    assert {r.labels["place"] for r in states} == {PLACE}
    return seen.outcome, state.labels["state"], ups[0] if ups else None


def checks(seen: Observation) -> dict[str, float]:
    return {r.labels["check"]: r.value for r in seen.readings if r.measure == "camera_check_ok"}


def one(seen: Observation, measure: str) -> float | None:
    found = [r.value for r in seen.readings if r.measure == measure]
    assert len(found) <= 1
    return found[0] if found else None


def elsewhere(seen: Observation) -> set[str]:
    return {r.labels["what"] for r in seen.readings if r.measure == "camera_points_elsewhere"}
