"""Recorders: which channels have a picture by its word, whether its disks can record, and what is missing of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.av import State, state_readings
from agent.clients import device_http, rtsp
from agent.clients.dahua import Dahua
from agent.clients.digest import Login
from agent.clients.failures import AuthenticationFailed, PortClosed
from agent.clients.isapi import Isapi
from agent.clients.recorders import Channel, Recorder, can_record
from agent.errors import Malformed, ProbeError, Refused, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.recorder.channel import STATES, Known, known
from agent.probes.recorder.settings import RecorderSettings
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_CLOCK_OFFSET, AV_DEVICE_STATE, AV_DEVICE_UP, ROWS_SEEN
from wire.report import Measure, Reading

HOUR_SECONDS = 3600

_CHANNEL = ("channel", "place")
CHANNEL_UP = Measure(
    name="recorder_channel_up",
    help="1 when the recorder says that the channel has a picture, 0 when it has none; absent where it says neither.",
    labels=_CHANNEL,
)
CHANNEL_STATE = Measure(
    name="recorder_channel_state",
    help="1 with the state: online, offline, unknown, or gone when the recorder does not list the channel.",
    labels=(*_CHANNEL, "state"),
)
STREAM_OK = Measure(
    name="recorder_stream_ok",
    help="1 when the recorder set up the channel's stream, 0 when it said no; absent where it was not tried.",
    labels=_CHANNEL,
)
NOT_CONFIGURED = Measure(
    name="recorder_channels_not_configured", help="Channels of the recorder that the configuration gives no place."
)
CAN_RECORD = Measure(
    name="recorder_can_record", help="1 when a disk can take recordings, 0 when none can; absent where neither is told."
)
STATE = Measure(
    name="recorder_state",
    help="1 with the state of the recorder itself: ok, fault when it cannot record, authentication_failed, "
    "unreachable, unknown.",
    labels=("state",),
)
DISK_STATE = Measure(
    name="recorder_disk_state",
    help="1 with the state of a disk: ok, idle, read_only, unformatted, error, mismatch, offline, absent, "
    "smart_failed, repairing, formatting, unknown.",
    labels=("disk", "state"),
)
DISK_CAPACITY = Measure(name="recorder_disk_capacity_bytes", help="Size of a disk.", labels=("disk",))
DISK_FREE = Measure(name="recorder_disk_free_bytes", help="Free space of a disk; 0 is usual.", labels=("disk",))
RECORDED = Measure(
    name="recorder_recorded_ratio",
    help="Share of the last hours that was recorded of a channel; low by design where only motion is recorded.",
    labels=_CHANNEL,
)
LONGEST_GAP = Measure(
    name="recorder_longest_gap_seconds",
    help="The longest stretch of the last hours without a recording.",
    labels=_CHANNEL,
)


@dataclass
class Seen:
    """What the recorder told; None is what it did not."""

    channels: dict[int, Channel] | None = None
    streams: dict[str, bool] = field(default_factory=dict)
    """Whether its stream is set up, by path."""
    can_record: bool | None = None


async def run(settings: RecorderSettings, context: Context) -> list[Reading]:
    """The state of every place always; AV_DEVICE_UP where the recorder spoke of a channel there."""
    seen = Seen()
    more: list[Reading] = []
    try:
        login = _login(settings)
        async with device_http.connect(settings.host, settings.port, login, https=settings.https) as http:
            recorder: Recorder = Isapi(http, _now) if settings.speaks == "isapi" else Dahua(http, _now)
            await _look(recorder, settings, seen, more)
        if settings.streams:
            paths = [settings.stream_path(each.channel) for each in settings.channels]
            seen.streams = await rtsp.set_up_each(settings.host, settings.streams.port, login, paths)
    except ProbeError as error:
        error.readings = (*_states(settings, seen, error), *_channels(settings, seen), *more)
        raise
    return [*_states(settings, seen, None), *_channels(settings, seen), *more]


async def _look(recorder: Recorder, settings: RecorderSettings, seen: Seen, more: list[Reading]) -> None:
    channels = await recorder.channels()
    if channels is None:
        raise Malformed(f"the recorder does not tell its channels by {settings.speaks}")
    seen.channels = {each.number: each for each in channels}
    disks = await recorder.disks()
    if disks is not None:
        seen.can_record = can_record(disks)
        if seen.can_record is not None:
            more.append(Reading(measure=CAN_RECORD.name, value=seen.can_record))
        for disk in disks:
            labels = {"disk": str(disk.number)}
            more.append(Reading(measure=DISK_STATE.name, value=1, labels={**labels, "state": disk.state}))
            if disk.capacity_bytes is not None:
                more.append(Reading(measure=DISK_CAPACITY.name, value=disk.capacity_bytes, labels=labels))
            if disk.free_bytes is not None:
                more.append(Reading(measure=DISK_FREE.name, value=disk.free_bytes, labels=labels))
    offset = await recorder.clock()
    if offset is not None:
        labels = {"system": settings.system}
        more.append(Reading(measure=AV_DEVICE_CLOCK_OFFSET.name, value=offset.total_seconds(), labels=labels))
    for each in settings.channels if settings.recorded_hours else ():
        recorded = await recorder.recorded(each.channel, settings.recorded_hours)
        if recorded is not None:
            labels = {"channel": str(each.channel), "place": each.place}
            share = recorded.seconds / (settings.recorded_hours * HOUR_SECONDS)
            more.append(Reading(measure=RECORDED.name, value=share, labels=labels))
            more.append(Reading(measure=LONGEST_GAP.name, value=recorded.longest_gap_seconds, labels=labels))


def _channels(settings: RecorderSettings, seen: Seen) -> Iterator[Reading]:
    if seen.channels is None:
        return
    yield Reading(measure=ROWS_SEEN.name, value=len(seen.channels), labels={"table": "channels"})
    strangers = seen.channels.keys() - {each.channel for each in settings.channels}
    yield Reading(measure=NOT_CONFIGURED.name, value=len(strangers))
    for each in settings.channels:
        labels = {"channel": str(each.channel), "place": each.place}
        state = _known(settings, seen, each.channel)
        yield Reading(measure=CHANNEL_STATE.name, value=1, labels={**labels, "state": state})
        if state in ("online", "offline"):
            yield Reading(measure=CHANNEL_UP.name, value=state == "online", labels=labels)
        streams = seen.streams.get(settings.stream_path(each.channel))
        if streams is not None:
            yield Reading(measure=STREAM_OK.name, value=streams, labels=labels)


def _known(settings: RecorderSettings, seen: Seen, channel: int) -> Known:
    return known((seen.channels or {}).get(channel), seen.streams.get(settings.stream_path(channel)))


def _states(settings: RecorderSettings, seen: Seen, error: ProbeError | None) -> Iterator[Reading]:
    """One state for each place with a channel, and that of the recorder itself: it is no camera, and so no AV device
    that could serve the place where it stands."""
    by_place: dict[str, list[State]] = {}
    for each in settings.channels:
        heard = seen.channels is not None
        state = STATES[_known(settings, seen, each.channel)] if heard else _without(error)
        by_place.setdefault(each.place, []).append(state)
    for place, states in by_place.items():
        yield from state_readings(settings.system, place, _together(states))
    yield Reading(measure=STATE.name, value=1, labels={"state": _of_recorder(seen, error)})


def _together(states: Iterable[State]) -> State:
    """Of several cameras at one place: one that works serves it, and one that nobody knows of may."""
    states = set(states)
    if "ok" in states:
        return "ok"
    return "fault" if states == {"fault"} else next(iter(states - {"fault"}))


def _of_recorder(seen: Seen, error: ProbeError | None) -> State:
    """At fault only where it says that it cannot record."""
    if seen.can_record is not None:
        return "ok" if seen.can_record else "fault"
    return "unknown" if seen.channels is not None else _without(error)


def _without(error: ProbeError | None) -> State:
    if isinstance(error, AuthenticationFailed):
        return "authentication_failed"
    return "unreachable" if isinstance(error, Unreachable | PortClosed) else "unknown"


def _login(settings: RecorderSettings) -> Login:
    try:
        return Login(settings.user, settings.password.read().get_secret_value(), settings.allow_basic)
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error


def _now() -> datetime:
    return datetime.now(UTC)


PROBE = Probe(
    RecorderSettings,
    (
        AV_DEVICE_UP, AV_DEVICE_STATE, ROWS_SEEN, CHANNEL_UP, CHANNEL_STATE, STREAM_OK, NOT_CONFIGURED, STATE,
        CAN_RECORD, DISK_STATE, DISK_CAPACITY, DISK_FREE, AV_DEVICE_CLOCK_OFFSET, RECORDED, LONGEST_GAP,
    ),
    run,
)  # fmt: skip
