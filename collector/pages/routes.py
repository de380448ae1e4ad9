"""The pages: the district's matrix, one school, one target."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from collector.api.keys import DISTRICT, SETTINGS
from collector.pages.show import Show
from collector.pages.words import SHAPES, WORDS
from collector.store.verdicts import Standing, history
from collector.targets import TARGETS
from collector.verdict import MAX_EVIDENCE, STATES, State
from common.text import LANGUAGES, Language

LANGUAGE_COOKIE = "language"
SHOWN_EVIDENCE = 20
SHOWN_CHANGES = 10
WORST: tuple[State, ...] = ("unmet", "unknown", "met")
_FOLDER = Path(__file__).parent
_POLICY = "; ".join(
    ("default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "img-src 'self' data:")
)

_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def _overview(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    enabled = district.policy.enabled
    counts = {
        target: Counter(verdicts[target].verdict.state for verdicts in district.verdicts.values() if target in verdicts)
        for target in enabled
    }
    schools = sorted(district.schools.values(), key=lambda school: (-_unmet(request, school.id), school.name))
    return _page(request, "overview.html", schools=schools, enabled=enabled, counts=counts, verdicts=district.verdicts)


def _unmet(request: web.Request, school: str) -> int:
    standings = request.app[DISTRICT].verdicts.get(school, {})
    return sum(standing.verdict.state == "unmet" for standing in standings.values())


async def _school(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    school = district.schools.get(request.match_info["school"])
    if school is None:
        return _page(request, "missing.html", status=404)
    judged = list(district.verdicts.get(school.id, {}))
    changes = await district.database.read(
        lambda connection: {target: history(connection, school.id, target)[-SHOWN_CHANGES:] for target in judged}
    )
    order = _worst_first(district.verdicts.get(school.id, {}))
    devices = sorted(district.latest.get(school.id, {}).values(), key=lambda o: (o.outcome == "ok", o.probe, o.device))
    return _page(
        request,
        "school.html",
        school=school,
        agent=district.agents.get(school.id),
        standings=district.verdicts.get(school.id, {}),
        devices=devices,
        changes=changes,
        order=order,
    )


def _worst_first(standings: Mapping[str, Standing]) -> list[str]:
    """Unmet, then unknown, then met; in the plan's order among themselves."""
    judged = [target for target in TARGETS if target in standings]
    return sorted(judged, key=lambda target: WORST.index(standings[target].verdict.state))


async def _target(request: web.Request) -> web.Response:
    district = request.app[DISTRICT]
    target = TARGETS.get(request.match_info["target"])
    if target is None or target.id not in district.policy.enabled:
        return _page(request, "missing.html", status=404)
    rows = [
        (school, district.verdicts[school.id][target.id])
        for school in district.schools.values()
        if target.id in district.verdicts.get(school.id, {})
    ]
    rows.sort(key=lambda row: (WORST.index(row[1].verdict.state), row[1].verdict.attainment or 0, row[0].name))
    return _page(request, "target.html", target=target, rows=rows)


def _page(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    language = _language(request)
    other: Language = "en" if language == "zh" else "zh"
    text = _templates.get_template(template).render(
        w={name: word.in_language(language) for name, word in WORDS.items()},
        show=Show(language, request.app[DISTRICT].zone),
        language=language,
        other_url=str(request.rel_url.update_query(lang=other)),
        states=STATES,
        shapes=SHAPES,
        targets=TARGETS,
        now=datetime.now(UTC),
        shown_evidence=min(SHOWN_EVIDENCE, MAX_EVIDENCE),
        **values,
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    response = web.Response(text=text, status=status, content_type="text/html", headers=headers)
    if request.query.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, samesite="Lax", httponly=True)
    return response


def _language(request: web.Request) -> Language:
    """Asked for in the address, remembered, wanted by the browser, or the district's own; in this order."""
    wanted = [request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE)]
    wanted += [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("Accept-Language", "").split(",")]
    for each in wanted:
        if each == "zh":
            return "zh"
        if each == "en":
            return "en"
    return request.app[SETTINGS].language


def page_routes(app: web.Application) -> list[web.AbstractRouteDef]:
    """The routes of the pages and of what they load."""
    return [
        web.get("/", _overview),
        web.get("/schools/{school}", _school),
        web.get("/targets/{target}", _target),
        web.static("/static", _FOLDER / "static"),
    ]
