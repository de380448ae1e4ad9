"""The district's video conferences: whether the conference unit (MCU) answers, and whether the path fits two-way video.

H.323 is looked at by its port alone: 1720/TCP takes call signalling (ITU-T H.225.0, appendix IV), and setting a call up
would disturb it.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from agent.clients import icmp, sip, tcp
from agent.errors import ProbeError, Refused
from agent.probes.base import Context
from agent.probes.service.check import Check, NotAdmitted, NotJudged, Told
from common.faults import fault
from common.secrets import Secret, SecretUnavailable
from wire.measures import SERVICE_JITTER, SERVICE_LOSS, SERVICE_RESPONSE, SERVICE_ROUND_TRIP, SERVICE_UP
from wire.report import Measure

H323_PORT = 1720
SYSTEM_AND_SERVICE = ("system", "service")

ALIVE = Measure(
    name="service_alive",
    help="1 when the service gave any answer; service_up says whether it was the one that it should give.",
    labels=SYSTEM_AND_SERVICE,
    devices="same",
)
CHECK = Measure(
    name="service_check",
    help="1 with what service_up rests on: sip, or tcp, which shows that a port is open and not that calls are taken.",
    labels=(*SYSTEM_AND_SERVICE, "check"),
    devices="same",
)
SAMPLES = Measure(
    name="service_path_samples",
    help="Packets that loss, jitter and round trip were taken from; 0 where it answers and echo requests are filtered.",
    labels=SYSTEM_AND_SERVICE,
    devices="same",
)
MEASURES: tuple[Measure, ...] = (ALIVE, CHECK, SAMPLES)
"""What it tells beside the measures of wire/measures.py."""

SipUser = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,64}$")]


class VideoConferenceCheck(Check):
    """What is looked at, and how."""

    system: Literal["video_conference"]
    host: str = Field(min_length=1, max_length=253, description="name or address of the conference unit")
    protocol: Literal["sip", "h323"] = Field("sip", description="h323: only whether its port takes connections")
    port: int | None = Field(None, ge=1, le=65535, description="5060 for SIP, 1720 for H.323, unless set")
    transport: sip.Transport = Field("udp", description="how SIP travels")
    user: SipUser | None = Field(None, description="number that is asked for, such as a test room")
    domain: str | None = Field(None, pattern=r"^[A-Za-z0-9.-]{1,253}$", description="SIP domain, if not the host")
    username: str | None = Field(None, min_length=1, max_length=80, description="user name, where one is wanted")
    password: Secret | None = None
    wait_seconds: float = Field(4, gt=0, le=30, description="how long its answer is waited for")
    path_by: Literal["icmp", "sip", "nothing"] = Field("icmp", description="what measures loss, jitter, round trip")
    samples: int = Field(100, ge=20, le=1000, description="packets in one run: 100 miss a loss of 5 % once in 170")
    interval_seconds: float = Field(0.05, ge=0.01, le=1, description="pause between them")
    late_seconds: float = Field(0.5, ge=0.05, le=5, description="an answer later than this is lost")

    @property
    def longest_seconds(self) -> float:
        asking = tcp.CONNECT_SECONDS + self.wait_seconds * (1 if self.password is None else 2)
        each = self.interval_seconds + (self.late_seconds if self.path_by == "icmp" else 0)
        return asking + (self.samples * each + self.late_seconds if self.path_by != "nothing" else 0)

    @model_validator(mode="after")
    def _makes_sense(self) -> "VideoConferenceCheck":
        if self.path_by == "sip" and (self.protocol, self.transport) != ("sip", "udp"):
            raise fault("path_by: sip 须用 SIP over UDP", "path_by: sip needs protocol: sip and transport: udp")
        if (self.username is None) != (self.password is None):
            raise fault("username 与 password 应同时写", "username and password belong together")
        return self


async def look(check: VideoConferenceCheck, told: Told, context: Context) -> None:
    """Tells whether it answers, and of the path once it did. Raises ProbeError."""
    if check.protocol == "h323":
        seconds = await tcp.connect(check.host, H323_PORT if check.port is None else check.port)
        told.tell(SERVICE_RESPONSE, seconds)
        told.tell(ALIVE, 1)
        told.tell(CHECK, 1, check="tcp")
        await _path(check, told, None, None)
        return
    async with sip.connect(check.host, sip.PORT if check.port is None else check.port, check.transport) as agent:
        answer = await agent.ask(
            "OPTIONS",
            check.user or "",
            domain=check.domain or "",
            wait=check.wait_seconds,
            login=_login(check),
        )
        told.tell(ALIVE, 1)
        if answer.is_success:
            told.tell(SERVICE_RESPONSE, answer.seconds)
            told.tell(CHECK, 1, check="sip")
        await _path(check, told, agent, _unfit(answer))


async def _path(check: VideoConferenceCheck, told: Told, agent: sip.UserAgent | None, unfit: ProbeError | None) -> None:
    """The path to a unit that was heard. Raises `unfit`, where its answer was one, after that."""
    try:
        if check.path_by == "icmp":
            await _echoes(check, told)
        elif check.path_by == "sip" and agent is not None:
            await _questions(check, told, agent)
    except ProbeError as error:
        if unfit is None:
            told.tell(SERVICE_UP, 1)
            raise NotAdmitted(f"it answers; the path to it could not be measured: {error}") from error
    if unfit is not None:
        raise unfit


def _unfit(answer: sip.Answer) -> ProbeError | None:
    """Only success says that it serves. 500 and 503 are its own word that it does not (RFC 3261, 21.5.1, 21.5.4); what
    else it may say proves it alive and tells nothing of conferences."""
    if answer.is_success:
        return None
    if answer.status in (500, 503):
        return Refused(f"it says that it cannot serve: {answer}")
    if answer.status in (401, 403, 407):
        return NotAdmitted(f"alive, and does not let the agent in: {answer}")
    return NotJudged(f"alive, and not known to serve: it answers OPTIONS with {answer}")


async def _echoes(check: VideoConferenceCheck, told: Told) -> None:
    """The path by ICMP echo. A unit that answers while not one echo comes back filters them: nothing is lost."""
    echoes = await icmp.echo(check.host, check.samples, check.interval_seconds, check.late_seconds)
    if echoes.round_trips:
        _tell_path(told, echoes.sent, echoes.round_trips)
    else:
        told.tell(SAMPLES, 0)


async def _questions(check: VideoConferenceCheck, told: Told, agent: sip.UserAgent) -> None:
    """The path by OPTIONS that are sent once each: over UDP one lost packet is one without an answer."""

    async def one() -> float | None:
        try:
            answer = await agent.ask(
                "OPTIONS", check.user or "", domain=check.domain or "", wait=check.late_seconds, repeats=False
            )
        except ProbeError:
            return None
        return answer.seconds

    tasks: list[asyncio.Task[float | None]] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(check.samples):
            tasks.append(group.create_task(one()))
            await asyncio.sleep(check.interval_seconds)
    trips = [seconds for task in tasks if (seconds := task.result()) is not None]
    _tell_path(told, len(tasks), trips)


def _tell_path(told: Told, sent: int, trips: Sequence[float]) -> None:
    told.tell(SAMPLES, sent)
    told.tell(SERVICE_LOSS, 1 - len(trips) / sent)
    if trips:
        told.tell(SERVICE_ROUND_TRIP, median(trips))
    if len(trips) > 1:
        told.tell(SERVICE_JITTER, fmean(abs(later - earlier) for earlier, later in pairwise(trips)))


def _login(check: VideoConferenceCheck) -> sip.Login | None:
    if check.password is None or check.username is None:
        return None
    try:
        return sip.Login(check.username, check.password.read().get_secret_value())
    except SecretUnavailable as error:
        raise NotAdmitted(f"the password cannot be read: {error}") from error
