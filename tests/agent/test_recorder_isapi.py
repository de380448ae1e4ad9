"""Recorders by Hikvision's ISAPI, against a peer written from the developer guides."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.agent.recorders import (
    PASSWORD,
    PASSWORD_VARIABLE,
    hikvision,
    look,
    of_recorder,
    one,
    states,
    up,
    values,
    web,
    words,
)
from tests.peers import isapi


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


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
        offset = one(seen, "av_device_clock_offset_seconds")
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
        assert one(seen, "av_device_clock_offset_seconds") == pytest.approx(shift.total_seconds(), abs=5)

    async def test_a_clock_without_zone_is_not_compared(self) -> None:
        local = isapi.page("<Time><timeMode>NTP</timeMode><localTime>2026-09-01T08:00:00</localTime></Time>")
        seen = await look(web(hikvision(status=isapi.page("<DeviceStatus/>"), time=local)))
        assert (seen.outcome, one(seen, "av_device_clock_offset_seconds")) == ("ok", None)

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
