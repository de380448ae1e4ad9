"""The progress against the plan as JSON, and as a table for a terminal."""

from typing import Any

from collector.progress_model import Period, Progress, TargetProgress, in_short
from collector.progress_trend import Point
from collector.targets import TARGETS
from collector.targets.base import AnyTarget
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district.base import AnyDistrictTarget
from collector.verdict import STATE_NAMES, reason_json
from common.text import Language, Text

HEADINGS = (
    Text("目标", "target"),
    Text("条款", "clause"),
    Text("时段", "period"),
    Text("达标", "met"),
    Text("未达标", "unmet"),
    Text("未知", "unknown"),
    Text("现值", "value"),
    Text("预测", "forecast"),
)


def progress_json(progress: Progress) -> dict[str, Any]:
    """The API's form: shares and bounds are ratios, coefficients have no unit."""
    return {
        "as_of": progress.as_of.isoformat(),
        "plan": {"begins": progress.begins.isoformat(), "ends": progress.ends.isoformat()},
        "targets": [_target_json(one, TARGETS[one.target]) for one in progress.targets],
        "district": [_target_json(one, DISTRICT_TARGETS[one.target]) for one in progress.district],
    }


def _target_json(one: TargetProgress, target: AnyTarget | AnyDistrictTarget) -> dict[str, Any]:
    forecast = one.forecast
    return {
        "target": one.target,
        "name": {"zh": target.name.zh, "en": target.name.en},
        "periods": [_period_json(period) for period in one.periods],
        "forecast": {
            "state": forecast.state,
            "point": forecast.point,
            "lowest": forecast.lowest,
            "highest": forecast.highest,
            "reason": reason_json(forecast.reason),
        },
        "would_miss": [
            {
                "school": miss.school,
                "kind": miss.kind,
                "attainment": miss.attainment,
                "reason": reason_json(miss.reason),
            }
            for miss in one.misses
        ],
    }


def _period_json(period: Period) -> dict[str, Any]:
    share, point = period.share, period.point
    counts = {} if share is None else {"met": share.met, "unmet": share.unmet, "unknown": share.unknown}
    return {
        "name": period.name,
        "day": period.day.isoformat(),
        **({"state": period.state} if share is None else counts),
        "value": point.value,
        "lowest": point.least,
        "highest": point.most,
    }


def progress_table(progress: Progress, language: Language) -> list[list[str]]:
    """Headings and rows: a row for each target and period, the forecast in the target's last one."""
    rows = [[heading.in_language(language) for heading in HEADINGS]]
    named: list[tuple[TargetProgress, AnyTarget | AnyDistrictTarget, str]] = [
        *((one, TARGETS[one.target], "ratio") for one in progress.targets),
        *((one, DISTRICT_TARGETS[one.target], DISTRICT_TARGETS[one.target].unit) for one in progress.district),
    ]
    for one, target, unit in named:
        name = target.name.in_language(language)
        for period in one.periods:
            share = period.share
            counts = ["", "", ""] if share is None else [str(share.met), str(share.unmet), str(share.unknown)]
            state = "" if period.state is None else STATE_NAMES[period.state].in_language(language)
            last = period is one.periods[-1]
            forecast = one.forecast.reason.text.in_language(language) if last else ""
            value = " ".join(filter(None, (state, between(unit, period.point))))
            rows.append([name, str(target.plan_row), period.name, *counts, value, forecast])
    return rows


def misses_table(progress: Progress, language: Language) -> list[str]:
    """A sentence for each school that would miss a target."""
    return [miss.reason.text.in_language(language) for one in progress.targets for miss in one.misses]


def between(unit: str, point: Point) -> str:
    """A value with its bounds, as people write it."""
    if point.least == point.most:
        return in_short(unit, point.least)
    bounds = f"{in_short(unit, point.least)} – {in_short(unit, point.most)}"
    return bounds if point.value is None else f"{in_short(unit, point.value)} ({bounds})"
