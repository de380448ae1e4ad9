"""Head-ends of campus television: whether a stream is really being sent, as a receiver would see it."""

from dataclasses import dataclass, field

from agent.av import State, state_readings
from agent.clients import failures, hls, media_http, multicast, rtsp
from agent.clients.digest import Login
from agent.clients.mpegts import Analyser, looks_like
from agent.clients.rtp import MPEG_TS, Counter, parse
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.head_end.settings import FETCH_TIMES, HeadEndSettings, Hls, Multicast, Rtsp
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Measure, Reading

MAX_DATAGRAMS = 20_000
LEAST_DATAGRAMS = 5
"""Fewer are no stream: they may be of somebody else who tries the group."""

RECEIVED = Measure(name="head_end_receive_bytes_per_second", help="What of a multicast stream arrived at the agent.")
LOSS = Measure(name="head_end_packet_loss_ratio", help="RTP packets lost on the way to the agent / sent, by sequence.")
PAUSE = Measure(name="head_end_longest_pause_seconds", help="Longest time without a packet of a multicast stream.")
SOURCES = Measure(name="head_end_sources", help="RTP senders that were heard in the group; more than 1 is a mix-up.")
CONTINUITY = Measure(
    name="head_end_continuity_errors", help="Breaks of continuity counters in a transport stream, while it was heard."
)
PROGRAMS = Measure(name="head_end_programs", help="Programmes that a transport stream lists.")
VIDEO = Measure(name="head_end_has_video", help="1 when a transport stream lists video, 0 when it lists none.")
DELIVERY = Measure(name="head_end_delivery_ratio", help="Seconds of an HLS stream / seconds that they took to arrive.")
SEQUENCE = Measure(
    name="head_end_media_sequence",
    help="Number of the segment that an HLS stream adds next; one that falls back is an encoder that started anew.",
)
RESTARTS = Measure(
    name="head_end_restarts", help="How often the numbers of a stream's packets or segments began anew while watched."
)


class NotSending(Malformed):
    """It was heard, and what it sends is no programme."""


class NoPacket(Silent):
    """It agreed to play, and no packet came."""


@dataclass
class Seen:
    """What was read so far."""

    readings: list[Reading] = field(default_factory=list)

    def tell(self, measure: Measure, value: float | None) -> None:
        if value is not None:
            self.readings.append(Reading(measure=measure.name, value=value))


async def run(settings: HeadEndSettings, context: Context) -> list[Reading]:
    """The state always; AV_DEVICE_UP 1 where a stream came, 0 where the head-end was heard and sends none."""
    seen = Seen()
    try:
        match settings.stream:
            case Multicast() as stream:
                await _multicast(stream, seen)
            case Hls() as stream:
                await _hls(stream, seen)
            case Rtsp() as stream:
                await _rtsp(stream)
    except ProbeError as error:
        error.readings = (*_states(settings, _state_after(error)), *seen.readings)
        raise
    return [*_states(settings, "ok"), *seen.readings]


def _states(settings: HeadEndSettings, state: State) -> list[Reading]:
    places = dict.fromkeys((settings.place, *settings.serves))
    return [reading for place in places for reading in state_readings(settings.system, place, state)]


def _state_after(error: ProbeError) -> State:
    """A fault is only what the head-end itself showed: that it has no such stream, or sends nothing new of it."""
    match error:
        case failures.AuthenticationFailed() | media_http.Denied():
            return "authentication_failed"
        case Unreachable() | failures.PortClosed():
            return "unreachable"
        case NotSending() | NoPacket() | hls.Stale() | hls.NotLive() | rtsp.NoStream():
            return "fault"
        case media_http.NotThere() | media_http.ServerFault():
            return "fault"
        case _:
            return "unknown"


async def _multicast(stream: Multicast, seen: Seen) -> None:
    packets, transport = Counter(), Analyser()

    def take(datagram: bytes) -> None:
        if looks_like(datagram):
            transport.take(datagram)
        elif packet := parse(datagram):
            packets.take(packet)
            if packet.payload_type == MPEG_TS and looks_like(packet.payload):
                transport.take(packet.payload)

    group = multicast.Group(stream.group, stream.port, stream.interface, stream.source)
    heard = await multicast.listen(group, stream.wait_seconds, stream.seconds, MAX_DATAGRAMS, take)
    if heard.datagrams < LEAST_DATAGRAMS:
        few = f"only {heard.datagrams} packets" if heard.datagrams else "nothing"
        raise Silent(f"{few} came to the group in {stream.wait_seconds + heard.seconds:g} s")
    if not transport.packets and packets.most < LEAST_DATAGRAMS:
        raise Malformed("what comes to the group is neither RTP nor a transport stream")
    seen.tell(RECEIVED, heard.bytes / heard.seconds if heard.seconds > 0 else None)
    seen.tell(PAUSE, heard.longest_pause)
    if packets.sources:
        seen.tell(LOSS, packets.loss)
        seen.tell(SOURCES, packets.sources)
        seen.tell(RESTARTS, packets.restarts)
    if transport.packets:
        seen.tell(CONTINUITY, transport.continuity_errors)
        seen.tell(PROGRAMS, len(transport.programs) if transport.has_tables else None)
        seen.tell(VIDEO, transport.has_video)
        if not transport.media_packets:
            raise NotSending("the transport stream carries nothing but stuffing and tables")


async def _hls(stream: Hls, seen: Seen) -> None:
    live = hls.Live()
    async with media_http.media(stream.url, stream.hosts) as media:
        try:
            await hls.watch(
                media,
                stream.url,
                stream.quality,
                stream.sample_seconds,
                FETCH_TIMES * stream.sample_seconds,
                stream.watch_seconds,
                live,
            )
        finally:
            seen.tell(DELIVERY, live.delivery)
            seen.tell(SEQUENCE, live.next_number)
            seen.tell(RESTARTS, None if live.next_number is None else live.restarts)


async def _rtsp(stream: Rtsp) -> None:
    async with rtsp.connect(stream.host, stream.port, _login(stream)) as link:
        await link.options()
        description = await link.describe(stream.path)
        try:
            await link.set_up(description)
        except rtsp.NoStream as error:  # it has the stream, and may give it by UDP only
            raise Refused(str(error)) from error
        try:
            await link.play()
        except Silent as error:
            raise NoPacket(str(error)) from error


def _login(stream: Rtsp) -> Login | None:
    if stream.password is None:
        return None
    try:
        password = stream.password.read().get_secret_value()
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error
    return Login(stream.user, password, stream.allow_basic)


PROBE = Probe(
    HeadEndSettings,
    (
        AV_DEVICE_UP,
        AV_DEVICE_STATE,
        RECEIVED,
        LOSS,
        PAUSE,
        SOURCES,
        CONTINUITY,
        PROGRAMS,
        VIDEO,
        DELIVERY,
        SEQUENCE,
        RESTARTS,
    ),
    run,
)
