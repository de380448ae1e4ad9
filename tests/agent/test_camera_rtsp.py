"""Streams of cameras, against GStreamer's RTSP server and one that misbehaves."""

import socket
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from agent.clients import rtsp
from agent.errors import Malformed
from agent.probes.camera.settings import CameraSettings
from tests.agent.cameras import PASSWORD_VARIABLE, checks, look, one, verdict
from tests.peers.gst_rtsp import gst_rtsp
from tests.peers.rtsp_raw import SDP, Misbehaviour, RtspRaw

USER, PASSWORD = "admin", "pässword"
OK = ("ok", "ok", 1)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


@pytest.fixture(scope="module")
def digest_port() -> Iterator[int]:
    with gst_rtsp("digest", USER, PASSWORD) as port:
        yield port


@pytest.fixture(scope="module")
def open_port() -> Iterator[int]:
    with gst_rtsp() as port:
        yield port


class TestGStreamer:
    @pytest.mark.parametrize("play", [False, True])
    async def test_healthy_with_digest(self, digest_port: int, play: bool) -> None:
        seen = await look(USER, rtsp={"port": digest_port, "path": "/live", "play": play})
        assert verdict(seen) == OK, seen.detail
        assert (checks(seen), one(seen, "camera_video_tracks")) == ({"rtsp": 1}, 1)
        assert one(seen, "camera_stream_played") == (1 if play else None)

    async def test_healthy_without_a_password(self, open_port: int) -> None:
        assert verdict(await look(rtsp={"port": open_port, "path": "live"})) == OK

    async def test_the_session_is_given_back(self, open_port: int) -> None:
        for _ in range(3):
            assert verdict(await look(rtsp={"port": open_port, "path": "/live", "play": True})) == OK

    async def test_wrong_password(self, digest_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
        seen = await look(USER, rtsp={"port": digest_port, "path": "/live"})
        assert verdict(seen) == ("refused", "authentication_failed", None)
        assert "wrong" not in seen.detail

    async def test_no_password_where_one_is_asked_for(self, digest_port: int) -> None:
        assert verdict(await look(rtsp={"port": digest_port, "path": "/live"}))[1] == "authentication_failed"

    async def test_basic_only_where_it_is_allowed(self) -> None:
        with gst_rtsp("basic", USER, PASSWORD) as port:
            stream = {"port": port, "path": "/live"}
            assert verdict(await look(USER, rtsp=stream)) == ("refused", "authentication_failed", None)
            assert verdict(await look(USER, rtsp=stream, allow_basic=True)) == OK

    @pytest.mark.parametrize(
        ("path", "outcome", "says"),
        [
            pytest.param("/none", "refused", "404", id="wrong-path"),
            pytest.param("/dead", "refused", "503", id="cannot-be-prepared"),
            pytest.param("/sound", "malformed", "no video", id="sound-only"),
        ],
    )
    async def test_no_stream(self, open_port: int, path: str, outcome: str, says: str) -> None:
        seen = await look(rtsp={"port": open_port, "path": path})
        assert verdict(seen) == (outcome, "unknown", None)
        assert says in seen.detail
        assert checks(seen) == {"rtsp": 0}


@pytest.mark.parametrize("scheme", ["MD5", "SHA-256", "both"])
async def test_the_strongest_digest_is_used(scheme: str) -> None:
    async with RtspRaw(USER, PASSWORD, scheme).serving() as peer:  # type: ignore[arg-type]
        seen = await look(USER, rtsp={"port": peer.port, "path": "/main", "play": True})
        assert verdict(seen) == OK, seen.detail
        url = f"rtsp://127.0.0.1:{peer.port}/main"
        track = f"{url}/trackID=1"  # the video's, though the sound stands before it
        assert peer.asked == [
            f"OPTIONS {url.removesuffix('/main')}", *[f"DESCRIBE {url}"] * 2, f"SETUP {track}", f"PLAY {url}",
            f"TEARDOWN {url}",
        ]  # fmt: skip
        assert peer.refused == 0


async def test_a_camera_that_hangs_up_to_ask_for_a_password() -> None:
    async with RtspRaw(USER, PASSWORD, closes_after_401=True).serving() as peer:
        assert verdict(await look(USER, rtsp={"port": peer.port, "path": "/main"})) == OK
        assert peer.refused == 0


async def test_a_wrong_password_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    async with RtspRaw(USER, PASSWORD).serving() as peer:
        seen = await look(USER, rtsp={"port": peer.port, "path": "/main"}, isapi={"port": peer.port})
        assert (verdict(seen)[1], peer.refused) == ("authentication_failed", 1)
        assert checks(seen) == {"rtsp": 0}


async def test_closed_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        seen = await look(rtsp={"port": taken.getsockname()[1], "path": "/main"})
    assert verdict(seen) == ("refused", "unreachable", None)


async def test_no_such_name() -> None:
    assert verdict(await look(host="camera.invalid", rtsp={"path": "/main"})) == ("unreachable", "unreachable", None)


@pytest.mark.parametrize(
    ("misbehaves", "at", "outcome", "state"),
    [
        ("silent", "OPTIONS", "timeout", "unknown"),
        ("silent", "DESCRIBE", "timeout", "unknown"),
        ("silent", "SETUP", "timeout", "unknown"),
        ("drips", "DESCRIBE", "timeout", "unknown"),
        ("media-only", "DESCRIBE", "malformed", "unknown"),
        ("garbage", "OPTIONS", "malformed", "unknown"),
        ("garbage", "DESCRIBE", "malformed", "unknown"),
        ("endless-line", "DESCRIBE", "malformed", "unknown"),
        ("many-headers", "DESCRIBE", "malformed", "unknown"),
        ("huge-body", "DESCRIBE", "malformed", "unknown"),
        ("hangs-up", "OPTIONS", "malformed", "unknown"),
        ("hangs-up", "SETUP", "malformed", "unknown"),
        ("redirects", "DESCRIBE", "malformed", "unknown"),
        ("no-sdp", "DESCRIBE", "malformed", "unknown"),
        ("no-video", "DESCRIBE", "malformed", "unknown"),
        ("injects", "DESCRIBE", "malformed", "unknown"),
        ("another-cseq", "DESCRIBE", "malformed", "unknown"),
        ("no-session", "SETUP", "malformed", "unknown"),
        ("udp-only", "SETUP", "malformed", "unknown"),
        ("500", "SETUP", "refused", "unknown"),
        ("403", "DESCRIBE", "refused", "authentication_failed"),
        ("no-packets", "PLAY", "timeout", "unknown"),
        ("no-rtp", "PLAY", "malformed", "unknown"),
        ("hangs-up", "PLAY", "malformed", "unknown"),
    ],
)
async def test_misbehaviour(
    monkeypatch: pytest.MonkeyPatch, misbehaves: Misbehaviour, at: str, outcome: str, state: str
) -> None:
    monkeypatch.setattr(rtsp, "EXCHANGE_SECONDS", 0.4)
    async with RtspRaw(misbehaves=misbehaves, misbehaves_at=at).serving() as peer:
        seen = await look(rtsp={"port": peer.port, "path": "/main", "play": True})
        assert not any("PAUSE" in asked or ":22" in asked for asked in peer.asked)
    assert verdict(seen) == (outcome, state, None), seen.detail
    assert seen.duration_seconds < 3


async def test_silence_at_the_end_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "GOODBYE_SECONDS", 0.2)
    async with RtspRaw(misbehaves="silent", misbehaves_at="TEARDOWN").serving() as peer:
        assert verdict(await look(rtsp={"port": peer.port, "path": "/main"})) == OK


@pytest.mark.parametrize(
    ("control", "asked"),
    [
        ("*", "{base}/main/"),
        ("rtsp://10.0.0.9/other/trackID=7", "rtsp://10.0.0.9/other/trackID=7"),  # asked on the same connection
        ("/trackID=7", "{base}/main/trackID=7"),
    ],
)
async def test_control_addresses(control: str, asked: str) -> None:
    async with RtspRaw(sdp=SDP.replace("trackID=1", control)).serving() as peer:
        assert verdict(await look(rtsp={"port": peer.port, "path": "/main"})) == OK
        assert f"SETUP {asked.format(base=f'rtsp://127.0.0.1:{peer.port}')}" in peer.asked


@pytest.mark.parametrize(
    "address",
    [
        "http://c/main",
        "rtsp:///main",
        "rtsp://c/a\r\nPLAY",
        "rtsp://c:99999/",
        "rtsp://c:x/",
        "rtsp://[c/",
        "",
        "rtsp://c/汉",
    ],
)
def test_addresses_that_are_not_taken(address: str) -> None:
    with pytest.raises(Malformed):
        rtsp.address_of(address)


def test_query_of_an_address() -> None:
    url = "rtsp://u:p@192.0.2.1:8554/cam/realmonitor?channel=1&subtype=0"
    assert rtsp.address_of(url) == rtsp.Address("/cam/realmonitor?channel=1&subtype=0", 8554)
    assert rtsp.address_of("rtsp://192.0.2.1") == rtsp.Address("/", None)


@pytest.mark.parametrize(
    "entry",
    [{}, {"rtsp": {}}, {"rtsp": {"path": "/a b"}}, {"rtsp": {"path": "/a"}, "user": "admin"}],
    ids=["nothing-to-look-at", "no-path", "blank-in-path", "user-without-password"],
)
def test_settings_that_are_refused(entry: dict[str, object]) -> None:
    good = {"probe": "camera", "device": "c1", "host": "127.0.0.1"}
    CameraSettings.model_validate({**good, "rtsp": {"path": "/a"}})
    with pytest.raises(ValidationError):
        CameraSettings.model_validate({**good, **entry})
