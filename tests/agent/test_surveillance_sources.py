"""What a camera and its recorder tell, carried to the target: agreement, a recorder that lies, and one that cannot be
asked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.probes.base import Context
from agent.probes.recorder.probe import PROBE as RECORDER
from agent.probes.recorder.settings import RecorderSettings
from agent.runner import observe
from tests.agent.cameras import PASSWORD_VARIABLE, look
from tests.collector.making import NOW, known, school, verdict
from tests.peers import isapi
from tests.peers.device_web import DeviceWeb
from tests.peers.rtsp_raw import RtspRaw
from wire.report import Observation

PLACE = "三年二班"
SCHOOL = school(PLACE, "102", devices=(("surveillance", "c1", PLACE),))


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "pw")


async def camera() -> Observation:
    async with RtspRaw().serving() as peer:
        seen = await look(rtsp={"port": peer.port, "path": "/main"})
    return seen.model_copy(update={"started_at": NOW})


async def recorder(password: str = "pw", **online: str) -> Observation:
    told = isapi.ip_channels({1: (online["first"], ""), 2: (online["second"], "")})
    pages = {isapi.IP_STATUS: told, isapi.HDD: isapi.disks(("ok", "RW")), isapi.STATUS: isapi.status(datetime.now(UTC))}
    async with DeviceWeb(pages, "monitor", password).serving() as peer:
        settings = RecorderSettings.model_validate(
            {
                "probe": "recorder",
                "device": "nvr-1",
                "host": "127.0.0.1",
                "port": peer.port,
                "speaks": "isapi",
                "user": "monitor",
                "password": {"env": PASSWORD_VARIABLE},
                "channels": [{"channel": 1, "place": PLACE}, {"channel": 2, "place": "102"}],
            }
        )
        seen = await observe(RECORDER, settings, Context(Path()))
    return seen.model_copy(update={"started_at": NOW})


@pytest.mark.parametrize(
    ("first", "second", "state", "code"),
    [
        pytest.param("true", "true", "met", "places_served", id="agree"),
        pytest.param("false", "true", "unknown", "sources_disagree", id="the-recorder-calls-a-live-camera-lost"),
        pytest.param("true", "false", "unmet", "places_not_served", id="no-camera-speaks-against-it"),
        pytest.param("true", "", "unknown", None, id="the-recorder-does-not-say"),
    ],
)
async def test_two_sources(first: str, second: str, state: str, code: str | None) -> None:
    found = verdict("surveillance_coverage", SCHOOL, known(await camera(), await recorder(first=first, second=second)))
    assert found.state == state
    assert code in (None, found.reason.code)


async def test_a_recorder_that_refuses_proves_nothing() -> None:
    refused = await recorder(password="another", first="true", second="true")
    assert refused.outcome == "refused"
    found = verdict("surveillance_coverage", SCHOOL, known(await camera(), refused))
    assert (found.state, found.lowest) == ("unknown", 0.5)
