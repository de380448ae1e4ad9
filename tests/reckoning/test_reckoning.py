"""The collector's verdict of every school, target and school day beside those that plain SQL reckons from the clauses.

What is compared is how each school day ended, once all that was measured has arrived: a district of 120 schools over 40
school days, with faults, stops of the collector, a roster that changes, and data that comes late, twice or never.
"""

from collections.abc import Iterable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from collector.policy import Policy, load_policy
from collector.store.verdicts import DayVerdict
from tests.reckoning.agents import Run, runs_of
from tests.reckoning.calendar import DAYS, at
from tests.reckoning.delivery import deliveries, lost
from tests.reckoning.district import CHANGES_ON, SCHOOLS, Life, lives, rosters
from tests.reckoning.engine import Clock, Engine, lived
from tests.reckoning.reckon import Answer, reckon

SEED = 20260831
POLICY = Path(__file__).parent / "policy.yaml"
CLOSE_ENOUGH = 1e-9
"""Of a value; the collector keeps nine digits after the point."""


def measured(of: Iterable[Life]) -> list[Run]:
    """Every run that reached the collector in the end."""
    return [run for life in of for run in runs_of(life) if not lost(life, run)]


def by_sql(of: tuple[Life, ...], runs: Iterable[Run]) -> Answer:
    before, after = (roster.model_dump(mode="json")["schools"] for roster in rosters(of))
    change = CHANGES_ON.isoformat()
    return reckon([(DAYS[0].isoformat(), change, before), (change, "9999-12-31", after)], runs)


def _by_sql_of(schools: int) -> Answer:
    of = lives(SEED, schools)
    return by_sql(of, measured(of))


async def by_collector(folder: Path, of: tuple[Life, ...], runs: Iterable[Run], policy: Policy) -> list[DayVerdict]:
    clock = Clock(at(DAYS[0], 6))
    engine = Engine(folder, policy, clock)
    try:
        return await lived(engine, clock, rosters(of), deliveries(of, runs))
    finally:
        engine.stop()


def disagreements(theirs: list[DayVerdict], ours: Answer) -> list[str]:
    """Where the two differ, in words; a verdict that only one of them has is a difference too."""
    found: list[str] = []
    left = dict(ours)
    for one in theirs:
        which = (one.school, one.verdict.target, one.day.isoformat())
        said = f"{' '.join(which)}: collector {one.verdict.state} {one.verdict.value} ({one.verdict.reason.code})"
        if which not in left:
            found.append(f"{said}, reckoning has none")
            continue
        state, value = left.pop(which)
        if one.verdict.state not in state.split(" or ") or _apart(value, one.verdict.value):
            found.append(f"{said}, reckoning {state} {value}")
    return found + [
        f"{' '.join(which)}: collector has none, reckoning {said[0]} {said[1]}" for which, said in left.items()
    ]


def _apart(ours: float | None, theirs: float | None) -> bool:
    return ours is not None and theirs is not None and abs(ours - theirs) > CLOSE_ENOUGH * max(1.0, abs(ours))


def told(differences: list[str]) -> str:
    return "\n".join([f"{len(differences)} verdicts differ; the first 20:", *differences[:20]])


async def test_every_verdict_agrees(tmp_path: Path) -> None:
    of = lives(SEED)
    with get_context("spawn").Pool(1) as pool:
        reckoning = pool.apply_async(_by_sql_of, (SCHOOLS,))
        theirs = await by_collector(tmp_path, of, measured(of), load_policy(POLICY))
        ours = reckoning.get(timeout=120)
    assert len({(one.school, one.day) for one in theirs if one.school != "*"}) == SCHOOLS * 40
    assert any(one.changes for one in theirs), "no late report changed a verdict, so that nothing was shown of them"
    if differences := disagreements(theirs, ours):
        pytest.fail(told(differences))


async def test_the_comparison_can_fail(tmp_path: Path) -> None:
    """One flipped reading is found, and so is a wrong number in the policy, each where it belongs and in the clause of
    the district that rests on it."""
    of = lives(SEED, 3)
    runs = measured(of)
    policy = load_policy(POLICY)
    theirs = await by_collector(tmp_path / "right", of, runs, policy)
    assert told(disagreements(theirs, by_sql(of, runs))[:20]) == told([])

    met = {(v.school, v.day) for v in theirs if v.verdict.target == "gigabit_uplink" and v.verdict.state == "met"}
    flipped = next(run for run in runs if run.probe == "ports" and (run.school, run.at.date()) in met)
    otherwise = [_at_a_tenth(run) if run is flipped else run for run in runs]
    found = _targets(disagreements(theirs, by_sql(of, otherwise)))
    assert "gigabit_uplink" in found
    assert found <= {"gigabit_uplink", "smart_campus_share"}

    wrong = policy.of("student_device_ratio").model_copy(update={"at_most": 4})
    targets = policy.targets.model_copy(update={"student_device_ratio": wrong})
    theirs = await by_collector(tmp_path / "wrong", of, runs, policy.model_copy(update={"targets": targets}))
    found = _targets(disagreements(theirs, by_sql(of, runs)))
    assert "student_device_ratio" in found
    assert found <= {"student_device_ratio", "equity_junior"}


def _at_a_tenth(run: Run) -> Run:
    """The run with an uplink at a tenth of its speed."""
    slow = ((m, value / 10 if m == "uplink_speed_bytes" else value, labels) for m, value, labels in run.readings)
    return replace(run, readings=tuple(slow))


def _targets(differences: list[str]) -> set[str]:
    return {words.split()[1].rstrip(":") for words in differences}
