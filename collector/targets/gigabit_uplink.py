"""Every school reaches the education MAN at a gigabit: negotiated, and carried both ways by a conclusive test."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, PositiveFloat

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.targets._missing import Gap, absent, look
from collector.targets._throughput import Carried, carried
from collector.targets._verdicts import blind, listed, once
from collector.targets.base import Moment, Target, WindowPolicy
from collector.units import bit_rate
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import UPLINK_SPEED, UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT, UPLINK_UP
from wire.report import Observation

ID = "gigabit_uplink"
PROBE = "ports"


class UplinkPolicy(WindowPolicy):
    """What a district may set of the uplink."""

    required_bits_per_second: PositiveFloat = 1_000_000_000
    throughput_share: float = Field(0.9, gt=0, le=1)
    """Of the required rate, what a test must carry each way: a gigabit line carries 940 to 956 Mbit/s of payload."""
    statistic: Literal["best", "latest"] = "best"
    """Which test of the window counts. One test can read low by cross traffic."""


def evaluate(school: School, evidence: Evidence, policy: UplinkPolicy, moment: Moment) -> Verdict:
    """The negotiated speed first, since it says most of what is wrong at once; then what tests carried."""
    required = policy.required_bits_per_second
    ports = evidence.of(PROBE)
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
    if fastest.speed < required:
        values: Values = {"device": fastest.device, "port": fastest.port}
        reason = Reason("uplink_down", values)
        if fastest.speed > 0:
            reason = Reason(
                "uplink_speed_low", {**values, "speed": bit_rate(fastest.speed), "required": bit_rate(required)}
            )
        return _verdict("unmet", reason, fastest.speed, policy, (fastest.item,), attainment=fastest.speed / required)
    return _by_throughput(fastest, carried(evidence, policy, moment), policy)


@dataclass(frozen=True, slots=True)
class _Uplink:
    """One port towards the MAN. `speed` is in bit/s, 0 without a link, None when the device tells none."""

    device: str
    port: str
    speed: float | None
    item: EvidenceItem


def _uplinks(observation: Observation) -> list[_Uplink]:
    speeds = {reading.labels.get("port", ""): reading.value for reading in readings(observation, UPLINK_SPEED.name)}
    links = {reading.labels.get("port", ""): reading.value for reading in readings(observation, UPLINK_UP.name)}
    found: list[_Uplink] = []
    for port in sorted(speeds.keys() | links.keys()):
        speed = 0.0 if links.get(port) == 0 else speeds.get(port) or None
        note = f"{UPLINK_SPEED.name}={speed:.0f}" if speed else f"{UPLINK_UP.name}={links.get(port, 1):g}"
        item = EvidenceItem.of(observation, note)
        found.append(_Uplink(observation.device, port, None if speed is None else speed * 8, item))
    return found


def _by_throughput(uplink: _Uplink, tests: Carried, policy: UplinkPolicy) -> Verdict:
    required, speed = policy.required_bits_per_second, uplink.speed or 0.0
    items = (uplink.item, *tests.items)
    known = [test.rate for test in tests.results if test.is_conclusive(tests.needed)]
    low = [result for result in tests.results if result.rate < tests.needed and result.is_conclusive(tests.needed)]
    attainment = min([speed / required, *(rate / tests.needed for rate in known)])
    value = min([speed, *known])
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
    daily=(UPLINK_THROUGHPUT.name, UPLINK_THROUGHPUT_LIMIT.name),
)
