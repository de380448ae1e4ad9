"""Cameras: whether one answers and sets up a stream, how far its clock is off, and where it points elsewhere."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agent.av import State, state_readings
from agent.clients import device_http, rtsp
from agent.clients.device_http import DeviceHttp
from agent.clients.digest import Login
from agent.clients.failures import AuthenticationFailed, PortClosed
from agent.clients.isapi import Isapi
from agent.clients.onvif import Onvif, maker
from agent.errors import ProbeError, Refused, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.camera.settings import CameraSettings, Web
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_CLOCK_OFFSET, AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Measure, Reading

CHECK = Measure(
    name="camera_check_ok",
    help="1 when the check (onvif, rtsp, isapi) succeeded, 0 when it did not; absent when it was not made.",
    labels=("check",),
)
PROFILES = Measure(name="camera_profiles", help="Profiles of media that it has by ONVIF.")
ELSEWHERE = Measure(
    name="camera_points_elsewhere",
    help="1 with what (media, stream) ONVIF gives an address of on another host, which is not followed.",
    labels=("what",),
)
INFO = Measure(name="camera_info", help="Its maker by ONVIF, of a few known ones; always 1.", labels=("maker",))
VIDEO_TRACKS = Measure(name="camera_video_tracks", help="Video tracks in the description of its stream.")
PLAYED = Measure(name="camera_stream_played", help="1 when a packet of the stream came, where that was asked for.")


@dataclass
class Seen:
    """What was found so far."""

    readings: list[Reading] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)
    errors: list[ProbeError] = field(default_factory=list)
    stream: rtsp.Address | None = None
    """What ONVIF gave; its port only where it is one of the camera's own."""


async def run(settings: CameraSettings, context: Context) -> list[Reading]:
    """The state always; AV_DEVICE_UP only where it set up its stream, or answered where no stream is asked for."""
    seen = Seen()
    try:
        login = _login(settings)
    except Refused as error:
        error.readings = tuple(state_readings(settings.system, settings.place, "unknown"))
        raise
    checks: list[tuple[str, Callable[[], Awaitable[None]]]] = []
    if settings.onvif:
        checks.append(("onvif", lambda: _onvif(settings, login, seen)))
    if settings.rtsp:
        checks.append(("rtsp", lambda: _rtsp(settings, login, seen)))
    if settings.isapi:
        checks.append(("isapi", lambda: _isapi(settings, login, seen)))
    for name, check in checks:
        if name == "rtsp" and not _path(settings, seen):
            continue  # ONVIF gave none, and has said why
        try:
            await check()
        except ProbeError as error:
            seen.checks[name] = False
            seen.errors.append(error)
            if isinstance(error, AuthenticationFailed):
                break  # a wrong password that is tried again and again locks the account
        else:
            seen.checks[name] = True
    readings = list(_readings(settings, seen))
    if seen.errors:
        worst = seen.errors[0]
        worst.readings = tuple(readings)
        raise worst
    return readings


async def _onvif(settings: CameraSettings, login: Login | None, seen: Seen) -> None:
    async with _web(settings, settings.onvif or Web(), login) as http:
        camera = Onvif(http, settings.host, login, _now)
        _clock(settings, await camera.clock(), seen)
        information = await camera.information()
        seen.readings.append(Reading(measure=INFO.name, value=1, labels={"maker": maker(information.maker)}))
        service = await camera.media()
        if service.elsewhere:
            seen.readings.append(Reading(measure=ELSEWHERE.name, value=1, labels={"what": "media"}))
        profiles = await camera.profiles(service)
        seen.readings.append(Reading(measure=PROFILES.name, value=len(profiles)))
        if not profiles:
            raise Refused("the camera has no profile, and so no stream")
        address, elsewhere = await camera.stream_address(service, profiles[0])
        if elsewhere:
            seen.readings.append(Reading(measure=ELSEWHERE.name, value=1, labels={"what": "stream"}))
        given = rtsp.address_of(address)
        seen.stream = rtsp.Address(given.path, None if elsewhere else given.port)


async def _rtsp(settings: CameraSettings, login: Login | None, seen: Seen) -> None:
    wanted = settings.rtsp
    if wanted is None:
        return
    port = wanted.port or (seen.stream and seen.stream.port) or rtsp.PORT
    async with rtsp.connect(settings.host, port, login) as link:
        await link.options()
        description = await link.describe(_path(settings, seen))
        seen.readings.append(Reading(measure=VIDEO_TRACKS.name, value=description.video_tracks))
        await link.set_up(description)
        if wanted.play:
            await link.play()
            seen.readings.append(Reading(measure=PLAYED.name, value=1))


async def _isapi(settings: CameraSettings, login: Login | None, seen: Seen) -> None:
    async with _web(settings, settings.isapi or Web(), login) as http:
        camera = Isapi(http, _now)
        await camera.alive()
        if not settings.onvif:
            _clock(settings, await camera.clock(), seen)


def _path(settings: CameraSettings, seen: Seen) -> str:
    return (settings.rtsp.path if settings.rtsp else "") or (seen.stream.path if seen.stream else "")


def _clock(settings: CameraSettings, offset: timedelta | None, seen: Seen) -> None:
    if offset is not None:
        labels = {"system": settings.system}
        seen.readings.append(Reading(measure=AV_DEVICE_CLOCK_OFFSET.name, value=offset.total_seconds(), labels=labels))


def _readings(settings: CameraSettings, seen: Seen) -> Iterator[Reading]:
    yield from state_readings(settings.system, settings.place, _state(settings, seen))
    for name, ok in seen.checks.items():
        yield Reading(measure=CHECK.name, value=ok, labels={"check": name})
    yield from seen.readings


def _state(settings: CameraSettings, seen: Seen) -> State:
    """A stream that is set up settles it, whatever else failed; where one is asked for, nothing less does."""
    if seen.checks.get("rtsp") or (settings.rtsp is None and any(seen.checks.values())):
        return "ok"
    if any(isinstance(error, AuthenticationFailed) for error in seen.errors):
        return "authentication_failed"
    if seen.errors and all(isinstance(error, Unreachable | PortClosed) for error in seen.errors):
        return "unreachable" if not any(seen.checks.values()) else "unknown"
    return "unknown"


def _web(settings: CameraSettings, web: Web, login: Login | None) -> AbstractAsyncContextManager[DeviceHttp]:
    return device_http.connect(settings.host, web.port, login, https=web.https)


def _login(settings: CameraSettings) -> Login | None:
    if settings.password is None:
        return None
    try:
        return Login(settings.user, settings.password.read().get_secret_value(), settings.allow_basic)
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error


def _now() -> datetime:
    return datetime.now(UTC)


PROBE = Probe(
    CameraSettings,
    (AV_DEVICE_UP, AV_DEVICE_STATE, CHECK, AV_DEVICE_CLOCK_OFFSET, PROFILES, ELSEWHERE, INFO, VIDEO_TRACKS, PLAYED),
    run,
)
