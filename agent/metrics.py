"""The agent's own /metrics and /healthz: how it is going here, for whoever looks after this machine."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import nlargest
from types import MappingProxyType

from aiohttp import web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from agent.clock import Clock
from agent.courier import CourierState
from agent.hints import HintCounts
from agent.schedule import Job, Schedule
from agent.spool import Spool
from agent.version import agent_version

SLOWEST = 10
NONE: Mapping[str, HintCounts] = MappingProxyType({})
STUCK_SECONDS = 900.0
"""A run that is so late means that the schedule stands: /healthz says so."""


class AgentMetrics(Collector):
    """Families made at scrape time from what the parts know; holds no numbers."""

    def __init__(
        self,
        schedule: Schedule,
        spool: Spool,
        courier: CourierState,
        clock: Clock,
        hints: Mapping[str, HintCounts] = NONE,
    ) -> None:
        self._schedule = schedule
        self._spool = spool
        self._courier = courier
        self._clock = clock
        self._hints = hints

    def collect(self) -> Iterator[Metric]:
        info = _gauge("agent_info", "This agent; always 1.", "version")
        info.add_metric((agent_version(),), 1)
        yield info
        yield _gauge("agent_schedule_lag_seconds", "How late the latest of all runs is, or began.").plus(
            self._schedule.lag()
        )
        yield _gauge("agent_clock_known", "1 when a time service or the collector has set the time.").plus(
            self._clock.known
        )
        yield _gauge("agent_clock_correction_seconds", "What is added to the machine's clock.").plus(
            self._clock.offset_seconds
        )
        yield from _spool(self._spool)
        yield from _courier(self._courier)
        if self._hints:
            yield _hints(self._hints)
        yield _slowest(self._schedule.jobs)
        yield from _probes(self._schedule.jobs)


class _Gauge(GaugeMetricFamily):
    def plus(self, value: float) -> "_Gauge":
        """The family with one sample without labels."""
        self.add_metric((), value)
        return self


def _gauge(name: str, help_: str, *labels: str) -> _Gauge:
    return _Gauge(f"campus_{name}", help_, labels=labels)


def _counter(name: str, help_: str, value: float) -> CounterMetricFamily:
    family = CounterMetricFamily(f"campus_agent_{name}", help_, labels=())
    family.add_metric((), value)
    return family


def _spool(spool: Spool) -> Iterator[Metric]:
    state = spool.state
    yield _gauge("agent_spooled_reports", "Observations that the collector does not have yet.").plus(state.waiting)
    yield _gauge("agent_buffered_observations", "Those in memory only: the disk takes nothing.").plus(state.buffered)
    yield _gauge("agent_set_aside_observations", "Refused by the collector and kept for a person to look at.").plus(
        state.set_aside
    )
    yield _counter("dropped_observations", "Lost since this spool began: no room, or too old.", state.dropped)
    yield _counter("dropped_changes", "Those of the dropped that saw a change, or come rarely.", state.dropped_changes)
    yield _counter("corrupt_spools", "Damaged spool files moved aside since this spool began.", state.corrupt_files)


def _courier(state: CourierState) -> Iterator[Metric]:
    yield _counter("sent_observations", "Observations with a receipt, since the start.", state.sent)
    yield _counter("refused_observations", "Observations that the collector refused, since the start.", state.refused)
    yield _counter("failed_deliveries", "Passes that ended without a receipt, since the start.", state.failures)
    if state.last_receipt_at is not None:
        yield _gauge("agent_last_receipt_timestamp_seconds", "When the collector last gave a receipt.").plus(
            state.last_receipt_at
        )


def _hints(hints: Mapping[str, HintCounts]) -> Metric:
    family = CounterMetricFamily(
        "campus_agent_hints", "Datagrams that devices sent unasked, since the start.", labels=("source", "result")
    )
    for source, counts in hints.items():
        for result in ("heard", "ignored", "skipped"):
            family.add_metric((source, result), getattr(counts, result))
    return family


def _slowest(jobs: Sequence[Job]) -> Metric:
    """The few that take longest, by name, so that nobody has to sort thousands."""
    family = _gauge("agent_slowest_probe_seconds", "The longest of all last runs.", "probe", "device")
    ran = [job.latest for job in jobs if job.latest is not None]
    for latest in nlargest(SLOWEST, ran, key=lambda each: each.duration_seconds):
        family.add_metric((latest.probe, latest.device), latest.duration_seconds)
    return family


def _probes(jobs: Sequence[Job]) -> Iterator[Metric]:
    labels = ("probe", "device")
    success = _gauge("probe_success", "1 when the last run ended ok, else 0.", *labels)
    duration = _gauge("probe_duration_seconds", "How long the last run took.", *labels)
    at = _gauge("probe_last_run_timestamp_seconds", "When the last run began.", *labels)
    for job in jobs:
        latest = job.latest
        if latest is not None:
            key = (latest.probe, latest.device)
            success.add_metric(key, float(latest.outcome == "ok"))
            duration.add_metric(key, latest.duration_seconds)
            at.add_metric(key, latest.started_at.timestamp())
    yield from (success, duration, at)


def make_app(
    schedule: Schedule, spool: Spool, courier: CourierState, clock: Clock, hints: Mapping[str, HintCounts] = NONE
) -> web.Application:
    """The two paths, over the running parts."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentMetrics(schedule, spool, courier, clock, hints))

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    async def healthz(request: web.Request) -> web.Response:
        lag = schedule.lag()
        if lag > STUCK_SECONDS:
            return web.Response(status=503, text=f"the schedule is {lag:.0f} s late\n")
        return web.Response(text="ok\n")

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/healthz", healthz)])
    return app
