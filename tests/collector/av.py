"""Runs and words of audio-visual devices, as the tests of their targets need them."""

from datetime import date, datetime, timedelta

from collector.evidence import PROBE_SUCCESS, Daily, weight, weighted
from tests.collector.hours import ZONE
from tests.collector.making import NOW, R, r, seen
from wire.report import Observation, Outcome

TODAY = date(2026, 9, 10)
YESTERDAY = date(2026, 9, 9)
EVERY = 300.0
PROBE_OF = {"cctv": "head_end", "surveillance": "camera"}
"""Of a system whose probe has another name."""


def up(system: str, value: float, place: str = "") -> R:
    return r("av_device_up", value, system=system, place=place)


def device(
    system: str,
    name: str,
    value: float | None = None,
    place: str = "",
    *,
    outcome: Outcome = "ok",
    ago: float = 30,
    probe: str = "",
    every: float = EVERY,
) -> Observation:
    """One device's latest run; without a value it told nothing."""
    told = [] if value is None else [up(system, value, place)]
    return seen(probe or PROBE_OF.get(system, system), name, *told, outcome=outcome, ago=ago, every=every, detail="x")


def reporter(
    system: str, name: str, places: dict[str, float], *, outcome: Outcome = "ok", probe: str = ""
) -> Observation:
    """A device that tells of several places."""
    told = [up(system, value, place) for place, value in places.items()]
    return seen(probe or PROBE_OF.get(system, system), name, *told, outcome=outcome, every=EVERY, detail="x")


def word(system: str, name: str, day: date, last: float = 1, place: str = "", probe: str = "") -> Daily:
    """What a device last said on a day, at half past nine."""
    at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=ZONE)
    labels = {"system": system, "place": place}
    made = f"{probe or PROBE_OF.get(system, system)}/{name}/{day}"
    return Daily(
        day, probe or PROBE_OF.get(system, system), name, "av_device_up", labels, 10, 0, 1, 5, last, at, made, at, made
    )  # fmt: skip


def runs(
    probe: str,
    name: str,
    day: date,
    failed: int,
    ok: int = 0,
    *,
    from_hour: float = 7.5,
    every: float = EVERY,
    in_hours: bool = True,
) -> tuple[Daily, ...]:
    """The runs of a day, one after the other: the good ones first."""
    probe = PROBE_OF.get(probe, probe)
    begin = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=from_hour)
    answered = begin + timedelta(seconds=every * (ok - 1)) if ok else begin
    ended = begin + timedelta(seconds=every * (ok + failed - 1))
    made = f"{probe}/{name}/{day}"

    def row(measure: str, count: int, maximum: float, total: float, last: float) -> Daily:
        return Daily(
            day, probe, name, measure, {}, count, 0, maximum, total, last, ended, made, answered, made
        )  # fmt: skip

    last = float(not failed)
    found = [row(PROBE_SUCCESS, failed + ok, float(ok > 0), float(ok), last)]
    if in_hours:
        found.append(row(weighted(PROBE_SUCCESS), failed + ok, every if ok else 0, ok * every, every * last))
        found.append(row(weight(PROBE_SUCCESS), failed + ok, every, (failed + ok) * every, every))
    return tuple(found)


assert NOW.astimezone(ZONE).date() == TODAY
