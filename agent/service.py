"""`campus-agent run`: the parts together, until a signal ends them."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog
from aiohttp import web

from agent.clients.snmp_settings import SnmpAuth
from agent.clock import Clock
from agent.courier import Courier, CourierState, own_measures
from agent.hints import HintCounts, HintListener, listen
from agent.metrics import make_app
from agent.notices import NoticeListener
from agent.notifications import MIN_PASSWORD, Senders, UserKey
from agent.probes.base import AnyProbe, CollectorLink, Context, ProbeSettings
from agent.runner import observe
from agent.schedule import Schedule
from agent.settings import AgentSettings, TrapSettings, host_and_port
from agent.spool import Spool
from agent.traps import TrapListener
from agent.version import agent_version
from common.secrets import SecretUnavailable
from common.text import say
from wire.report import AgentState, Entry, Observation, Report

log = structlog.get_logger(__name__)

Probes = Mapping[str, AnyProbe]


class Unusable(Exception):
    """The agent cannot start as configured; the text is for the person who starts it."""


def context_of(settings: AgentSettings) -> Context:
    """What probes may use."""
    collector = settings.collector
    link = None if collector is None else CollectorLink(collector.url, collector.token.read, collector.ca_file)
    return Context(state_dir=settings.state_dir, collector=link, packs_dir=settings.packs)


def report_frame(settings: AgentSettings, probes: Probes) -> Report:
    """A report of this school without observations: what every one of its reports says."""
    used = {entry.probe for entry in settings.devices}
    return Report(
        school=settings.school,
        agent=AgentState(version=agent_version(), instance=uuid4().hex, host=socket.gethostname()[:64]),
        measures=own_measures([probes[name] for name in sorted(used)]),
        entries=tuple(Entry(probe=entry.probe, device=entry.device) for entry in settings.devices),
        observations=(),
    )


@contextlib.contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Holds the folder for this process. Raises Unusable, naming the process that has it."""
    path = state_dir / "agent.lock"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(
            say(f"state_dir 不可用：{path}:{reason}", f"state_dir cannot be used: {path}: {reason}")
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.read(descriptor, 32).decode(errors="replace").strip() or "?"
            raise Unusable(
                say(
                    f"{state_dir} 正由另一个探针进程使用（进程号 {other}）",
                    f"another agent uses {state_dir} (process {other})",
                )
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


async def run(settings: AgentSettings, probes: Probes, clock: Clock | None = None) -> None:
    """Probe, keep and send until SIGTERM or SIGINT. Raises Unusable when it cannot start."""
    clock = clock or Clock()
    with only_one(settings.state_dir):
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        limits = settings.limits
        keep = timedelta(days=limits.spool_days)
        spool = Spool(settings.state_dir / "spool.sqlite", limits.spool_bytes, keep, clock)
        await spool.open()
        try:
            await _run_parts(settings, probes, clock, spool, stop)
        finally:
            await spool.close()
        log.info("stopped", waiting=spool.state.waiting)


async def _run_parts(settings: AgentSettings, probes: Probes, clock: Clock, spool: Spool, stop: asyncio.Event) -> None:
    context = context_of(settings)

    async def run_one(entry: ProbeSettings) -> Observation:
        started = clock.monotonic()
        return clock.stamp(await observe(probes[entry.probe], entry, context), started)

    schedule = Schedule(
        settings.devices, run_one, spool.add, clock, concurrency=settings.limits.concurrency, salt=settings.school
    )
    courier = _courier(settings, report_frame(settings, probes), spool, clock, context.collector)
    async with contextlib.AsyncExitStack() as stack:
        hints = {}
        if settings.traps is not None:
            hints["snmp"] = await stack.enter_async_context(_traps(settings, settings.traps, schedule, clock))
        if settings.pjlink_notices is not None:
            where = settings.pjlink_notices.listen
            hints["pjlink"] = await stack.enter_async_context(_notices(settings, where, schedule, clock))
        await stack.enter_async_context(_page(settings, schedule, spool, courier, clock, hints))
        parts = [asyncio.create_task(schedule.run(), name="schedule")]
        if courier is not None:
            parts.append(asyncio.create_task(courier.run(), name="courier"))
        parts.append(asyncio.create_task(stop.wait(), name="stop"))  # type: ignore[arg-type]
        log.info("running", school=settings.school, entries=len(settings.devices), waiting=spool.state.waiting)
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        for part in done:
            part.result()  # a part that must run for ever and ended shows why, and the service is started again


def _courier(
    settings: AgentSettings, frame: Report, spool: Spool, clock: Clock, link: CollectorLink | None
) -> Courier | None:
    collector = settings.collector
    if collector is None or link is None:
        log.warning("no collector is configured: observations gather on disk only")
        return None
    return Courier(
        link,
        frame,
        spool,
        clock,
        every_seconds=collector.every_seconds,
        timeout_seconds=collector.timeout_seconds,
        retry_at_most_seconds=collector.retry_at_most_seconds,
    )


@contextlib.asynccontextmanager
async def _page(
    settings: AgentSettings,
    schedule: Schedule,
    spool: Spool,
    courier: Courier | None,
    clock: Clock,
    hints: Mapping[str, HintCounts],
) -> AsyncIterator[None]:
    if settings.metrics is None:
        yield
        return
    host, port = host_and_port(settings.metrics.listen)
    app = make_app(schedule, spool, courier.state if courier else CourierState(), clock, hints)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        with _binding("metrics.listen", settings.metrics.listen):
            await web.TCPSite(runner, host, port, shutdown_timeout=1).start()
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def _traps(
    settings: AgentSettings, traps: TrapSettings, schedule: Schedule, clock: Clock
) -> AsyncIterator[HintCounts]:
    listener = TrapListener(settings.devices, _senders(traps), schedule.ask_now, clock)
    async with _listening(listener, "traps.listen", traps.listen):
        yield listener.counts


@contextlib.asynccontextmanager
async def _notices(settings: AgentSettings, where: str, schedule: Schedule, clock: Clock) -> AsyncIterator[HintCounts]:
    displays = [entry for entry in settings.devices if entry.probe == "display"]
    listener = NoticeListener(displays, schedule.ask_now, clock)
    async with _listening(listener, "pjlink_notices.listen", where):
        yield listener.counts


@contextlib.asynccontextmanager
async def _listening(listener: HintListener, field: str, at: str) -> AsyncIterator[None]:
    host, port = host_and_port(at)
    with _binding(field, at):
        transport = await listen(listener, host, port)
    try:
        yield
    finally:
        transport.close()


def _senders(traps: TrapSettings) -> Senders:
    try:
        community = traps.community.read().get_secret_value().encode() if traps.community else None
        users = {each.user.encode(): _user_key(each.auth) if each.auth else None for each in traps.users}
    except SecretUnavailable as error:
        raise Unusable(say(f"traps 的密钥无法读取：{error}", f"a secret of traps cannot be read: {error}")) from None
    return Senders(community, users)


def _user_key(auth: SnmpAuth) -> UserKey:
    password = auth.password.read().get_secret_value().encode()
    if len(password) < MIN_PASSWORD:
        where = auth.password.file or auth.password.env
        zh, en = f"少于 {MIN_PASSWORD} 个字符", f"fewer than {MIN_PASSWORD} characters"
        raise Unusable(say(f"traps 的密码（{where}）{zh}", f"a password of traps ({where}) has {en}"))
    return UserKey.of(auth.protocol, password)


@contextlib.contextmanager
def _binding(field: str, listen: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unusable(
            say(f"{field}：无法监听 {listen}:{reason}", f"{field}: cannot listen on {listen}: {reason}")
        ) from None
