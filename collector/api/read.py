"""The read API: what the district's own systems take. JSON, UTC instants, base units."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from collector.api.export import verdict_rows, verdict_workbook
from collector.api.keys import DISTRICT, INTAKE, SETTINGS
from collector.api.language import asked_language, browser_language
from collector.api.problems import problem_response
from collector.district import District
from collector.evidence import PROBE_SUCCESS, Daily
from collector.roster.model import School
from collector.store.instances import Instance, copies
from collector.store.observations import load_daily
from collector.store.verdicts import history
from collector.targets import TARGETS
from collector.verdict import STATES
from wire.api import HEALTH

FORMATS = ("json", "csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def _schools(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    return web.json_response({"schools": [_school_json(district, school) for school in district.schools.values()]})


async def _school(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    school = district.schools.get(request.match_info["school"])
    if school is None:
        return _no_school(request.match_info["school"])
    body = _school_json(district, school)
    body["places"] = [place.model_dump() for place in school.places]
    body["devices"] = [device.model_dump() for device in school.devices]
    standing = district.snapshot().verdicts.get(school.id, {}).values()
    body["verdicts"] = [verdict.as_json(school.id) for verdict in standing]
    return web.json_response(body)


def _school_json(district: District, school: School) -> dict[str, Any]:
    agent = district.agents.get(school.id)
    return {
        "id": school.id,
        "name": school.name,
        "stage": school.stage,
        "network": school.network,
        "students": school.students,
        "teachers": school.teachers,
        "classes": school.classes,
        "teaching_places": len(school.teaching_places),
        "agent": None
        if agent is None
        else {
            "version": agent.version,
            "first_report_at": agent.first_report_at.isoformat(),
            "last_report_at": agent.last_report_at.isoformat(),
            "spooled_reports": agent.spooled_reports,
            "dropped_observations": agent.dropped_observations,
            "clock_offset_seconds": agent.clock_offset,
            "undated_observations": agent.undated_observations,
            "copies": [_copy_json(one) for one in copies(agent.instances, datetime.now(UTC))],
        },
        "states": {target: standing.verdict.state for target, standing in district.verdicts.get(school.id, {}).items()},
    }


def _copy_json(one: Instance) -> dict[str, str]:
    seen = {"first_report_at": one.first_at.isoformat(), "last_report_at": one.last_at.isoformat()}
    return {"host": one.host, "address": one.address, **seen}


async def _verdicts(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    wanted = {name: set(request.query.getall(name, [])) for name in ("school", "target", "state")}
    if strange := wanted["state"] - set(STATES):
        return problem_response(422, "状态不存在 / no such state", f"{sorted(strange)}; accepted: {', '.join(STATES)}")
    if strange := wanted["target"] - set(TARGETS):
        return problem_response(
            422, "目标不存在 / no such target", f"{sorted(strange)}; accepted: {', '.join(TARGETS)}"
        )
    shape = request.query.get("format", "json")
    if shape not in FORMATS:
        return problem_response(422, "格式不存在 / no such format", f"{shape[:20]!r}; accepted: {', '.join(FORMATS)}")
    chosen = [
        (district.schools[school], standing)
        for school, verdicts in district.snapshot().verdicts.items()
        if not wanted["school"] or school in wanted["school"]
        for target, standing in verdicts.items()
        if (not wanted["target"] or target in wanted["target"])
        and (not wanted["state"] or standing.verdict.state in wanted["state"])
    ]
    if shape == "csv":
        body = await asyncio.to_thread(verdict_rows, chosen, asked_language(request))
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=_named("verdicts.csv"))
    if shape == "xlsx":
        language = asked_language(request) or browser_language(request) or request.app[SETTINGS].language
        body = await asyncio.to_thread(verdict_workbook, chosen, language, district.zone)
        return web.Response(body=body, content_type=XLSX, headers=_named("verdicts.xlsx"))
    return web.json_response({"verdicts": [standing.as_json(school.id) for school, standing in chosen]})


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def _history(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    school, target = request.match_info["school"], request.match_info["target"]
    if school not in district.schools:
        return _no_school(school)
    if target not in TARGETS:
        return problem_response(404, "目标不存在 / no such target", f"accepted: {', '.join(TARGETS)}")
    changes = await district.database.read(lambda connection: history(connection, school, target))
    return web.json_response({"school": school, "target": target, "changes": changes})


async def _observations(request: web.Request) -> web.Response:
    """The latest of each device; with `since` (an ISO date) the daily roll-ups of one school."""
    district = request.app[DISTRICT]
    school, kind, since = (request.query.get(name) for name in ("school", "kind", "since"))
    if school is not None and school not in district.schools:
        return _no_school(school)
    if since is not None:
        return await _daily(district, school, kind, since)
    schools: Iterable[str] = [school] if school else list(district.schools)
    found = [
        {"school": name, **observation.model_dump(mode="json")}
        for name in schools
        for observation in district.latest.get(name, {}).values()
        if kind is None or observation.probe == kind
    ]
    return web.json_response({"observations": found})


async def _daily(district: District, school: str | None, kind: str | None, since: str) -> web.Response:
    if school is None:
        return problem_response(422, "缺少 school / school is required", "roll-ups are given for one school at a time")
    try:
        day = datetime.fromisoformat(since).date()
    except ValueError:
        return problem_response(
            422, "日期格式不对 / not a date", f"since={since!r}; accepted: an ISO date such as 2026-09-01"
        )
    measures = {*district.rolled.daily, PROBE_SUCCESS}
    rows = await district.database.read(lambda c: load_daily(c, school, dict.fromkeys(measures, day)))
    found = [_daily_json(row) for row in rows if kind is None or row.probe == kind]
    return web.json_response({"school": school, "daily": found})


def _daily_json(row: Daily) -> dict[str, Any]:
    return {
        "day": row.day.isoformat(),
        "probe": row.probe,
        "device": row.device,
        "measure": row.measure,
        "labels": row.labels,
        "count": row.count,
        "minimum": row.minimum,
        "maximum": row.maximum,
        "mean": row.total / row.count,
        "last": row.last,
        "last_at": row.last_at.isoformat(),
    }


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    """Ready once the store answers and a first round of verdicts is made."""
    district = request.app[DISTRICT]
    if district.evaluated_at is None:
        return web.Response(status=503, text="no verdicts yet\n")
    body = f"ok, {len(district.schools)} schools, {request.app[INTAKE].reports} reports\n"
    return web.Response(text=f"{datetime.now(UTC).isoformat()} {body}")


def _no_school(school: str) -> web.Response:
    return problem_response(404, "学校不存在 / no such school", f"{school[:64]!r} is not in the roster")


ROUTES = [
    web.get("/api/v1/schools", _schools),
    web.get("/api/v1/schools/{school}", _school),
    web.get("/api/v1/verdicts", _verdicts),
    web.get("/api/v1/verdicts/{school}/{target}/history", _history),
    web.get("/api/v1/observations", _observations),
    web.get(HEALTH, _healthz),
    web.get("/readyz", _readyz),
]
