"""Recorders by ISAPI and by Dahua's HTTP API, against peers written from the vendors' documents."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from agent.clients import device_http
from agent.clients.recorders import Recorded
from agent.probes.base import Context
from agent.probes.recorder.probe import PROBE
from agent.probes.recorder.settings import RecorderSettings
from agent.runner import observe
from tests.peers import dahua, isapi
from tests.peers.device_web import DeviceWeb, Misbehaviour, Page
from wire.report import Observation

CONTEXT = Context(Path())
USER, PASSWORD = "monitor", "s3cret:汉字"
PLACES = {1: "101", 2: "102", 3: "103"}
Speaks = Literal["isapi", "dahua"]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_RECORDER_PASSWORD", PASSWORD)


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
        "password": {"env": "TEST_RECORDER_PASSWORD"},
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


class TestIsapi:
    async def test_healthy(self) -> None:
        seen = await look(web(hikvision()))
        assert (seen.outcome, seen.detail, of_recorder(seen)) == ("ok", "", "ok")
        assert up(seen) == {"101": 1, "102": 1, "103": 1}
        assert values(seen, "recorder_channel_up", "channel") == {"1": 1, "2": 1, "3": 1}
        assert values(seen, "rows_seen", "table") == {"channels": 3}
        assert one(seen, "recorder_channels_not_configured") == 0
        assert one(seen, "recorder_can_record") == 1
        assert words(seen, "recorder_disk_state", "disk") == {"1": "ok"}
        assert values(seen, "recorder_disk_capacity_bytes", "disk") == {"1": 1907729 * 1024 * 1024}
        assert values(seen, "recorder_disk_free_bytes", "disk") == {"1": 0}
        offset = one(seen, "recorder_clock_offset_seconds")
        assert offset is not None
        assert abs(offset) < 5

    @pytest.mark.parametrize(
        ("channel", "state", "value"),
        [
            pytest.param(("true", ""), "online", 1, id="online"),
            pytest.param(("true", "connect"), "online", 1, id="online-and-detected"),
            pytest.param(("false", ""), "offline", 0, id="offline"),
            pytest.param(("false", "netUnreachable"), "offline", 0, id="offline-and-why"),
            pytest.param(("", "loginFailed"), "offline", 0, id="only-why"),
            pytest.param(("true", "notExist"), "unknown", None, id="contradicts-itself"),
            pytest.param(("false", "connect"), "unknown", None, id="contradicts-itself-the-other-way"),
            pytest.param(("", ""), "unknown", None, id="says-nothing"),
            pytest.param(("maybe", "neverHeardOf"), "unknown", None, id="words-nobody-knows"),
        ],
    )
    async def test_channel(self, channel: tuple[str, str], state: str, value: float | None) -> None:
        told = isapi.ip_channels({1: ("true", "connect"), 2: channel, 3: ("true", "connect")})
        seen = await look(web(hikvision(channels=told)))
        assert seen.outcome == "ok"
        assert words(seen, "recorder_channel_state", "channel")["2"] == state
        assert values(seen, "recorder_channel_up", "channel").get("2") == value
        assert up(seen).get("102") == value
        assert states(seen)["102"] == {"online": "ok", "offline": "fault", "unknown": "unknown"}[state]

    async def test_a_channel_that_is_not_listed_is_gone_and_not_down(self) -> None:
        seen = await look(web(hikvision(channels=isapi.ip_channels({1: ("true", ""), 9: ("true", "")}))))
        assert words(seen, "recorder_channel_state", "channel") == {"1": "online", "2": "gone", "3": "gone"}
        assert up(seen) == {"101": 1}
        assert one(seen, "recorder_channels_not_configured") == 1
        assert values(seen, "rows_seen", "table") == {"channels": 2}

    @pytest.mark.parametrize(
        ("first", "second", "state"),
        [("true", "false", "ok"), ("false", "false", "fault"), ("false", "", "unknown"), ("true", "", "ok")],
    )
    async def test_two_cameras_at_one_place(self, first: str, second: str, state: str) -> None:
        channels = [{"channel": 1, "place": "101"}, {"channel": 2, "place": "101"}]
        told = isapi.ip_channels({1: (first, ""), 2: (second, "")})
        seen = await look(web(hikvision(channels=told)), channels=channels)
        assert states(seen) == {"101": state}
        assert sum(r.measure == "av_device_up" for r in seen.readings) == (state != "unknown")

    async def test_analogue_inputs_of_a_dvr(self) -> None:
        told = isapi.analogue_channels({1: "1080P25", 2: "NO VIDEO", 3: ""})
        seen = await look(web(hikvision(channels=isapi.UNSUPPORTED, analogue=told)))
        assert words(seen, "recorder_channel_state", "channel") == {"1": "online", "2": "offline", "3": "unknown"}

    @pytest.mark.parametrize(
        ("disks", "can", "state"),
        [
            pytest.param([("ok", "RW"), ("error", "RW")], 1, "ok", id="one-is-enough"),
            pytest.param([("sleeping", "RW")], 1, "ok", id="asleep"),
            pytest.param([("error", "RW"), ("unformatted", "RW")], 0, "fault", id="none-works"),
            pytest.param([("ok", "RO")], 0, "fault", id="read-only"),
            pytest.param([("notexist", "RW")], 0, "fault", id="pulled-out"),
            pytest.param([("smartFailed", "RW")], None, "unknown", id="may-still-record"),
            pytest.param([("error", "RW"), ("reparing", "RW")], None, "unknown", id="being-repaired"),
            pytest.param([("neverHeardOf", "RW")], None, "unknown", id="unknown-word"),
            pytest.param([], None, "unknown", id="no-disk-listed"),
        ],
    )
    async def test_disks(self, disks: list[tuple[str, str]], can: float | None, state: str) -> None:
        seen = await look(web(hikvision(disks=isapi.disks(*disks))))
        assert seen.outcome == "ok"
        assert one(seen, "recorder_can_record") == can
        assert of_recorder(seen) == state
        assert up(seen)["101"] == 1  # the cameras have a picture all the same

    async def test_network_storage(self) -> None:
        nas = isapi.disks(("ok", "RW"), tag="nas")
        storage = isapi.page(f"<storage>{nas[1].decode().partition('?>')[2]}</storage>")  # type: ignore[index]
        seen = await look(web(hikvision(disks=isapi.UNSUPPORTED, storage=storage)))
        assert (seen.outcome, one(seen, "recorder_can_record")) == ("ok", 1)

    @pytest.mark.parametrize("shift", [timedelta(hours=3), timedelta(days=-180)])
    async def test_wrong_clock(self, shift: timedelta) -> None:
        seen = await look(web(hikvision(status=isapi.status(datetime.now(UTC) + shift))))
        assert seen.outcome == "ok"
        assert one(seen, "recorder_clock_offset_seconds") == pytest.approx(shift.total_seconds(), abs=5)

    async def test_a_clock_without_zone_is_not_compared(self) -> None:
        local = isapi.page("<Time><timeMode>NTP</timeMode><localTime>2026-09-01T08:00:00</localTime></Time>")
        seen = await look(web(hikvision(status=isapi.page("<DeviceStatus/>"), time=local)))
        assert (seen.outcome, one(seen, "recorder_clock_offset_seconds")) == ("ok", None)

    @pytest.mark.parametrize("moment", ["soon", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-12:00", "1969-12-31"])
    async def test_a_clock_that_no_device_has(self, moment: str) -> None:
        status = isapi.page(f"<DeviceStatus><currentDeviceTime>{moment}</currentDeviceTime></DeviceStatus>")
        seen = await look(web(hikvision(status=status)))
        assert (seen.outcome, up(seen)["101"]) == ("malformed", 1)

    async def test_gaps_in_the_recordings(self) -> None:
        now = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
        start = now - timedelta(hours=24)
        files = [(start + timedelta(minutes=20 * n), start + timedelta(minutes=20 * n + 20)) for n in range(72)]
        search = isapi.search({101: files, 201: files[:30] + files[39:]})
        peer = web(hikvision(status=isapi.status(now), search=search))
        seen = await look(peer, recorded_hours=24)
        assert seen.outcome == "ok"
        ratio = values(seen, "recorder_recorded_ratio", "channel")
        assert ratio == {"1": 1, "2": pytest.approx(1 - 3 / 24), "3": 0}
        assert values(seen, "recorder_longest_gap_seconds", "channel") == {"1": 0, "2": 3 * 3600, "3": 24 * 3600}
        assert peer.asked.count(f"POST {isapi.SEARCH}") == 2 + 2 + 1  # pages

    async def test_recordings_that_take_too_long_cost_no_state(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("agent.clients.isapi.SEARCH_SECONDS", -1)
        seen = await look(web(hikvision(search=isapi.search({}))), recorded_hours=24)
        assert (seen.outcome, len(up(seen)), one(seen, "recorder_can_record")) == ("timeout", 3, 1)

    async def test_recordings_without_end(self) -> None:
        now = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
        files = [(now - timedelta(seconds=n + 1), now - timedelta(seconds=n)) for n in range(600)]
        seen = await look(
            web(hikvision(status=isapi.status(now), search=isapi.search({101: files}))), recorded_hours=24
        )
        assert (seen.outcome, up(seen)["101"]) == ("malformed", 1)

    @pytest.mark.parametrize(
        "wrong",
        [
            isapi.ip_channels({1: ("true", "")})[1].replace(b"<id>1</id>", b"<id>one</id>"),  # type: ignore[index]
            isapi.ip_channels({1: ("true", "")})[1].replace(b"<id>1</id>", b""),  # type: ignore[index]
            b"<InputProxyChannelStatusList>" + b"<InputProxyChannelStatus><id>1</id></InputProxyChannelStatus>" * 2,
            b"<SomethingElse/>",
            b"",
            b"<InputProxyChannelStatusList>"
            + b"".join(b"<InputProxyChannelStatus><id>%d</id></InputProxyChannelStatus>" % n for n in range(1, 1100))
            + b"</InputProxyChannelStatusList>",
        ],
        ids=["no-number", "without-id", "cut-off", "another-root", "empty", "too-many"],
    )
    async def test_broken_channels(self, wrong: bytes) -> None:
        seen = await look(web(hikvision(channels=(200, wrong))))
        assert (seen.outcome, up(seen), set(states(seen).values())) == ("malformed", {}, {"unknown"})

    async def test_one_channel_twice(self) -> None:
        row = b"<InputProxyChannelStatus><id>1</id><online>%s</online></InputProxyChannelStatus>"
        body = b"<InputProxyChannelStatusList>" + row % b"true" + row % b"false" + b"</InputProxyChannelStatusList>"
        seen = await look(web(hikvision(channels=(200, body))))
        assert (seen.outcome, up(seen)) == ("malformed", {})

    async def test_channels_stand_where_disks_are_broken(self) -> None:
        seen = await look(web(hikvision(disks=(200, b"<hddList><hdd></hddList>"))))
        assert (seen.outcome, up(seen)) == ("malformed", {"101": 1, "102": 1, "103": 1})
        assert one(seen, "recorder_can_record") is None

    async def test_neither_kind_of_channels(self) -> None:
        seen = await look(web(hikvision(channels=isapi.UNSUPPORTED)))
        assert (seen.outcome, up(seen)) == ("malformed", {})


class TestDahua:
    @pytest.mark.parametrize("capital", [False, True])
    async def test_healthy(self, capital: bool) -> None:
        told = dahua.channels({1: "Connected", 2: "Unconnect", 3: "Connected"}, capital=capital)
        seen = await look(web(dahua_pages(channels=told)), "dahua")
        assert (seen.outcome, seen.detail, of_recorder(seen)) == ("ok", "", "ok")
        assert up(seen) == {"101": 1, "102": 0, "103": 1}
        assert one(seen, "recorder_can_record") == 1
        assert values(seen, "recorder_disk_free_bytes", "disk") == {"1": 5e11}
        offset = one(seen, "recorder_clock_offset_seconds")
        assert offset is not None
        assert abs(offset) < 5

    @pytest.mark.parametrize("word", ["Empty", "Connecting", "Disable", ""])
    async def test_words_that_say_nothing_of_a_picture(self, word: str) -> None:
        seen = await look(web(dahua_pages(channels=dahua.channels({1: word}))), "dahua")
        assert words(seen, "recorder_channel_state", "channel")["1"] == "unknown"
        assert up(seen) == {}

    async def test_connected_without_a_picture(self) -> None:
        seen = await look(web(dahua_pages(lost=dahua.video_loss([2]))), "dahua")
        assert up(seen) == {"101": 1, "102": 0, "103": 1}

    async def test_firmware_that_tells_lost_pictures_only(self) -> None:
        pages = dahua_pages(channels=dahua.NOT_IMPLEMENTED, lost=dahua.video_loss([2]))
        seen = await look(web(pages), "dahua")
        assert (seen.outcome, up(seen)) == ("ok", {"102": 0})
        assert words(seen, "recorder_channel_state", "channel") == {"1": "gone", "2": "offline", "3": "gone"}

    async def test_firmware_that_tells_nothing(self) -> None:
        pages = dahua_pages(channels=dahua.NOT_IMPLEMENTED, lost=dahua.BAD_REQUEST)
        seen = await look(web(pages), "dahua")
        assert (seen.outcome, up(seen)) == ("malformed", {})

    @pytest.mark.parametrize(
        ("disk", "state", "can"),
        [
            (("Success", "false", "ReadWrite"), "ok", 1),
            (("Success", "true", "ReadWrite"), "error", 0),
            (("Error", "false", "ReadWrite"), "error", 0),
            (("Success", "false", "ReadOnly"), "read_only", 0),
            (("Initializing", "false", "ReadWrite"), "unknown", None),
        ],
    )
    async def test_disks(self, disk: tuple[str, str, str], state: str, can: float | None) -> None:
        seen = await look(web(dahua_pages(disks=dahua.disks(disk))), "dahua")
        assert words(seen, "recorder_disk_state", "disk") == {"1": state}
        assert one(seen, "recorder_can_record") == can

    @pytest.mark.parametrize(
        "wrong",
        [b"<html></html>", b"", b"states[0].channel=first\r\n", b"a=1\r\na=2\r\n", b"other=1\r\n", b"\xff\xfe=\x00"],
        ids=["html", "empty", "no-number", "two-values", "no-channel", "binary"],
    )
    async def test_broken_channels(self, wrong: bytes) -> None:
        seen = await look(web(dahua_pages(channels=(200, wrong))), "dahua")
        assert (seen.outcome, up(seen)) == ("malformed", {})

    async def test_broken_clock(self) -> None:
        seen = await look(web(dahua_pages(time=(200, b"result=0000-00-00 00:00:00\r\n"))), "dahua")
        assert (seen.outcome, len(up(seen))) == ("malformed", 3)

    async def test_recordings_are_not_searched(self) -> None:
        peer = web(dahua_pages())
        seen = await look(peer, "dahua", recorded_hours=24)
        assert (seen.outcome, one(seen, "recorder_recorded_ratio")) == ("ok", None)
        assert all(asked.startswith("GET ") for asked in peer.asked)


both = pytest.mark.parametrize("speaks", ["isapi", "dahua"])


def pages_of(speaks: Speaks) -> dict[str, Page]:
    return hikvision() if speaks == "isapi" else dahua_pages()


@both
@pytest.mark.parametrize("schemes", [("MD5",), ("SHA-256",), ("Basic", "MD5"), ("MD5", "SHA-256")])
async def test_digest(speaks: Speaks, schemes: tuple[str, ...]) -> None:
    peer = web(pages_of(speaks), schemes=schemes)
    seen = await look(peer, speaks)
    assert (seen.outcome, len(up(seen)), peer.refused) == ("ok", 3, 0)
    assert peer.used == {"SHA-256" if "SHA-256" in schemes else "MD5"}


async def test_a_nonce_that_runs_out_is_replaced() -> None:
    peer = web(hikvision(), nonce_lasts=2)
    seen = await look(peer)
    assert (seen.outcome, len(up(seen))) == ("ok", 3)


@both
async def test_wrong_password_is_tried_once(monkeypatch: pytest.MonkeyPatch, speaks: Speaks) -> None:
    monkeypatch.setenv("TEST_RECORDER_PASSWORD", "wrong")
    peer = web(pages_of(speaks))
    seen = await look(peer, speaks)
    assert (seen.outcome, up(seen), set(states(seen).values())) == ("refused", {}, {"authentication_failed"})
    assert peer.refused == 1  # more would lock the account
    assert "wrong" not in seen.detail


async def test_the_password_in_clear_only_where_it_is_allowed() -> None:
    peer = web(hikvision(), schemes=("Basic",))
    seen = await look(peer)
    assert (seen.outcome, set(states(seen).values()), peer.used) == ("refused", {"authentication_failed"}, set())
    seen = await look(peer, allow_basic=True)
    assert (seen.outcome, peer.used) == ("ok", {"Basic"})


async def test_a_user_without_the_right_to_look() -> None:
    seen = await look(web(hikvision(), misbehaves="locked"))
    assert (seen.outcome, set(states(seen).values())) == ("refused", {"authentication_failed"})


async def test_missing_password_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_RECORDER_PASSWORD")
    seen = await observe(PROBE, settings(9), CONTEXT)
    assert (seen.outcome, set(states(seen).values())) == ("refused", {"unknown"})


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_closed_port() -> None:
    with closed_port() as port:
        seen = await observe(PROBE, settings(port), CONTEXT)
    assert (seen.outcome, set(states(seen).values()), up(seen)) == ("refused", {"unreachable"}, {})
    assert of_recorder(seen) == "unreachable"


async def test_no_such_name() -> None:
    seen = await observe(PROBE, settings(80, host="recorder.invalid"), CONTEXT)
    assert (seen.outcome, set(states(seen).values())) == ("unreachable", {"unreachable"})


@both
@pytest.mark.parametrize(
    ("misbehaves", "outcome"),
    [
        ("silent", "timeout"),
        ("drips", "timeout"),
        ("endless", "malformed"),
        ("garbage", "malformed"),
        ("oversized", "malformed"),
        ("headers", "malformed"),
        ("redirects-to-loopback", "malformed"),
        ("redirects-elsewhere", "malformed"),
        ("compressed", "malformed"),
        ("hangs-up", "malformed"),
        ("html", "malformed"),
        ("bomb", "malformed"),
        ("external-entity", "malformed"),
        ("deep", "malformed"),
    ],
)
async def test_misbehaviour(
    monkeypatch: pytest.MonkeyPatch, speaks: Speaks, misbehaves: Misbehaviour, outcome: str
) -> None:
    monkeypatch.setattr(device_http, "EXCHANGE_SECONDS", 0.5)
    peer = web(pages_of(speaks), misbehaves=misbehaves)
    seen = await look(peer, speaks)
    assert (seen.outcome, up(seen), set(states(seen).values())) == (outcome, {}, {"unknown"})
    assert seen.duration_seconds < 3
    assert len(set(peer.asked)) == 1  # nothing was followed, and nothing asked afterwards


async def test_a_channel_written_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="more than once"):
        settings(80, channels=[{"channel": 1, "place": "a"}, {"channel": 1, "place": "b"}])


def test_overlapping_recordings_count_once() -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)

    def at(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    spans = [(at(-1), at(1)), (at(0.5), at(2)), (at(5), at(4)), (at(3), at(9))]
    assert Recorded.of(spans, start, at(4)) == Recorded(3 * 3600, 3600)


def tls_context(folder: Path) -> ssl.SSLContext:
    """With a certificate that a device signed for itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=device", "-days", "1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_https_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    seen = await look(web(hikvision(), tls=tls_context(tmp_path)), https=True)
    assert (seen.outcome, len(up(seen))) == ("ok", 3), seen.detail


@pytest.mark.parametrize(
    ("speaks_tls", "asks_tls", "outcome"), [(True, False, "malformed"), (False, True, "unreachable")]
)
async def test_http_where_https_is_spoken_and_the_reverse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speaks_tls: bool, asks_tls: bool, outcome: str
) -> None:
    monkeypatch.setattr(device_http, "CONNECT_SECONDS", 0.5)  # the peer waits for a line that TLS never ends
    seen = await look(web(hikvision(), tls=tls_context(tmp_path) if speaks_tls else None), https=asks_tls)
    assert (seen.outcome, up(seen)) == (outcome, {}), seen.detail
