"""A school's multimedia displays: which work, which do not, and of which nobody can say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import PositiveFloat

from collector.evidence import PROBE_SUCCESS, Daily, Evidence, readings
from collector.roster.model import School
from collector.roster.names import same, same_device
from collector.targets._coverage import CoveragePolicy, Places
from collector.targets._missing import Gap, failed, old
from collector.targets._words import SOMEWHERE, clock
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, Values
from wire.measures import AV_DEVICE_STATE, AV_DEVICE_UP
from wire.report import Observation, Reading

PROBE = "display"
SYSTEM = "multimedia"
DAY = 86400
MIN_FAILED_RUNS = 2


class DisplayPolicy(CoveragePolicy):
    """What a district may set of multimedia displays."""

    seen_within_seconds: PositiveFloat = 3 * DAY
    """A display that was up this lately works: at night a projector is off the mains."""
    down_after_seconds: PositiveFloat = 3600
    """A display that has not answered for this long, run after run, is down."""

    @property
    def look_back_days(self) -> int:
        return int(-(-max(self.seen_within_seconds, self.down_after_seconds) // DAY))


@dataclass(frozen=True, slots=True)
class Display:
    """One display. `places` are compared names of the roster, empty when its place is not known."""

    device: str
    state: Literal["working", "down", "unknown"]
    places: frozenset[str]
    item: EvidenceItem
    reason: Reason | None = None
    gap: bool = False
    strange_place: str = ""
    """The place that the agent gave and the roster does not list."""


@dataclass(slots=True)
class _Seen:
    """What is known of one device before it is judged."""

    observation: Observation
    roster_place: str
    days: list[Daily] = field(default_factory=list)
    runs: list[Daily] = field(default_factory=list)


def displays(school: School, evidence: Evidence, policy: DisplayPolicy, moment: Moment) -> list[Display]:
    """Every display that an agent looks at; one that only fails is known by the roster, earlier days or its probe."""
    expected = {same_device(device.id): same(device.place) for device in school.devices if device.system == SYSTEM}
    first = (moment.now - timedelta(days=policy.look_back_days)).astimezone(ZoneInfo(moment.zone)).date()
    days: dict[tuple[str, str], list[Daily]] = {}
    for row in evidence.rolled(AV_DEVICE_UP.name, first):
        if row.labels.get("system") == SYSTEM:
            days.setdefault((row.probe, row.device), []).append(row)
    runs: dict[tuple[str, str], list[Daily]] = {}
    for row in evidence.rolled(PROBE_SUCCESS, first):
        runs.setdefault((row.probe, row.device), []).append(row)
    other = {same_device(device.id) for device in school.devices if device.system != SYSTEM}
    elsewhere = {(r.probe, r.device) for r in evidence.rolled(AV_DEVICE_UP.name, first)} - days.keys()
    places = Places.of(school)
    found: list[Display] = []
    for observation in sorted(evidence.latest, key=lambda o: (o.device, o.probe)):
        key = observation.probe, observation.device
        name = same_device(observation.device)
        roster_place = expected.get(name, "")
        systems = {reading.labels.get("system") for reading in _of_av(observation)}
        by_probe = observation.probe == PROBE and not systems and key not in elsewhere and name not in other
        if SYSTEM in systems or key in days or by_probe or (roster_place and observation.outcome != "ok"):
            seen = _Seen(observation, roster_place, days.get(key, []), runs.get(key, []))
            found.append(_judge(seen, evidence, places, policy, moment))
    return found


def _judge(seen: _Seen, evidence: Evidence, places: Places, policy: DisplayPolicy, moment: Moment) -> Display:
    observation = seen.observation
    said = [reading for reading in _of_av(observation) if reading.labels.get("system") == SYSTEM]
    now = [reading for reading in said if reading.measure == AV_DEVICE_UP.name]
    told = {same(one.labels.get("place", "")) for one in said or seen.days}
    known = frozenset((told & places.all) or ({seen.roster_place} & places.all))
    strange = min((place for place in told if place and not known), default="")
    where = ", ".join(sorted(known)) or SOMEWHERE
    values: Values = {"device": observation.device, "place": where}

    def display(
        state: Literal["working", "down", "unknown"], item: EvidenceItem, reason: Reason | None = None
    ) -> Display:
        return Display(observation.device, state, known, item, reason, strange_place=strange)

    def unseen(gap: Gap) -> Display:
        item = gap.item or EvidenceItem.of(observation)
        return Display(observation.device, "unknown", known, item, gap.reason, gap=True, strange_place=strange)

    if gap := old(observation, evidence, policy.fresh_seconds, moment):
        return unseen(gap)
    if now:  # it told, even where the run failed afterwards
        best = max(reading.value for reading in now)
        item = EvidenceItem.of(observation, f"{AV_DEVICE_UP.name}={best:g}")
        return display("working", item) if best == 1 else display("down", item, Reason("display_fault", values))
    last = max(seen.days, key=lambda row: (row.last_at, row.last_id), default=None)
    if last and last.last == 1 and moment.now - last.last_at <= timedelta(seconds=policy.seen_within_seconds):
        item = EvidenceItem(last.last_id, last.probe, last.device, last.last_at, f"{AV_DEVICE_UP.name}=1")
        return display("working", item)
    gap = failed(observation)
    item = EvidenceItem.of(observation, observation.outcome)
    if observation.outcome in ("timeout", "unreachable") and _is_down(seen, policy, moment):
        answered = _last_success(seen.runs)
        if answered is None:
            return display("down", item, Reason("display_never_up", values))
        return display("down", item, Reason("display_down", {**values, "since": clock(answered, moment)}))
    return unseen(gap or Gap(Reason("display_unproven", values), item))


def _of_av(observation: Observation) -> list[Reading]:
    """Whether it is up, which only the device can tell, and its state, which a run tells even of a dead one."""
    return [r for measure in (AV_DEVICE_UP, AV_DEVICE_STATE) for r in readings(observation, measure.name)]


def _last_success(runs: list[Daily]) -> datetime | None:
    """When a run last ended ok: `maximum_at` is the latest run that reached the day's maximum."""
    return max((row.maximum_at for row in runs if row.maximum == 1), default=None)


def _is_down(seen: _Seen, policy: DisplayPolicy, moment: Moment) -> bool:
    """Whether it failed for long enough, with enough runs in between: a gap in the agent's running proves nothing."""
    answered = _last_success(seen.runs)
    if answered is not None and (seen.observation.started_at - answered).total_seconds() < policy.down_after_seconds:
        return False
    zone = ZoneInfo(moment.zone)
    since = [row for row in seen.runs if answered is None or row.day >= answered.astimezone(zone).date()]
    failures = round(sum(row.count - row.total for row in since))
    return failures >= MIN_FAILED_RUNS and failures * seen.observation.every_seconds >= policy.down_after_seconds
