"""The progress and the tables, over HTTP and from the command line, as a district's own systems take them."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web
from openpyxl import load_workbook
from typer.testing import CliRunner

from collector.api.export import MACHINE
from collector.cli import app as command
from collector.policy import Policy
from collector.server import make_app
from collector.settings import CollectorSettings
from collector.store.verdicts import DISTRICT, DayVerdict, Versions, save_days
from collector.verdict import Reason, State, Verdict
from tests.collector.engine import Clock, Engine, facts

DAYS = [date(2026, 3, 2) + timedelta(days=n) for n in range(80)]


def ended(school: str, target: str, day: date, state: State, level: float) -> DayVerdict:
    verdict = Verdict(target, state, Reason("never_reported"), level, 1.0, level, level, level)
    return DayVerdict(school, day, verdict, datetime(2026, 5, 20, tzinfo=UTC), Versions(1, 1))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[str]:
    engine = await Engine(tmp_path, clock=Clock()).start(facts("east"), facts("west"))
    rows = [ended("east", "wireless_coverage", day, "unmet", 0.5) for day in DAYS]
    rows += [ended("west", "wireless_coverage", day, "met", 1.0) for day in DAYS]
    rows += [ended(DISTRICT, "smart_campus_share", day, "unmet", 0.5) for day in DAYS]
    engine.database.write_now(lambda connection: save_days(connection, rows, datetime.now(UTC)))
    runner = web.AppRunner(make_app(CollectorSettings(), engine.district))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()
    engine.database.close()


async def got(url: str, **headers: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_the_progress_of_a_day(served: str) -> None:
    status, body = await got(f"{served}/api/v1/district/progress?as_of=2026-05-20")
    found = json.loads(body)
    (one,) = found["targets"]
    assert (status, found["plan"]["ends"]) == (200, Policy().plan.ends.isoformat())
    assert [(miss["school"], miss["kind"]) for miss in one["would_miss"]] == [("east", "stuck")]
    assert one["periods"][-1]["met"] == 1
    assert found["district"][0]["target"] == "smart_campus_share"
    assert (await got(f"{served}/api/v1/district/progress?as_of=yesterday"))[0] == 422


@pytest.mark.parametrize(("language", "word"), [("zh", "规划进展"), ("en", "Progress against the plan")])
async def test_the_page_shows_it(served: str, language: str, word: str) -> None:
    status, body = await got(f"{served}/district?lang={language}")
    assert status == 200
    assert word in body.decode()
    assert b"<svg" in body


async def test_the_tables(served: str) -> None:
    _, machine = await got(f"{served}/api/v1/verdicts?format=csv", **{"Accept-Language": "zh"})
    assert machine.decode("utf-8-sig").splitlines()[0] == ",".join(MACHINE)
    _, chinese = await got(f"{served}/api/v1/verdicts?format=csv&lang=zh")
    assert chinese.decode("utf-8-sig").startswith("学校,")
    for headers, heading in (
        ({"Accept-Language": "en-GB,zh"}, "school"),
        ({"Accept-Language": "fr, zh-CN;q=.9"}, "学校"),
    ):
        _, body = await got(f"{served}/api/v1/verdicts?format=xlsx", **headers)
        assert load_workbook(io.BytesIO(body)).worksheets[0]["A1"].value == heading


async def test_the_command_line(served: str, tmp_path: Path) -> None:
    config = tmp_path / "collector.yaml"
    config.write_text(yaml.safe_dump({"store": {"url": "sqlite:///campus.sqlite"}}))
    told = CliRunner().invoke(command, ["progress", "--config", str(config), "--as-of", "2026-05-20"])
    assert told.exit_code == 0, told.output
    assert "east" in told.output
    as_json = CliRunner().invoke(command, ["progress", "--config", str(config), "--as-of", "2026-05-20", "--json"])
    assert json.loads(as_json.output)["as_of"] == "2026-05-20"
    assert CliRunner().invoke(command, ["progress", "--config", str(config), "--as-of", "soon"]).exit_code == 2
