"""Explaining verdicts and making them again."""

import json
import os
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, JsonOption, configuration, instant, refuse, store
from collector.eras import Eras
from collector.explain import NothingKnown, explain_now, explain_past
from collector.replay import Difference, replay
from collector.store.verdicts import DISTRICT
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from common.text import machine_language, say

app = typer.Typer()

SchoolArgument = Annotated[
    str,
    typer.Argument(help=say("学校编号；district 表示全区", "a school's id; district for the district")),
]


@app.command(
    help=say("说明一个结论从何而来。", "Show how a verdict came about."),
)
def explain(
    school: SchoolArgument,
    target: str,
    at: Annotated[
        str | None,
        typer.Option("--at", help=say("当时的结论（默认为现在）", "the verdict that stood at this time; else now's")),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    settings, policy = configuration(config)
    school, targets = (DISTRICT, tuple(DISTRICT_TARGETS)) if school == "district" else (school, tuple(TARGETS))
    if target not in targets:
        refuse(
            say(
                f"没有目标 {target}，可用：{', '.join(targets)}",
                f"no target {target!r}; accepted: {', '.join(targets)}",
            )
        )
    moment, now = instant(at, policy.zone, "--at"), datetime.now(UTC)
    with store(settings) as database:
        eras = Eras(database, policy)
        database.read_now(eras.refresh)
        try:
            if moment is None and school != DISTRICT:
                found = database.read_now(lambda c: explain_now(c, school, target, policy, eras, now))
            else:
                found = database.read_now(lambda c: explain_past(c, school, target, moment, ZoneInfo(policy.zone)))
        except NothingKnown:
            refuse(
                say(
                    "没有这所学校，或该目标当时还没有结论",
                    "there is no such school, or the target had no verdict at that time yet",
                )
            )
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    for line in found.lines(machine_language()):
        typer.echo(line)


@app.command(
    "replay",
    help=say(
        "用留存的证据重新计算历次结论，并说明是否相同；有不同则退出码为 1。",
        "Make every stored verdict again from what was kept and say whether it is the same; exits 1 when one is not.",
    ),
)
def replay_changes(
    school: Annotated[str | None, typer.Argument(help=say("只看一所学校", "of one school only"))] = None,
    target: Annotated[str | None, typer.Argument(help=say("只看一个目标", "of one target only"))] = None,
    since: Annotated[str | None, typer.Option("--since", help=say("自何时起", "from when"))] = None,
    until: Annotated[str | None, typer.Option("--until", help=say("至何时", "until when"))] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    settings, policy = configuration(config)
    begins, ends = instant(since, policy.zone, "--since"), instant(until, policy.zone, "--until")
    school = DISTRICT if school == "district" else school
    with store(settings) as database:
        found = replay(
            database, school=school, target=target, since=begins, until=ends, workers=min(4, os.cpu_count() or 1)
        )
    different = found.changes - found.same - found.without_inputs
    if as_json:
        body = {
            "changes": found.changes,
            "same": found.same,
            "different": different,
            "without_inputs": found.without_inputs,
            "differences": [_difference_json(one) for one in found.differing],
        }
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        for one in found.differing:
            typer.echo(_line(one, ZoneInfo(policy.zone)))
        typer.echo(
            say(
                f"{found.changes} 次变化：{found.same} 次相同，{different} 次不同，"
                f"{found.without_inputs} 次没有留存证据",
                f"{found.changes} changes: {found.same} the same, {different} not, "
                f"{found.without_inputs} without anything kept",
            )
        )
    raise typer.Exit(1 if different else 0)


def _difference_json(one: Difference) -> dict[str, object]:
    parts = {part: {"stored": one.stored[part], "made": one.made.get(part)} for part in one.parts}
    return {"school": one.school, "target": one.target, "at": one.at.isoformat(), "parts": parts}


def _line(one: Difference, zone: ZoneInfo) -> str:
    at = one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    parts = ", ".join(f"{part}: {one.stored[part]} → {one.made.get(part)}" for part in one.parts)
    return f"{at} {one.school} {one.target}: {parts}"[:1000]
