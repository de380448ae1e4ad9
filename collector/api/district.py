"""`GET /api/v1/district` and `/progress`: the clauses about the district as a whole, and where they go."""

import asyncio
from datetime import UTC, date, datetime
from time import monotonic
from weakref import WeakKeyDictionary

from aiohttp import web

from collector.api.keys import DISTRICT
from collector.api.problems import problem_response
from collector.district import District
from collector.progress_forms import progress_json
from collector.progress_model import Progress
from collector.progress_store import load_progress
from collector.targets.district import DISTRICT_TARGETS

KEEP_SECONDS = 600.0
"""Days end once a day: three years of them are not read again for each who looks."""
_Kept = tuple[object, float, "asyncio.Task[Progress]"]
_LAST: WeakKeyDictionary[District, _Kept] = WeakKeyDictionary()


async def _district(request: web.Request) -> web.Response:
    """Every district clause with its verdict, in the plan's order."""
    snapshot = request.app[DISTRICT].snapshot()
    found = []
    for name, standing in snapshot.district_verdicts.items():
        target = DISTRICT_TARGETS[name]
        words = {"name": {"zh": target.name.zh, "en": target.name.en}, "clause": target.clause, "unit": target.unit}
        found.append({**standing.as_json("district"), **words})
    return web.json_response({"schools": len(snapshot.schools), "verdicts": found})


async def _progress(request: web.Request) -> web.Response:
    """The progress against the plan; with `as_of` (an ISO date) as it was known by that day."""
    asked = request.query.get("as_of")
    try:
        as_of = None if asked is None else date.fromisoformat(asked)
    except ValueError:
        detail = f"as_of={asked[:40] if asked else asked!r}; accepted: an ISO date such as 2026-09-01"
        return problem_response(422, "日期格式不对 / not a date", detail)
    return web.json_response(progress_json(await progress_of(request.app[DISTRICT], as_of)))


async def progress_of(district: District, as_of: date | None = None) -> Progress:
    """The progress on a day, by the present roster and policy; today's without one. At most KEEP_SECONDS old."""
    day = as_of or datetime.now(UTC).astimezone(district.zone).date()
    asked = (day, district.versions)
    kept = _LAST.get(district)
    if kept is None or kept[0] != asked or kept[1] < monotonic() or _failed(kept[2]):
        policy, schools = district.policy, dict(district.schools)
        read = district.database.read(lambda connection: load_progress(connection, policy, schools, day))
        kept = (asked, monotonic() + KEEP_SECONDS, asyncio.ensure_future(read))
        _LAST[district] = kept
    return await asyncio.shield(kept[2])


def _failed(task: "asyncio.Task[Progress]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


ROUTES = [web.get("/api/v1/district", _district), web.get("/api/v1/district/progress", _progress)]
