"""The progress against the plan as the pages show it: a small chart, terms, the forecast and who would miss it.

How it is included: the handler of a page passes `progress=shown(await progress_of(request.app[DISTRICT]), language)`
(`progress_of` is in collector/api/district.py) to its template, and the template has `{% include "_progress.html" %}`.
The included part asks for `progress`, `w`, `shapes`, and draws nothing where `progress` has no target. The strip of the
clauses themselves is `_district.html`, which asks for `of_district`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collector.progress_forms import between
from collector.progress_model import Progress, TargetProgress
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import State
from common.text import Language, Text

WIDTH, HEIGHT = 160, 40
MAX_MISSES = 50
WORDS: dict[str, Text] = {
    "title": Text("规划进展", "Progress against the plan"),
    "plan": Text("规划 {begins} 至 {ends}，截至 {as_of}", "the plan runs from {begins} to {ends}; as of {as_of}"),
    "target": Text("目标", "Target"),
    "course": Text("走势", "Course"),
    "periods": Text("各学期末", "At the end of each term"),
    "forecast": Text("到规划结束", "By the plan's end"),
    "misses": Text("预计达不到的学校：{count} 所", "Schools that would miss it: {count}"),
    "more": Text("另有 {count} 所，见接口 /api/v1/district/progress", "{count} more in /api/v1/district/progress"),
    "legend": Text(
        "实线为达标学校的比例（全区条文为其数值），底色为未知带来的范围，虚线为预测",
        "the line is the share of schools that met it (of a clause its value), the ground what is unknown, the dashes "
        "the forecast",
    ),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Coordinates of a small chart, as SVG takes them; empty where there is nothing to draw."""

    line: str
    ground: str
    ahead: str
    ahead_ground: str


@dataclass(frozen=True, slots=True)
class Row:
    """One target as it is shown."""

    id: str
    href: str
    name: str
    chart: Chart
    periods: tuple[tuple[str, str], ...]
    outlook: State
    forecast: str
    misses: tuple[str, ...]
    misses_title: str
    more: str


@dataclass(frozen=True, slots=True)
class Shown:
    """All of it in one language. `words` are the part's own headings."""

    words: dict[str, str]
    plan: str
    rows: tuple[Row, ...]
    width: int = WIDTH
    height: int = HEIGHT


def shown(progress: Progress, language: Language) -> Shown:
    """The progress in a language; the district's clauses first, then the targets of the schools."""
    words = {name: text.in_language(language) for name, text in WORDS.items()}
    plan = words["plan"].format(begins=progress.begins, ends=progress.ends, as_of=progress.as_of)
    rows = [
        _row(one, f"/district#{one.target}", DISTRICT_TARGETS[one.target].name, _unit(one), progress, language)
        for one in progress.district
    ]
    rows += [
        _row(one, f"/targets/{one.target}", TARGETS[one.target].name, "ratio", progress, language)
        for one in progress.targets
    ]
    return Shown(words, plan, tuple(rows))


def _unit(one: TargetProgress) -> str:
    return DISTRICT_TARGETS[one.target].unit


def _row(one: TargetProgress, href: str, name: Text, unit: str, progress: Progress, language: Language) -> Row:
    misses = [miss.reason.text.in_language(language) for miss in one.misses]
    return Row(
        one.target,
        href,
        name.in_language(language),
        chart(one, progress.begins, progress.ends, 1.0 if unit == "ratio" else _top(one)),
        tuple((period.name, between(unit, period.point)) for period in one.periods),
        one.forecast.state,
        one.forecast.reason.text.in_language(language),
        tuple(misses[:MAX_MISSES]),
        WORDS["misses"].in_language(language).format(count=len(misses)) if misses else "",
        WORDS["more"].in_language(language).format(count=len(misses) - MAX_MISSES) if misses[MAX_MISSES:] else "",
    )


def _top(one: TargetProgress) -> float:
    """The upper edge of a chart of coefficients: what is known fits in, what is open may reach out of it."""
    known = [point.value for point in one.trend if point.value is not None]
    return max([1.0, *known, *([one.forecast.point] if one.forecast.point is not None else [])])


def chart(one: TargetProgress, begins: date, ends: date, top: float) -> Chart:
    """The course from the first day that is known to the plan's end."""
    points = one.trend
    if not points:
        return Chart("", "", "", "")
    first = max(begins, points[0].day)
    whole = max(1, (max(ends, points[-1].day) - first).days)

    def at(day: date, value: float) -> str:
        x = (day - first).days / whole * (WIDTH - 2) + 1
        y = (1 - min(1.0, value / top)) * (HEIGHT - 2) + 1
        return f"{x:.1f},{y:.1f}"

    line = " ".join(at(point.day, point.value) for point in points if point.value is not None)
    ground = _band([at(point.day, point.most) for point in points], [at(point.day, point.least) for point in points])
    forecast, last = one.forecast, points[-1]
    if forecast.point is None or forecast.lowest is None or forecast.highest is None or last.day >= ends:
        return Chart(line, ground, "", "")
    now = next(point.value for point in reversed(points) if point.value is not None)
    ahead = f"{at(last.day, now)} {at(ends, forecast.point)}"
    above = [at(last.day, last.most), at(ends, forecast.highest)]
    return Chart(line, ground, ahead, _band(above, [at(last.day, last.least), at(ends, forecast.lowest)]))


def _band(above: Sequence[str], below: Sequence[str]) -> str:
    return " ".join([*above, *reversed(below)])
