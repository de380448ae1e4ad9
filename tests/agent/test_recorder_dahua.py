"""Recorders by Dahua's HTTP API, against a peer written from its documents."""

import pytest

from tests.agent.recorders import (
    PASSWORD,
    PASSWORD_VARIABLE,
    dahua_pages,
    look,
    of_recorder,
    one,
    up,
    values,
    web,
    words,
)
from tests.peers import dahua


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


class TestDahua:
    @pytest.mark.parametrize("capital", [False, True])
    async def test_healthy(self, capital: bool) -> None:
        told = dahua.channels({1: "Connected", 2: "Unconnect", 3: "Connected"}, capital=capital)
        seen = await look(web(dahua_pages(channels=told)), "dahua")
        assert (seen.outcome, seen.detail, of_recorder(seen)) == ("ok", "", "ok")
        assert up(seen) == {"101": 1, "102": 0, "103": 1}
        assert one(seen, "recorder_can_record") == 1
        assert values(seen, "recorder_disk_free_bytes", "disk") == {"1": 5e11}
        offset = one(seen, "av_device_clock_offset_seconds")
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
