"""Whether a service of the district is there for this school, and what a sample of it was like."""

from urllib.parse import urlsplit

from agent.clients import tcp
from agent.errors import ProbeError, Silent, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.service import (
    exam_marking,
    lecture_recording,
    live_streaming,
    video_conference,
    video_on_demand,
)
from agent.probes.service.check import MaybeAnother, SaysNothing, Told
from agent.probes.service.settings import ServiceSettings
from wire.measures import (
    SERVICE_CERTIFICATE_EXPIRY,
    SERVICE_DELIVERY,
    SERVICE_JITTER,
    SERVICE_LOSS,
    SERVICE_RESPONSE,
    SERVICE_ROUND_TRIP,
    SERVICE_STALL,
    SERVICE_UP,
)
from wire.report import Reading


async def run(settings: ServiceSettings, context: Context) -> list[Reading]:
    """SERVICE_UP with what else was told. Raises the error that ended the look, with SERVICE_UP 0 where it is one."""
    told = Told(settings.check.system, settings.service or settings.device)
    try:
        await _look(settings, told, context)
    except ProbeError as error:
        if await _is_down(error, settings, context):
            told.tell(SERVICE_UP, 0)
        error.readings = tuple(told.readings)
        raise
    told.tell(SERVICE_UP, 1)
    return told.readings


async def _look(settings: ServiceSettings, told: Told, context: Context) -> None:
    match settings.check:
        case exam_marking.ExamMarkingCheck() as check:
            await exam_marking.look(check, told, context)
        case lecture_recording.LectureRecordingCheck() as check:
            await lecture_recording.look(check, told, context)
        case live_streaming.LiveStreamingCheck() as check:
            await live_streaming.look(check, told, context)
        case video_conference.VideoConferenceCheck() as check:
            await video_conference.look(check, told, context)
        case video_on_demand.VideoOnDemandCheck() as check:
            await video_on_demand.look(check, told, context)


async def _is_down(error: ProbeError, settings: ServiceSettings, context: Context) -> bool:
    """A service that answers wrongly or refuses is down. One that is not heard is so only where the school's own way
    into the district is seen to work: else the fault may be the school's, and nothing is known."""
    if isinstance(error, SaysNothing):
        return False
    if not isinstance(error, Unreachable | Silent | MaybeAnother):
        return True
    if settings.reference is not None:
        host, port = settings.reference.host, settings.reference.port
    elif context.collector is not None:
        url = urlsplit(context.collector.url)
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    else:
        return False
    try:
        await tcp.connect(host, port)
    except ProbeError:
        return False
    return True


PROBE = Probe(
    ServiceSettings,
    (
        SERVICE_UP,
        SERVICE_RESPONSE,
        SERVICE_CERTIFICATE_EXPIRY,
        SERVICE_STALL,
        SERVICE_DELIVERY,
        SERVICE_ROUND_TRIP,
        SERVICE_JITTER,
        SERVICE_LOSS,
        *exam_marking.MEASURES,
        *lecture_recording.MEASURES,
        *live_streaming.MEASURES,
        *video_conference.MEASURES,
        *video_on_demand.MEASURES,
    ),
    run,
)
