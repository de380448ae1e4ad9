"""The demo as a person runs it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil

from demo.district import EXPECTED, SCHOOLS
from demo.screen import differences

ROOT = Path(__file__).parent.parent.parent


async def start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo", *arguments,
        cwd=ROOT, env={**os.environ, "CAMPUS_LANG": "en", "COLUMNS": "200", "TMPDIR": str(folder)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def finished(demo: asyncio.subprocess.Process, seconds: float) -> tuple[str, str]:
    try:
        out, complaint = await asyncio.wait_for(demo.communicate(), seconds)
    finally:
        if demo.returncode is None:
            demo.terminate()
            await demo.wait()
    return out.decode(), complaint.decode()


def words_of(process: psutil.Process) -> list[str]:
    """A program's command line; nothing of one that has just ended, as the short ones of the start do."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


async def until_running(demo: asyncio.subprocess.Process, count: int) -> list[psutil.Process]:
    """The product's programs below the demo, once there are so many."""
    async with asyncio.timeout(60):
        while True:
            try:
                below = psutil.Process(demo.pid).children()
            except psutil.NoSuchProcess:
                raise AssertionError(await finished(demo, 5)) from None
            serving = [one for one in below if {"run", "serve"} & set(words_of(one))]
            if len(serving) >= count:
                return serving
            await asyncio.sleep(0.1)


async def test_once_gives_every_expected_verdict(tmp_path: Path) -> None:
    demo = await start(tmp_path, "--once", "--port", "0")
    out, complaint = await finished(demo, 70)
    assert (demo.returncode, complaint) == (0, ""), out + complaint
    assert f"as expected: {len(EXPECTED)}/{len(EXPECTED)}" in out
    assert "✔ met" in out
    assert "✘ unmet" in out
    assert "? unknown" in out
    assert list(tmp_path.iterdir()) == []


async def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = await start(tmp_path, "--port", "0")
    programs = await until_running(demo, 1 + len(SCHOOLS))
    demo.send_signal(signal.SIGINT)
    out, complaint = await finished(demo, 20)
    assert (demo.returncode, complaint) == (130, ""), out + complaint
    assert not any(program.is_running() for program in programs)
    assert list(tmp_path.iterdir()) == []


async def test_a_taken_port_is_said(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        demo = await start(tmp_path, "--once", "--port", str(server.sockets[0].getsockname()[1]))
        out, _ = await finished(demo, 40)
    assert demo.returncode == 1
    assert "cannot be used" in out
    assert list(tmp_path.iterdir()) == []


def test_any_other_verdict_is_a_difference() -> None:
    right = {
        key: {"state": state, "reason": {"code": code, "zh": "", "en": ""}} for key, (state, code) in EXPECTED.items()
    }
    assert differences(right) == []
    key = ("xiwang-primary", "gigabit_uplink")
    state_wrong = right | {key: {"state": "unknown", "reason": {"code": "throughput_missing"}}}
    reason_wrong = right | {key: {"state": "met", "reason": {"code": "places_served"}}}
    missing = {other: verdict for other, verdict in right.items() if other != key}
    for wrong in (state_wrong, reason_wrong, missing):
        assert [(one.school, one.target) for one in differences(wrong)] == [key]
