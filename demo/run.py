"""The whole district on this machine: simulated devices, three agents, one collector, and a table of verdicts."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.live import Live

from common.text import say
from demo.district import SCHOOLS
from demo.equipment import Equipment
from demo.files import QUICK, STEADY, Pace, write_district, write_school
from demo.programs import Failed, Programs, command, programs
from demo.screen import Difference, Verdicts, differences, overview

COLLECTOR, AGENT = "collector.cli", "agent.cli"
READY_SECONDS = 20.0
ONCE_SECONDS = 52.0
"""From the start to the last look at the verdicts; with the end of all programs it is under a minute."""
POLL_SECONDS = 0.5


async def run(port: int, *, once: bool, console: Console) -> int:
    """The exit code. With `once`: 0 as soon as every verdict is the expected one, 1 at the deadline if not."""
    deadline = asyncio.get_running_loop().time() + ONCE_SECONDS
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campus-demo-")))
        equipment = [await stack.enter_async_context(Equipment.of(school)) for school in SCHOOLS]
        await stack.enter_async_context(_time_passes(equipment))
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)))
        running = await stack.enter_async_context(programs(folder))
        console.print(say("正在启动三所学校与教育局采集端…", "starting three schools and the district's collector …"))
        try:
            async with asyncio.timeout_at(deadline if once else None):
                await _start(folder, equipment, url, running, session, QUICK if once else STEADY)
        except TimeoutError:
            what = say(f"{ONCE_SECONDS:g} 秒内未能启动", f"nothing was running within {ONCE_SECONDS:g} s")
            raise Failed(what) from None
        found = await _watch(running, session, url, console, deadline if once else None)
        writes = sum(school.writes for school in equipment)
    if not console.is_terminal:
        console.print()
    if writes:
        console.print(say(f"设备收到 {writes} 次写操作", f"devices were asked {writes} times to change something"))
    for difference in found:
        console.print(str(difference), style="red", markup=False)
    return 1 if found or writes else 0


async def _start(
    folder: Path, equipment: list[Equipment], url: str, running: Programs, session: aiohttp.ClientSession, pace: Pace
) -> None:
    """The steps that a district and its schools take, by the product's own commands."""
    config = write_district(folder, int(url.rpartition(":")[2]))
    await command(COLLECTOR, "roster", "import", folder / "roster.yaml", "--config", config)
    await running.start("collector", COLLECTOR, "serve", "--config", config)
    await _ready(url, running, session)

    async def join(one: Equipment) -> None:
        school = one.school.id
        agent = write_school(folder / school, one, url, pace)
        code = (await command(COLLECTOR, "enrol", school, "--config", config)).split()[0]
        token = agent.with_name("token")
        await command(AGENT, "enrol", "--collector", url, "--code", code, "--token-file", token)
        await running.start(school, AGENT, "run", "--config", agent)

    try:
        async with asyncio.TaskGroup() as group:
            for one in equipment:
                group.create_task(join(one))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


async def _ready(url: str, running: Programs, session: aiohttp.ClientSession) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                running.check()
                try:
                    async with session.get(f"{url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
    except TimeoutError:
        what = say(f"采集端 {READY_SECONDS:g} 秒内未就绪", f"the collector was not ready in {READY_SECONDS:g} s")
        raise Failed(f"{what}\n{running.tail('collector')}") from None


async def _watch(
    running: Programs, session: aiohttp.ClientSession, url: str, console: Console, deadline: float | None
) -> list[Difference]:
    """Show verdicts until they are as expected or the deadline is over; without a deadline, for ever."""
    loop = asyncio.get_running_loop()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            running.check()
            verdicts = await _verdicts(session, url)
            found = differences(verdicts)
            live.update(overview(verdicts, url), refresh=True)
            if deadline is not None and (not found or loop.time() >= deadline):
                return found
            await asyncio.sleep(POLL_SECONDS)


async def _verdicts(session: aiohttp.ClientSession, url: str) -> Verdicts:
    """What the collector says now; nothing while it is too busy to say."""
    try:
        async with session.get(f"{url}/api/v1/verdicts") as response:
            response.raise_for_status()
            found: list[dict[str, Any]] = (await response.json())["verdicts"]
    except (aiohttp.ClientError, TimeoutError):
        return {}
    return {(one["school"], one["target"]): one for one in found}


@asynccontextmanager
async def _time_passes(equipment: list[Equipment]) -> AsyncIterator[None]:
    """Counters grow as on switches that carry traffic."""

    async def carry() -> None:
        while True:
            await asyncio.sleep(1)
            for one in equipment:
                one.switch.carry(1)

    task = asyncio.create_task(carry())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
