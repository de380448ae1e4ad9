"""Dahua's HTTP API: `key=value` lines over HTTP Digest, read only. Paths and keys: Dahua, HTTP API for IPC/SD, NVR/HCVR
(global, eventManager, storageDevice, LogicDeviceManager).

Its SNMP table of channel states is not used: it says `Empty` of live channels (docs/decisions/0016).
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.clients.device_clock import believable
from agent.clients.device_http import Answer, DeviceHttp, refused_by
from agent.clients.recorders import MAX_DISKS, Channel, ChannelState, Disk, DiskState, Recorded, each_once
from agent.errors import Malformed

TIME = "/cgi-bin/global.cgi?action=getCurrentTime"
CHANNELS = "/cgi-bin/LogicDeviceManager.cgi?action=getCameraState&uniqueChannels[0]=-1"
VIDEO_LOSS = "/cgi-bin/eventManager.cgi?action=getEventIndexes&code=VideoLoss"
DISKS = "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo"

MAX_LINES = 20_000
_NO_EVENTS = b"Error: No Events"
_STATES: dict[str, ChannelState] = {
    "connected": "online",
    "unconnect": "offline",
    "unconnected": "offline",
    "disconnect": "offline",
    "disconnected": "offline",
}
"""`Connecting`, `Empty` and `Disable` say nothing of a picture."""


class Dahua:
    """One recorder. Each method raises ProbeError; None is what the device does not tell."""

    def __init__(self, http: DeviceHttp, now: Callable[[], datetime]) -> None:
        self._http, self._now = http, now

    async def clock(self) -> timedelta | None:
        """How far its clock is ahead of ours, reckoned by the agent's own time zone: the device tells no zone."""
        told = await self._read(TIME)
        if told is None:
            return None
        try:
            moment = datetime.strptime(told.get("result", ""), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - made aware below
        except ValueError:
            raise Malformed(f"no time: {told.get('result', '')[:40]!r}") from None
        return believable(moment).astimezone() - self._now()

    async def channels(self) -> list[Channel] | None:
        """By getCameraState; a channel in VideoLoss has no picture. Without getCameraState only those are known."""
        lost = await self._lost()
        told = await self._read(CHANNELS)
        if told is None:
            return None if lost is None else each_once([Channel(number, "offline") for number in sorted(lost)])
        found: list[Channel] = []
        for key, value in told.items():
            if row := re.fullmatch(r"(states|channels)\[(\d{1,4})\]\.channel", key):
                number = _index(value) + 1
                word = told.get(f"{row[1]}[{row[2]}].connectionstate", "").lower()
                state = _STATES.get(word, "unknown")
                found.append(Channel(number, "offline" if lost and number in lost else state))
        if not found:
            raise Malformed("the states of channels have no channel")
        return each_once(found)

    async def disks(self) -> list[Disk] | None:
        """Disks with the sum of their partitions."""
        told = await self._read(DISKS)
        if told is None:
            return None
        numbers = {int(row[1]) for key in told if (row := re.match(r"list\.info\[(\d{1,4})\]\.", key))}
        if len(numbers) > MAX_DISKS:
            raise Malformed(f"{len(numbers)} disks")
        return [_disk(number, told) for number in sorted(numbers)]

    async def recorded(self, channel: int, hours: float) -> Recorded | None:
        """None: its search of recordings makes and removes an object in the recorder, which is more than a question."""
        del channel, hours
        return None

    async def _lost(self) -> set[int] | None:
        answer = await self._http.get(VIDEO_LOSS)
        if answer.body.strip().startswith(_NO_EVENTS):
            return set()
        told = _told(answer, VIDEO_LOSS)
        if told is None:
            return None
        return {_index(value) + 1 for key, value in told.items() if key.startswith("channels[")}

    async def _read(self, path: str) -> dict[str, str] | None:
        return _told(await self._http.get(path), path)


def _told(answer: Answer, path: str) -> dict[str, str] | None:
    if answer.status == 200:
        return _pairs(answer.body)
    if answer.status in (400, 404, 501):  # what it does not know is a bad request to it
        return None
    raise refused_by(answer, path.partition("?")[0])


def _pairs(body: bytes) -> dict[str, str]:
    """Values by key in lower case, since firmware differs. Raises Malformed for anything but such lines."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if line]
    if not lines or len(lines) > MAX_LINES:
        raise Malformed(f"{len(lines)} lines of key=value")
    pairs: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[\w.\[\]-]{1,200}", key):
            raise Malformed(f"no line of key=value: {line[:60]!r}")
        if pairs.setdefault(key.lower(), value) != value:
            raise Malformed(f"{key[:60]!r} has two values")
    return pairs


def _index(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise Malformed(f"no channel: {text[:40]!r}")
    return int(text)


def _disk(number: int, told: dict[str, str]) -> Disk:
    prefix = f"list.info[{number}]."
    parts = {int(row[1]) for key in told if (row := re.match(re.escape(prefix) + r"detail\[(\d{1,4})\]\.", key))}
    details = [f"{prefix}detail[{part}]." for part in sorted(parts)]
    state = _disk_state(told.get(prefix + "state", ""), [told.get(each + "iserror", "") for each in details])
    if state == "ok" and details and all(told.get(each + "type", "").lower() == "readonly" for each in details):
        state = "read_only"
    total = _sum(told, [each + "totalbytes" for each in details])
    used = _sum(told, [each + "usedbytes" for each in details])
    free = None if total is None or used is None or used > total else total - used
    return Disk(number + 1, state, total or None, free if total else None)


def _disk_state(state: str, errors: list[str]) -> DiskState:
    if any(error.lower() == "true" for error in errors) or state.lower() == "error":
        return "error"
    return "ok" if state.lower() in ("success", "normal") else "unknown"


def _sum(told: dict[str, str], keys: list[str]) -> int | None:
    """Of numbers that some firmware writes as 2495680086016.000000; None where one is missing or no number."""
    values = [told.get(key, "") for key in keys]
    if not values or not all(re.fullmatch(r"\d{1,18}(\.\d{1,6})?", value) for value in values):
        return None
    return sum(int(value.partition(".")[0]) for value in values)
