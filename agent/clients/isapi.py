"""Hikvision's ISAPI: XML over HTTP Digest, read only. Paths and fields: Hikvision, ISAPI developer guides (Core, and
ContentMgmt for recorders); the POST to ContentMgmt/search is a question."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from agent.clients import xmltree
from agent.clients.device_clock import believable
from agent.clients.device_http import DeviceHttp, refused_by
from agent.clients.recorders import (
    MAX_DISKS,
    Channel,
    ChannelState,
    Disk,
    DiskState,
    Recorded,
    Span,
    each_once,
)
from agent.clients.xmltree import Element
from agent.errors import Malformed, Silent

STATUS = "/ISAPI/System/status"
TIME = "/ISAPI/System/time"
DEVICE = "/ISAPI/System/deviceInfo"
IP_CHANNELS = "/ISAPI/ContentMgmt/InputProxy/channels/status"
ANALOGUE_CHANNELS = "/ISAPI/System/Video/inputs/channels"
DISKS = "/ISAPI/ContentMgmt/Storage/hdd"
STORAGE = "/ISAPI/ContentMgmt/Storage"
SEARCH = "/ISAPI/ContentMgmt/search"

MEBIBYTE = 1024 * 1024
"""Capacity and free space are in MB, which recorders reckon so."""
PAGE = 64
SEARCH_SECONDS = 25.0
"""For all searches of one recorder together: the states of channels must not be lost to them."""
MAX_PAGES = 8
"""Of search results for one channel; a recorder closes a file about every hour, or at every event."""

_NOT_SUPPORTED = {"notsupport", "notsupported", "methodnotallowed", "invalidoperation", "badurlformat"}
"""What subStatusCode says beside 403 where the device lacks a function; lowPrivilege means the user."""
_DISK_STATES: dict[str, DiskState] = {
    "ok": "ok",
    "normal": "ok",
    "idle": "idle",
    "sleeping": "idle",
    "unformatted": "unformatted",
    "error": "error",
    "abnormal": "error",
    "mismatch": "mismatch",
    "offline": "offline",
    "notexist": "absent",
    "smartfailed": "smart_failed",
    "reparing": "repairing",  # so spelt by the devices
    "repairing": "repairing",
    "formating": "formatting",
    "formatting": "formatting",
}
_DETECTED = {"connect", "connected", "online", "ok", "normal"}
_NOT_DETECTED = {
    "offline", "notconnected", "notexist", "disconnect", "disconnected", "netunreachable", "networkerror", "neterror",
    "ipconflict", "loginfailed", "userlocked", "passworderror", "maxconnect",
}  # fmt: skip


class Isapi:
    """One camera or recorder. Each method raises ProbeError; None is what the device does not tell."""

    def __init__(self, http: DeviceHttp, now: Callable[[], datetime]) -> None:
        self._http, self._now = http, now
        self._search_until: float | None = None
        self._asked = False
        self._told: datetime | None = None

    async def alive(self) -> None:
        """Whether it answers as Hikvision devices do, to this user (deviceInfo)."""
        if await self._read(DEVICE, "DeviceInfo") is None:
            raise Malformed("the device has no ISAPI")

    async def clock(self) -> timedelta | None:
        """How far its clock is ahead of ours; None where it tells no time, or one without its zone."""
        moment = await self._time()
        return None if moment is None or moment.tzinfo is None else moment - self._now()

    async def channels(self) -> list[Channel] | None:
        """A recorder's channels: of IP cameras, else of analogue inputs."""
        told = await self._read(IP_CHANNELS, "InputProxyChannelStatusList")
        if told is not None:
            return each_once([Channel(_number(c), _ip_state(c)) for c in told.every("InputProxyChannelStatus")])
        told = await self._read(ANALOGUE_CHANNELS, "VideoInputChannelList")
        if told is not None:
            return each_once([Channel(_number(c), _analogue_state(c)) for c in told.every("VideoInputChannel")])
        return None

    async def disks(self) -> list[Disk] | None:
        """Local disks and network storage."""
        told = await self._read(DISKS, "hddList", "storage")
        if told is None:
            told = await self._read(STORAGE, "storage")
        if told is None:
            return None
        found = [*told.all("hdd"), *told.all("nas")]
        if len(found) > MAX_DISKS:
            raise Malformed(f"{len(found)} disks")
        return [_disk(number, each) for number, each in enumerate(found, start=1)]

    async def recorded(self, channel: int, hours: float) -> Recorded | None:
        """What it has recorded of a channel's main stream in the last hours. Track 101 is channel 1's main stream.

        A recorder writes and reads its own local time here and ends it with Z, whatever its zone.
        """
        end = await self._time()
        if end is None:
            return None
        end = end.replace(tzinfo=None)
        start = end - timedelta(hours=hours)
        spans: list[Span] = []
        for _ in range(MAX_PAGES):
            if self._search_until is None:
                self._search_until = monotonic() + SEARCH_SECONDS
            if monotonic() > self._search_until:
                raise Silent(f"{SEARCH_SECONDS:g} s were too short for the recordings of channel {channel}")
            found, more = await self._search(channel * 100 + 1, start, end, len(spans))
            spans += found
            if not more or not found:
                return Recorded.of(spans, start, end)
        raise Malformed(f"channel {channel} has more than {MAX_PAGES * PAGE} recordings in {hours:g} h")

    async def _time(self) -> datetime | None:
        """By its own clock, as far as it told it when first asked."""
        if not self._asked:
            told = await self._read(STATUS, "DeviceStatus")
            text = told.value("currentDeviceTime") if told else None
            if text is None:
                told = await self._read(TIME, "Time")
                text = told.value("localTime") if told else None
            self._asked, self._told = True, None if text is None else _moment(text)
        return self._told

    async def _search(self, track: int, start: datetime, end: datetime, position: int) -> tuple[list[Span], bool]:
        body = (
            '<?xml version="1.0" encoding="utf-8"?><CMSearchDescription>'
            f"<searchID>{uuid.uuid4()}</searchID><trackIDList><trackID>{track}</trackID></trackIDList>"
            f"<timeSpanList><timeSpan><startTime>{start:%Y-%m-%dT%H:%M:%SZ}</startTime>"
            f"<endTime>{end:%Y-%m-%dT%H:%M:%SZ}</endTime></timeSpan></timeSpanList>"
            # searchResultPostion is so spelt by the devices
            f"<maxResults>{PAGE}</maxResults><searchResultPostion>{position}</searchResultPostion>"
            "<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList>"
            "</CMSearchDescription>"
        )
        answer = await self._http.post(SEARCH, body.encode(), "application/xml; charset=UTF-8")
        if answer.status != 200:
            raise refused_by(answer, "the recordings")
        told = _rooted(answer.body, "CMSearchResult")
        spans: list[Span] = []
        for match in told.every("matchList", "searchMatchItem", "timeSpan"):
            first, last = _moment(match.value("startTime") or ""), _moment(match.value("endTime") or "")
            spans.append((first.replace(tzinfo=None), last.replace(tzinfo=None)))
        if len(spans) > PAGE:
            raise Malformed(f"{len(spans)} recordings on a page; {PAGE} were asked for")
        return spans, (told.value("responseStatusStrg") or "").upper() == "MORE"

    async def _read(self, path: str, *roots: str) -> Element | None:
        answer = await self._http.get(path)
        if answer.status == 200:
            return _rooted(answer.body, *roots)
        if answer.status in (404, 405, 501) or (answer.status in (400, 403) and _says_unsupported(answer.body)):
            return None
        raise refused_by(answer, path)


def _rooted(body: bytes, *roots: str) -> Element:
    root = xmltree.parse(body)
    if root.name.lower() not in {name.lower() for name in roots}:
        raise Malformed(f"{root.name[:40]!r} where {roots[0]} was asked for")
    return root


def _says_unsupported(body: bytes) -> bool:
    try:
        return (xmltree.parse(body).value("subStatusCode") or "").lower() in _NOT_SUPPORTED
    except Malformed:
        return False


def _number(channel: Element) -> int:
    number = channel.whole("id")
    if not number or number > 1_000_000:
        raise Malformed("a channel without a number")
    return number


def _ip_state(channel: Element) -> ChannelState:
    """By `online` and, where it is told, chanDetectResult: two words that contradict each other say nothing."""
    says: set[bool] = set()
    online = (channel.value("online") or "").lower()
    if online in ("true", "false"):
        says.add(online == "true")
    detected = (channel.value("chanDetectResult") or "").lower()
    if detected in _DETECTED or detected in _NOT_DETECTED:
        says.add(detected in _DETECTED)
    return "unknown" if len(says) != 1 else "online" if says == {True} else "offline"


def _analogue_state(channel: Element) -> ChannelState:
    """resDesc is the resolution of the picture that comes in, or NO VIDEO."""
    told = (channel.value("resDesc") or "").upper()
    if "NO VIDEO" in told:
        return "offline"
    return "online" if any(each.isdigit() for each in told) else "unknown"


def _disk(number: int, told: Element) -> Disk:
    state = _DISK_STATES.get((told.value("status") or "").lower(), "unknown")
    if state in ("ok", "idle") and (told.value("property") or "").upper() == "RO":
        state = "read_only"
    capacity, free = told.whole("capacity"), told.whole("freeSpace")
    return Disk(
        number,
        state,
        None if not capacity else capacity * MEBIBYTE,
        None if free is None or not capacity else free * MEBIBYTE,
    )


def _moment(text: str) -> datetime:
    try:
        return believable(datetime.fromisoformat(text))
    except ValueError:
        raise Malformed(f"no time: {text[:40]!r}") from None
