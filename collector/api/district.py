"""`GET /api/v1/district`: the clauses about the district as a whole."""

from aiohttp import web

from collector.api.keys import DISTRICT
from collector.targets.district import DISTRICT_TARGETS


async def _district(request: web.Request) -> web.Response:
    """Every district clause with its verdict, in the plan's order."""
    snapshot = request.app[DISTRICT].snapshot()
    found = []
    for name, standing in snapshot.district_verdicts.items():
        target = DISTRICT_TARGETS[name]
        words = {"name": {"zh": target.name.zh, "en": target.name.en}, "clause": target.clause, "unit": target.unit}
        found.append({**standing.as_json("district"), **words})
    return web.json_response({"schools": len(snapshot.schools), "verdicts": found})


ROUTES = [web.get("/api/v1/district", _district)]
