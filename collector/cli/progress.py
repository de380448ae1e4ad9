"""`campus-collector progress`: how the plan stands, where it goes, and who would miss it."""

import json
from datetime import UTC, datetime
from typing import Annotated
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, JsonOption, configuration, day, store
from collector.eras import Eras
from collector.progress_forms import misses_table, progress_json, progress_table
from collector.progress_store import load_progress
from common.text import machine_language, say

app = typer.Typer()


@app.command(help=say("规划进展、预测，以及会达不到的学校。", "Progress, forecast, and who would miss the plan."))
def progress(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help=say("截至这一天（默认为今天）", "as of this day; else today"))
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    settings, policy = configuration(config)
    until = day(as_of, "--as-of") or datetime.now(UTC).astimezone(ZoneInfo(policy.zone)).date()
    with store(settings) as database:
        eras = Eras(database, policy)
        database.read_now(eras.refresh)
        version = eras.roster_version(until)
        schools = database.read_now(lambda connection: eras.schools(connection, version)) if version else {}
        found = database.read_now(lambda connection: load_progress(connection, policy, schools, until))
    if as_json:
        typer.echo(json.dumps(progress_json(found), ensure_ascii=False, indent=2))
        return
    table = progress_table(found, machine_language())
    if len(table) == 1:
        typer.echo(say("还没有结束的上课日", "no school day has ended yet"))
        return
    widths = [max(_width(row[column]) for row in table) for column in range(len(table[0]) - 1)]
    for row in table:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row[:-1], widths, strict=True)]
        typer.echo("  ".join([*cells, row[-1]]).rstrip())
    for sentence in misses_table(found, machine_language()):
        typer.echo(sentence)


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
