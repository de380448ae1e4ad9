"""The school's recording hosts: whether one answers, and by how strong a check that is known."""

import asyncio
from dataclasses import dataclass, field

from agent.av import State, state_readings
from agent.clients import failures, icmp, media_http, rtmp, rtsp, snmp, tcp
from agent.clients.digest import Login
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.recording.settings import Http, Icmp, RecordingSettings, Rtmp, Rtsp, Snmp, Tcp
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Measure, Reading

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
"""SNMPv2-MIB (RFC 3418): hundredths of a second."""
MAX_PAGE_BYTES = 1024 * 1024
PAGE_SECONDS = 15.0
PINGS, PING_PAUSE, PING_SECONDS = 3, 0.2, 2.0

CHECKED = Measure(
    name="recording_checked_by",
    help="1 with the check (rtsp_stream, rtsp, rtmp, http, snmp, tcp, icmp) that the host passed: no more is known.",
    labels=("by",),
)
RESPONSE = Measure(name="recording_response_seconds", help="How long its answer to the check took, where that is one.")
UP_TIME = Measure(name="recording_up_time_seconds", help="How long the host has run, by SNMP.")


@dataclass
class Passed:
    """What a host passed, and what it told."""

    by: str = ""
    readings: list[Reading] = field(default_factory=list)

    def tell(self, measure: Measure, value: float) -> None:
        self.readings.append(Reading(measure=measure.name, value=value))


async def run(settings: RecordingSettings, context: Context) -> list[Reading]:
    """The state always; AV_DEVICE_UP only where the host itself was heard."""
    passed = Passed()
    try:
        await _check(settings, passed)
    except ProbeError as error:
        error.readings = tuple(state_readings(settings.system, settings.place, _state_after(error)))
        raise
    state = state_readings(settings.system, settings.place, "ok")
    return [*state, Reading(measure=CHECKED.name, value=1, labels={"by": passed.by}), *passed.readings]


def _state_after(error: ProbeError) -> State:
    match error:
        case failures.AuthenticationFailed():
            return "authentication_failed"
        case Unreachable() | failures.PortClosed():
            return "unreachable"
        case rtsp.NoStream() | media_http.ServerFault():
            return "fault"
        case _:
            return "unknown"


async def _check(settings: RecordingSettings, passed: Passed) -> None:
    match settings.check:
        case Rtsp() as check:
            await _rtsp(check, passed)
        case Rtmp() as check:
            passed.tell(RESPONSE, await rtmp.shake_hands(check.host, check.port))
            passed.by = "rtmp"
        case Http() as check:
            await _http(check, passed)
        case Snmp() as check:
            await _snmp(check, passed)
        case Tcp() as check:
            passed.tell(RESPONSE, await tcp.connect(check.host, check.port))
            passed.by = "tcp"
        case Icmp() as check:
            echoes = await icmp.echo(check.host, PINGS, PING_PAUSE, PING_SECONDS)
            if not echoes.round_trips:
                raise Unreachable(f"{check.host} answered none of {echoes.sent} echo requests")
            passed.tell(RESPONSE, min(echoes.round_trips))
            passed.by = "icmp"


async def _rtsp(check: Rtsp, passed: Passed) -> None:
    async with rtsp.connect(check.host, check.port, _login(check)) as link:
        await link.options()
        passed.by = "rtsp"
        if check.path:
            description = await link.describe(check.path)
            try:
                await link.set_up(description)
            except rtsp.NoStream as error:  # it has the stream, and may give it by UDP only
                raise Refused(str(error)) from error
            passed.by = "rtsp_stream"


async def _http(check: Http, passed: Passed) -> None:
    host = f"[{check.host}]" if ":" in check.host else check.host
    url = f"{'https' if check.https else 'http'}://{host}:{check.port}{check.path}"
    # Such hosts sign for themselves, and nothing secret is sent to them.
    async with media_http.media(url, verify=False) as page:
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                body = await page.get(url, MAX_PAGE_BYTES, keep=0, arrived=lambda count, length: False)
            passed.tell(RESPONSE, body.first_seconds)
        except (media_http.Denied, media_http.NotThere, media_http.LedAway):
            pass  # the host itself said so: its server is there
        except TimeoutError:
            raise Silent(f"no answer within {PAGE_SECONDS:g} s") from None
    passed.by = "http"


async def _snmp(check: Snmp, passed: Passed) -> None:
    async with snmp.connect(check.snmp) as host:
        ticks = (await host.get([SYS_UP_TIME])).get(SYS_UP_TIME)
    if not isinstance(ticks, int):
        raise Malformed("the host does not tell its sysUpTime")
    passed.tell(UP_TIME, ticks / 100)
    passed.by = "snmp"


def _login(check: Rtsp) -> Login | None:
    if check.password is None:
        return None
    try:
        password = check.password.read().get_secret_value()
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error
    return Login(check.user, password, check.allow_basic)


PROBE = Probe(RecordingSettings, (AV_DEVICE_UP, AV_DEVICE_STATE, CHECKED, RESPONSE, UP_TIME), run)
