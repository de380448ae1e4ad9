"""How runs reach the collector: a report a day as a rule, some late, some out of order, some twice, some never."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tests.reckoning.agents import Run
from tests.reckoning.calendar import DAYS, LOCAL, at
from tests.reckoning.district import Life
from wire.limits import MAX_OBSERVATIONS
from wire.report import Observation, Reading, Report


@dataclass(frozen=True)
class Delivery:
    """One report and when it arrives."""

    arrives: datetime
    report: Report


def lost(life: Life, run: Run) -> bool:
    """Whether the agent lost a run for good."""
    return life.befalls("agent_lost", run.at.astimezone(LOCAL).date()) is not None


def deliveries(lives: Iterable[Life], runs: Iterable[Run]) -> dict[date, list[Delivery]]:
    """The reports by the day on which they arrive, in the order of arrival. Lost runs are in none."""
    of_school: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        of_school[run.school].append(run)
    found: dict[date, list[Delivery]] = {day: [] for day in DAYS}
    for life in lives:
        for arrives, batch in _batches(life, of_school[life.id]):
            found[arrives.astimezone(LOCAL).date()].append(Delivery(arrives, _report(life.id, batch)))
    return {day: sorted(batch, key=lambda one: (one.arrives, one.report.school)) for day, batch in found.items()}


def _batches(life: Life, runs: list[Run]) -> Iterable[tuple[datetime, list[Run]]]:
    by_arrival: dict[datetime, list[Run]] = defaultdict(list)
    for run in runs:
        if not lost(life, run):
            by_arrival[_arrival(life, run)].append(run)
    repeated: list[tuple[datetime, list[Run]]] = []
    for arrives, batch in sorted(by_arrival.items()):
        chance = life.random("order", arrives)
        chance.shuffle(batch)
        for start in range(0, len(batch), MAX_OBSERVATIONS):
            yield arrives, batch[start : start + MAX_OBSERVATIONS]
        if chance.random() < 0.05:
            again = min(arrives + timedelta(days=chance.randrange(3)), at(DAYS[-1], 23))
            repeated.append((again, batch[: MAX_OBSERVATIONS // 2]))
    yield from repeated


def _arrival(life: Life, run: Run) -> datetime:
    """That evening; what was measured while the way to the collector was cut, some days after it works again."""
    day = run.at.astimezone(LOCAL).date()
    cut = life.befalls("agent_late", day)
    if cut is None:
        return at(day, 21, life.number % 60)
    back = min(DAYS[0] + timedelta(days=cut.last + 1 + cut.arg % 3), DAYS[-1])
    last = at(back, 22, life.number % 60)
    return min(last + timedelta(minutes=run.at.second % 3 * 20), at(DAYS[-1], 23))


def _report(school: str, runs: list[Run]) -> Report:
    return Report(school=school, observations=tuple(map(observation, runs)))


def observation(run: Run) -> Observation:
    """A run as its agent sends it."""
    return Observation(
        id=UUID(run.id),
        probe=run.probe,
        device=run.device,
        started_at=run.at,
        duration_seconds=0.5,
        every_seconds=run.every,
        outcome=run.outcome,
        detail="" if run.outcome == "ok" else "no answer",
        readings=tuple(Reading.model_construct(measure=m, value=v, labels=labels) for m, v, labels in run.readings),
    )
