"""Copies of the store: taken while the collector runs, and put back while it does not."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError

from collector.settings import SQLITE
from collector.store.database import StoreUnusable, known_revisions
from common.text import say

PAGES_AT_ONCE = 2000
"""Copied between two steps of the progress."""
KEPT_ASIDE = 3
"""Stores that a restore replaced and that stay for someone to look at."""


class BackupFailed(Exception):
    """Nothing was written or replaced; the text says why."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A whole store in one file."""

    path: Path
    bytes: int
    revision: str
    """Of its schema."""
    latest_report_at: datetime | None


def path_of(url: str) -> Path:
    """The file of a store. Raises BackupFailed for a database server, which has tools of its own."""
    if not url.startswith(SQLITE):
        raise BackupFailed(
            say(f"{url} 不是文件；请用数据库自带的备份工具", f"{url} is no file; use the database's own backup")
        )
    return Path(url.removeprefix(SQLITE))


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Hold the store for one collector, or for a restore. Raises StoreUnusable when another process has it."""
    descriptor = os.open(store.with_name(store.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = os.read(descriptor, 32).decode(errors="replace").strip() or "?"
            raise StoreUnusable(
                say(
                    f"{store} 正由运行中的采集端使用（进程号 {other}）；请先停止它",
                    f"{store} is in use by a running collector (process {other}); stop it first",
                )
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def back_up(store: Path, to: Path, progress: Callable[[int, int], None], *, replace: bool = False) -> Copy:
    """Copy the store as it is at one moment, while others write to it (https://www.sqlite.org/backup.html).

    `progress` is told the pages left and the pages in all. The copy is checked before it gets its name. Raises
    BackupFailed.
    """
    if not store.exists():
        raise BackupFailed(_missing(store))
    if to.exists() and not replace:
        raise BackupFailed(say(f"{to} 已存在；--force 可替换", f"{to} exists; --force replaces it"))
    part = to.with_name(to.name + ".part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it holds what the store holds
        _copy(store, part, lambda _, left, total: progress(left, total))
        copy = checked(part)
        _sync(part)
        part.replace(to)
        _sync(to.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{to}: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    return Copy(to, copy.bytes, copy.revision, copy.latest_report_at)


def restore(copy: Path, store: Path) -> Path | None:
    """Put a copy in the store's place; the caller holds the store. Returns where the store of before lies now, if any.

    Raises BackupFailed, and then the store is as it was.
    """
    checked(copy)
    part = store.with_name(store.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(copy, part)
        _sync(part)
        aside = _set_aside(store)
        part.replace(store)
        _sync(store.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"{store}: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    return aside


def checked(copy: Path) -> Copy:
    """What a copy holds. Raises BackupFailed for a file that is none, is damaged, or is of a newer collector."""
    if not copy.is_file():
        raise BackupFailed(_missing(copy))
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise BackupFailed(say(f"{copy} 已损坏：{verdict}", f"{copy} is damaged: {verdict}"))
            revision = _revision(copy)
            (latest,) = db.execute("SELECT max(last_report_at) FROM agents").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{copy}: {error}") from None
    at = None if latest is None else datetime.fromtimestamp(latest, UTC)
    return Copy(copy, copy.stat().st_size, revision, at)


def _missing(path: Path) -> str:
    return say(f"{path}：文件不存在", f"{path}: no such file")


def _revision(copy: Path) -> str:
    engine = create_engine(f"sqlite:///file:{copy.resolve()}?mode=ro&immutable=1&uri=true")
    try:
        with engine.connect() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        raise BackupFailed(f"{copy}: {error.orig}") from None
    finally:
        engine.dispose()
    if revision is None:
        raise BackupFailed(say(f"{copy} 不是采集端的数据库", f"{copy} is no store of a collector"))
    if revision not in known_revisions():
        raise BackupFailed(
            say(
                f"{copy} 的结构 {revision} 比本采集端新；请先升级采集端",
                f"the schema {revision} of {copy} is newer than this collector; upgrade the collector",
            )
        )
    return revision


def _copy(source: Path, to: Path, progress: Callable[[int, int, int], object] | None = None) -> None:
    with (
        closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as theirs,
        closing(sqlite3.connect(to)) as ours,
    ):
        # One moment of the store: without a transaction of our own, each write of another makes the copy begin anew.
        theirs.execute("BEGIN")
        theirs.execute("SELECT count(*) FROM sqlite_master").fetchone()
        theirs.backup(ours, pages=PAGES_AT_ONCE, progress=progress, sleep=0)
        ours.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself


def _set_aside(store: Path) -> Path | None:
    if not store.exists():
        return None
    with closing(sqlite3.connect(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = store.with_name(f"{store.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    store.rename(aside)
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    for old in sorted(store.parent.glob(f"{store.name}.before-*"))[:-KEPT_ASIDE]:
        old.unlink()
    return aside


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
