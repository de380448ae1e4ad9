"""Recording hosts by each check: GStreamer, nginx, snmpd and this machine, and peers that mean no good."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.clients import media_http, rtmp, rtsp
from agent.probes.base import Context
from agent.probes.recording.probe import PROBE
from agent.runner import observe
from common.secrets import Secret
from tests.peers.gst_rtsp import gst_rtsp
from tests.peers.pages import closed_port, garbage, page, pages, silent, tcp_server
from tests.peers.snmpd import snmpd
from tests.peers.streams import Server, streaming_server
from tests.peers.tls import Authority
from wire.report import Observation


async def look(by: str, host: str = "127.0.0.1", **check: Any) -> Observation:
    settings = PROBE.settings.model_validate(
        {
            "probe": "recording",
            "device": "录播主机",
            "place": "录播教室",
            "check": {"by": by, **({} if by == "snmp" else {"host": host}), **check},
        }
    )
    return await observe(PROBE, settings, Context(Path()))


def state(seen: Observation) -> tuple[str, float | None, str]:
    """The state, whether it is up, and by which check."""
    for reading in seen.readings:
        if reading.measure.startswith("av_device"):
            assert (reading.labels["system"], reading.labels["place"]) == ("recording", "录播教室")
    ups = [reading.value for reading in seen.readings if reading.measure == "av_device_up"]
    (named,) = [r.labels["state"] for r in seen.readings if r.measure == "av_device_state"]
    by = [r.labels["by"] for r in seen.readings if r.measure == "recording_checked_by"]
    return named, ups[0] if ups else None, "".join(by)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with streaming_server(tmp_path_factory.mktemp("recorder")) as made:
        yield made


async def test_rtsp() -> None:
    with gst_rtsp() as port:
        stream = await look("rtsp", port=port, path="/live")
        spoken = await look("rtsp", port=port)
        missing = await look("rtsp", port=port, path="/none")
    assert (stream.outcome, state(stream)) == ("ok", ("ok", 1, "rtsp_stream"))
    assert (spoken.outcome, state(spoken)) == ("ok", ("ok", 1, "rtsp"))
    assert (missing.outcome, state(missing)) == ("refused", ("fault", 0, ""))


async def test_rtsp_with_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_RECORDING", "wrong")
    with gst_rtsp("digest", "tv", "right") as port:
        seen = await look("rtsp", port=port, path="/live", user="tv", password=Secret(env="TEST_RECORDING"))
    assert (seen.outcome, state(seen)) == ("refused", ("authentication_failed", None, ""))


async def test_rtmp(server: Server) -> None:
    seen = await look("rtmp", port=server.rtmp_port)
    assert (seen.outcome, state(seen)) == ("ok", ("ok", 1, "rtmp"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nginx.conf", ("ok", 1, "http")),
        ("/locked", ("ok", 1, "http")),
        ("/none", ("ok", 1, "http")),
        ("/away", ("ok", 1, "http")),
        ("/broken", ("fault", 0, "")),
        ("/round", ("unknown", None, "")),
    ],
)
async def test_http(server: Server, path: str, expected: tuple[str, float | None, str]) -> None:
    assert state(await look("http", port=int(server.http.rpartition(":")[2]), path=path)) == expected


async def test_a_page_without_end_is_not_read_to_it() -> None:
    async with pages({"/": page(b"x" * 1000, Content_Length="900000")}) as base:
        seen = await look("http", port=int(base.rpartition(":")[2]))
    assert state(seen) == ("ok", 1, "http")


async def test_https_of_a_host_that_signs_for_itself(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends = datetime.now(UTC) - timedelta(days=1)
    tls.load_cert_chain(*Authority(tmp_path).certificate("127.0.0.1", ends, self_signed=True))
    async with pages({"/": page(b"sign in")}, tls) as base:
        seen = await look("http", port=int(base.rpartition(":")[2]), https=True)
    assert (seen.outcome, state(seen)) == ("ok", ("ok", 1, "http"))


async def test_snmp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", "public")
    monkeypatch.setenv("TEST_COMMUNITY_WRONG", "wrong")
    entry = {"host": "127.0.0.1", "request_timeout_seconds": 0.3, "retries": 0}
    with snmpd() as port:
        good = await look("snmp", snmp={**entry, "port": port, "community": Secret(env="TEST_COMMUNITY")})
        bad = await look("snmp", snmp={**entry, "port": port, "community": Secret(env="TEST_COMMUNITY_WRONG")})
    assert (good.outcome, state(good)) == ("ok", ("ok", 1, "snmp"))
    assert [0 <= r.value < 60 for r in good.readings if r.measure == "recording_up_time_seconds"] == [True]
    assert (bad.outcome, state(bad)) == ("timeout", ("unknown", None, ""))


async def test_tcp_and_icmp(server: Server) -> None:
    tcp = await look("tcp", port=server.rtmp_port)
    icmp = await look("icmp")
    nowhere = await look("icmp", "recorder.invalid")
    assert (tcp.outcome, state(tcp)) == ("ok", ("ok", 1, "tcp"))
    assert (icmp.outcome, state(icmp)) == ("ok", ("ok", 1, "icmp"))
    assert (nowhere.outcome, state(nowhere)) == ("unreachable", ("unreachable", None, ""))


@pytest.mark.parametrize("by", ["rtsp", "rtmp", "http"])
async def test_silent_closed_or_garbage(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr(rtsp, "EXCHANGE_SECONDS", 0.3)
    monkeypatch.setattr(rtmp, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(media_http, "READ_SECONDS", 0.3)
    async with tcp_server(silent) as mute, tcp_server(garbage) as odd:
        with closed_port() as closed:
            seen = [await look(by, port=port) for port in (mute, odd, closed)]
    assert [(one.outcome, state(one)) for one in seen] == [
        ("timeout", ("unknown", None, "")),
        ("malformed", ("unknown", None, "")),
        ("refused", ("unreachable", None, "")),
    ]


async def test_rtmp_that_hangs_up() -> None:
    async def short(reader: Any, writer: Any) -> None:
        await reader.read(10)
        writer.write(b"\x03" + bytes(100))

    async with tcp_server(short) as port:
        seen = await look("rtmp", port=port)
    assert (seen.outcome, state(seen)) == ("malformed", ("unknown", None, ""))


def test_a_user_needs_a_password() -> None:
    with pytest.raises(ValidationError):
        PROBE.settings.model_validate(
            {"probe": "recording", "device": "d", "check": {"by": "rtsp", "host": "h", "user": "u"}}
        )
