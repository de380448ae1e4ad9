"""The collector's /metrics: the district's present state as families at scrape time.

Stale readings vanish; `campus_observation_age_seconds` says why. Each measure X is `campus_X` with a `school` label.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from collector.api.keys import DISTRICT, INTAKE, SLOTS
from collector.district import Snapshot
from collector.evidence import readings
from collector.intake import Intake
from collector.metrics_calendar import calendar_families
from collector.metrics_district import district_families
from collector.slots import SlotBook
from collector.store.instances import copies
from collector.verdict import STATES
from wire.measures import ACCESS_PORT_SPEED
from wire.report import Measure, Observation

FRESH_SECONDS = 900.0
"""An older observation is not exported as if it were of now, unless its probe runs more rarely than that."""
MISSED_RUNS = 2.5
MAX_SERIES = 20_000
"""Series of one school; more are left out and counted, so that one school cannot fill the page."""

_SPEEDS = ((10e6, "10M"), (100e6, "100M"), (1e9, "1G"), (2.5e9, "2.5G"), (5e9, "5G"), (10e9, "10G"), (25e9, "25G"),
    (40e9, "40G"), (100e9, "100G"))  # fmt: skip


class CampusMetrics(Collector):
    """Everything that Prometheus scrapes of the district."""

    def __init__(self, district: Snapshot, intake: Intake, slots: SlotBook | None = None) -> None:
        self._district = district
        self._intake = intake
        self._slots = slots

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        yield from _roster(self._district)
        yield from calendar_families(self._district, now)
        yield from _targets(self._district)
        yield from _agents(self._district, now)
        yield from _observations(self._district, now)
        yield from district_families(self._district)
        yield from _own(self._district, self._intake)
        if self._slots is not None:
            yield from _throughput_slots(self._slots)


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"campus_{name}", help_, labels=labels)


def _roster(district: Snapshot) -> Iterator[Metric]:
    info = _gauge("school_info", "A school of the roster; always 1.", "school", "name", "stage", "network")
    numbers = {
        "students": _gauge("school_students", "Students by the roster.", "school"),
        "teachers": _gauge("school_teachers", "Teachers by the roster.", "school"),
        "classes": _gauge("school_classes", "Classes by the roster.", "school"),
        "teaching_places": _gauge("school_teaching_places", "Teaching places by the roster.", "school"),
    }
    for school in district.schools.values():
        info.add_metric((school.id, school.name, school.stage, school.network), 1)
        numbers["students"].add_metric((school.id,), school.students)
        numbers["teachers"].add_metric((school.id,), school.teachers)
        numbers["classes"].add_metric((school.id,), school.classes)
        numbers["teaching_places"].add_metric((school.id,), len(school.teaching_places))
    yield info
    yield from numbers.values()


_COVERAGE = {
    "wireless_coverage": "wireless",
    "network_coverage": "network",
    "multimedia_classroom": "multimedia",
    "cctv_coverage": "cctv",
    "surveillance_coverage": "surveillance",
    "broadcast_coverage": "broadcast",
}


def _targets(district: Snapshot) -> Iterator[Metric]:
    state = _gauge("target_state", "1 for the state that holds, 0 for the others.", "school", "target", "state")
    attainment = _gauge(
        "target_attainment_ratio",
        "Achieved / required, so that 1 is just met; absent while unknown.",
        "school",
        "target",
    )
    taken = _gauge(
        "target_evidence_timestamp_seconds", "When the oldest evidence of the verdict was taken.", "school", "target"
    )
    coverage = _gauge(
        "coverage_ratio", "Places served / places that need it; absent while unknown.", "school", "system"
    )
    for school, verdicts in district.verdicts.items():
        for target, standing in verdicts.items():
            verdict = standing.verdict
            for each in STATES:
                state.add_metric((school, target, each), float(verdict.state == each))
            if verdict.attainment is not None and verdict.state != "unknown":
                attainment.add_metric((school, target), verdict.attainment)
            if verdict.evidence_at is not None:
                taken.add_metric((school, target), verdict.evidence_at.timestamp())
            if target in _COVERAGE and verdict.value is not None and verdict.state != "unknown":
                coverage.add_metric((school, _COVERAGE[target]), verdict.value)
    yield from (state, attainment, taken, coverage)


def _agents(district: Snapshot, now: datetime) -> Iterator[Metric]:
    last = _gauge("agent_last_report_timestamp_seconds", "When the school's agent last reported.", "school")
    spooled = _gauge("agent_spooled_reports", "Observations that the agent still held at its last report.", "school")
    dropped = _gauge(
        "agent_dropped_observations", "Observations that the agent had to drop since it was installed.", "school"
    )
    skew = _gauge(
        "agent_clock_offset_seconds", "The agent's machine's clock less the collector's, transport included.", "school"
    )
    undated = _gauge(
        "agent_undated_observations", "Observations stored without a time, since the machine knew none.", "school"
    )
    copied = _gauge(
        "agent_copies", "Machines that report at once as this school's agent; 0 is as it should be.", "school"
    )
    info = _gauge("agent_info", "The school's agent; always 1.", "school", "version")
    for school, agent in district.agents.items():
        if school not in district.schools:
            continue
        last.add_metric((school,), agent.last_report_at.timestamp())
        spooled.add_metric((school,), agent.spooled_reports)
        dropped.add_metric((school,), agent.dropped_observations)
        info.add_metric((school, agent.version), 1)
        undated.add_metric((school,), agent.undated_observations)
        copied.add_metric((school,), len(copies(agent.instances, now)))
        if agent.clock_offset is not None:
            skew.add_metric((school,), agent.clock_offset)
    yield from (last, spooled, dropped, skew, info, undated, copied)


def _observations(district: Snapshot, now: datetime) -> Iterator[Metric]:
    success = _gauge("probe_success", "1 when the last run succeeded.", "school", "probe", "device")
    duration = _gauge("probe_duration_seconds", "How long the last run took.", "school", "probe", "device")
    age = _gauge("observation_age_seconds", "How old the last run is.", "school", "probe", "device")
    ports = _gauge("access_ports", "Access ports with a link, by negotiated speed.", "school", "speed")
    left_out = _gauge("school_series_left_out", "Series beyond the bound of one school.", "school")
    families: dict[str, Metric] = {}
    for school in district.schools:
        fresh: list[Observation] = []
        for observation in district.latest.get(school, ()):
            who = (school, observation.probe, observation.device)
            seconds = (now - observation.started_at).total_seconds()
            age.add_metric(who, seconds)
            if seconds <= max(FRESH_SECONDS, MISSED_RUNS * observation.every_seconds):
                fresh.append(observation)
                success.add_metric(who, float(observation.outcome == "ok"))
                duration.add_metric(who, observation.duration_seconds)
        for speed, count in _by_speed(fresh).items():
            ports.add_metric((school, speed), count)
        series, excess = _series(school, fresh, district.measures)
        if excess:
            left_out.add_metric((school,), excess)
        for (name, *labels), value in series.items():
            measure = district.measures[name]
            family = families.get(name) or families.setdefault(name, _family(measure))
            family.add_metric(labels, value)  # type: ignore[attr-defined]
    yield from (success, duration, age, ports, left_out)
    yield from families.values()


def _series(
    school: str, fresh: Iterable[Observation], measures: dict[str, Measure]
) -> tuple[dict[tuple[str, ...], float], int]:
    """One school's readings as (measure, *label values) -> value, and how many were beyond the bound."""
    series: dict[tuple[str, ...], float] = {}
    excess = 0
    for observation in sorted(fresh, key=lambda observation: observation.started_at):
        for reading in observation.readings:
            measure = measures.get(reading.measure)
            if measure is None or not measure.exported or reading.labels.keys() != set(measure.labels):
                continue
            who = (school, observation.device) if measure.devices == "label" else (school,)
            key = (measure.name, *who, *(reading.labels[name] for name in measure.labels))
            if key not in series and len(series) >= MAX_SERIES:
                excess += 1
            elif measure.devices == "sum":
                series[key] = series.get(key, 0.0) + reading.value
            else:
                series[key] = reading.value
    return series, excess


def _family(measure: Measure) -> Metric:
    own = ("school", "device") if measure.devices == "label" else ("school",)
    family = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
    return family(f"campus_{measure.name}", measure.help, labels=(*own, *measure.labels))


def _by_speed(fresh: Iterable[Observation]) -> Counter[str]:
    count: Counter[str] = Counter()
    for observation in fresh:
        if observation.probe == "ports":
            count.update(speed_name(reading.value * 8) for reading in readings(observation, ACCESS_PORT_SPEED.name))
    return count


def speed_name(bits_per_second: float) -> str:
    """A negotiated speed as people call it: 10M, 100M, 1G, 2.5G …; an uncommon one in Mbit/s."""
    for known, name in _SPEEDS:
        if abs(bits_per_second - known) < known * 0.001:
            return name
    return f"{bits_per_second / 1e6:g}M"


def _own(district: Snapshot, intake: Intake) -> Iterator[Metric]:
    yield CounterMetricFamily("campus_collector_reports_total", "Reports stored since start.", value=intake.reports)
    yield CounterMetricFamily(
        "campus_collector_observations_total", "New observations since start.", value=intake.observations
    )
    yield CounterMetricFamily(
        "campus_collector_repeated_observations_total",
        "Observations that had been stored before.",
        value=intake.repeated,
    )
    yield GaugeMetricFamily(
        "campus_agent_silent_after_seconds",
        "The policy's limit: an agent without a report for longer is silent.",
        value=district.policy.agent_silent_after_seconds,
    )
    yield GaugeMetricFamily(
        "campus_collector_evaluation_seconds",
        "How long the last round of verdicts took.",
        value=district.evaluation_seconds,
    )
    if district.evaluated_at is not None:
        yield GaugeMetricFamily(
            "campus_collector_evaluation_timestamp_seconds",
            "When the last round of verdicts ended.",
            value=district.evaluated_at.timestamp(),
        )


def _throughput_slots(slots: SlotBook) -> Iterator[Metric]:
    yield GaugeMetricFamily("campus_throughput_slots_held", "Throughput tests that may run now.", len(slots.live()))
    yield GaugeMetricFamily(
        "campus_throughput_schools_waiting", "Schools that were told when to ask for a slot again.", slots.waiting()
    )
    yield CounterMetricFamily("campus_throughput_slots_granted_total", "Slots granted since start.", slots.granted)
    yield CounterMetricFamily(
        "campus_throughput_slots_expired_total", "Slots that nobody gave back, since start.", slots.expired
    )
    put_off = CounterMetricFamily(
        "campus_throughput_slots_put_off_total", "Requests told to come back, by what was taken.", labels=("why",)
    )
    for why, times in sorted(slots.put_off.items()):
        put_off.add_metric((why,), times)
    yield put_off


def metrics_route(app: web.Application) -> web.RouteDef:
    """`GET /metrics`: Prometheus text or OpenMetrics, as the scraper asks. Written in a thread: it takes a while."""

    async def metrics(request: web.Request) -> web.Response:
        encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(CampusMetrics(app[DISTRICT].snapshot(), app[INTAKE], app.get(SLOTS)))
        body = await asyncio.to_thread(encoder, registry)
        return web.Response(body=body, headers={"Content-Type": content_type})

    return web.get("/metrics", metrics)
