"""Copies of everything that the collector knows."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, configuration, only_one, refuse
from collector.store.backup import BackupFailed, Copy, back_up, checked, path_of
from collector.store.backup import restore as put_back
from common.text import say

app = typer.Typer()
_PAGE_BYTES = 4096


@app.command(
    help=say(
        "把数据库完整备份到一个文件；采集端可以照常运行。",
        "Copy the whole store to one file, while the collector runs.",
    )
)
def backup(
    file: Annotated[Path, typer.Argument(help=say("备份文件", "file to write"))],
    config: ConfigOption = DEFAULT_CONFIG,
    force: Annotated[bool, typer.Option("--force", help=say("替换已有的文件", "replace a file that exists"))] = False,
) -> None:
    settings, _ = configuration(config)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("备份", "backup"), total=None)
        try:
            made = back_up(
                path_of(settings.store.url),
                file,
                lambda left, total: bar.update(task, total=total * _PAGE_BYTES, completed=(total - left) * _PAGE_BYTES),
                replace=force,
            )
        except BackupFailed as error:
            refuse(str(error))
    typer.echo(say(f"已备份到 {file}：{_told(made)}", f"backed up to {file}: {_told(made)}"))


@app.command(
    help=say(
        "用备份替换数据库；须先停止采集端。原数据库改名留在旁边。",
        "Put a backup in the store's place; stop the collector first. The store of before stays beside it.",
    )
)
def restore(
    file: Annotated[Path, typer.Argument(help=say("备份文件", "file to read"))],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    settings, _ = configuration(config)
    with only_one(settings) as path:
        try:
            aside = put_back(file, path)
            held = checked(path)
        except BackupFailed as error:
            refuse(str(error))
    typer.echo(say(f"已恢复 {file}：{_told(held)}", f"restored {file}: {_told(held)}"))
    if aside is not None:
        typer.echo(say(f"原数据库：{aside}", f"the store of before: {aside}"))


def _told(copy: Copy) -> str:
    size = f"{copy.bytes / 1e6:.1f} MB"
    if copy.latest_report_at is None:
        return say(f"{size}，尚无上报", f"{size}, no report yet")
    at = copy.latest_report_at.astimezone()
    return say(f"{size}，最近上报 {at:%Y-%m-%d %H:%M:%S}", f"{size}, latest report {at:%Y-%m-%d %H:%M:%S}")
