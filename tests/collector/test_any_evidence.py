"""What holds for every target that there is, over evidence of any measure with any label and any value."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.evidence import PROBE_SUCCESS, Daily, Evidence, weight, weighted
from collector.judge import judge, moment_of, reaching
from collector.policy import Policy
from collector.reasons import REASONS
from collector.roster.model import ExpectedDevice, Place, School, TerminalRegister
from collector.targets import TARGETS
from collector.verdict import STATES, Verdict
from tests.collector.making import NOW, R, known, r, rolled, school, seen
from wire.measures import CATALOGUE
from wire.report import OUTCOMES, Observation, Outcome

policy = Policy()
READ = sorted({name for target in TARGETS.values() for name in (*target.measures, *target.daily)} & CATALOGUE.keys())
IN_HOURS = sorted({name for target in TARGETS.values() for name in target.school_hours} - {PROBE_SUCCESS})
PROBES = sorted({probe for target in TARGETS.values() for probe in target.probes} | {"another"})
DEVICES = ("d1", "d2", "ＡＰ-1", "cam-1")
LABELS = {
    "place": ("", "101", "１０２", "102", "操场", "走廊", "nowhere"),
    "port": ("ge1", "ge2"),
    "ifindex": ("1", "2"),
    "role": ("access", "uplink"),
    "system": (
        "multimedia", "cctv", "surveillance", "broadcast", "recording", "exam_marking", "lecture_recording",
        "video_on_demand", "video_conference", "live_streaming",
    ),
    "owner": ("student", "teacher", "shared", "unregistered"),
    "basis": ("inventory", "seen", "verified"),
    "direction": ("download", "upload", "receive", "transmit"),
    "limit": ("path", "nic", "cpu"),
    "state": ("ok", "standby", "fault", "gone"),
    "table": ("ifTable", "ap"),
}  # fmt: skip
VALUES = (0.0, 1.0, 1.0, 1.0, 0.5, 2.0, 40.0, 100.0, 600.0, 1.25e6, 1.25e7, 1.25e8, 1.25e9, -1.0, 1e-9, 1e300, -1e300)
outcomes: st.SearchStrategy[Outcome] = st.sampled_from([*["ok"] * 12, *OUTCOMES])
ages = st.sampled_from([10.0] * 6 + [899.0, 1000.0, 90_000.0, 700_000.0])


@st.composite
def readings(draw: st.DrawFn, names: list[str] = READ) -> R:
    measure = CATALOGUE[draw(st.sampled_from(names))]
    labels = {name: draw(st.sampled_from(LABELS.get(name, ("x", "y")))) for name in measure.labels}
    return r(measure.name, draw(st.sampled_from(VALUES)), **labels)


@st.composite
def observations(draw: st.DrawFn) -> tuple[Observation, ...]:
    where = draw(st.sets(st.tuples(st.sampled_from(PROBES), st.sampled_from(DEVICES)), max_size=8))
    found = []
    for probe, device in sorted(where):
        told = draw(st.lists(readings(), max_size=8))
        found.append(seen(probe, device, *told, ago=draw(ages), outcome=draw(outcomes), detail="x"))
    return tuple(found)


@st.composite
def dailies(draw: st.DrawFn) -> tuple[Daily, ...]:
    found: list[Daily] = []
    for _ in range(draw(st.integers(0, 12))):
        probe, device = draw(st.sampled_from(PROBES)), draw(st.sampled_from(DEVICES))
        hours = draw(st.sampled_from([1.0, 20.0, 30.0, 100.0, 167.0, 169.0, 700.0]))
        measure, value, labels = draw(readings())
        found.append(
            rolled(probe, device, (measure, value, labels), hours_ago=hours, last=draw(st.sampled_from(VALUES)))
        )
        runs = r(PROBE_SUCCESS, float(draw(st.booleans())))
        found.append(rolled(probe, device, runs, hours_ago=hours, count=draw(st.integers(1, 100)), minimum=0))
        if IN_HOURS:
            measure, value, labels = draw(readings(IN_HOURS))
            seconds = draw(st.sampled_from([0.0, 60.0, 36_000.0, 1e9]))
            found.append(rolled(probe, device, (weight(measure), seconds, labels), hours_ago=hours))
            found.append(rolled(probe, device, (weighted(measure), value * seconds, labels), hours_ago=hours))
    return tuple(found)


@st.composite
def schools(draw: st.DrawFn) -> School:
    places = [
        Place(id="101", class_name="1.1", seats=draw(st.sampled_from([0, 40]))),
        Place(id="102", kind="computer_room", seats=1),
        Place(id="操场", kind="playground"),
        Place(id="走廊", kind="other", teaching=False),
    ]
    made = school(
        *places[draw(st.integers(0, 2)) :], students=draw(st.integers(0, 900)), classes=draw(st.integers(0, 3))
    )
    there = [place.id for place in made.places]
    devices = [
        ExpectedDevice(system=system, id=name, place=there[0])
        for system, name in (("wireless", "AP-1"), ("surveillance", "cam-1"), ("multimedia", "d1"), ("recording", "d2"))
        if draw(st.booleans())
    ]
    register = draw(st.sampled_from([None, TerminalRegister(), TerminalRegister(student=100, teacher=40, shared=10)]))
    return made.model_copy(update={"devices": tuple(devices), "terminals": register})


def evaluated(of: School, evidence: Evidence) -> dict[str, Verdict]:
    """By all the evidence, not only by what each target declared."""
    moment = moment_of(of, policy, NOW)
    return {name: target.evaluate(of, evidence, policy.of(name, of.stage), moment) for name, target in TARGETS.items()}


@settings(max_examples=150, deadline=None)
@given(schools(), observations(), dailies(), st.sampled_from([20.0, 4000.0, None]))
def test_a_verdict_is_whole_whatever_is_told(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], reported: float
) -> None:
    for name, found in evaluated(of, known(*latest, daily=daily, reported=reported)).items():
        assert found.target == name
        assert found.state in STATES
        assert found.reason.code in REASONS
        assert (found.attainment is None) == (found.state == "unknown"), name
        if found.attainment is not None:
            assert (found.attainment >= 1) == (found.state == "met"), name
        if found.state != "unknown":
            assert found.evidence, name
        if found.state == "unmet":
            assert found.findings, name
        if found.lowest is not None and found.highest is not None:
            assert found.lowest <= found.highest + 1e-9, name
        json.dumps(found.as_json(), allow_nan=False)


@settings(max_examples=120, deadline=None)
@given(schools(), observations(), dailies(), st.data())
def test_the_order_of_what_is_told_makes_no_difference(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], data: st.DataObject
) -> None:
    turned = [
        o.model_copy(update={"readings": tuple(data.draw(st.permutations(o.readings)))})
        for o in data.draw(st.permutations(latest))
    ]
    days = tuple(data.draw(st.permutations(daily)))
    before, after = evaluated(of, known(*latest, daily=daily)), evaluated(of, known(*turned, daily=days))
    for name, found in before.items():
        assert after[name] == found, name


@settings(max_examples=200, deadline=None)
@given(schools(), observations(), dailies(), st.sampled_from([20.0, 4000.0]))
def test_a_target_reads_only_what_it_declared(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], reported: float
) -> None:
    evidence, moment = known(*latest, daily=daily, reported=reported), moment_of(of, policy, NOW)
    for name, found in evaluated(of, evidence).items():
        narrowed = reaching(TARGETS[name], of, evidence, moment.calendar)
        assert TARGETS[name].evaluate(of, narrowed, policy.of(name, of.stage), moment) == found, name


@settings(max_examples=100, deadline=None)
@given(schools(), observations())
def test_what_fails_and_tells_nothing_meets_nothing(of: School, latest: tuple[Observation, ...]) -> None:
    silent = [o.model_copy(update={"outcome": "timeout", "detail": "x", "readings": ()}) for o in latest]
    assert "met" not in {found.state for found in evaluated(of, known(*silent)).values()}
    assert {found.state for found in evaluated(of, known()).values()} == {"unknown"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(schools(), observations(), dailies()), min_size=2, max_size=4), st.randoms())
def test_a_permutation_of_schools_changes_no_schools_verdict(
    district: list[tuple[School, tuple[Observation, ...], tuple[Daily, ...]]], order: object
) -> None:
    def judged(indexes: list[int]) -> dict[int, dict[str, Verdict]]:
        fresh = Policy()
        return {i: judge(district[i][0], known(*district[i][1], daily=district[i][2]), fresh, NOW) for i in indexes}

    indexes = list(range(len(district)))
    assert judged(indexes) == judged(indexes[::-1])


GOOD: dict[str, tuple[Observation, ...]] = {
    "gigabit_uplink": (
        seen(
            "throughput", "new", *(
                reading
                for way in ("download", "upload")
                for reading in (
                    r("uplink_throughput_bytes_per_second", 1.2e8, direction=way, method="new"),
                    r("uplink_throughput_limit", 1, direction=way, method="new", limit="path"),
                )
            ),
        ),
        seen("ports", "new", r("uplink_up", 1, port="w"), r("uplink_speed_bytes", 1.25e8, port="w")),
    ),
    "desktop_100m": (seen("ports", "new", r("access_port_speed_bytes", 1.25e8, port="1", ifindex="1", place="101")),),
    "wireless_coverage": (seen("wireless", "new", r("wireless_access_point_up", 1, ap="n", ap_id="n", place="102")),),
    "network_coverage": (
        seen("ports", "new", r("access_port_speed_bytes", 1.25e8, port="1", ifindex="1", place="102")),
        seen("wireless", "new", r("wireless_access_point_up", 1, ap="n", ap_id="n", place="102")),
    ),
    **{
        target: (seen("another", "new", r("av_device_up", 1, system=system, place="102")),)
        for target, system in (
            ("multimedia_classroom", "multimedia"), ("cctv_coverage", "cctv"), ("broadcast_coverage", "broadcast"),
            ("surveillance_coverage", "surveillance"),
        )
    },
}  # fmt: skip
"""A device that was not there before and is well, for each target whose verdict rests on devices."""


@settings(max_examples=250, deadline=None)
@given(schools(), observations(), dailies(), st.sampled_from(sorted(GOOD)), st.data())
def test_more_good_evidence_never_lowers_a_verdict(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], name: str, data: st.DataObject
) -> None:
    new = data.draw(st.sampled_from(GOOD[name]))
    before = evaluated(of, known(*latest, daily=daily))[name]
    after = evaluated(of, known(*latest, new, daily=daily))[name]
    if before.state == "met":
        assert after.state == "met"
    if before.lowest is not None and after.lowest is not None:
        assert after.lowest >= before.lowest - 1e-9
