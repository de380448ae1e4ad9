"""Cameras by ONVIF and ISAPI: against one that others wrote, and one that is odd on purpose."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.clients import device_http
from tests.agent.cameras import PASSWORD_VARIABLE, checks, elsewhere, look, one, verdict
from tests.peers import isapi
from tests.peers.device_web import BOMB, DeviceWeb, Misbehaviour
from tests.peers.onvif_camera import Camera, ipycam
from tests.peers.onvif_raw import DEVICE, ENVELOPE, OnvifRaw
from tests.peers.rtsp_raw import RtspRaw
from wire.report import Observation

USER, PASSWORD = "admin", "pw12345"
OK = ("ok", "ok", 1)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


class TestIpycam:
    @pytest.fixture(scope="class")
    @classmethod
    def camera(cls) -> Iterator[Camera]:
        with ipycam(USER, PASSWORD) as camera:
            yield camera

    async def see(self, camera: Camera, **more: Any) -> Observation:
        onvif, rtsp = {"port": camera.onvif_port}, {"port": camera.rtsp_port, "play": True}
        return await look(USER, host=camera.host, onvif=onvif, rtsp=rtsp, **more)

    async def test_healthy(self, camera: Camera) -> None:
        seen = await self.see(camera)
        assert verdict(seen) == OK, seen.detail
        assert checks(seen) == {"onvif": 1, "rtsp": 1}
        assert one(seen, "camera_profiles") == 2
        assert [r.labels["maker"] for r in seen.readings if r.measure == "camera_info"] == ["hikvision"]
        assert one(seen, "av_device_clock_offset_seconds") == pytest.approx(0, abs=5)
        assert one(seen, "camera_stream_played") == 1
        assert elsewhere(seen) == set()

    async def test_wrong_password(self, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
        seen = await self.see(camera)
        assert verdict(seen) == ("refused", "authentication_failed", None)
        assert checks(seen) == {"onvif": 0}

    async def test_a_clock_three_hours_off(self) -> None:
        """This camera wants a password even for its time, and refuses signatures that are more than 300 s off."""
        with ipycam(USER, PASSWORD, clock="+3h") as camera:
            seen = await self.see(camera)
        assert verdict(seen) == OK, seen.detail
        assert one(seen, "av_device_clock_offset_seconds") == pytest.approx(3 * 3600, abs=5)


@asynccontextmanager
async def odd(**more: Any) -> AsyncIterator[OnvifRaw]:
    """An odd camera with its stream."""
    camera = OnvifRaw(USER, PASSWORD, **more)
    async with camera.web.serving(), RtspRaw().serving() as stream:
        camera.rtsp_port = stream.port
        yield camera


async def see(camera: OnvifRaw, **more: Any) -> Observation:
    return await look(USER, onvif={"port": camera.web.port}, rtsp={"port": camera.rtsp_port}, **more)


@pytest.mark.parametrize("clock", [timedelta(), timedelta(days=-180), timedelta(seconds=90)])
async def test_signed_by_the_camera_s_own_clock(clock: timedelta) -> None:
    async with odd(clock=clock) as camera:
        seen = await see(camera)
        assert camera.refused == 0
        assert camera.asked == [
            "GetSystemDateAndTime",
            "GetDeviceInformation",
            "GetServices",
            "GetProfiles",
            "GetStreamUri",
        ]
    assert verdict(seen) == OK, seen.detail
    assert one(seen, "av_device_clock_offset_seconds") == pytest.approx(clock.total_seconds(), abs=2)


async def test_a_camera_that_lacks_the_question_for_its_clock() -> None:
    async with odd(lacks=("GetSystemDateAndTime",)) as camera:
        seen = await see(camera)
    assert verdict(seen) == OK
    assert one(seen, "av_device_clock_offset_seconds") is None


async def test_an_old_camera_without_get_services() -> None:
    async with odd(lacks=("GetServices",)) as camera:
        assert verdict(await see(camera)) == OK


async def test_media2() -> None:
    async with odd(media2=True) as camera:
        assert verdict(await see(camera)) == OK


async def test_addresses_of_another_host_are_found_and_not_followed() -> None:
    async with odd(host="192.0.2.77") as camera:
        seen = await see(camera)
    assert (verdict(seen), elsewhere(seen)) == (OK, {"media", "stream"})


async def test_the_port_of_the_stream_is_the_camera_s_word() -> None:
    async with odd() as camera:
        assert verdict(await look(USER, onvif={"port": camera.web.port}, rtsp={})) == OK


async def test_a_port_of_another_host_is_not_taken() -> None:
    async with odd(stream="rtsp://192.0.2.77:{port}/main") as camera:
        seen = await look(USER, onvif={"port": camera.web.port}, rtsp={})
    assert (verdict(seen)[2], elsewhere(seen)) == (None, {"stream"})  # port 554 was asked


async def test_a_stream_on_loopback_is_asked_of_the_camera_alone() -> None:
    async with odd(stream="rtsp://localhost:22/main") as camera:
        seen = await see(camera)
    assert (verdict(seen), elsewhere(seen)) == (OK, {"stream"})


@pytest.mark.parametrize(
    ("given", "what"), [("10.9.8.7", set()), ("127.0.0.1", {"media", "stream"}), ("other", {"media", "stream"})]
)
async def test_a_camera_that_is_configured_by_name(given: str, what: set[str]) -> None:
    async with odd(host=given) as camera:
        seen = await see(camera, host="localhost")
    assert (verdict(seen), elsewhere(seen)) == (OK, what)


async def test_onvif_alone_is_weaker_and_enough_where_no_stream_is_asked_for() -> None:
    async with odd() as camera:
        assert verdict(await look(USER, onvif={"port": camera.web.port})) == OK


@pytest.mark.parametrize(
    ("changes", "outcome", "state"),
    [
        pytest.param({"password": "another"}, "refused", "authentication_failed", id="wrong-password"),
        pytest.param({"profiles": 0}, "refused", "unknown", id="no-profile"),
        pytest.param({"profiles": 65}, "malformed", "unknown", id="too-many-profiles"),
        pytest.param({"stream": "http://{host}/main"}, "malformed", "unknown", id="no-rtsp-address"),
        pytest.param({"stream": ""}, "malformed", "unknown", id="empty-address"),
        pytest.param({"stream": "rtsp://{host}/a&#10;PLAY"}, "malformed", "unknown", id="line-break-in-address"),
        pytest.param({"lacks": ("GetProfiles",)}, "refused", "unknown", id="lacks-profiles"),
        pytest.param({"lacks": ("GetServices", "GetCapabilities")}, "refused", "unknown", id="lacks-media"),
    ],
)
async def test_no_stream_address(changes: dict[str, Any], outcome: str, state: str) -> None:
    camera = OnvifRaw(**{"user": USER, "password": PASSWORD, **changes})
    async with camera.web.serving():
        seen = await look(USER, onvif={"port": camera.web.port}, rtsp={"port": 9})
    assert verdict(seen) == (outcome, state, None), seen.detail
    assert (checks(seen), camera.refused) == ({"onvif": 0}, state == "authentication_failed")


@pytest.mark.parametrize(
    "time",
    [
        "<Year>9999</Year><Month>12</Month><Day>31</Day>",
        "<Year>2026</Year><Month>2</Month><Day>31</Day>",
        "<Year>99999999999999999</Year><Month>1</Month><Day>1</Day>",
        "<Year>-5</Year><Month>1</Month><Day>1</Day>",
        "",
    ],
)
async def test_a_clock_that_shows_no_time(time: str) -> None:
    answer = ENVELOPE.format(
        f'<d:GetSystemDateAndTimeResponse xmlns:d="{DEVICE}"><d:SystemDateAndTime><UTCDateTime><Date>{time}</Date>'
        "<Time><Hour>1</Hour><Minute>1</Minute><Second>1</Second></Time></UTCDateTime></d:SystemDateAndTime>"
        "</d:GetSystemDateAndTimeResponse>"
    )
    async with odd(answers={"GetSystemDateAndTime": answer.encode()}) as camera:
        assert verdict(await see(camera)) == ("malformed", "unknown", None)


@pytest.mark.parametrize(
    "answer",
    [b"<a/>", b"", BOMB, b"<html><body>", ENVELOPE.format("<GetProfilesResponse/>").encode(), ENVELOPE.encode()],
    ids=["other-xml", "empty", "bomb", "cut-off", "another-answer", "no-answer"],
)
async def test_garbage_after_a_good_start(answer: bytes) -> None:
    async with odd(answers={"GetDeviceInformation": answer}) as camera:
        seen = await see(camera)
    assert verdict(seen)[1:] == ("unknown", None)
    assert verdict(seen)[0] in ("malformed", "refused")
    assert one(seen, "av_device_clock_offset_seconds") is not None  # what was read before stands


@pytest.mark.parametrize(
    "misbehaves", ["silent", "drips", "garbage", "oversized", "redirects-to-loopback", "bomb", "deep"]
)
async def test_misbehaviour(monkeypatch: pytest.MonkeyPatch, misbehaves: Misbehaviour) -> None:
    monkeypatch.setattr(device_http, "EXCHANGE_SECONDS", 0.4)
    async with DeviceWeb(misbehaves=misbehaves).serving() as peer:
        seen = await look(USER, onvif={"port": peer.port}, rtsp={})
        assert peer.asked == ["POST /onvif/device_service"]
    outcome = "timeout" if misbehaves in ("silent", "drips") else "malformed"
    assert verdict(seen) == (outcome, "unknown", None)
    assert seen.duration_seconds < 3


@pytest.mark.parametrize("misbehaves", ["silent", "bomb"])
async def test_a_stream_settles_it_whatever_else_fails(
    monkeypatch: pytest.MonkeyPatch, misbehaves: Misbehaviour
) -> None:
    monkeypatch.setattr(device_http, "EXCHANGE_SECONDS", 0.3)
    async with DeviceWeb(misbehaves=misbehaves).serving() as web, RtspRaw().serving() as stream:
        seen = await look(onvif={"port": web.port}, rtsp={"port": stream.port, "path": "/main"})
    assert verdict(seen)[1:] == ("ok", 1)
    assert seen.outcome != "ok"  # somebody should look
    assert checks(seen) == {"onvif": 0, "rtsp": 1}


async def test_a_camera_that_answers_without_a_stream_is_not_known_to_work() -> None:
    async with odd() as camera:
        seen = await look(USER, onvif={"port": camera.web.port}, rtsp={"port": camera.rtsp_port, "path": "/other"})
    assert verdict(seen) == ("refused", "unknown", None)
    assert checks(seen) == {"onvif": 1, "rtsp": 0}


class TestIsapi:
    async def see(self, web: DeviceWeb, **more: Any) -> Observation:
        async with web.serving():
            return await look(USER, isapi={"port": web.port}, **more)

    def web(self, **more: Any) -> DeviceWeb:
        now = isapi.status(datetime.now(UTC) + timedelta(minutes=7))
        return DeviceWeb({isapi.DEVICE: isapi.device_info(), isapi.STATUS: now}, USER, PASSWORD, **more)

    async def test_healthy(self) -> None:
        seen = await self.see(self.web())
        assert (verdict(seen), checks(seen)) == (OK, {"isapi": 1})
        assert one(seen, "av_device_clock_offset_seconds") == pytest.approx(420, abs=5)

    async def test_wrong_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
        assert verdict(await self.see(self.web())) == ("refused", "authentication_failed", None)

    @pytest.mark.parametrize("misbehaves", ["silent", "garbage", "html", "bomb"])
    async def test_misbehaviour(self, monkeypatch: pytest.MonkeyPatch, misbehaves: Misbehaviour) -> None:
        monkeypatch.setattr(device_http, "EXCHANGE_SECONDS", 0.3)
        seen = await self.see(self.web(misbehaves=misbehaves))
        assert verdict(seen) == ("timeout" if misbehaves == "silent" else "malformed", "unknown", None)

    async def test_no_isapi(self) -> None:
        assert verdict(await self.see(DeviceWeb())) == ("malformed", "unknown", None)
