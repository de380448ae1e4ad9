"""What reaches a target, hysteresis, when a verdict is looked at again, and how much is evaluated."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from collector.judge import next_look, reaching, settled
from collector.policy import Policy
from collector.targets import TARGETS
from collector.targets.base import Moment, PolicyPart
from collector.verdict import Reason, State, Verdict
from tests.collector.engine import MONDAY, Engine, access_points, facts
from tests.collector.making import NOW, known, r, school, seen
from wire.measures import AP_UP, HOST_CPU
from wire.report import Observation, Reading


def at(attainment: float) -> Verdict:
    state: State = "met" if attainment >= 1 else "unmet"
    return Verdict("x", state, Reason("never_reported"), value=attainment, threshold=1, attainment=attainment)


def test_a_value_at_the_threshold_does_not_flap() -> None:
    policy, decided, states = PolicyPart(recovery_margin=0.001), None, []
    for attainment in (1.0, 0.9999, 1.0, 0.9999, 1.0005, 1.0011, 1.0, 0.9999):
        verdict = settled(at(attainment), decided, policy)
        decided = verdict.state
        states.append(verdict.state)
    assert states == ["met", "unmet", "unmet", "unmet", "unmet", "met", "met", "unmet"]


def test_a_verdict_that_recovers_says_what_is_still_missing() -> None:
    held = settled(at(1.0004), "unmet", PolicyPart(recovery_margin=0.001))
    assert (held.state, held.value, held.attainment) == ("unmet", 1.0004, 1.0004)
    assert "100.04 %" in held.reason.text.en
    assert "100.1 %" in held.reason.text.zh


@pytest.mark.parametrize("decided", [None, "met"])
def test_without_having_been_unmet_enough_is_enough(decided: State | None) -> None:
    assert settled(at(1.0), decided, PolicyPart(recovery_margin=0.5)).state == "met"


def test_only_what_a_target_declared_reaches_it() -> None:
    target = TARGETS["wireless_coverage"]
    both = seen("wireless", "ac", r(AP_UP.name, 1, ap="a", ap_id="1", place="101"), r(HOST_CPU.name, 0.5))
    other = seen("host", "box", r(HOST_CPU.name, 0.5))
    strange = seen("vendor", "cloud", r(AP_UP.name, 1, ap="b", ap_id="2", place="102"))
    failing = seen("vendor2", "ap9", outcome="timeout")
    listed = school("101", devices=(("wireless", "AP9", "101"),))
    found = reaching(target, listed, known(both, other, strange, failing), Moment(NOW).calendar)
    assert {o.device for o in found.latest} >= {"ac", "cloud"}
    assert "box" not in {o.device for o in found.latest}
    assert {reading.measure for o in found.latest for reading in o.readings} <= set(target.measures)


def test_a_verdict_is_looked_at_again_when_its_evidence_grows_old() -> None:
    target, policy = TARGETS["wireless_coverage"], Policy().of("wireless_coverage")
    fresh = known(seen("wireless", "ac", ago=890), reported=10)
    assert next_look(target, fresh, policy, Moment(NOW)) == NOW + timedelta(seconds=10, milliseconds=1)
    silent = known(seen("wireless", "ac", ago=10), reported=290)
    assert next_look(target, silent, policy, Moment(NOW)) == NOW + timedelta(seconds=10, milliseconds=1)
    nothing = known(reported=None)
    assert next_look(target, nothing, policy, Moment(NOW)) == NOW + timedelta(minutes=15)
    opening = Moment(NOW.replace(hour=23, minute=29) - timedelta(days=1))
    assert next_look(target, nothing, policy, opening) == NOW.replace(hour=23, minute=30) - timedelta(
        days=1, milliseconds=-1
    )


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    started = await Engine(tmp_path).start(facts(), facts("west"))
    yield started
    started.database.close()


def host(engine: Engine) -> Observation:
    made = access_points(engine.clock.now)
    reading = Reading(measure=HOST_CPU.name, value=0.5)
    return made.model_copy(update={"probe": "host", "device": "box", "readings": (reading,)})


async def test_one_observation_re_evaluates_only_what_depends_on_it(engine: Engine) -> None:
    await engine.report("east", [access_points(MONDAY, True, True), host(engine)])
    engine.wait(minutes=1)
    before = engine.district.evaluations.copy()
    await engine.report("east", [host(engine)])
    assert engine.district.evaluations == before
    await engine.report("east", [access_points(engine.clock.now, True, True)])
    again = {name: count for name, count in (engine.district.evaluations - before).items() if name in TARGETS}
    assert again == {"wireless_coverage": 1, "network_coverage": 1, "one_to_one_classroom": 1}


async def test_a_device_that_fails_is_news_to_the_targets_that_it_served(engine: Engine) -> None:
    served = access_points(MONDAY, True, True).model_copy(update={"probe": "cloud"})
    await engine.report("east", [served])
    assert engine.district.verdicts["east"]["wireless_coverage"].verdict.state == "met"
    engine.wait(minutes=5)
    failed = access_points(engine.clock.now, outcome="timeout").model_copy(update={"probe": "cloud"})
    before = engine.district.evaluations.copy()
    await engine.report("east", [failed])
    assert (engine.district.evaluations - before)["wireless_coverage"] == 1


async def test_everything_is_judged_anew_after_a_silence(engine: Engine) -> None:
    await engine.report("east", [host(engine)])
    engine.wait(minutes=20)
    before = engine.district.evaluations.copy()
    await engine.report("east", [host(engine)])
    assert set(engine.district.evaluations - before) >= set(engine.policy.enabled)
