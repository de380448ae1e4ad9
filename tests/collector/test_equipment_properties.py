"""What holds for every target of audio-visual equipment and of wireless classrooms, whatever the evidence."""

from datetime import date, timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collector.calendar import DEFAULT_CALENDAR, SchoolCalendar
from collector.evidence import Daily, Evidence
from collector.judge import reaching
from collector.roster.model import ExpectedDevice, Place, School, System
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.verdict import STATES, Verdict
from tests.collector.av import TODAY, runs, up, word
from tests.collector.making import NOW, known, r, school, seen
from wire.report import OUTCOMES, Observation, Outcome, Reading

SYSTEMS: tuple[System, ...] = ("multimedia", "cctv", "surveillance", "broadcast")
TARGET_OF = {system: f"{system}_coverage" for system in SYSTEMS} | {"multimedia": "multimedia_classroom"}
DEVICES = ("a", "b", "head")
PLACES = ("101", "102", "机房")
RANK = {"unmet": 0, "unknown": 1, "met": 2}
places = st.sampled_from(["101", "102", "101", "102", "", "１０１", "机房", "nowhere"])
ups = st.sampled_from([0.0, 1.0, 1.0, 1.0])
outcomes: st.SearchStrategy[Outcome] = st.sampled_from([*["ok"] * 8, *["timeout"] * 4, *OUTCOMES])
days = st.sampled_from([TODAY - timedelta(days=n) for n in (0, 1, 2, 3, 5, 9)])
calendars = st.sampled_from([DEFAULT_CALENDAR, DEFAULT_CALENDAR, SchoolCalendar(holidays_until=2025)])
LISTED = (Place(id="101", seats=30), Place(id="102", seats=20), Place(id="机房", kind="office", teaching=False))


@st.composite
def schools(draw: st.DrawFn, system: System) -> School:
    listed = {draw(st.sampled_from(["a", "b", "c"])): draw(st.sampled_from(PLACES[:2])) for _ in range(2)}
    if draw(st.booleans()):
        listed["head"] = "机房"
    devices = tuple(ExpectedDevice(system=system, id=name, place=place) for name, place in sorted(listed.items()))
    return school(*LISTED[draw(st.sampled_from([0, 0, 0, 1])) :]).model_copy(update={"devices": devices})


@st.composite
def observed(draw: st.DrawFn, system: System) -> tuple[tuple[Observation, ...], tuple[Daily, ...]]:
    latest: list[Observation] = []
    daily: list[Daily] = []
    probe = "display" if system == "multimedia" else system
    for name in DEVICES:
        told = sorted(draw(st.sets(places, min_size=0, max_size=draw(st.sampled_from([1, 1, 2])))))
        outcome = draw(outcomes)
        readings = [up(system, draw(ups), place) for place in told]
        kept = readings if outcome == "ok" or draw(st.booleans()) else []
        by = draw(st.sampled_from([probe, probe, "recorder"]))
        ago = draw(st.sampled_from([30.0, 30.0, 30.0, 899.0, 1000.0]))
        if draw(st.integers(0, 8)):
            latest.append(seen(by, name, *kept, outcome=outcome, detail="x", ago=ago, every=300))
        for day in draw(st.sets(days, max_size=3)):
            daily += [word(system, name, day, draw(ups), place, probe=by) for place in told]
            daily += runs(by, name, day, draw(st.sampled_from([0, 3, 29])), draw(st.sampled_from([1, 12, 0])))
    return tuple(latest), tuple(daily)


def judged(system: System, of: School, evidence: Evidence, calendar: SchoolCalendar = DEFAULT_CALENDAR) -> Verdict:
    target = TARGETS[TARGET_OF[system]]
    return target.evaluate(of, evidence, target.policy(), Moment(NOW, calendar=calendar))


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from(SYSTEMS), calendars)
def test_equipment_is_judged_whole_whatever_the_order_and_by_what_is_declared(
    data: st.DataObject, system: System, calendar: SchoolCalendar
) -> None:
    of = data.draw(schools(system))
    latest, daily = data.draw(observed(system))
    evidence = known(*latest, daily=daily)
    found = judged(system, of, evidence, calendar)
    assert (found.attainment is None) == (found.state == "unknown")
    assert found.state == "unknown" or found.evidence
    assert found.state != "unmet" or found.findings
    assert found.lowest is None or found.highest is None or 0 <= found.lowest <= found.highest <= 1
    shuffled = known(
        *(
            o.model_copy(update={"readings": tuple(data.draw(st.permutations(o.readings)))})
            for o in data.draw(st.permutations(latest))
        ),
        daily=tuple(data.draw(st.permutations(daily))),
    )
    assert judged(system, of, shuffled, calendar) == found
    narrowed = reaching(TARGETS[TARGET_OF[system]], of, evidence, calendar)
    assert judged(system, of, narrowed, calendar) == found


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from(SYSTEMS))
def test_a_device_that_turns_good_never_lowers_a_verdict(data: st.DataObject, system: System) -> None:
    """The same device at the same places, answering now and working at each of them."""
    of = data.draw(schools(system))
    latest, daily = data.draw(observed(system))
    before = judged(system, of, known(*latest, daily=daily))
    chosen = data.draw(st.sampled_from(latest)) if latest else None
    if chosen is None or not chosen.readings:
        return
    good = tuple(Reading(measure=one.measure, value=1, labels=one.labels) for one in chosen.readings)
    turned = chosen.model_copy(update={"outcome": "ok", "readings": good, "started_at": NOW - timedelta(seconds=30)})
    after = judged(system, of, known(*(turned if o is chosen else o for o in latest), daily=daily))
    before_most = before.highest if before.highest is not None else 1.0
    if after.state == "unmet" and before.state == "unknown" and before.highest is None:
        return  # it was blind before, and sees now
    assert RANK[after.state] >= RANK[before.state], (before, after)
    if after.lowest is not None and before.lowest is not None:
        assert after.lowest >= before.lowest
        assert after.highest is not None
        assert after.highest >= before_most or chosen.outcome != "ok" or chosen.started_at < turned.started_at


@st.composite
def stationed(draw: st.DrawFn) -> tuple[Daily, ...]:
    found: dict[tuple[object, ...], Daily] = {}
    for _ in range(draw(st.integers(0, 6))):
        day = TODAY - timedelta(days=draw(st.integers(0, 33)))
        place = draw(places)
        of_owner = draw(st.booleans())
        owner = draw(st.sampled_from(["student", "shared", "teacher", "unregistered"]))
        ap = draw(st.sampled_from(["x", "y"]))
        labels = {"place": place, "owner": owner} if of_owner else {"place": place, "ap": ap, "ap_id": ""}
        measure = "place_wireless_terminals" if of_owner else "wireless_access_point_clients"
        value = float(draw(st.sampled_from([0, 5, 12, 20, 30, 45])))
        at = NOW - (TODAY - day)
        made = draw(st.sampled_from(["one", "other"])) + f"/{day}"
        row = Daily(day, "wireless", "ac1", measure, labels, 3, 0, value, value, 0, at, f"last/{day}", at, made)
        found[day, measure, tuple(sorted(labels.items()))] = row
    return tuple(found.values())


@st.composite
def watched(draw: st.DrawFn) -> tuple[Daily, ...]:
    """That the controller answered on every day of the window, or on most."""
    skipped = draw(st.sampled_from([None, None, 6]))
    dates = [TODAY - timedelta(days=n) for n in range(31) if n != skipped]
    return tuple(row for day in dates for row in runs("wireless", "ac1", day, 0, 2, in_hours=False))


@settings(max_examples=100, deadline=None)
@given(st.data(), schools("wireless"), stationed(), watched())
def test_wireless_classrooms_are_judged_whole_and_more_terminals_never_lower_it(
    data: st.DataObject, of: School, rows: tuple[Daily, ...], ran: tuple[Daily, ...]
) -> None:
    target = TARGETS["one_to_one_classroom"]
    controller = seen("wireless", "ac1", r("place_wireless_terminals", 0, place="101", owner="student"))

    def of_rows(daily: tuple[Daily, ...]) -> Verdict:
        return target.evaluate(of, known(controller, daily=daily), target.policy(), Moment(NOW))

    found = of_rows((*rows, *ran))
    assert of_rows(tuple(data.draw(st.permutations((*rows, *ran))))) == found
    narrowed = reaching(target, of, known(controller, daily=(*rows, *ran)), DEFAULT_CALENDAR)
    assert target.evaluate(of, narrowed, target.policy(), Moment(NOW)) == found
    assert found.lowest is None or found.highest is None or found.lowest <= found.highest
    assert found.state == "unknown" or found.evidence
    labels = {"place": "102", "owner": "student"}
    at = NOW - timedelta(days=3)
    day = date(2026, 9, 7)
    more = Daily(day, "wireless", "ac1", "place_wireless_terminals", labels, 1, 40, 40, 40, 40, at, "m", at, "m")
    fuller = tuple(row for row in rows if (row.day, dict(row.labels)) != (day, labels))
    assert of_rows((*fuller, *ran, more)).state == "met"


def test_the_strategies_reach_every_state() -> None:
    """Else the properties above would say nothing."""
    reached: set[tuple[str, str]] = set()

    @settings(max_examples=600, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.data(), st.sampled_from(SYSTEMS))
    def look(data: st.DataObject, system: System) -> None:
        latest, daily = data.draw(observed(system))
        reached.add((system, judged(system, data.draw(schools(system)), known(*latest, daily=daily)).state))

    look()
    assert reached == {(system, state) for system in SYSTEMS for state in STATES}
