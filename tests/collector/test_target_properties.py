"""What holds for every target and any evidence."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collector.evidence import Daily, Evidence
from collector.judge import judge, moment_of
from collector.policy import Policy
from collector.roster.model import ExpectedDevice, Place, School
from collector.targets import TARGETS
from collector.verdict import STATES, Verdict
from tests.collector.making import GIGABIT, NOW, R, known, r, rolled, school, seen
from wire.report import OUTCOMES, Observation, Outcome

PLACES = ("101", "102", "操场")
places = st.sampled_from(["", "101", "１０２", "102", "操场", "走廊", "nowhere"])
speeds = st.sampled_from([GIGABIT, GIGABIT, GIGABIT, GIGABIT / 10, GIGABIT / 100])
outcomes: st.SearchStrategy[Outcome] = st.sampled_from([*["ok"] * 12, *OUTCOMES])
ages = st.sampled_from([10.0] * 6 + [899.0, 1000.0, 90_000.0, 700_000.0])
ups = st.sampled_from([0.0, 1.0, 1.0, 1.0])
policy = Policy()


@st.composite
def _ports(draw: st.DrawFn, device: str) -> list[R]:
    found: list[R] = []
    for number in range(draw(st.integers(0, 3))):
        labels = {"port": f"ge{number}", "ifindex": str(number), "place": draw(places)}
        if draw(st.booleans()):
            found.append(("access_port_speed_bytes", draw(speeds), labels))
        else:
            found.append(("access_port_without_speed", 1, labels))
        found.append(("port_info", 1, {**labels, "role": "access", "place": draw(places)}))
    if draw(st.booleans()):
        found.append(r("uplink_up", draw(ups), port=device))
        found.append(r("uplink_speed_bytes", draw(speeds), port=device))
    return found


@st.composite
def _wireless(draw: st.DrawFn, device: str) -> list[R]:
    points: list[R] = []
    for number in range(draw(st.integers(0, 3))):
        labels = {"ap": f"{device}-{number}", "ap_id": draw(st.sampled_from(["", "aa"])), "place": draw(places)}
        if draw(st.integers(0, 5)):
            points.append(("wireless_access_point_up", draw(ups), labels))
        points.append(("wireless_access_point_state", 1, {**labels, "state": draw(st.sampled_from(["a", "gone"]))}))
    points.append(r("rows_seen", len(points), table="ap"))
    points.append(r("rows_expected", draw(st.sampled_from([0, 0, 3])), table="ap"))
    return points


@st.composite
def _display(draw: st.DrawFn, device: str) -> list[R]:
    return [r("av_device_up", draw(ups), system="multimedia", place=draw(places))]


@st.composite
def _throughput(draw: st.DrawFn, device: str) -> list[R]:
    found: list[R] = []
    for direction in draw(st.sets(st.sampled_from(["download", "upload"]))):
        labels = {"direction": direction, "method": "http"}
        found.append(("uplink_throughput_bytes_per_second", draw(speeds), labels))
        limit = {**labels, "limit": draw(st.sampled_from(["path", "nic", "cpu"]))}
        found.append(("uplink_throughput_limit", 1, limit))
    return found


@st.composite
def _terminals(draw: st.DrawFn, device: str) -> list[R]:
    found = [r("terminals_watched_seconds", draw(st.sampled_from([60.0, 2_592_000.0])))]
    found.append(r("terminals_window_seconds", 2_592_000))
    for owner in ("student", "teacher", "shared"):
        inventory = draw(st.integers(0, 150))
        found.append(r("terminals", inventory, owner=owner, basis="inventory"))
        found.append(r("terminals", draw(st.integers(0, inventory)), owner=owner, basis="verified"))
    return found


_DEVICES = [
    ("ports", "sw1", _ports),
    ("ports", "sw2", _ports),
    ("wireless", "ac1", _wireless),
    ("wireless", "ac2", _wireless),
    ("display", "p1", _display),
    ("display", "p2", _display),
    ("display", "p3", _display),
    ("throughput", "man", _throughput),
    ("terminals", "register", _terminals),
]


@st.composite
def observations(draw: st.DrawFn) -> tuple[Observation, ...]:
    found: list[Observation] = []
    for probe, device, readings in _DEVICES:
        if draw(st.integers(0, 9)):
            told = draw(readings(device))
            found.append(seen(probe, device, *told, ago=draw(ages), outcome=draw(outcomes), detail="x"))
    return tuple(found)


@st.composite
def dailies(draw: st.DrawFn) -> tuple[Daily, ...]:
    found: list[Daily] = []
    for probe, device, readings in _DEVICES:
        hours = draw(st.floats(0.1, 200))
        told = draw(readings(device)) if draw(st.booleans()) else []
        found += [
            rolled(probe, device, reading, hours_ago=hours, last=draw(st.sampled_from([reading[1], 0.0])))
            for reading in told
            if reading[0] in NEEDED
        ]
        runs = r("probe_success", draw(ups))
        found.append(rolled(probe, device, runs, hours_ago=hours, count=draw(st.integers(1, 100)), minimum=0))
    return tuple(found)


GENERATED = (
    "gigabit_uplink", "desktop_100m", "wireless_coverage", "student_device_ratio", "teacher_device_ratio",
    "multimedia_classroom", "network_coverage",
)  # fmt: skip
"""The targets whose every state the strategies above reach; those of services have properties of their own."""
NEEDED = {
    "access_port_speed_bytes",
    "av_device_up",
    "uplink_throughput_bytes_per_second",
    "uplink_throughput_limit",
}


@st.composite
def schools(draw: st.DrawFn) -> School:
    listed = [Place(id=place) for place in PLACES] + [Place(id="走廊", kind="other", teaching=False)]
    devices: list[ExpectedDevice] = []
    if draw(st.booleans()):
        devices = [
            ExpectedDevice(system="wireless", id="ac1-0", place="101"),
            ExpectedDevice(system="multimedia", id="p1", place="102"),
        ]
    made = school(
        *listed[draw(st.integers(0, 1)) :],
        students=draw(st.integers(0, 900)),
        classes=draw(st.sampled_from([0, 1, 2, 2, 3, 3, 4])),
    )
    kept = {place.id for place in made.places}
    return made.model_copy(update={"devices": tuple(d for d in devices if d.place in kept)})


def judged(of: School, evidence: Evidence) -> dict[str, Verdict]:
    return judge(of, evidence, policy, NOW)


@settings(max_examples=150, deadline=None)
@given(schools(), observations(), dailies(), st.data())
def test_order_makes_no_difference(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(latest))
    days = data.draw(st.permutations(daily))
    turned = [o.model_copy(update={"readings": tuple(data.draw(st.permutations(o.readings)))}) for o in shuffled]
    assert judged(of, known(*latest, daily=daily)) == judged(of, known(*turned, daily=tuple(days)))


@settings(max_examples=150, deadline=None)
@given(schools(), observations(), dailies(), st.sampled_from([20.0, 4000.0, None]))
def test_a_verdict_is_whole(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], reported: float | None
) -> None:
    for name, found in judged(of, known(*latest, daily=daily, reported=reported)).items():
        assert found.target == name
        assert found.reason.text.zh
        assert found.reason.text.en
        assert found.threshold is not None
        assert (found.attainment is None) == (found.state == "unknown")
        if found.state == "met":
            assert found.value is not None
            assert found.evidence
        if found.attainment is not None:
            assert (found.attainment >= 1) == (found.state == "met")
        if found.state == "unmet":
            assert found.evidence
            assert found.findings, name
        if found.lowest is not None and found.highest is not None:
            assert found.lowest <= found.highest + 1e-9
        assert found.as_json()["reason"]["code"] == found.reason.code


@settings(max_examples=200, deadline=None)
@given(schools(), observations(), dailies(), st.data())
def test_losing_sight_never_makes_a_target_met(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], data: st.DataObject
) -> None:
    """Devices fall silent, data grows old, days are forgotten: nothing that was not met becomes so."""
    before = judged(of, known(*latest, daily=daily))
    worse: list[Observation] = []
    for observation in latest:
        match data.draw(st.sampled_from(["keep", "fail", "age"])):
            case "fail":
                worse.append(observation.model_copy(update={"outcome": "timeout", "detail": "x", "readings": ()}))
            case "age":
                worse.append(observation.model_copy(update={"started_at": NOW - timedelta(days=40)}))
            case _:
                worse.append(observation)
    fewer = tuple(row for row in daily if data.draw(st.booleans()))
    after = judged(of, known(*worse, daily=fewer))
    assert {name for name, found in after.items() if found.state == "met"} <= {
        name for name, found in before.items() if found.state == "met"
    } | _rescued(before, daily)


def _rescued(before: dict[str, Verdict], daily: tuple[Daily, ...]) -> set[str]:
    """A display that says fault now and was up earlier today, then goes off the mains, counts by its last roll-up."""
    was_up = any(row.measure == "av_device_up" and row.last == 1 for row in daily)
    return {"multimedia_classroom"} if was_up else set()


@settings(max_examples=100, deadline=None)
@given(schools(), observations(), dailies(), st.data())
def test_no_evidence_of_a_probe_is_never_met(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...], data: st.DataObject
) -> None:
    probe, target = data.draw(
        st.sampled_from(
            [
                ("ports", "gigabit_uplink"),
                ("ports", "desktop_100m"),
                ("wireless", "wireless_coverage"),
                ("display", "multimedia_classroom"),
                ("terminals", "student_device_ratio"),
                ("terminals", "teacher_device_ratio"),
            ]
        )
    )
    left = tuple(observation for observation in latest if observation.probe != probe)
    assert judged(of, known(*left, daily=daily))[target].state == "unknown"


@settings(max_examples=100, deadline=None)
@given(schools(), observations(), dailies())
def test_a_school_that_fell_silent_is_unknown_everywhere(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...]
) -> None:
    old = tuple(o.model_copy(update={"started_at": NOW - timedelta(days=3)}) for o in latest)
    evidence = replace(known(*old, daily=daily), last_report_at=NOW - timedelta(hours=30))
    assert {found.state for found in judged(of, evidence).values()} == {"unknown"}


def test_the_strategies_reach_both_states_that_are_known() -> None:
    """Else the properties above would say nothing."""
    reached: set[tuple[str, str]] = set()

    @settings(max_examples=1000, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(schools(), observations(), dailies())
    def look(of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...]) -> None:
        reached.update((name, found.state) for name, found in judged(of, known(*latest, daily=daily)).items())

    look()
    assert reached >= {(target, state) for target in GENERATED for state in STATES}


@settings(max_examples=150, deadline=None)
@given(schools(), observations(), dailies())
def test_a_target_reads_nothing_that_it_did_not_declare(
    of: School, latest: tuple[Observation, ...], daily: tuple[Daily, ...]
) -> None:
    """Else a new observation could change a verdict that nobody looks at again, and a replay would lack evidence."""
    evidence, moment = known(*latest, daily=daily), moment_of(of, policy, NOW)
    for name, found in judged(of, evidence).items():
        assert TARGETS[name].evaluate(of, evidence, policy.of(name, of.stage), moment) == found, name
