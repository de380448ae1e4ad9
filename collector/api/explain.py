"""Why a verdict is what it is, how its days ended, and what people said beside it."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import Connection

from collector.api.keys import DISTRICT
from collector.api.problems import problem_response
from collector.explain import NothingKnown, explain_now, explain_past
from collector.store.corrections import load_corrections
from collector.store.verdicts import DISTRICT as WHOLE_DISTRICT
from collector.store.verdicts import DayVerdict, load_days
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import reason_json

THE_DISTRICT = "district"
"""Stands for the school in the paths of district clauses."""


async def _explain(request: web.Request) -> web.Response:
    """The verdict by what is stored now; with `at` the one that stood then, and whether it comes out the same."""
    district = request.app[DISTRICT]
    school, target = _subject(request)
    zone = ZoneInfo(district.policy.zone)
    at: datetime | None = None
    if (text := request.query.get("at")) is not None:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return problem_response(422, "时间格式不对 / not a time", f"at={text[:40]!r}; accepted: ISO 8601")
        at = at if at.tzinfo is not None else at.replace(tzinfo=zone)

    def work(connection: Connection) -> dict[str, Any]:
        if at is None and school != WHOLE_DISTRICT:
            now = datetime.now(UTC)
            return explain_now(connection, school, target, district.policy, district.eras, now).as_json()
        return explain_past(connection, school, target, at, zone).as_json()

    try:
        return web.json_response(await district.database.read(work))
    except NothingKnown:
        return _nothing(school, target)


async def _days(request: web.Request) -> web.Response:
    """How the school days of a window ended, oldest first."""
    district = request.app[DISTRICT]
    school, target = _subject(request)
    if target not in (DISTRICT_TARGETS if school == WHOLE_DISTRICT else TARGETS):
        return _nothing(school, target)
    try:
        since = date.fromisoformat(request.query.get("since", "1970-01-01"))
        until = date.fromisoformat(request.query.get("until", "9999-12-31"))
    except ValueError:
        return problem_response(422, "日期格式不对 / not a date", "since and until take an ISO date such as 2026-09-01")
    rows = await district.database.read(
        lambda connection: load_days(connection, since=since, until=until, school=school, target=target)
    )
    return web.json_response({"school": school, "target": target, "days": [_day_json(row) for row in rows]})


def _day_json(row: DayVerdict) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "day": row.day.isoformat(),
        "state": verdict.state,
        "value": verdict.value,
        "threshold": verdict.threshold,
        "attainment": verdict.attainment,
        "lowest": verdict.lowest,
        "highest": verdict.highest,
        "reason": reason_json(verdict.reason),
        "at": row.at.isoformat(),
        "policy_version": row.versions.policy,
        "roster_version": row.versions.roster,
        "changed_by_late_data": row.changes,
    }


async def _corrections(request: web.Request) -> web.Response:
    """Every record by people, withdrawn ones too."""
    school = request.query.get("school")
    found = await request.app[DISTRICT].database.read(lambda connection: load_corrections(connection, school))
    return web.json_response({"corrections": [correction.as_json() for correction in found]})


def _subject(request: web.Request) -> tuple[str, str]:
    school, target = request.match_info["school"], request.match_info["target"]
    return (WHOLE_DISTRICT if school == THE_DISTRICT else school), target


def _nothing(school: str, target: str) -> web.Response:
    detail = f"{school[:64]!r} has no verdict on {target[:60]!r}, or had none at that time"
    return problem_response(404, "没有这样的结论 / no such verdict", detail)


ROUTES = [
    web.get("/api/v1/verdicts/{school}/{target}", _explain),
    web.get("/api/v1/verdicts/{school}/{target}/days", _days),
    web.get("/api/v1/corrections", _corrections),
]
