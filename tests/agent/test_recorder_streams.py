"""A recorder's word, held to the streams that it gives."""

import pytest
from pydantic import ValidationError

from agent.clients import rtsp
from tests.agent.recorders import (
    PASSWORD,
    PASSWORD_VARIABLE,
    USER,
    dahua_pages,
    hikvision,
    look,
    settings,
    up,
    values,
    web,
    words,
)
from tests.peers import dahua, isapi
from tests.peers.rtsp_raw import RtspRaw


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


class TestStreams:
    """A recorder's word, held to the streams that it gives."""

    @pytest.mark.parametrize(
        ("word", "streams", "state"),
        [
            ("true", True, "online"),
            ("true", False, "unknown"),
            ("false", True, "unknown"),
            ("false", False, "offline"),
            ("", True, "online"),
            ("", False, "unknown"),
            ("gone", True, "online"),
            ("gone", False, "gone"),
        ],
    )
    async def test_word_and_stream(self, word: str, streams: bool, state: str) -> None:
        told = {1: ("true", ""), 3: ("true", "")} | ({} if word == "gone" else {2: (word, "")})
        paths = tuple(f"/Streaming/Channels/{n}02" for n in (1, 2, 3) if n != 2 or streams)
        async with RtspRaw(USER, PASSWORD, paths=paths).serving() as rtsp_peer:
            seen = await look(web(hikvision(channels=isapi.ip_channels(told))), streams={"port": rtsp_peer.port})
            assert rtsp_peer.refused == 0
        assert (seen.outcome, seen.detail) == ("ok", "")
        assert words(seen, "recorder_channel_state", "channel") == {"1": "online", "2": state, "3": "online"}
        assert values(seen, "recorder_stream_ok", "channel") == {"1": 1, "2": streams, "3": 1}
        assert up(seen).get("102") == {"online": 1, "offline": 0}.get(state)

    async def test_dahua_firmware_without_states(self) -> None:
        paths = ("channel=1&subtype=1", "channel=3&subtype=1")
        pages = dahua_pages(channels=dahua.NOT_IMPLEMENTED, lost=dahua.video_loss([2]))
        async with RtspRaw(USER, PASSWORD, paths=paths).serving() as rtsp_peer:
            seen = await look(web(pages), "dahua", streams={"port": rtsp_peer.port})
        assert (seen.outcome, up(seen)) == ("ok", {"101": 1, "102": 0, "103": 1})

    async def test_its_word_stands_where_streams_cannot_be_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rtsp, "EXCHANGE_SECONDS", 0.3)
        async with RtspRaw(misbehaves="silent").serving() as rtsp_peer:
            seen = await look(web(hikvision()), streams={"port": rtsp_peer.port})
            assert len(rtsp_peer.asked) == 1
        assert (seen.outcome, up(seen)) == ("timeout", {"101": 1, "102": 1, "103": 1})
        assert values(seen, "recorder_stream_ok", "channel") == {}

    async def test_streams_that_take_too_long_are_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rtsp, "SURVEY_SECONDS", -1)
        async with RtspRaw().serving() as rtsp_peer:
            seen = await look(web(hikvision()), streams={"port": rtsp_peer.port})
        assert (seen.outcome, len(up(seen)), values(seen, "recorder_stream_ok", "channel")) == ("ok", 3, {})

    def test_a_path_without_the_channel_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="channel"):
            settings(80, streams={"path": "/live"})
        assert settings(80, streams={"path": "/ch{channel}/sub"}).stream_path(7) == "/ch7/sub"
