"""`explain`, `replay` and `correct`, as a person at the office runs them, and the same over the API."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text
from typer.testing import CliRunner, Result

from collector.cli import app
from collector.server import make_app
from collector.settings import CollectorSettings
from tests.collector.engine import MONDAY, Engine, access_points, facts

RUNNER = CliRunner()
TARGET = "wireless_coverage"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    (tmp_path / "collector.yaml").write_text("store:\n  url: sqlite:///campus.sqlite\n", encoding="utf-8")
    running = await Engine(tmp_path).start(facts())
    await running.report("east", [access_points(MONDAY, True, False)])
    running.wait(hours=1)
    await running.report("east", [access_points(running.clock.now, True, True)])
    yield running
    running.database.close()


def run(engine: Engine, *arguments: str, language: str = "en") -> Result:
    return RUNNER.invoke(
        app, [*arguments, "--config", str(engine.folder / "collector.yaml")], env={"CAMPUS_LANG": language}
    )


def test_the_verdict_of_then_is_explained_with_its_numbers_and_comes_out_the_same(engine: Engine) -> None:
    shown = run(engine, "explain", "east", TARGET, "--at", "2026-09-07T08:30")
    assert shown.exit_code == 0, shown.output
    for part in ("unmet · 2026-09-07 08:00:00", "1 of 2 teaching places", "value: 50 %", "required: 100 %",
                 "policy version 1: ", "at_least=1.0", "roster version 1: 100 students", "wireless  ac",
                 "made again from what was kept: the same"):  # fmt: skip
        assert part in shown.output, shown.output
    chinese = run(engine, "explain", "east", TARGET, "--at", "2026-09-07T09:30", language="zh").output
    assert "达标 · 2026-09-07 09:00:00" in chinese
    assert "结论相同" in chinese


def test_everything_that_it_was_made_from_is_in_the_json(engine: Engine) -> None:
    found = json.loads(run(engine, "explain", "east", TARGET, "--at", "2026-09-07T08:30", "--json").output)
    assert (found["state"], found["policy_version"], found["roster_version"]) == ("unmet", 1, 1)
    assert found["made_again_is_same"] is True
    assert [reading["value"] for reading in found["observations"][0]["readings"]] == [1.0, 0.0]


def test_before_there_was_a_verdict_nothing_is_explained(engine: Engine) -> None:
    assert run(engine, "explain", "east", TARGET, "--at", "2026-09-06").exit_code == 2
    assert run(engine, "explain", "nowhere", TARGET).exit_code == 2
    refused = run(engine, "explain", "east", "no_such_target")
    assert refused.exit_code == 2
    assert "desktop_100m" in refused.stderr
    assert "--at: 'yesterday' is no time" in run(engine, "explain", "east", TARGET, "--at", "yesterday").stderr


def test_the_present_is_explained_by_what_the_store_has_now(engine: Engine) -> None:
    shown = run(engine, "explain", "east", TARGET).output
    assert "unknown" in shown  # the observations are of September
    assert "decided before: met" in shown


def test_the_district_is_explained_too(engine: Engine) -> None:
    shown = run(engine, "explain", "district", "smart_campus_share")
    assert shown.exit_code == 0, shown.output
    assert "made again from what was kept: the same" in shown.output


def test_replay_exits_1_when_something_was_tampered_with(engine: Engine) -> None:
    good = run(engine, "replay")
    assert good.exit_code == 0
    assert " 0 not, " in good.output
    engine.database.write_now(
        lambda c: c.execute(text("UPDATE verdict_changes SET body = replace(body, '0.5', '0.75') WHERE state='unmet'"))
    )
    bad = run(engine, "replay", "east", TARGET)
    assert bad.exit_code == 1
    assert "value: 0.75 → 0.5" in bad.output
    assert json.loads(run(engine, "replay", "--json").output)["different"] == 1


def test_a_correction_is_shown_beside_the_verdict_and_changes_nothing(engine: Engine) -> None:
    added = run(
        engine, "correct", "add", "east", "disputed", "--target", TARGET, "--name", "王老师", "--reason", "AP 是新的",
        "--from", "2026-09-07T08:10",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    shown = run(engine, "explain", "east", TARGET, "--at", "2026-09-07T08:30").output
    assert "unmet" in shown
    assert "王老师: AP 是新的" in shown
    withdrawn = run(engine, "correct", "withdraw", "1", "--name", "李", "--reason", "误会")
    assert withdrawn.exit_code == 0
    assert run(engine, "correct", "withdraw", "1", "--name", "李", "--reason", "误会").exit_code == 2
    assert "withdrawn" in run(engine, "correct", "list").output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("east", "forgiven", "--name", "a", "--reason", "b"), "exemption, planned_outage, disputed"),
        (("east", "disputed", "--name", "a", "--reason", " "), "--reason takes 1 to 500"),
        (("east", "planned_outage", "--name", "a", "--reason", "b"), "needs --until"),
        (("east", "exemption", "--name", "a", "--reason", "b", "--target", "x"), "no target 'x'"),
        (("west", "exemption", "--name", "a", "--reason", "b"), "no school west"),
        (("east", "disputed", "--name", "a", "--reason", "b", "--from", "2026-09-02", "--until", "2026-09-01"),
         "later than"),
    ],
)  # fmt: skip
def test_a_bad_correction_is_refused_in_words(engine: Engine, arguments: tuple[str, ...], word: str) -> None:
    refused = run(engine, "correct", "add", *arguments)
    assert refused.exit_code == 2
    assert word in refused.stderr


async def test_the_api_explains_lists_days_and_shows_corrections(engine: Engine) -> None:
    run(engine, "correct", "add", "east", "planned_outage", "--name", "王", "--reason", "换光纤",
        "--from", "2026-09-07",
        "--until", "2026-09-20")  # fmt: skip
    engine.wait(days=1)
    await engine.report("east", [access_points(engine.clock.now, True, True)])
    await engine.district.refresh()
    await engine.district.close_days()
    client = TestClient(TestServer(make_app(CollectorSettings(), engine.district)))
    await client.start_server()
    try:
        then = await (await client.get(f"/api/v1/verdicts/east/{TARGET}?at=2026-09-07T08:30")).json()
        assert (then["state"], then["made_again_is_same"]) == ("unmet", True)
        assert (await client.get(f"/api/v1/verdicts/west/{TARGET}")).status == 404
        assert (await client.get(f"/api/v1/verdicts/east/{TARGET}?at=never")).status == 422
        days = (await (await client.get(f"/api/v1/verdicts/east/{TARGET}/days")).json())["days"]
        assert [(day["day"], day["state"]) for day in days] == [("2026-09-07", "met")]
        now = await (await client.get("/api/v1/verdicts?school=east&target=" + TARGET)).json()
        (verdict,) = now["verdicts"]
        assert [c["reason"] for c in verdict["corrections"]] == ["换光纤"]
        assert (verdict["policy_version"], verdict["roster_version"]) == (1, 1)
        assert len((await (await client.get("/api/v1/corrections")).json())["corrections"]) == 1
        whole = await (await client.get("/api/v1/verdicts/district/smart_campus_share")).json()
        assert whole["target"] == "smart_campus_share"
    finally:
        await client.close()


def test_a_policy_change_is_listed_with_what_it_changed(engine: Engine) -> None:
    (engine.folder / "collector.yaml").write_text(
        "store:\n  url: sqlite:///campus.sqlite\npolicy: policy.yaml\n", encoding="utf-8"
    )
    from collector.policy import Policy
    from collector.store.policies import record_policy

    changed = Policy(agent_silent_after_seconds=600, version=2)
    (engine.folder / "policy.yaml").write_text("version: 2\nagent_silent_after_seconds: 600\n", encoding="utf-8")
    engine.database.write_now(lambda c: record_policy(c, changed, MONDAY + timedelta(days=1)))
    shown = run(engine, "policy", "history").output
    assert "version 2 since 2026-09-08 08:00" in shown
    assert "agent_silent_after_seconds: 300.0 → 600.0" in shown
