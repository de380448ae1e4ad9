"""What was measured outlives crashes, torn files and full disks, within bounds; and what is lost is counted."""

import asyncio
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import zstandard
from structlog.testing import capture_logs

import agent.spool
from agent.spool import Spool
from agent.spool_file import MAX_SET_ASIDE, SpoolFile
from tests.agent.clocks import START, ManualClock
from tests.agent.made import ids, observation
from wire.report import Observation, Reading

MANY = 10_000
MEBIBYTE = 1024 * 1024
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
VERSION_1 = Path(__file__).parent / "spool_version_1.sql"


@asynccontextmanager
async def spool(path: Path, max_bytes: int = 64 * MEBIBYTE, clock: ManualClock | None = None) -> AsyncIterator[Spool]:
    opened = Spool(path, max_bytes, 30 * DAY, clock or ManualClock())
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def waiting(opened: Spool) -> list[UUID]:
    return [row.id for row in await opened.batch(MANY, 100 * MEBIBYTE)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.sqlite"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_rows_outlive_a_restart_and_die_only_on_a_receipt(path: Path) -> None:
    made = [observation(f"d{n}") for n in range(5)]
    async with spool(path) as opened:
        for each in made:
            await opened.add(each)
    async with spool(path) as opened:
        assert await waiting(opened) == ids(made)
        await opened.settle({made[0].id, made[3].id}, {})
        assert opened.state.waiting == 3
    async with spool(path) as opened:
        assert await waiting(opened) == [made[1].id, made[2].id, made[4].id]
        rows = await opened.batch(1, MEBIBYTE)
        assert type(made[0]).model_validate_json(rows[0].plain) in made


async def test_one_id_twice_is_one_row(path: Path) -> None:
    async with spool(path) as opened:
        one = observation()
        await opened.add(one)
        await opened.add(one)
        assert opened.state.waiting == 1


async def test_a_batch_has_the_newest_and_the_oldest(path: Path) -> None:
    made = [observation(f"d{n}") for n in range(20)]
    async with spool(path) as opened:
        for each in made:
            await opened.add(each)
        assert [row.id for row in await opened.batch(6, MEBIBYTE)] == ids(made[:3] + made[-3:])
        one = len(made[0].model_dump_json())
        few = await opened.batch(20, 4 * one + one // 2)
        assert [row.id for row in few] == ids(made[:2] + made[-2:])
        assert len(await opened.batch(20, 1)) == 1


WRITER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from agent.clock import Clock
from agent.spool import Spool
from tests.agent.made import observation

async def main():
    spool = Spool(Path(sys.argv[1]), 1 << 26, timedelta(days=9999), Clock())
    await spool.open()
    while True:
        each = observation(readings=20)
        await spool.add(each)
        print(each.id, flush=True)

asyncio.run(main())
"""


async def test_nothing_acknowledged_is_lost_by_sigkill(path: Path) -> None:
    acknowledged: list[UUID] = []
    for round_ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                acknowledged.append(UUID(line.strip()))
                if len(acknowledged) == 40 * (round_ + 1):
                    writer.send_signal(signal.SIGKILL)
                    break
            acknowledged += [UUID(line.strip()) for line in writer.stdout if len(line) == 37]
    async with spool(path) as opened:
        have = await waiting(opened)
        assert set(acknowledged) <= set(have)
        assert len(have) <= len(acknowledged) + 3, "at most one unacknowledged row for each kill"
        assert opened.state.corrupt_files == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"this is no database at all" * 1000, id="garbage"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="torn"),
        pytest.param(lambda raw: raw[:100] + os.urandom(len(raw) - 100), id="scribbled"),
    ],
)
async def test_a_damaged_file_is_moved_aside_counted_and_logged(path: Path, damage: Callable[[bytes], bytes]) -> None:
    async with spool(path) as opened:
        for n in range(50):
            await opened.add(observation(f"d{n}", readings=50))
    path.write_bytes(damage(path.read_bytes()))
    with capture_logs() as logs:
        async with spool(path) as opened:
            after = observation("after")
            await opened.add(after)
            assert after.id in await waiting(opened)
            assert opened.state.corrupt_files == 1
    assert [entry["event"] for entry in logs][:1] == ["the spool was damaged and is begun anew"]
    assert len(list(path.parent.glob("spool.sqlite.corrupt-*"))) == 1
    async with spool(path) as opened:
        assert opened.state.corrupt_files == 1, "the count outlives a restart"


async def test_damage_under_a_running_spool_is_survived(path: Path) -> None:
    async with spool(path) as opened:
        for n in range(200):
            noise = [{f"l{label}": os.urandom(100).hex() for label in range(12)} for _ in range(20)]
            readings = tuple(Reading(measure="host_cpu_ratio", value=n, labels=labels) for labels in noise)
            await opened.add(observation(f"d{n}").model_copy(update={"readings": readings}))
    async with spool(path) as opened:
        size = path.stat().st_size
        assert size > 4 * MEBIBYTE, "more than SQLite keeps in memory"
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        await opened.add(observation("may be lost in the damage"))
        await waiting(opened)
        assert opened.state.corrupt_files == 1
        after = observation("after")
        await opened.add(after)
        assert after.id in await waiting(opened)


async def test_what_is_whole_in_a_damaged_file_is_rescued(path: Path) -> None:
    made = [observation(f"d{n}", readings=200) for n in range(100)]
    async with spool(path) as opened:
        for each in made:
            await opened.add(each)
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        file.seek(pages // 2 * 4096)
        file.write(os.urandom(4096))
    async with spool(path) as opened:
        left = await waiting(opened)
        assert opened.state.corrupt_files == 1
        assert 50 < len(left) < 100
        assert left == [id_ for id_ in ids(made) if id_ in set(left)], "in their order"


async def test_only_so_many_damaged_files_are_kept(path: Path) -> None:
    for _ in range(5):
        path.write_bytes(b"garbage" * 1000)
        clock = ManualClock()
        clock.seconds = float(len(list(path.parent.iterdir())) * 10 + _)
        async with spool(path, clock=clock):
            pass
    assert len(list(path.parent.glob("spool.sqlite.corrupt-*"))) == 3


async def test_routine_rows_make_room_before_rare_ones(path: Path) -> None:
    rare = [observation(f"rare{n}", every_seconds=21600, readings=40) for n in range(5)]
    async with spool(path, max_bytes=20_000) as opened:
        for each in rare:
            await opened.add(each)
        routine = [observation(f"d{n}", readings=40) for n in range(200)]
        for each in routine:
            await opened.add(each)
        left = await waiting(opened)
        assert left[:5] == ids(rare)
        assert left[5:] == ids(routine)[-len(left) + 5 :], "the newest stay"
        assert 5 < len(left) < 205
        dropped = opened.state.dropped
        assert dropped == 205 - len(left)
    async with spool(path, max_bytes=20_000) as opened:
        assert opened.state.dropped == dropped, "the count outlives a restart"


async def test_what_is_too_old_is_dropped_and_counted(path: Path) -> None:
    clock = ManualClock()
    async with spool(path, clock=clock) as opened:
        old, young = observation("old"), observation("young", at=START + 20 * DAY)
        await opened.add(old)
        await opened.add(young)
        clock.seconds = 31 * DAY.total_seconds()
        assert await waiting(opened) == [young.id]
        assert opened.state.dropped == 1


async def test_refused_rows_are_set_aside_within_bounds(path: Path) -> None:
    async with spool(path) as opened:
        one, other = observation("one"), observation("other")
        await opened.add(one)
        await opened.add(other)
        await opened.settle((), {one.id: "an unknown measure"})
        assert await waiting(opened) == [other.id]
        assert (opened.state.set_aside, opened.state.dropped) == (1, 0)
        for _ in range(MAX_SET_ASIDE + 5):
            each = observation()
            await opened.add(each)
            await opened.settle((), {each.id: "no"})
        assert opened.state.set_aside == MAX_SET_ASIDE
        await opened.settle({uuid4()}, {uuid4(): "never ours"})
        assert opened.state.waiting == 1


async def test_a_row_that_cannot_be_read_back_is_set_aside(path: Path) -> None:
    async with spool(path) as opened:
        bad, good = observation("bad"), observation("good")
        await opened.add(bad)
        await opened.add(good)
    file = SpoolFile(path)
    file._db.execute("UPDATE waiting SET body = ? WHERE id = ?", (b"\x28\xb5\x2f\xfd torn", str(bad.id)))
    file.close()
    async with spool(path) as opened:
        assert await waiting(opened) == [good.id]
        await opened.settle({good.id}, {})
        assert (opened.state.waiting, opened.state.set_aside) == (0, 1)
        assert await waiting(opened) == []


async def test_a_full_disk_keeps_observations_in_memory_until_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with capture_logs() as logs:
        async with spool(small_disk / "spool.sqlite") as opened:
            first = [observation(f"before{n}", readings=30) for n in range(5)]
            for each in first:
                await opened.add(each)
            fill(ballast)
            later = [observation(f"during{n}", readings=300) for n in range(200)]
            for each in later:
                await opened.add(each)
            assert opened.state.buffered > 0
            assert opened.state.waiting == 205
            assert set(await waiting(opened)) == set(ids(first + later)), "disk and memory are both sent"
            await opened.settle(set(ids(later[-3:])), {})
            assert opened.state.waiting == 202
            ballast.unlink()
            subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
            last = observation("after")
            await opened.add(last)
            assert opened.state.buffered == 0
            assert set(await waiting(opened)) == set(ids([*first, *later[:-3], last]))
    assert [entry["event"] for entry in logs] == [
        "the spool cannot be written; observations stay in memory",
        "the spool can be written again",
    ]


async def test_a_disk_that_is_full_from_the_start_is_no_crash(small_disk: Path) -> None:
    fill(small_disk / "ballast")
    async with spool(small_disk / "spool.sqlite") as opened:
        one = observation()
        await opened.add(one)
        assert (opened.state.waiting, opened.state.buffered) == (1, 1)
        assert await waiting(opened) == [one.id]
        await opened.settle({one.id}, {})
        assert opened.state.waiting == 0


async def test_the_memory_buffer_is_bounded_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent.spool, "MAX_BUFFER_BYTES", 20_000)
    folder = tmp_path / "later"
    async with spool(folder / "spool.sqlite") as opened:
        rare = observation("rare", every_seconds=0)
        await opened.add(rare)
        for n in range(200):
            await opened.add(observation(f"d{n}"))
        assert 10 < opened.state.waiting < 201
        assert opened.state.dropped == 201 - opened.state.waiting
        assert rare.id in await waiting(opened)
        folder.mkdir()
        await opened.add(observation("written"))
        assert opened.state.buffered == 0
        dropped = opened.state.dropped
    async with spool(folder / "spool.sqlite") as opened:
        assert opened.state.dropped == dropped > 0


async def test_closing_waits_for_what_was_handed_over(path: Path) -> None:
    opened = Spool(path, MEBIBYTE, 30 * DAY, ManualClock())
    await opened.open()
    made = [observation(f"d{n}") for n in range(30)]
    tasks = [asyncio.create_task(opened.add(each)) for each in made]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await opened.close()
    async with spool(path) as again:
        assert set(await waiting(again)) == set(ids(made))


def fill(ballast: Path) -> None:
    """Write until the disk takes no more."""
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


async def test_old_routine_rows_are_thinned_evenly_and_changes_stay(path: Path) -> None:
    """Three devices run every minute; twice one of them fails for a while."""
    made: list[Observation] = []
    async with spool(path, max_bytes=100_000) as opened:
        for n in range(400):
            for device in ("a", "b", "c"):
                failed = device == "b" and (50 <= n < 60 or 120 <= n < 130)
                made.append(observation(device, at=START + n * MINUTE, outcome="timeout" if failed else "ok"))
                await opened.add(made[-1])
        left = [one for one in made if one.id in set(await waiting(opened))]
        assert opened.state.dropped == len(made) - len(left) > 600
        assert opened.state.dropped_changes == 0
    minute = {one.id: (one.started_at - START) // MINUTE for one in made}
    changes = [(minute[one.id], one.outcome) for one in left if one.device == "b"]
    assert {(0, "ok"), (50, "timeout"), (60, "ok"), (120, "timeout"), (130, "ok")} <= set(changes)
    for device in "abc":
        of = [minute[one.id] for one in left if one.device == device]
        gaps = [later - sooner for sooner, later in itertools.pairwise(of)]
        assert max(gaps) <= 64, "no hole in a device's past"
        assert of[-10:] == list(range(390, 400)), "the newest are whole"


async def test_changes_alone_are_bounded_too(path: Path) -> None:
    async with spool(path, max_bytes=20_000) as opened:
        made = [observation("a", at=START + n * MINUTE, outcome="ok" if n % 2 else "timeout") for n in range(300)]
        for each in made:
            await opened.add(each)
        assert opened.state.dropped == opened.state.dropped_changes > 200
        assert (await waiting(opened))[-1] == made[-1].id


async def test_a_spool_of_the_first_version_is_taken_over(path: Path) -> None:
    made = [observation(f"d{n}") for n in range(3)]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(VERSION_1.read_text())
        db.execute("UPDATE totals SET dropped = 7")
        for one, routine in zip(made, (1, 0, 1), strict=True):
            body = zstandard.compress(one.model_dump_json().encode(), 3)
            db.execute(
                "INSERT INTO waiting (id, made_at, routine, plain_bytes, bytes, body) VALUES (?, ?, ?, 500, 400, ?)",
                (str(one.id), one.started_at.timestamp(), routine, body),
            )
        db.commit()
    async with spool(path) as opened:
        later = observation("later")
        await opened.add(later)
        assert (opened.state.waiting, opened.state.dropped, opened.state.dropped_changes) == (4, 7, 0)
        assert await waiting(opened) == ids([*made, later])
        await opened.settle(set(ids(made)), {})
        assert await waiting(opened) == [later.id]


async def test_nothing_is_too_old_while_the_time_is_not_known(path: Path) -> None:
    clock = ManualClock()
    clock.known = False
    async with spool(path, clock=clock) as opened:
        undated = clock.stamp(observation("undated"), 0)
        await opened.add(undated)
        clock.seconds = 400 * DAY.total_seconds()
        assert await waiting(opened) == [undated.id]
        clock.known = True
        assert await waiting(opened) == [undated.id], "its age is not known then either"
