"""`campus-collector`: the command line of the network office."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from collector.policy import Policy, load_policy
from collector.roster.files import read_roster, write_roster
from collector.roster.model import Roster
from collector.settings import CollectorSettings, load_settings
from collector.store.access import new_code
from collector.store.database import Database, StoreUnusable
from collector.store.rosters import load_roster, newest_version, save_roster
from common import logs
from common.configfile import ConfigError
from common.text import say

UNUSABLE = 2

app = typer.Typer(
    help=say(
        "教育局端：接收各校探针的上报并判定规划目标。",
        "The district's side: takes the schools' reports and judges the plan's targets.",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
roster = typer.Typer(
    help=say("花名册：学校、场所与设备。", "The roster: schools, places and devices."), no_args_is_help=True
)
app.add_typer(roster, name="roster")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help=say("配置文件(YAML)", "configuration file (YAML)"))]
DEFAULT_CONFIG = Path("/etc/campus/collector.yaml")


@app.command(
    help=say(
        "运行：接收上报、判定目标、提供网页、接口与 /metrics。",
        "Receive reports, judge targets, serve pages, API and /metrics.",
    )
)
def serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, policy = _configuration(config)
    logs.set_up(log_format=settings.log_format)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    database = _open(settings)
    from collector.district import District
    from collector.server import serve as serve_http

    async def run() -> None:
        await serve_http(settings, District(database, policy))

    try:
        asyncio.run(run())
    except OSError as error:
        reason = error.strerror or str(error)
        _refuse(say(f"无法监听 {settings.listen}:{reason}", f"cannot listen on {settings.listen}: {reason}"))
    finally:
        database.close()


@app.command(help=say("检查配置、政策与花名册。", "Validate configuration, policy and roster."))
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help=say("同时检查这个花名册文件", "also check this roster file"))
    ] = None,
) -> None:
    settings, policy = _configuration(config)
    enabled = len(policy.enabled)
    typer.echo(say(f"配置可用：{config}", f"configuration is usable: {config}"))
    typer.echo(say(f"政策 {policy.version}:{enabled} 个目标", f"policy {policy.version}: {enabled} targets"))
    if roster_file is not None:
        schools = len(_roster(roster_file).schools)
        typer.echo(say(f"花名册可用：{schools} 所学校", f"roster is usable: {schools} schools"))
        return
    database = _open(settings)
    try:
        version = database.read_now(newest_version)
        if version == 0:
            typer.echo(say("尚未导入花名册：请用 roster import", "no roster yet: use roster import"))
            raise typer.Exit(1)
        schools = len(database.read_now(lambda c: load_roster(c, version)).schools)
        typer.echo(say(f"花名册第 {version} 版：{schools} 所学校", f"roster version {version}: {schools} schools"))
    finally:
        database.close()


@roster.command(
    "import",
    help=say(
        "导入花名册（.yaml 或 .csv）；有错则整份拒收。", "Import a roster (.yaml or .csv); a bad file is refused whole."
    ),
)
def roster_import(file: Path, config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, _ = _configuration(config)
    schools = _roster(file)
    database = _open(settings)
    try:
        version = database.write_now(lambda connection: save_roster(connection, schools, datetime.now(UTC)))
    finally:
        database.close()
    count = len(schools.schools)
    typer.echo(
        say(f"已导入 {count} 所学校，花名册第 {version} 版", f"imported {count} schools as roster version {version}")
    )


@roster.command("export", help=say("导出现行花名册（.yaml 或 .csv）。", "Export the roster in force (.yaml or .csv)."))
def roster_export(file: Path, config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, _ = _configuration(config)
    database = _open(settings)
    try:
        version = database.read_now(newest_version)
        if version == 0:
            _refuse(say("尚未导入花名册", "there is no roster yet"))
        write_roster(database.read_now(lambda connection: load_roster(connection, version)), file)
    except ConfigError as error:
        _refuse(str(error))
    finally:
        database.close()


@app.command(help=say("为一所学校的探针生成一次性注册码。", "Print a one-time code for one school's agent."))
def enrol(school: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    settings, _ = _configuration(config)
    database = _open(settings)
    try:
        version = database.read_now(newest_version)
        known = {s.id for s in database.read_now(lambda c: load_roster(c, version)).schools} if version else set()
        if school not in known:
            _refuse(say(f"花名册中没有学校 {school}", f"the roster has no school {school}"))
        code = database.write_now(lambda connection: new_code(connection, school, datetime.now(UTC)))
    finally:
        database.close()
    typer.echo(code)
    typer.echo(say("此码 24 小时内有效，只能用一次。", "Valid for 24 hours, once."), err=True)


def _configuration(config: Path) -> tuple[CollectorSettings, Policy]:
    try:
        settings = load_settings(config)
        return settings, load_policy(settings.policy) if settings.policy else Policy()
    except ConfigError as error:
        _refuse(str(error))


def _roster(file: Path) -> Roster:
    try:
        return read_roster(file)
    except ConfigError as error:
        _refuse(str(error))


def _open(settings: CollectorSettings) -> Database:
    try:
        return Database(settings.store.url)
    except (StoreUnusable, OSError) as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)


def main() -> None:
    """The entry point of `campus-collector`."""
    app()
