"""Pages of a Dahua recorder, after its HTTP API documents."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tests.peers.device_web import Page

CHANNELS = "/cgi-bin/LogicDeviceManager.cgi?action=getCameraState&uniqueChannels[0]=-1"
VIDEO_LOSS = "/cgi-bin/eventManager.cgi?action=getEventIndexes&code=VideoLoss"
DISKS = "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo"
TIME = "/cgi-bin/global.cgi?action=getCurrentTime"
NOT_IMPLEMENTED: Page = (501, b"Error\r\nNot Implemented!\r\n")
BAD_REQUEST: Page = (400, b"Error\r\nBad Request!\r\n")
NO_EVENTS: Page = (200, b"Error: No Events\r\n")


def lines(*pairs: str) -> Page:
    return 200, "\r\n".join([*pairs, ""]).encode()


def channels(states: Mapping[int, str], *, capital: bool = False) -> Page:
    """By number from 1; the device counts from 0. Firmware writes the keys with and without capitals."""
    channel, state = ("Channel", "ConnectionState") if capital else ("channel", "connectionState")
    pairs: list[str] = []
    for row, (number, word) in enumerate(states.items()):
        pairs += [f"states[{row}].{channel}={number - 1}", f"states[{row}].{state}={word}"]
    return lines(*pairs)


def video_loss(numbers: Iterable[int]) -> Page:
    return lines(*(f"channels[{row}]={number - 1}" for row, number in enumerate(numbers)))


def disks(*told: tuple[str, str, str]) -> Page:
    """Each as State, IsError and Type of its one partition."""
    pairs: list[str] = []
    for row, (state, error, kind) in enumerate(told):
        pairs += [
            f"list.info[{row}].Detail[0].IsError={error}",
            f"list.info[{row}].Detail[0].Path=/mnt/dvr/sda{row}",
            f"list.info[{row}].Detail[0].TotalBytes=2000000000000.000000",
            f"list.info[{row}].Detail[0].Type={kind}",
            f"list.info[{row}].Detail[0].UsedBytes=1500000000000.000000",
            f"list.info[{row}].Name=/dev/sda{row}",
            f"list.info[{row}].State={state}",
        ]
    return lines(*pairs)


def time(now: datetime) -> Page:
    return lines(f"result={now:%Y-%m-%d %H:%M:%S}")
