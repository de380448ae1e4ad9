"""The collector's own interfaces, tried over a real socket: what works, and each way of not working."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from openpyxl import load_workbook

import collector.interfaces as tried
from collector.api.description import description
from collector.api.export import MACHINE, verdict_rows, verdict_workbook
from collector.interfaces import INTERFACES, try_interfaces
from collector.roster.model import School
from collector.store.verdicts import Standing, Versions
from collector.verdict import EvidenceItem, Reason, Verdict
from tests.collector.making import NOW

METRICS = '# TYPE campus_target_state gauge\ncampus_target_state{school="a",target="b",state="met"} 1\n'
ZONE = ZoneInfo("Asia/Shanghai")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def rows(count: int = 3, name: str = "东山小学") -> list[tuple[School, Standing]]:
    facts = School(id="s1", name=name, stage="nine_year", students=1, teachers=1, classes=1)
    item = EvidenceItem("x", "ports", "sw", NOW)
    verdict = Verdict("desktop_100m", "unmet", Reason("never_reported"), 0.5, 1.0, 0.5, 0.4, 0.6, (item,))
    return [(facts, Standing(verdict, NOW, NOW, Versions(3, 7)))] * count


def works(request: web.Request) -> web.Response:
    match request.path, request.query.get("format"):
        case "/openapi.json", _:
            return web.json_response(description())
        case "/metrics", _:
            return web.Response(text=METRICS)
        case _, "csv":
            return web.Response(body=verdict_rows(rows(5000)))
        case _, "xlsx":
            return web.Response(body=verdict_workbook(rows(), "zh", ZONE))
    return web.json_response({"verdicts": [standing.as_json(school.id) for school, standing in rows(3000)]})


@asynccontextmanager
async def served(handler: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return handler(request)

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def test_all_of_them_work_also_where_an_answer_comes_in_many_parts() -> None:
    async with served(works) as address:
        found = await try_interfaces(address)
    assert {one.name: one.detail for one in found} == dict.fromkeys(INTERFACES, "")
    assert all(one.ok for one in found)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openapi", json.dumps({"paths": {}})),
        ("openapi", "<html>"),
        ("api", json.dumps({"verdicts": [{"school": "a"}]})),
        ("api", json.dumps([])),
        ("csv", "school,state\r\na,met\r\n"),
        ("csv", ",".join(MACHINE) + "\r\nshort\r\n"),
        ("csv", ""),
        ("xlsx", "PK"),
        ("prometheus", "campus_target_state{ 1"),
        ("prometheus", "other 1\n"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_named(name: str, body: str) -> None:
    path = INTERFACES[name][0]
    async with served(lambda r: web.Response(text=body) if r.path_qs == path else works(r)) as address:
        found = {one.name: one for one in await try_interfaces(address)}
    assert [one for one in found if not found[one].ok] == [name]
    assert found[name].detail


async def test_a_refusal_and_a_closed_port_are_told() -> None:
    async with served(lambda r: web.Response(status=503) if r.path == "/metrics" else works(r)) as address:
        found = {one.name: one for one in await try_interfaces(address)}
    assert found["prometheus"].detail == "HTTP 503"
    assert not any(one.ok for one in await try_interfaces(address))


async def test_silence_and_a_flood_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tried, "SECONDS", 0.2)
    monkeypatch.setattr(tried, "MAX_BYTES", 1000)

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        if request.path != "/metrics":
            while True:
                await response.write(b"x" * 600)
        await response.write(b"# ")
        await asyncio.Event().wait()  # cancelled when the other side is gone or the server stops
        return response

    app = web.Application()
    app.router.add_get("/{tail:.*}", slow)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        found = {one.name: one.detail for one in await try_interfaces(f"http://{host}:{port}")}
    finally:
        await runner.cleanup()
    assert found["prometheus"] == "no answer in 0.2 s"
    assert "more than 1000 bytes" in found["api"]


# --- the tables themselves


def test_csv_for_machines_has_headings_that_stay_and_instants_in_utc() -> None:
    heading, first, *_ = csv.reader(io.StringIO(verdict_rows(rows()).decode("utf-8-sig")))
    assert tuple(heading) == MACHINE
    row = dict(zip(heading, first, strict=True))
    assert (row["school"], row["stage"], row["state"], row["value"]) == ("s1", "nine_year", "unmet", "0.5")
    assert datetime.fromisoformat(row["evidence_at"]) == NOW
    assert row["reason"] == "never_reported"
    assert row["reason_zh"] != row["reason_en"]
    assert (row["policy_version"], row["roster_version"]) == ("3", "7")


@pytest.mark.parametrize(("language", "school", "state"), [("zh", "学校", "未达标"), ("en", "school", "unmet")])
def test_csv_in_a_language_has_words_and_codes(language, school: str, state: str) -> None:  # type: ignore[no-untyped-def]
    heading, first, *_ = csv.reader(io.StringIO(verdict_rows(rows(), language).decode("utf-8-sig")))
    assert heading[0] == school
    assert len(set(heading)) == len(heading) == len(first)
    assert {state, "unmet", "desktop_100m", "never_reported"} <= set(first)


@pytest.mark.parametrize("hostile", ["=1+1", "＝1", "+1", "-1", "@x", "\t=1", "\r=1", "'=1"])
def test_no_text_is_taken_for_a_formula(hostile: str) -> None:
    _, first, *_ = csv.reader(io.StringIO(verdict_rows(rows(name=f"{hostile}校")).decode("utf-8-sig"), newline=""))
    assert first[1][0] == "'"
    book = load_workbook(io.BytesIO(verdict_workbook(rows(name=f"{hostile}\x00校"), "zh", ZONE)))
    cell = book.worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).strip() == f"{hostile}校".strip()


def test_a_workbook_holds_numbers_as_numbers_and_local_time() -> None:
    sheet = load_workbook(io.BytesIO(verdict_workbook(rows(2), "zh", ZONE))).worksheets[0]
    table = list(sheet.iter_rows(values_only=True))
    assert len(table) == 3
    row = dict(zip(table[0], table[1], strict=True))
    assert (row["现值"], row["学段"], row["结论"]) == (0.5, "九年一贯制", "未达标")
    assert row["最早依据的时间"] == NOW.astimezone(ZONE).replace(tzinfo=None)
