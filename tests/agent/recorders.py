"""Looking at recorders in tests, and reading what was seen."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from agent.probes.base import Context
from agent.probes.recorder.probe import PROBE
from agent.probes.recorder.settings import RecorderSettings
from agent.runner import observe
from tests.peers import dahua, isapi
from tests.peers.device_web import DeviceWeb, Page
from wire.report import Observation

CONTEXT = Context(Path())
PASSWORD_VARIABLE = "TEST_RECORDER_PASSWORD"
USER, PASSWORD = "monitor", "s3cret:汉字"
PLACES = {1: "101", 2: "102", 3: "103"}
Speaks = Literal["isapi", "dahua"]


def hikvision(**pages: Page) -> dict[str, Page]:
    """A recorder in good order; `pages` replaces by name."""
    good: dict[str, Page] = {
        "channels": isapi.ip_channels(dict.fromkeys(PLACES, ("true", "connect"))),
        "disks": isapi.disks(("ok", "RW")),
        "status": isapi.status(datetime.now(UTC)),
    }
    good |= pages
    paths = {"channels": isapi.IP_STATUS, "disks": isapi.HDD, "status": isapi.STATUS, "analogue": isapi.ANALOGUE}
    paths |= {"storage": isapi.STORAGE, "time": isapi.TIME, "search": isapi.SEARCH}
    return {paths[name]: page for name, page in good.items()}


def dahua_pages(**pages: Page) -> dict[str, Page]:
    good: dict[str, Page] = {
        "channels": dahua.channels(dict.fromkeys(PLACES, "Connected")),
        "lost": dahua.NO_EVENTS,
        "disks": dahua.disks(("Success", "false", "ReadWrite")),
        "time": dahua.time(datetime.now()),  # noqa: DTZ005 - the device tells no zone
    }
    good |= pages
    paths = {"channels": dahua.CHANNELS, "lost": dahua.VIDEO_LOSS, "disks": dahua.DISKS, "time": dahua.TIME}
    return {paths[name]: page for name, page in good.items()}


def settings(port: int, speaks: Speaks = "isapi", **more: Any) -> RecorderSettings:
    entry: dict[str, Any] = {
        "probe": "recorder",
        "device": "nvr-1",
        "host": "127.0.0.1",
        "speaks": speaks,
        "port": port,
        "user": USER,
        "password": {"env": PASSWORD_VARIABLE},
        "channels": [{"channel": n, "place": place} for n, place in PLACES.items()],
        **more,
    }
    return RecorderSettings.model_validate(entry)


def web(pages: dict[str, Page], **more: Any) -> DeviceWeb:
    return DeviceWeb(pages, USER, PASSWORD, **more)


async def look(peer: DeviceWeb, speaks: Speaks = "isapi", **more: Any) -> Observation:
    async with peer.serving():
        return await observe(PROBE, settings(peer.port, speaks, **more), CONTEXT)


def values(seen: Observation, measure: str, label: str) -> dict[str, float]:
    return {r.labels[label]: r.value for r in seen.readings if r.measure == measure}


def words(seen: Observation, measure: str, label: str) -> dict[str, str]:
    """The state by a label."""
    return {r.labels[label]: r.labels["state"] for r in seen.readings if r.measure == measure}


def one(seen: Observation, measure: str) -> float | None:
    found = [r.value for r in seen.readings if r.measure == measure]
    assert len(found) <= 1
    return found[0] if found else None


def up(seen: Observation) -> dict[str, float]:
    return values(seen, "av_device_up", "place")


def states(seen: Observation) -> dict[str, str]:
    return words(seen, "av_device_state", "place")


def of_recorder(seen: Observation) -> str:
    (state,) = (r.labels["state"] for r in seen.readings if r.measure == "recorder_state")
    return state
