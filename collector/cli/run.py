"""Serving, checking and enrolling."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, configuration, only_one, refuse, store
from collector.cli.roster import read_file
from collector.store.access import new_code
from collector.store.rosters import load_roster, roster_versions, version_on
from common import logs
from common.text import say

app = typer.Typer()


@app.command(
    help=say(
        "运行：接收上报、判定目标、提供网页、接口与 /metrics。",
        "Receive reports, judge targets, serve pages, API and /metrics.",
    )
)
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, policy = configuration(config)
    logs.set_up(log_format=settings.log_format)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with only_one(settings), store(settings) as database:
        from collector.district import District
        from collector.server import serve as serve_http

        async def run() -> None:
            await serve_http(settings, District(database, policy))

        try:
            asyncio.run(run())
        except OSError as error:
            reason = error.strerror or str(error)
            refuse(say(f"无法监听 {settings.listen}:{reason}", f"cannot listen on {settings.listen}: {reason}"))


@app.command(help=say("检查配置、政策与花名册。", "Validate configuration, policy and roster."))
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help=say("同时检查这个花名册文件", "also check this roster file"))
    ] = None,
) -> None:
    settings, policy = configuration(config)
    targets = len(policy.enabled) + len(policy.enabled_district)
    typer.echo(say(f"配置可用：{config}", f"configuration is usable: {config}"))
    typer.echo(say(f"政策 {policy.version}:{targets} 个目标", f"policy {policy.version}: {targets} targets"))
    today = datetime.now(UTC).date()
    if unknown := policy.calendar_for(None).kind(today) == "unknown":
        typer.echo(
            say(
                f"不知道 {today} 是否上课：请在政策的 calendar 中写明",
                f"nobody has said whether {today} is a school day: write it under calendar in the policy",
            )
        )
    if roster_file is not None:
        schools = len(read_file(roster_file).schools)
        typer.echo(say(f"花名册可用：{schools} 所学校", f"roster is usable: {schools} schools"))
        raise typer.Exit(1 if unknown else 0)
    with store(settings) as database:
        version = version_on(database.read_now(roster_versions), today)
        if version == 0:
            typer.echo(say("尚未导入花名册：请用 roster import", "no roster yet: use roster import"))
            raise typer.Exit(1)
        schools = len(database.read_now(lambda c: load_roster(c, version)).schools)
        typer.echo(say(f"花名册第 {version} 版：{schools} 所学校", f"roster version {version}: {schools} schools"))
    raise typer.Exit(1 if unknown else 0)


@app.command(help=say("为一所学校的探针生成一次性注册码。", "Print a one-time code for one school's agent."))
def enrol(school: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, _ = configuration(config)
    with store(settings) as database:
        version = version_on(database.read_now(roster_versions), datetime.now(UTC).date())
        known = {s.id for s in database.read_now(lambda c: load_roster(c, version)).schools} if version else set()
        if school not in known:
            refuse(say(f"花名册中没有学校 {school}", f"the roster has no school {school}"))
        code = database.write_now(lambda connection: new_code(connection, school, datetime.now(UTC)))
    typer.echo(code)
    typer.echo(say("此码 24 小时内有效，只能用一次。", "Valid for 24 hours, once."), err=True)
