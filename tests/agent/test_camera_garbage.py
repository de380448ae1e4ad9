"""Whatever a camera or recorder sends, the parsers give a value or an error of agent/errors.py, and nothing else."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clients import dahua, device_http, isapi, onvif, rtsp, xmltree
from agent.clients.device_http import Answer
from agent.clients.digest import Authorization, Login
from agent.errors import ProbeError
from tests.peers import dahua as dahua_pages
from tests.peers import isapi as isapi_pages
from tests.peers.onvif_raw import ENVELOPE, OnvifRaw
from tests.peers.rtsp_raw import SDP

LOGIN = Login("admin", "pw", allow_basic=True)


def body(page: object) -> bytes:
    assert isinstance(page, tuple)
    content: bytes = page[1]
    return content


@st.composite
def damaged(draw: st.DrawFn, *good: bytes) -> bytes:
    """A good answer with a few bytes replaced, cut out or put in; or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=300))
    text = draw(st.sampled_from(good))
    for _ in range(draw(st.integers(0, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        some = st.sampled_from(
            [b"", b"<", b"&", b'"', b"=", b"]", b"99999999999999999999", b"-1", b"\x00", b"\r\n", b"\xff"]
        )
        text = text[:at] + draw(st.one_of(some, st.binary(max_size=6))) + text[at + length :]
    return text


CHANNELS = body(isapi_pages.ip_channels({1: ("true", "connect"), 2: ("false", "")}))
DISKS = body(isapi_pages.disks(("ok", "RW"), ("error", "RO")))
STATUS = body(isapi_pages.status(datetime(2026, 9, 1, tzinfo=UTC)))


@given(damaged(CHANNELS, DISKS, STATUS))
def test_isapi(answer: bytes) -> None:
    with suppress(ProbeError):
        root = xmltree.parse(answer)
        for each in root.every("InputProxyChannelStatus"):
            assert isapi._number(each) > 0
            assert isapi._ip_state(each) in ("online", "offline", "unknown")
        for disk in root.all("hdd"):
            assert (isapi._disk(1, disk).capacity_bytes or 1) > 0
        isapi._moment(root.value("currentDeviceTime") or "")


@given(
    damaged(body(dahua_pages.channels({1: "Connected"})), body(dahua_pages.disks(("Success", "false", "ReadWrite"))))
)
def test_dahua(answer: bytes) -> None:
    with suppress(ProbeError):
        told = dahua._told(Answer(200, answer), dahua.DISKS) or {}
        disk = dahua._disk(0, told)
        assert (disk.free_bytes or 0) <= (disk.capacity_bytes or 0)


NAMES = [
    "GetSystemDateAndTime",
    "GetDeviceInformation",
    "GetServices",
    "GetCapabilities",
    "GetProfiles",
    "GetStreamUri",
]
GOOD = [ENVELOPE.format(OnvifRaw()._answer(name, "ProfileToken>p0<")).encode() for name in NAMES]
FAULT = OnvifRaw()._fault("Sender", "NotAuthorized")[1]


@given(damaged(*GOOD, FAULT), st.sampled_from(NAMES), st.sampled_from([200, 400, 401, 500]))
def test_onvif(answer: bytes, name: str, status: int) -> None:
    with suppress(ProbeError):
        told = onvif._told(Answer(status, answer), name)
        for utc in told.all("UTCDateTime"):
            onvif._moment(utc)
        for each in (*told.all("XAddr"), *told.all("Uri")):
            onvif._url(each.text)
            assert rtsp.address_of(each.text).path.isascii()


@given(damaged(SDP.encode()), st.sampled_from(["rtsp://192.0.2.1/main/", "", "*", "rtsp://x"]))
def test_sdp(answer: bytes, base: str) -> None:
    with suppress(ProbeError):
        assert re.fullmatch("[!-~]+", rtsp._description(answer, base).control)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"rtsps?://[!-~]{0,20}(:\d{0,6})?/.{0,10}", fullmatch=True)))
def test_addresses(address: str) -> None:
    with suppress(ProbeError):
        assert re.fullmatch("[!-~]+", onvif._url(address))
    with suppress(ProbeError):
        assert re.fullmatch("[!-~]+", rtsp.address_of(address).path)


CHALLENGE = 'Digest realm="IP Camera(1)", qop="auth,auth-int", nonce="5fbb", opaque="x", algorithm=SHA-256'


@given(
    st.lists(
        st.one_of(st.text(max_size=80), damaged(CHALLENGE.encode()).map(lambda b: b.decode("latin-1"))), max_size=3
    )
)
def test_challenges(headers: list[str]) -> None:
    authorization = Authorization(LOGIN)
    with suppress(ProbeError):
        authorization.challenged(headers)
        assert authorization.header("GET", "/a")["Authorization"].isprintable()


@given(
    st.one_of(st.text(max_size=40), st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} [\d:]{0,12} .{0,6}"))
)
def test_dates(text: str) -> None:
    told = device_http._date(text)
    assert told is None or told.tzinfo is not None


@pytest.mark.parametrize("nested", [b"<a>", b"<a b='&#0;'>", b"<a xmlns:x='y'><x:a/>", b"<!-- " + b"-" * 1000])
def test_what_never_ends(nested: bytes) -> None:
    parse: Callable[[bytes], object] = xmltree.parse
    with pytest.raises(ProbeError):
        parse(nested * 200)
