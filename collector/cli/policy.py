"""The policy's commands: what was in force when, and what each change changed."""

import json
from zoneinfo import ZoneInfo

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, JsonOption, configuration, store
from collector.policy import difference
from collector.store.policies import load_policies
from common.text import say

app = typer.Typer(help=say("政策：规划的数值。", "The policy: the plan's numbers."), no_args_is_help=True)


@app.command(
    help=say("列出历次生效的政策与每次的改动。", "List every policy that was in force, and what each change changed.")
)
def history(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    settings, present = configuration(config)
    zone = ZoneInfo(present.zone)
    with store(settings) as database:
        recorded = database.read_now(load_policies)
    found = []
    for number, row in enumerate(recorded):
        changes = difference(recorded[number - 1].policy, row.policy) if number else []
        found.append((row, changes))
    if as_json:
        rows = [
            {
                "version": row.version,
                "since": row.since.isoformat(),
                "file_version": row.policy.version,
                "profile": row.policy.profile,
                "changes": [{"path": path, "before": old, "after": new} for path, old, new in changes],
            }
            for row, changes in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row, changes in found:
        since = row.since.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        typer.echo(
            say(
                f"第 {row.version} 版 自 {since} 起（文件的 version {row.policy.version}，标准 {row.policy.profile}）",
                f"version {row.version} since {since} (the file says version {row.policy.version}, "
                f"profile {row.policy.profile})",
            )
        )
        for path, old, new in changes:
            typer.echo(f"  {path}: {old} → {new}")
