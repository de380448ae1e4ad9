"""A school day, 08:00 to 18:00 and the evening after, in fast time: what real probes saw of real peers in each of their
conditions is played at the engine every five minutes. No wrong `unmet`; each trouble is found and named."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from agent.clients import hls
from agent.probes.base import Context
from agent.probes.display.probe import PROBE as DISPLAY
from agent.runner import observe
from collector.policy import Policy
from collector.roster.model import ExpectedDevice, Place, School
from collector.verdict import Verdict
from tests.agent import cameras, recorders, services, test_captive_portal, test_video_conference
from tests.collector.engine import Clock, Engine
from tests.peers import isapi
from tests.peers.onvif_raw import OnvifRaw
from tests.peers.projector import ON, STANDBY, Projector
from tests.peers.rtsp_raw import RtspRaw
from tests.peers.streams import encoding, segments, streaming_server, wait_for
from wire.report import Observation

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 9, 7, tzinfo=ZONE)  # a Monday
STEP = timedelta(minutes=5)
OPENS, CLOSES, NIGHT = time(8), time(18), time(22)
ROOMS = ("101", "102")
SCHOOL = School(
    id="east",
    name="东关小学",
    stage="primary",
    students=80,
    teachers=6,
    classes=2,
    places=(*(Place(id=room) for room in ROOMS), Place(id="机房", kind="office", teaching=False)),
    devices=(
        ExpectedDevice(id="投影机", system="multimedia", place="101"),
        ExpectedDevice(id="激光投影机", system="multimedia", place="102"),
        ExpectedDevice(id="c1", system="surveillance", place="101"),
        ExpectedDevice(id="c2", system="surveillance", place="102"),
        ExpectedDevice(id="nvr-1", system="surveillance", place="机房"),
    ),
)
ONE_DAY = {"window_days": 1, "min_school_days": 0}
POLICY = Policy.model_validate(
    {
        "calendar": {"opens": "08:00", "closes": "18:00"},
        "targets": dict.fromkeys(("exam_marking", "live_streaming", "video_conference"), ONE_DAY),
    }
)
CLOCK_OFF = timedelta(hours=3)
Plan = Callable[[time], Observation]
"""What a device's latest run would have been at a time of the day."""


@dataclass
class Told:
    """Every verdict of the day, by target, with its time."""

    verdicts: dict[str, list[tuple[time, Verdict]]] = field(default_factory=dict)

    def states(self, target: str, since: time = OPENS, until: time = CLOSES) -> set[str]:
        return {verdict.state for at, verdict in self.verdicts[target] if since <= at <= until}

    def at(self, target: str, at: time) -> Verdict:
        return next(verdict for when, verdict in self.verdicts[target] if when == at)

    def codes(self, target: str, at: time) -> set[str]:
        verdict = self.at(target, at)
        return {verdict.reason.code, *(finding.code for finding in verdict.findings)}

    def words(self, target: str, at: time) -> str:
        verdict = self.at(target, at)
        return " ".join(one.text.en for one in (verdict.reason, *verdict.findings))


async def played(folder: Path, plans: list[Plan]) -> Told:
    """The day at the engine, each device's run every five minutes."""
    engine = await Engine(folder, POLICY, Clock(DAY.replace(hour=7, minute=55).astimezone(UTC))).start(SCHOOL)
    told = Told()
    for _ in range(int(timedelta(hours=14, minutes=30) / STEP)):
        engine.clock.now += STEP
        local = engine.clock.now.astimezone(ZONE).time()
        stamp = {"started_at": engine.clock.now - timedelta(seconds=20), "every_seconds": STEP.total_seconds()}
        runs = [plan(local).model_copy(update={"id": uuid4(), **stamp}) for plan in plans]
        await engine.report(SCHOOL.id, runs)
        for target, standing in engine.district.verdicts[SCHOOL.id].items():
            told.verdicts.setdefault(target, []).append((local, standing.verdict))
    engine.database.close()
    return told


def in_hours(good: Observation, otherwise: Observation, since: time = OPENS, until: time = CLOSES) -> Plan:
    return lambda at: good if since <= at < until else otherwise


async def projector(name: str, place: str, **says: str) -> Observation:
    async with Projector({**ON, **says}).serving() as peer:
        entry = {"probe": "display", "device": name, "host": "127.0.0.1", "port": peer.port, "place": place}
        return await observe(DISPLAY, DISPLAY.settings.model_validate(entry), Context(Path()))


@asynccontextmanager
async def camera(clock: timedelta) -> AsyncIterator[OnvifRaw]:
    peer = OnvifRaw("monitor", "pw", clock=clock)
    async with peer.web.serving(), RtspRaw().serving() as stream:
        peer.rtsp_port = stream.port
        yield peer


async def watched(name: str, place: str, clock: timedelta) -> Observation:
    async with camera(clock) as peer:
        entry = {"device": name, "place": place, "onvif": {"port": peer.web.port}, "rtsp": {"port": peer.rtsp_port}}
        return await cameras.look("monitor", **entry)


async def recorder(**online: str) -> Observation:
    told = isapi.ip_channels({1: (online["first"], ""), 2: (online["second"], "")})
    places = [{"channel": 1, "place": "101"}, {"channel": 2, "place": "102"}]
    return await recorders.look(recorders.web(recorders.hikvision(channels=told)), channels=places)


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setenv(cameras.PASSWORD_VARIABLE, "pw")
    monkeypatch.setenv(recorders.PASSWORD_VARIABLE, recorders.PASSWORD)
    monkeypatch.setattr(hls, "STALE_LEAST_SECONDS", 1.0)
    standby = await projector("投影机", "101", **STANDBY)
    laser_on = await projector("激光投影机", "102", LAMP="ERR1")
    laser_standby = await projector("激光投影机", "102", **{**STANDBY, "LAMP": "ERR1"})
    honest, lying = await recorder(first="true", second="true"), await recorder(first="false", second="true")
    with streaming_server(tmp_path) as server:
        playlist = server.folder / "live" / "day.m3u8"
        with encoding("-f", "flv", f"{server.rtmp}/day") as encoder:
            wait_for(lambda: segments(playlist) > 1)
            live = await services.live(f"{server.http}/live/day.m3u8")
            encoder.freeze()
            wait_for(lambda: server.settled(playlist))
            frozen = await services.live(f"{server.http}/live/day.m3u8")
    portal = test_captive_portal.look(tmp_path, "http", f"return 200 '{test_captive_portal.LOGIN}';")
    marking = test_captive_portal.look(tmp_path, "http", "return 204;", is_on=False)
    lossy = test_video_conference.look_in_namespace(
        "icmp type echo-request numgen inc mod 20 == 0 drop", path_by="icmp"
    )
    wrong_clock, good_clock = await watched("c1", "101", CLOCK_OFF), await watched("c2", "102", timedelta())
    plans: list[Plan] = [
        lambda _: standby,
        # Somebody leaves it on in the evening.
        in_hours(laser_on, laser_standby, since=time(9), until=time(22, 30)),
        lambda _: wrong_clock,
        lambda _: good_clock,
        in_hours(lying, honest, since=time(14), until=time(16)),
        in_hours(frozen, live, since=time(13), until=time(15)),
        in_hours(marking, portal, until=time(12)),
        lambda _: lossy,
    ]
    return await played(tmp_path / "engine", plans)


async def test_no_wrong_unmet_and_each_trouble_is_named(day: Told) -> None:
    # Standby all day is right, a laser has no lamp to count, and neither is a fault.
    assert day.states("multimedia_classroom") == {"met"}
    # On at 22:00 is waste, and no fault.
    assert day.at("multimedia_classroom", NIGHT).state == "met"
    assert "display_left_on" not in day.codes("multimedia_classroom", time(17, 55))
    assert "display_left_on" in day.codes("multimedia_classroom", NIGHT)
    assert "激光投影机" in day.words("multimedia_classroom", NIGHT)

    # A camera whose clock is wrong serves; its clock is a finding of its own.
    assert day.states("surveillance_coverage", until=time(13, 55)) == {"met"}
    assert "device_clock_ahead" in day.codes("surveillance_coverage", time(10))
    assert "c1" in day.words("surveillance_coverage", time(10))

    # While the recorder calls a live camera lost, both are shown and nobody is believed.
    assert day.states("surveillance_coverage", time(14, 5), time(15, 55)) == {"unknown"}
    assert day.at("surveillance_coverage", time(15)).reason.code == "sources_disagree"
    assert "nvr-1" in day.words("surveillance_coverage", time(15))
    assert day.states("surveillance_coverage", time(16, 5)) == {"met"}

    # A stream that froze for two hours of ten was not available for 99 % of the day, and is so from then on only.
    assert "unmet" not in day.states("live_streaming", until=time(13))
    assert day.at("live_streaming", CLOSES).state == "unmet"
    assert "service_unavailable" in day.codes("live_streaming", CLOSES)
    assert "no segment was added" in day.words("live_streaming", time(14))

    # One packet of twenty is lost: conferencing is there, but not fit for two-way video.
    assert "unmet" in day.states("video_conference")
    assert "loss" in day.words("video_conference", CLOSES)

    # Behind a captive portal nobody knows how the marking site is: never unmet, and the portal is named.
    assert "unmet" not in day.states("exam_marking")
    assert day.at("exam_marking", CLOSES).state == "unknown"
    assert "校园网认证" in day.words("exam_marking", time(15))


async def test_no_other_target_is_unmet(day: Told) -> None:
    """Whatever was not measured is unknown all day."""
    right = {"live_streaming", "video_conference"}
    wrong = {target for target in day.verdicts if "unmet" in day.states(target, until=time(22, 25))} - right
    assert wrong == set()
