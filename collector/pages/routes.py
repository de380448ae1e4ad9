"""The pages: the district's matrix, one school, one target."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from collector.api.district import progress_of
from collector.api.keys import DISTRICT, SETTINGS
from collector.api.language import as_language, asked_language, browser_language
from collector.corrections import EVERY_TARGET, Correction
from collector.district import Snapshot
from collector.pages.district import shown
from collector.pages.show import Show
from collector.pages.words import GROUPS, SHAPES, WORDS
from collector.store.instances import copies
from collector.store.verdicts import Standing, history
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district.base import AnyDistrictTarget
from collector.verdict import MAX_EVIDENCE, STATES, State
from common.text import LANGUAGES, Language, Text

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
    district = request.app[DISTRICT].snapshot()
    groups = _grouped(_judged(district))
    counts = {
        target: Counter(verdicts[target].verdict.state for verdicts in district.verdicts.values() if target in verdicts)
        for _, targets in groups
        for target in targets
    }
    schools = sorted(
        district.schools.values(), key=lambda school: (-_unmet(district.verdicts.get(school.id, {})), school.name)
    )
    return _page(
        request,
        "overview.html",
        schools=schools,
        groups=groups,
        counts=counts,
        verdicts=district.verdicts,
        asked={school.id: district.policy.enabled_for(school.stage) for school in schools},
        about_all={
            c.school: _of_whole_school(district, c.school) for c in district.corrections if c.target == EVERY_TARGET
        },
        of_district=_of_district(district),
    )


def _of_whole_school(district: Snapshot, school: str) -> list[Correction]:
    return [one for one in district.corrections if one.school == school and one.target == EVERY_TARGET]


def _judged(district: Snapshot) -> frozenset[str]:
    """The targets that are judged in any stage that has a school."""
    stages = {school.stage for school in district.schools.values()}
    return frozenset(target for stage in stages for target in district.policy.enabled_for(stage))


def _grouped(targets: Collection[str]) -> list[tuple[Text, list[str]]]:
    """These targets by their groups; those that no group has yet come last, in the plan's order."""
    grouped = [(name, [target for target in of_group if target in targets]) for name, of_group in GROUPS]
    known = {target for _, of_group in GROUPS for target in of_group}
    grouped.append((WORDS["targets"], [target for target in TARGETS if target in targets and target not in known]))
    return [(name, of_group) for name, of_group in grouped if of_group]


def _unmet(standings: Mapping[str, Standing]) -> int:
    return sum(standing.verdict.state == "unmet" for standing in standings.values())


def _of_district(district: Snapshot) -> list[tuple[AnyDistrictTarget, Standing]]:
    return [(DISTRICT_TARGETS[name], standing) for name, standing in district.district_verdicts.items()]


async def _district(request: web.Request) -> web.Response:
    """Every clause about the district, with what it rests on, and the progress against the plan."""
    district = request.app[DISTRICT]
    progress = shown(await progress_of(district), _language(request))
    return _page(request, "district.html", of_district=_of_district(district.snapshot()), progress=progress)


async def _school(request: web.Request) -> web.Response:
    district = request.app[DISTRICT].snapshot()
    school = district.schools.get(request.match_info["school"])
    if school is None:
        return _page(request, "missing.html", status=404)
    standings, agent = district.verdicts.get(school.id, {}), district.agents.get(school.id)
    changes = await request.app[DISTRICT].database.read(
        lambda connection: {target: history(connection, school.id, target)[-SHOWN_CHANGES:] for target in standings}
    )
    devices = sorted(district.latest.get(school.id, ()), key=lambda o: (o.outcome == "ok", o.probe, o.device))
    return _page(
        request,
        "school.html",
        school=school,
        agent=agent,
        copies=copies(agent.instances, datetime.now(UTC)) if agent else (),
        standings=standings,
        groups=[(name, _worst_first(standings, of_group)) for name, of_group in _grouped(standings)],
        corrections=_of_whole_school(district, school.id),
        devices=devices,
        changes=changes,
    )


def _worst_first(standings: Mapping[str, Standing], targets: Iterable[str]) -> list[str]:
    """Unmet, then unknown, then met; in their order among themselves."""
    return sorted(targets, key=lambda target: WORST.index(standings[target].verdict.state))


async def _target(request: web.Request) -> web.Response:
    district = request.app[DISTRICT].snapshot()
    target = TARGETS.get(request.match_info["target"])
    if target is None or target.id not in _judged(district):
        return _page(request, "missing.html", status=404)
    rows = [
        (school, district.verdicts[school.id][target.id])
        for school in district.schools.values()
        if target.id in district.verdicts.get(school.id, {})
    ]
    rows.sort(key=lambda row: (WORST.index(row[1].verdict.state), row[1].verdict.attainment or 0, row[0].name))
    counts = Counter(standing.verdict.state for _, standing in rows)
    return _page(request, "target.html", target=target, rows=rows, counts=counts)


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
    remembered = as_language(request.cookies.get(LANGUAGE_COOKIE, ""))
    return asked_language(request) or remembered or browser_language(request) or request.app[SETTINGS].language


def page_routes(app: web.Application) -> list[web.AbstractRouteDef]:
    """The routes of the pages and of what they load."""
    return [
        web.get("/", _overview),
        web.get("/district", _district),
        web.get("/schools/{school}", _school),
        web.get("/targets/{target}", _target),
        web.static("/static", _FOLDER / "static"),
    ]
