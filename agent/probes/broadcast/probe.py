"""IP broadcast: whether servers and terminals are alive, whether they serve, and which terminals are registered."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agent.av import State
from agent.clients import icmp, sip, tcp
from agent.errors import Malformed, ProbeError, Refused, Silent, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.broadcast.settings import ECHO_INTERVAL, ECHOES, IN_FLIGHT, BroadcastSettings, Terminal
from agent.probes.broadcast.state import Word, behind_server, best, by_registrar, of_itself
from common.secrets import SecretUnavailable
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP, ROWS_EXPECTED, ROWS_SEEN
from wire.report import Measure, Reading

ALIVE = Measure(
    name="broadcast_alive",
    help="1 when it gave any SIP answer, 0 when it was asked and gave none; terminal is empty for the device itself.",
    labels=("terminal", "place"),
)
SERVING = Measure(
    name="broadcast_serving",
    help="1 when it answered OPTIONS with success (2xx), 0 with another answer; absent without an answer.",
    labels=("terminal", "place"),
)
STATUS = Measure(name="broadcast_sip_status", help="Its SIP status code.", labels=("terminal", "place"))
RESPONSE = Measure(
    name="broadcast_response_seconds", help="How long its SIP answer took.", labels=("terminal", "place")
)
REGISTERED = Measure(
    name="broadcast_terminal_registered",
    help="1 when the server has the terminal registered, 0 when it has not; absent where the server does not tell.",
    labels=("terminal", "place"),
)
CHECK = Measure(
    name="broadcast_check",
    help="1 with what the state rests on: sip, registration, or tcp and icmp, which show less than that it can play.",
    labels=("check", "place"),
)
TERMINALS = "broadcast_terminals"


@dataclass
class _Seen:
    """What was told so far."""

    itself: Word | None = None
    terminals: list[tuple[Terminal, Word]] = field(default_factory=list)
    trouble: ProbeError | None = None
    """What ended the asking for terminals."""


async def run(settings: BroadcastSettings, context: Context) -> list[Reading]:
    """The device's state always, and AV_DEVICE_UP where it was told. Raises Refused for an answer that proves it alive
    and not serving, and what its clients raise."""
    seen = _Seen()
    try:
        if settings.check == "sip":
            await _by_sip(settings, seen)
        else:
            await _less_than_sip(settings)
            seen.itself = Word("ok", up=True)
    except ProbeError as error:
        error.readings = tuple(_readings(settings, seen, error))
        raise
    return list(_readings(settings, seen))


async def _by_sip(settings: BroadcastSettings, seen: _Seen) -> None:
    login = _login(settings)
    async with sip.connect(settings.host, settings.sip_port, settings.transport) as agent:
        answer = await agent.ask(
            "OPTIONS",
            settings.user or "",
            domain=settings.domain or "",
            wait=settings.wait_seconds,
            login=login,
        )
        seen.itself = of_itself(answer)
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one(terminal: Terminal) -> None:
            async with slots:
                try:
                    word = await _terminal(agent, settings, terminal, login)
                except ProbeError as error:
                    word, seen.trouble = Word("unknown"), error
                seen.terminals.append((terminal, word))

        await asyncio.gather(*map(one, settings.terminals))
    _complain(settings, seen, answer)


async def _terminal(
    agent: sip.UserAgent, settings: BroadcastSettings, terminal: Terminal, login: sip.Login | None
) -> Word:
    async def ask(method: sip.Method, max_forwards: int = 70) -> sip.Answer | None:
        try:
            return await agent.ask(
                method,
                terminal.user,
                domain=settings.domain or "",
                wait=settings.wait_seconds,
                max_forwards=max_forwards,
                login=login,
            )
        except Silent:
            return None  # the server has just answered for itself, so this says nothing of it

    if settings.ask == "registrar":
        return by_registrar(await ask("REGISTER"))
    answer = await ask("OPTIONS")
    return behind_server(answer, await ask("OPTIONS", max_forwards=0) if answer else None)


def _complain(settings: BroadcastSettings, seen: _Seen, answer: sip.Answer) -> None:
    """What a person must know, where no state is a fault."""
    if seen.trouble is not None:
        raise seen.trouble
    if seen.itself is not None and seen.itself.up is None:
        raise Refused(f"alive, and not known to serve: it answers OPTIONS with {answer}")
    untold = [terminal.user for terminal, word in seen.terminals if word.up is None]
    if untold and len(untold) == len(settings.terminals):
        why = "it answers for them itself, wants credentials, or keeps silent"
        raise Malformed(f"the server tells of none of its {len(untold)} terminals: {why}")


async def _less_than_sip(settings: BroadcastSettings) -> None:
    if settings.check == "tcp":
        await tcp.connect(settings.host, settings.port or 0)
        return
    echoes = await icmp.echo(settings.host, ECHOES, ECHO_INTERVAL, settings.wait_seconds)
    if not echoes.round_trips:
        raise Unreachable(f"{settings.host} answered none of {echoes.sent} echo requests")


def _without_answer(error: ProbeError | None, settings: BroadcastSettings) -> Word:
    """A device of which there is nothing but an error."""
    state: State = "unreachable" if isinstance(error, Unreachable | tcp.PortClosed) else "unknown"
    was_asked = settings.check == "sip" and isinstance(error, Silent | Malformed | tcp.PortClosed)
    return Word(state, answered=False if was_asked else None)


def _readings(settings: BroadcastSettings, seen: _Seen, error: ProbeError | None = None) -> Iterator[Reading]:
    itself = seen.itself or _without_answer(error, settings)
    yield from _place(settings.place, itself.state, itself.up, settings.check)
    yield from _own("", settings.place, itself)
    by_place: dict[str, list[Word]] = {}
    for terminal, word in sorted(seen.terminals, key=lambda told: told[0].user):
        yield from _own(terminal.name or terminal.user, terminal.place, word)
        by_place.setdefault(terminal.place, []).append(word)
    check = "registration" if settings.ask == "registrar" else "sip"
    for place, words in by_place.items():
        if place != settings.place:  # there the device's own word stands
            yield from _place(place, best(words).state, best(words).up, check)
    if settings.terminals:
        told = sum(word.up is not None for _, word in seen.terminals)
        yield Reading(measure=ROWS_SEEN.name, value=told, labels={"table": TERMINALS})
        yield Reading(measure=ROWS_EXPECTED.name, value=len(settings.terminals), labels={"table": TERMINALS})


def _place(place: str, state: State, up: bool | None, check: str) -> Iterator[Reading]:
    """Unlike agent.av.state_readings this takes a server's word that a terminal is not there."""
    labels = {"system": "broadcast", "place": place}
    yield Reading(measure=AV_DEVICE_STATE.name, value=1, labels={**labels, "state": state})
    if up is not None:
        yield Reading(measure=AV_DEVICE_UP.name, value=up, labels=labels)
        yield Reading(measure=CHECK.name, value=1, labels={"check": check, "place": place})


def _own(name: str, place: str, word: Word) -> Sequence[Reading]:
    values: list[tuple[Measure, float | None]] = [(ALIVE, word.answered), (REGISTERED, word.registered)]
    if word.answer is not None:
        values += [
            (SERVING, word.answer.is_success),
            (STATUS, word.answer.status),
            (RESPONSE, word.answer.seconds),
        ]
    labels = {"terminal": name, "place": place}
    return [Reading(measure=m.name, value=value, labels=labels) for m, value in values if value is not None]


def _login(settings: BroadcastSettings) -> sip.Login | None:
    if settings.password is None or settings.username is None:
        return None
    try:
        return sip.Login(settings.username, settings.password.read().get_secret_value())
    except SecretUnavailable as error:
        raise Refused(f"the password cannot be read: {error}") from error


PROBE = Probe(
    BroadcastSettings,
    (
        AV_DEVICE_UP, AV_DEVICE_STATE, ALIVE, SERVING, STATUS, RESPONSE, REGISTERED, CHECK, ROWS_SEEN, ROWS_EXPECTED,
    ),
    run,
)  # fmt: skip
