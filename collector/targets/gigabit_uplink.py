"""Every school reaches the education MAN at a gigabit: negotiated, and carried both ways by a conclusive test."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PositiveFloat

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.targets import _throughput
from collector.targets._coverage import carrying
from collector.targets._missing import Gap, absent, failed, look, old
from collector.targets._throughput import Carried, carried
from collector.targets._verdicts import blind, listed, once
from collector.targets.base import Moment, Target, WindowPolicy
from collector.units import bit_rate
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import (
    UPLINK_CARRIED,
    UPLINK_SPEED,
    UPLINK_THROUGHPUT,
    UPLINK_THROUGHPUT_LIMIT,
    UPLINK_THROUGHPUT_SKIPPED,
    UPLINK_UP,
)
from wire.report import Observation

ID = "gigabit_uplink"
PROBE = "ports"
UNBELIEVABLE = 1e15
"""Bytes per second that no port has."""


class UplinkPolicy(WindowPolicy):
    """What a district may set of the uplink."""

    required_bits_per_second: PositiveFloat = 1_000_000_000
    throughput_share: float = Field(0.9, gt=0, le=1)
    """Of the required rate, what a test must carry each way: a gigabit line carries 940 to 956 Mbit/s of payload."""
    statistic: Literal["best", "latest"] = "best"
    """Which test of the window counts. One test can read low by cross traffic."""
    recovery_margin: float = Field(0.01, ge=0, lt=1)
    """Of what a test must carry. A gigabit line that carries 94 % of its rate is 4 % above the default share."""


def evaluate(school: School, evidence: Evidence, policy: UplinkPolicy, moment: Moment) -> Verdict:
    """The negotiated speed first, since it says most of what is wrong at once; then what tests carried."""
    required = policy.required_bits_per_second
    ports = _routers(evidence, policy, moment)
    if not ports:
        return blind(ID, [absent(evidence, PROBE)], required)
    sight = look(ports, evidence, policy.fresh_seconds, moment)
    uplinks = [uplink for observation in sight.good for uplink in _uplinks(observation)]
    if not uplinks:
        return blind(ID, sight.gaps or [Gap(Reason("uplink_not_marked"))], required)
    fastest = max(
        uplinks, key=lambda uplink: (uplink.speed or 0.0, uplink.speed is not None, uplink.device, uplink.port)
    )
    mute = [uplink for uplink in uplinks if uplink.speed is None]
    if fastest.speed is None or (fastest.speed < required and mute):
        silent = Reason("uplink_speed_unknown", {"device": mute[0].device, "port": mute[0].port})
        return blind(ID, [Gap(silent, mute[0].item), *sight.gaps], required)
    if fastest.speed < required and (unseen := _unseen(ports, evidence, policy, moment)):
        return blind(ID, unseen, required, [fastest.item])
    if fastest.speed < required:
        values: Values = {"device": fastest.device, "port": fastest.port}
        reason = Reason("uplink_down", values)
        if fastest.speed > 0:
            reason = Reason(
                "uplink_speed_low", {**values, "speed": bit_rate(fastest.speed), "required": bit_rate(required)}
            )
        return _verdict("unmet", reason, fastest.speed, policy, (fastest.item,), attainment=fastest.speed / required)
    return _by_throughput(fastest, carried(evidence, policy, moment), policy)


def _rolled(evidence: Evidence, policy: UplinkPolicy, moment: Moment) -> frozenset[tuple[str, str]]:
    """The devices that had an uplink with a speed in the window."""
    since = moment.now - timedelta(days=policy.window_days)
    rows = evidence.rolled(UPLINK_SPEED.name, since.astimezone(ZoneInfo(moment.zone)).date())
    return frozenset((row.probe, row.device) for row in rows if row.last_at >= since)


def _routers(evidence: Evidence, policy: UplinkPolicy, moment: Moment) -> list[Observation]:
    """The latest observation of each device that may have an uplink."""
    had = _rolled(evidence, policy, moment)
    told = {(o.probe, o.device) for o in carrying(evidence, PROBE, UPLINK_SPEED.name, UPLINK_UP.name)}
    return [o for o in evidence.latest if (o.probe, o.device) in told | had]


def _unseen(ports: list[Observation], evidence: Evidence, policy: UplinkPolicy, moment: Moment) -> list[Gap]:
    """The devices that had an uplink in the window and do not answer now: theirs may be the faster one."""
    had = _rolled(evidence, policy, moment)
    gaps: list[Gap] = []
    for observation in sorted(ports, key=lambda o: (o.device, o.probe)):
        if (observation.probe, observation.device) not in had:
            continue
        if gap := old(observation, evidence, policy.fresh_seconds, moment):
            gaps.append(gap)
        elif gap := failed(observation):
            values: Values = {"device": observation.device, "detail": observation.detail or observation.outcome}
            gaps.append(Gap(Reason("uplink_elsewhere_unseen", values), gap.item))
    return gaps


@dataclass(frozen=True, slots=True)
class _Uplink:
    """One port towards the MAN. `speed` is in bit/s, 0 without a link, None when the device tells none."""

    device: str
    port: str
    speed: float | None
    item: EvidenceItem


def _uplinks(observation: Observation) -> list[_Uplink]:
    speeds, links = _by_port(observation, UPLINK_SPEED.name), _by_port(observation, UPLINK_UP.name)
    found: list[_Uplink] = []
    for port in sorted(speeds.keys() | links.keys()):
        told = speeds.get(port, 0.0)
        speed = 0.0 if links.get(port) == 0 else told if 0 < told < UNBELIEVABLE else None
        note = f"{UPLINK_SPEED.name}={speed:.0f}" if speed else f"{UPLINK_UP.name}={links.get(port, 1):g}"
        item = EvidenceItem.of(observation, note)
        found.append(_Uplink(observation.device, port, None if speed is None else speed * 8, item))
    return found


def _by_port(observation: Observation, measure: str) -> dict[str, float]:
    """The best that is told of each port, should one be told of twice."""
    found: dict[str, float] = {}
    for reading in readings(observation, measure):
        port = reading.labels.get("port", "")
        found[port] = max(reading.value, found.get(port, reading.value))
    return found


def _by_throughput(uplink: _Uplink, tests: Carried, policy: UplinkPolicy) -> Verdict:
    required, speed = policy.required_bits_per_second, uplink.speed or 0.0
    items = (uplink.item, *tests.items)
    known = [test.rate for test in tests.results if test.is_conclusive(tests.needed)]
    low = [result for result in tests.results if result.rate < tests.needed and result.is_conclusive(tests.needed)]
    value = min([speed, *known])
    attainment = value / tests.needed  # the port has its speed, or we are not here
    if low:
        worst = min(low, key=lambda result: result.rate)
        findings = [result.low_reason(tests.needed) for result in low]
        return _verdict(
            "unmet", worst.low_reason(tests.needed), value, policy, items, attainment=attainment, findings=findings
        )
    if tests.gaps:
        carried_so_far = [test.rate for test in tests.results]
        unknown = blind(ID, tests.gaps, required, items)
        if len(carried_so_far) < 2:
            return unknown
        bounds = (min([speed, *carried_so_far]), speed)
        return Verdict(
            ID, "unknown", unknown.reason, threshold=required, lowest=bounds[0], highest=bounds[1],
            evidence=unknown.evidence, findings=unknown.findings,
        )  # fmt: skip
    download, upload = tests.results
    values: Values = {
        "port": uplink.port,
        "speed": bit_rate(speed),
        "download": bit_rate(download.rate),
        "upload": bit_rate(upload.rate),
    }
    return _verdict("met", Reason("uplink_fast", values), value, policy, items, attainment=attainment)


def _verdict(
    state: Literal["met", "unmet"],
    reason: Reason,
    value: float,
    policy: UplinkPolicy,
    items: tuple[EvidenceItem, ...],
    *,
    attainment: float,
    findings: list[Reason] | None = None,
) -> Verdict:
    found = listed(findings if findings is not None else [reason] if state == "unmet" else [])
    return Verdict(
        ID, state, reason, value, policy.required_bits_per_second, attainment, evidence=once(items), findings=found
    )


TARGET = Target(
    id=ID,
    name=Text("千兆上联", "Gigabit uplink"),
    clause="全区中小学全面实现千兆带宽接入城域网",
    plan_row=1,
    unit="bits_per_second",
    policy=UplinkPolicy,
    evaluate=evaluate,
    probes=(PROBE, _throughput.PROBE),
    measures=(
        UPLINK_SPEED.name, UPLINK_UP.name, UPLINK_THROUGHPUT.name, UPLINK_THROUGHPUT_LIMIT.name,
        UPLINK_THROUGHPUT_SKIPPED.name, UPLINK_CARRIED.name,
    ),
    daily=(UPLINK_SPEED.name, UPLINK_THROUGHPUT.name, UPLINK_THROUGHPUT_LIMIT.name, UPLINK_CARRIED.name),
)  # fmt: skip
