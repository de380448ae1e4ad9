"""The connection to the store: opening it, bringing its schema up to date, and one thread for all writes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from collector.settings import SQLITE
from common.text import say

T = TypeVar("T")

BUSY_SECONDS = 15


class StoreUnusable(Exception):
    """The store cannot be opened, or was written by a newer collector."""


class Database:
    """One store. Reads run in any thread; writes run one after another in a thread of their own."""

    def __init__(self, url: str) -> None:
        """Open the store and bring its schema up to date. Raises StoreUnusable."""
        self.engine = _open(url)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; when this returns, it is on disk (SQLite: synchronous=FULL)."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self.write_now, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection of its own, off the event loop."""
        return await asyncio.to_thread(self.read_now, work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return work(connection)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self.engine.dispose()


def _open(url: str) -> Engine:
    if url.startswith(SQLITE):
        Path(url.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)
    try:
        _migrate(engine)
    except DatabaseError as error:
        raise StoreUnusable(f"{url}: {error.orig}") from None
    return engine


def _pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below: sqlite3's implicit one starts too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # a receipt means durable, power cut included
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def migrations() -> Config:
    """Where the schema's migrations lie, for Alembic."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> frozenset[str]:
    """The schemas that this collector can read or bring up to date."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(migrations()).walk_revisions())


def _migrate(engine: Engine) -> None:
    config = migrations()
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == ScriptDirectory.from_config(config).get_current_head():
            return
        if current is not None and current not in known_revisions():
            raise StoreUnusable(
                say(
                    f"数据库的结构 {current} 比本采集端新；请先升级采集端",
                    f"the store's schema {current} is newer than this collector; upgrade the collector",
                )
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
