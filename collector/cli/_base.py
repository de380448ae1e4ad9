"""What every command needs: the configuration, the store, and a clear refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from collector.policy import Policy, load_policy
from collector.settings import CollectorSettings, load_settings
from collector.store.backup import BackupFailed, held, path_of
from collector.store.database import Database, StoreUnusable
from common.configfile import ConfigError
from common.text import say

UNUSABLE = 2
DEFAULT_CONFIG = Path("/etc/campus/collector.yaml")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help=say("配置文件(YAML)", "configuration file (YAML)"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("输出 JSON", "print JSON"))]


def configuration(config: Path) -> tuple[CollectorSettings, Policy]:
    """The settings and the policy; refuses what cannot be used."""
    try:
        settings = load_settings(config)
        return settings, load_policy(settings.policy) if settings.policy else Policy()
    except ConfigError as error:
        refuse(str(error))


@contextmanager
def store(settings: CollectorSettings) -> Iterator[Database]:
    """The opened store; refuses one that cannot be used."""
    try:
        database = Database(settings.store.url)
    except (StoreUnusable, OSError) as error:
        refuse(str(error))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def only_one(settings: CollectorSettings) -> Iterator[Path]:
    """The store's file, held against every other collector and restore."""
    try:
        path = path_of(settings.store.url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with held(path):
            yield path
    except (StoreUnusable, BackupFailed) as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """Say why on stderr and exit with 2."""
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)


def instant(text: str | None, zone: str, option: str) -> datetime | None:
    """An instant as a person writes it, in the district's zone unless it names another; a day alone is its midnight."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        refuse(
            say(
                f"{option}：{text!r} 不是时间，可写 2026-09-01 或 2026-09-01T08:00",
                f"{option}: {text!r} is no time; 2026-09-01 or 2026-09-01T08:00 is accepted",
            )
        )
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))


def day(text: str | None, option: str) -> date | None:
    """A day as a person writes it."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        refuse(say(f"{option}：{text!r} 不是日期，可写 2026-09-01", f"{option}: {text!r} is no date; write 2026-09-01"))
