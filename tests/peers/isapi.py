"""Pages of a Hikvision recorder or camera, after the ISAPI developer guides."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from tests.peers.device_web import Page

XMLNS = 'xmlns="http://www.hikvision.com/ver20/XMLSchema"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
UNSUPPORTED: Page = (
    403,
    f"{HEAD}<ResponseStatus {XMLNS}><statusCode>4</statusCode><statusString>Invalid Operation</statusString>"
    "<subStatusCode>notSupport</subStatusCode></ResponseStatus>".encode(),
)
IP_STATUS = "/ISAPI/ContentMgmt/InputProxy/channels/status"
ANALOGUE = "/ISAPI/System/Video/inputs/channels"
HDD = "/ISAPI/ContentMgmt/Storage/hdd"
STORAGE = "/ISAPI/ContentMgmt/Storage"
STATUS = "/ISAPI/System/status"
TIME = "/ISAPI/System/time"
DEVICE = "/ISAPI/System/deviceInfo"
SEARCH = "/ISAPI/ContentMgmt/search"


def page(text: str) -> Page:
    return 200, (HEAD + text).encode()


def ip_channels(channels: Mapping[int, tuple[str, str]]) -> Page:
    """By number, `online` and chanDetectResult; an empty text leaves the element out."""
    rows = ""
    for number, (online, detected) in channels.items():
        rows += (
            f"<InputProxyChannelStatus><id>{number}</id><sourceInputPortDescriptor>"
            f"<proxyProtocol>HIKVISION</proxyProtocol><ipAddress>192.0.2.{number % 250}</ipAddress>"
            "<managePortNo>8000</managePortNo></sourceInputPortDescriptor>"
            + (f"<online>{online}</online>" if online else "")
            + (f"<chanDetectResult>{detected}</chanDetectResult>" if detected else "")
            + "</InputProxyChannelStatus>"
        )
    return page(f"<InputProxyChannelStatusList {XMLNS}>{rows}</InputProxyChannelStatusList>")


def analogue_channels(channels: Mapping[int, str]) -> Page:
    rows = "".join(
        f"<VideoInputChannel><id>{number}</id><inputPort>{number}</inputPort><videoInputEnabled>true</videoInputEnabled>"
        f"<name>Camera {number}</name><resDesc>{told}</resDesc></VideoInputChannel>"
        for number, told in channels.items()
    )
    return page(f"<VideoInputChannelList {XMLNS}>{rows}</VideoInputChannelList>")


def disks(*told: tuple[str, str], tag: str = "hdd") -> Page:
    """Each as status and property (RW, RO)."""
    rows = "".join(
        f"<{tag}><id>{number}</id><hddName>hdd{number}</hddName><hddType>SATA</hddType><status>{status}</status>"
        f"<capacity>1907729</capacity><freeSpace>0</freeSpace><property>{access}</property></{tag}>"
        for number, (status, access) in enumerate(told, start=1)
    )
    return page(f"<hddList {XMLNS}>{rows}</hddList>")


def status(now: datetime) -> Page:
    text = now.isoformat(timespec="seconds")
    return page(f"<DeviceStatus {XMLNS}><currentDeviceTime>{text}</currentDeviceTime></DeviceStatus>")


def device_info() -> Page:
    return page(f"<DeviceInfo {XMLNS}><deviceName>NVR</deviceName><model>DS-7616N-K2</model></DeviceInfo>")


def search(
    spans: Mapping[int, Iterable[tuple[datetime, datetime]]], per_page: int = 40
) -> Callable[[bytes], tuple[int, bytes]]:
    """Recordings by track, in pages."""

    def answer(body: bytes) -> tuple[int, bytes]:
        asked = body.decode()
        track = int(re.findall(r"<trackID>(\d+)</trackID>", asked)[0])
        position = int(re.findall(r"<searchResultPostion>(\d+)</searchResultPostion>", asked)[0])
        every = list(spans.get(track, ()))
        some = every[position : position + per_page]
        items = "".join(
            f"<searchMatchItem><trackID>{track}</trackID><timeSpan><startTime>{a:%Y-%m-%dT%H:%M:%SZ}</startTime>"
            f"<endTime>{b:%Y-%m-%dT%H:%M:%SZ}</endTime></timeSpan></searchMatchItem>"
            for a, b in some
        )
        word = "MORE" if position + per_page < len(every) else "OK" if some else "NO MATCHES"
        text = (
            f"{HEAD}<CMSearchResult {XMLNS}><responseStatus>true</responseStatus><responseStatusStrg>{word}"
            f"</responseStatusStrg><numOfMatches>{len(some)}</numOfMatches><matchList>{items}</matchList></CMSearchResult>"
        )
        return 200, text.encode()

    return answer
