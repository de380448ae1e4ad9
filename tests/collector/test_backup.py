"""Copies of the store, taken while it is written to and put back; what is no such copy is refused."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.store.backup import KEPT_ASIDE, BackupFailed, back_up, checked, held, restore
from collector.store.database import Database, StoreUnusable
from collector.store.observations import Received, Rolling, keep
from tests.collector.made import box_seen
from wire.measures import HOST_CPU
from wire.report import Report

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
ROLLING = Rolling(frozenset({HOST_CPU.name}))


def take(database: Database, number: int) -> None:
    """One observation a report, a second after the one before."""
    at = NOON + timedelta(seconds=number)
    report = Report(school="east", observations=(box_seen(at, 0.5),))
    database.write_now(lambda connection: keep(connection, Received(report, at), ROLLING))


def numbers(path: Path) -> tuple[int, int]:
    """Observations by the ledger and by the roll-up of the day: equal in any moment of a store."""
    with closing(sqlite3.connect(path)) as db:
        (ids,) = db.execute("SELECT count(*) FROM observation_ids").fetchone()
        (rolled,) = db.execute("SELECT sum(count) FROM daily WHERE measure = ?", (HOST_CPU.name,)).fetchone()
    return ids, rolled


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "campus.sqlite"
    database = Database(f"sqlite:///{path}")
    for number in range(50):
        take(database, number)
    database.close()
    return path


def quiet(left: int, total: int) -> None:
    assert 0 <= left <= total


@contextmanager
def written_to(path: Path) -> Iterator[list[int]]:
    """Somebody stores one report after the other meanwhile; the list grows with them."""
    done: list[int] = []
    stop = threading.Event()

    def write() -> None:
        database = Database(f"sqlite:///{path}")
        while not stop.is_set():
            take(database, 1000 + len(done))
            done.append(1)
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield done
    finally:
        stop.set()
        writer.join()


def test_a_copy_under_load_is_one_moment_of_the_store(store: Path, tmp_path: Path) -> None:
    with written_to(store) as done:
        for number in range(5):
            before = len(done)
            while len(done) < before + 3:
                pass
            copy = back_up(store, tmp_path / f"copy{number}", quiet)
            ids, rolled = numbers(copy.path)
            assert 50 + before + 3 <= ids == rolled <= 50 + len(done) + 1
            assert copy.bytes == copy.path.stat().st_size
    assert len(done) > 15, "the copying stopped nobody"


def test_what_was_restored_is_what_was_copied(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "monday"
    made = back_up(store, copy, quiet)
    assert made.latest_report_at == NOON + timedelta(seconds=49)
    assert copy.stat().st_mode & 0o777 == 0o600
    database = Database(f"sqlite:///{store}")
    take(database, 60)
    database.close()
    aside = restore(copy, store)
    assert numbers(store) == (50, 50)
    assert aside is not None
    assert numbers(aside) == (51, 51)
    again = Database(f"sqlite:///{store}")
    take(again, 61)
    again.close()
    assert numbers(store) == (51, 51)


def test_restoring_on_a_new_machine(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(store, copy, quiet)
    there = tmp_path / "new.sqlite"
    assert restore(copy, there) is None
    assert numbers(there) == (50, 50)


def test_only_the_last_replaced_stores_stay(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    back_up(store, copy, quiet)
    for _ in range(KEPT_ASIDE + 2):
        restore(copy, store)
    assert len(list(tmp_path.glob("campus.sqlite.before-*"))) == KEPT_ASIDE


def test_a_file_that_exists_is_replaced_only_when_told(store: Path, tmp_path: Path) -> None:
    there = tmp_path / "copy"
    there.write_text("a letter")
    with pytest.raises(BackupFailed, match="exists"):
        back_up(store, there, quiet)
    assert there.read_text() == "a letter"
    back_up(store, there, quiet, replace=True)
    assert numbers(there) == (50, 50)


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    return back_up(store, tmp_path / "copy", quiet).path


def test_a_copy_that_is_none_leaves_the_store_alone(store: Path, copy: Path, tmp_path: Path) -> None:
    letter, torn, newer, other = (tmp_path / name for name in ("letter", "torn", "newer", "other"))
    letter.write_text("this is a letter to the office" * 100)
    torn.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    shutil.copy(copy, newer)
    with closing(sqlite3.connect(newer)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE shopping (what TEXT)")
        db.commit()
    reasons = {
        tmp_path / "nothing": "no such file",
        letter: "not a database",
        torn: "damaged|malformed",
        newer: "9999 .* is newer than this collector",
        other: "no store of a collector",
    }
    for file, why in reasons.items():
        with pytest.raises(BackupFailed, match=why):
            restore(file, store)
    assert numbers(store) == (50, 50)
    assert checked(copy).revision


def test_a_full_disk_leaves_no_half_copy(store: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        with pytest.raises(BackupFailed, match="full"):
            back_up(store, disk / "copy", quiet)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_one_at_a_time_holds_the_store(store: Path) -> None:
    with held(store), pytest.raises(StoreUnusable, match="in use by a running collector"), held(store):
        pass
    with held(store):
        pass


def test_the_commands(store: Path, tmp_path: Path) -> None:
    config = tmp_path / "collector.yaml"
    config.write_text(f"store: {{url: 'sqlite:///{store}'}}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "collector.cli", *words, "--config", str(config)]
        return subprocess.run(
            command, env={"CAMPUS_LANG": "en", "PATH": ""}, capture_output=True, text=True, check=False
        )

    copy = str(tmp_path / "copy")
    assert (made := run("backup", copy)).returncode == 0, made.stderr
    assert made.stdout.startswith(f"backed up to {copy}: ")
    assert run("backup", copy).returncode == 2
    with held(store):
        refused = run("restore", copy)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "stop it first" in refused.stderr
    put_back = run("restore", copy)
    assert put_back.returncode == 0, put_back.stderr
    assert "restored" in put_back.stdout
    assert "the store of before" in put_back.stdout
