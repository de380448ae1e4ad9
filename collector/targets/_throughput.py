"""What throughput tests of a window prove of the path to the MAN, each way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from collector.evidence import Daily, Evidence, readings
from collector.targets._missing import Gap, absent, old
from collector.targets.base import Moment
from collector.units import bit_rate
from collector.verdict import EvidenceItem, Reason, Values
from common.text import Text
from wire.measures import UPLINK_CARRIED, UPLINK_THROUGHPUT, UPLINK_THROUGHPUT_LIMIT, UPLINK_THROUGHPUT_SKIPPED
from wire.report import Observation

PROBE = "throughput"
DIRECTIONS = {"download": Text("下行", "download"), "upload": Text("上行", "upload")}
LIMITS = {
    "nic": Text("测速主机网卡", "the test box's network card"),
    "cpu": Text("测速主机处理器", "the test box's processor"),
}
ELSEWHERE = {"server": "throughput_server_limited", "cross_traffic": "throughput_cross_traffic"}
"""What held a test back that is not the test box."""
SKIPPED = {
    "server_busy": Text("测速服务器忙", "the test server was busy"),
    "no_slot": Text("没有轮到测速时段", "the district had no slot for it"),
    "line_busy": Text("线路正忙", "the line was busy"),
    "daily_bytes": Text("当天的测速流量已用完", "the day's bytes for tests were used up"),
    "outside_window": Text("不在允许测速的时间", "it was outside of the times for tests"),
}
PASSIVE = {"download": "receive", "upload": "transmit"}
"""The uplink's directions, seen from the school."""
PAYLOAD = 0.95
"""Of the octets that a port counts, payload: 1448 of 1518 (0.954) in full frames of Ethernet."""
UNCLEAR = Text("不明因素", "something unclear")
BUSY = ("refused", "timeout")
UNBELIEVABLE = 1e15
"""Bytes per second that no test carries."""


class ThroughputPolicy(Protocol):
    """What of a target's policy is asked here."""

    @property
    def required_bits_per_second(self) -> float: ...
    @property
    def throughput_share(self) -> float: ...
    @property
    def statistic(self) -> Literal["best", "latest"]: ...
    @property
    def window_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Result:
    """One test in one direction. `rate` is in bit/s; `limit` is what held it back, empty when nobody can say."""

    direction: str
    rate: float
    limit: str
    item: EvidenceItem

    def is_conclusive(self, needed: float) -> bool:
        """Enough is enough whatever the box; a low rate speaks only when the path was the limit."""
        return self.rate >= needed or self.limit == "path"

    def low_reason(self, needed: float) -> Reason:
        """What was measured, and what it falls short of."""
        values: Values = {"measured": bit_rate(self.rate), "required": bit_rate(needed)}
        return Reason("throughput_low", {"direction": DIRECTIONS[self.direction], **values})


@dataclass(frozen=True, slots=True)
class Carried:
    """The test that counts for each direction that has one (download first), and what is missing for a verdict."""

    needed: float
    results: tuple[Result, ...]
    gaps: tuple[Gap, ...]

    @property
    def items(self) -> tuple[EvidenceItem, ...]:
        return tuple(result.item for result in self.results)


def carried(evidence: Evidence, policy: ThroughputPolicy, moment: Moment) -> Carried:
    """The best, or the latest, test of the window for each direction."""
    needed = policy.required_bits_per_second * policy.throughput_share
    tests = list(_tests(evidence, moment, policy.window_days, latest_only=policy.statistic == "latest"))
    tests += [seen for seen in _passive(evidence, moment, policy.window_days) if seen.rate >= needed]
    results: list[Result] = []
    gaps: list[Gap] = []
    for direction, word in DIRECTIONS.items():
        of_direction = [test for test in tests if test.direction == direction]
        if not of_direction:
            gaps.append(Gap(Reason("throughput_missing", {"direction": word, "days": policy.window_days})))
            continue
        result = max(of_direction, key=_by_rate if policy.statistic == "best" else _by_time)
        results.append(result)
        if not result.is_conclusive(needed):
            values: Values = {"direction": word, "measured": bit_rate(result.rate)}
            if result.limit not in ELSEWHERE:
                values = {**values, "limit": LIMITS.get(result.limit, UNCLEAR)}
            gaps.append(Gap(Reason(ELSEWHERE.get(result.limit, "throughput_inconclusive"), values)))
    missing = [gap for gap in gaps if gap.reason.code == "throughput_missing"]
    if missing and (why := _why_none(evidence, moment, policy.window_days)):
        gaps = [why, *(gap for gap in gaps if gap not in missing)]
    return Carried(needed, tuple(results), tuple(gaps))


def _by_rate(test: Result) -> tuple[float, datetime, bool, str]:
    return test.rate, test.item.at, test.limit == "path", test.item.observation


def _by_time(test: Result) -> tuple[datetime, float, bool, str]:
    return test.item.at, test.rate, test.limit == "path", test.item.observation


def _tests(evidence: Evidence, moment: Moment, window_days: int, *, latest_only: bool) -> Iterator[Result]:
    since = moment.now - timedelta(days=window_days)
    for observation in evidence.latest:
        if observation.started_at >= since:
            yield from _of_observation(observation)
    first_day = since.astimezone(ZoneInfo(moment.zone)).date()
    limits = list(evidence.rolled(UPLINK_THROUGHPUT_LIMIT.name, first_day))
    for row in evidence.rolled(UPLINK_THROUGHPUT.name, first_day):
        points = [(row.last, row.last_at, row.last_id)]
        if not latest_only:
            points.append((row.maximum, row.maximum_at, row.maximum_id))
        for value, at, made_by in points:
            direction = row.labels.get("direction", "")
            if at >= since and direction in DIRECTIONS and 0 <= value < UNBELIEVABLE:
                item = EvidenceItem(
                    made_by, row.probe, row.device, at, f"{UPLINK_THROUGHPUT.name}={value:.0f} {direction}"
                )
                yield Result(direction, value * 8, _limit_of_day(row, made_by, limits), item)


def _of_observation(observation: Observation) -> Iterator[Result]:
    limits: dict[tuple[str | None, str | None], set[str]] = {}
    for reading in readings(observation, UPLINK_THROUGHPUT_LIMIT.name):
        if reading.value >= 1:
            subject = reading.labels.get("direction"), reading.labels.get("method")
            limits.setdefault(subject, set()).add(reading.labels.get("limit", ""))
    for reading in readings(observation, UPLINK_THROUGHPUT.name):
        direction = reading.labels.get("direction", "")
        if direction in DIRECTIONS and 0 <= reading.value < UNBELIEVABLE:
            found = limits.get((direction, reading.labels.get("method")), set())
            note = f"{UPLINK_THROUGHPUT.name}={reading.value:.0f} {direction}"
            limit = next(iter(found)) if len(found) == 1 else ""
            yield Result(direction, reading.value * 8, limit, EvidenceItem.of(observation, note))


def _passive(evidence: Evidence, moment: Moment, window_days: int) -> Iterator[Result]:
    """What the uplink was seen carrying, as payload: a lower bound of the line, so that less proves nothing.

    `limit` is empty, so that one below what is needed could never speak against the school.
    """
    since = moment.now - timedelta(days=window_days)
    points: list[tuple[Mapping[str, str], float, EvidenceItem]] = [
        (reading.labels, reading.value, EvidenceItem.of(observation, _passive_note(reading.value, reading.labels)))
        for observation in evidence.latest
        if observation.started_at >= since
        for reading in readings(observation, UPLINK_CARRIED.name)
    ]
    for row in evidence.rolled(UPLINK_CARRIED.name, since.astimezone(ZoneInfo(moment.zone)).date()):
        if row.maximum_at >= since:
            note = _passive_note(row.maximum, row.labels)
            item = EvidenceItem(row.maximum_id, row.probe, row.device, row.maximum_at, note)
            points.append((row.labels, row.maximum, item))
    for direction, way in PASSIVE.items():
        for labels, value, item in points:
            if labels.get("direction") == way and 0 < value < UNBELIEVABLE:
                yield Result(direction, value * 8 * PAYLOAD, "", item)


def _passive_note(value: float, labels: Mapping[str, str]) -> str:
    return f"{UPLINK_CARRIED.name}={value:.0f} {labels.get('port', '')} {labels.get('direction', '')}"


def _subject(row: Daily) -> tuple[date, str, str, str | None, str | None]:
    return row.day, row.probe, row.device, row.labels.get("direction"), row.labels.get("method")


def _limit_of_day(row: Daily, made_by: str, limits: list[Daily]) -> str:
    """What limited a test: the day's only limit, else the one that the same run gave, else unclear."""
    of_day = [limit for limit in limits if limit.maximum >= 1 and _subject(limit) == _subject(row)]
    if len(of_day) > 1:
        of_day = [limit for limit in of_day if limit.maximum_id == made_by]
    return of_day[0].labels.get("limit", "") if len(of_day) == 1 else ""


def _why_none(evidence: Evidence, moment: Moment, window_days: int) -> Gap | None:
    """What the latest run says of a direction without a result: nobody tests, the server is busy, or the run fails."""
    runs = evidence.of(PROBE)
    if not runs:
        return None if any(evidence.rolled(UPLINK_THROUGHPUT.name, date.min)) else absent(evidence, PROBE)
    latest = max(runs, key=lambda run: (run.started_at, run.device))
    if gap := old(latest, evidence, window_days * 86400, moment):
        return gap
    if latest.outcome == "ok":
        return None
    item = EvidenceItem.of(latest, latest.outcome)
    detail = latest.detail or latest.outcome
    skipped = {reading.labels.get("why", "") for reading in readings(latest, UPLINK_THROUGHPUT_SKIPPED.name)}
    if len(skipped) == 1 and (why := SKIPPED.get(skipped.pop())) is not None:
        return Gap(Reason("throughput_skipped", {"why": why, "days": window_days}), item)
    if latest.outcome in BUSY:
        return Gap(Reason("throughput_busy", {"detail": detail, "days": window_days}), item)
    return Gap(Reason(f"device_{latest.outcome}", {"device": latest.device, "detail": detail}), item)
