"""The roster's commands: import with a dry run, export, a template, and which version holds when."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, JsonOption, configuration, day, refuse, store
from collector.roster.difference import difference
from collector.roster.files import read_roster_noting, write_roster, write_template
from collector.roster.model import Roster
from collector.store.rosters import load_roster, roster_versions, save_roster, version_on
from common.configfile import ConfigError
from common.text import machine_language, say

app = typer.Typer(
    help=say("花名册：学校、场所与设备。", "The roster: schools, places and devices."), no_args_is_help=True
)


def read_file(file: Path) -> Roster:
    """The roster in a file, its remarks on stderr; refuses a bad one with all its faults."""
    try:
        roster, remarks = read_roster_noting(file)
    except ConfigError as error:
        refuse(str(error))
    for remark in remarks:
        typer.echo(remark.in_language(machine_language()), err=True)
    return roster


@app.command(
    "import",
    help=say(
        "导入花名册（.xlsx、.csv 或 .yaml）；有错则整份拒收。",
        "Import a roster (.xlsx, .csv or .yaml); a bad file is refused whole.",
    ),
)
def roster_import(
    file: Path,
    config: ConfigOption = DEFAULT_CONFIG,
    valid_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            help=say(
                "自哪天起有效（默认为文件所写，否则为今天）", "the first day it holds; else the file's own, else today"
            ),
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("只显示会改变什么", "only show what would change"))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    settings, policy = configuration(config)
    new = read_file(file)
    now = datetime.now(UTC)
    first = day(valid_from, "--from") or new.valid_from or now.astimezone(ZoneInfo(policy.zone)).date()
    with store(settings) as database:
        held = version_on(database.read_now(roster_versions), first)
        before = database.read_now(lambda c: load_roster(c, held)) if held else None
        found = difference(before, new)
        version = None if dry_run else database.write_now(lambda c: save_roster(c, new, now, first))
    if as_json:
        body = {"version": version, "valid_from": first.isoformat(), "compared_with": held or None, **found.as_json()}
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
        return
    if dry_run or held:
        for line in found.lines(machine_language()):
            typer.echo(line)
    count = len(new.schools)
    if dry_run:
        typer.echo(
            say(
                f"未导入（试运行）：{count} 所学校，自 {first} 起有效",
                f"not imported (dry run): {count} schools, valid from {first}",
            )
        )
        return
    typer.echo(
        say(
            f"已导入 {count} 所学校，花名册第 {version} 版，自 {first} 起有效",
            f"imported {count} schools as roster version {version}, valid from {first}",
        )
    )


@app.command(
    "export",
    help=say("导出花名册（.xlsx、.csv 或 .yaml）。", "Export a roster (.xlsx, .csv or .yaml)."),
)
def roster_export(
    file: Path,
    config: ConfigOption = DEFAULT_CONFIG,
    on: Annotated[
        str | None,
        typer.Option("--on", help=say("哪天有效的版本，默认今天", "the version of this day; else today")),
    ] = None,
) -> None:
    settings, policy = configuration(config)
    with store(settings) as database:
        wanted = day(on, "--on") or datetime.now(ZoneInfo(policy.zone)).date()
        version = version_on(database.read_now(roster_versions), wanted)
        if version == 0:
            refuse(say("尚未导入花名册", "there is no roster yet"))
        try:
            write_roster(database.read_now(lambda connection: load_roster(connection, version)), file)
        except ConfigError as error:
            refuse(str(error))


@app.command(
    "template",
    help=say("写一份空白花名册供填写（.xlsx 或 .csv）。", "Write an empty roster to fill in (.xlsx or .csv)."),
)
def roster_template(file: Path) -> None:
    try:
        write_template(file, machine_language())
    except ConfigError as error:
        refuse(str(error))


@app.command(
    "versions",
    help=say("列出历次导入与各自的有效日期。", "List every import and from when it holds."),
)
def versions(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    settings, policy = configuration(config)
    zone = ZoneInfo(policy.zone)
    with store(settings) as database:
        found = database.read_now(roster_versions)
    held = version_on(found, datetime.now(zone).date())
    rows = [
        {
            "version": one.version,
            "valid_from": one.valid_from.isoformat(),
            "imported_at": one.imported_at.isoformat(),
            "in_force": one.version == held,
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in found:
        mark = say("现行", "in force") if one.version == held else ""
        imported = one.imported_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        line = say(
            f"第 {one.version} 版 自 {one.valid_from} 起 导入于 {imported} {mark}",
            f"version {one.version} from {one.valid_from} imported {imported} {mark}",
        )
        typer.echo(line.rstrip())
