"""PJLink class 2 notices over real UDP: a configured display that sends one is probed now, once; others are ignored."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.hints import listen
from agent.notices import NoticeListener
from tests.agent.clocks import ManualClock
from tests.agent.test_schedule import Entry


class Heard:
    """A listener for two displays, and which of them it asked for."""

    def __init__(self, gap: float = 3600) -> None:
        self.asked: list[str] = []
        entries = [Entry(device="hall", host="127.0.0.2"), Entry(device="room", host="127.0.0.3")]
        self.listener = NoticeListener(entries, self.asked.append, ManualClock(), gap)
        self.port = 0
        self._sent = 0

    async def send(self, data: bytes, source: str = "127.0.0.2") -> None:
        """Send a datagram and wait until it was looked at."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(data, ("127.0.0.1", self.port))
        self._sent += 1
        async with asyncio.timeout(10):
            counts = self.listener.counts
            while counts.heard + counts.ignored + counts.skipped < self._sent:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def hearing(gap: float = 3600) -> AsyncIterator[Heard]:
    heard = Heard(gap)
    transport = await listen(heard.listener, "127.0.0.1", 0)
    heard.port = transport.get_extra_info("sockname")[1]
    try:
        yield heard
    finally:
        transport.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "notice", [b"%2POWR=1\r", b"%2ERST=000200\r", b"%2INPT=32\r", b"%2INPT=6A\r", b"%2LKUP=00:26:ab:00:00:01\r"]
)
async def test_a_notice_has_its_display_probed_now(notice: bytes) -> None:
    async with hearing() as heard:
        await heard.send(notice)
        assert heard.asked == ["hall"]


async def test_what_is_no_notice_or_of_nobody_is_ignored() -> None:
    noise = [b"", b"%2SRCH\r", b"%2ACKN=00:26:ab:00:00:01\r", b"%2POWR=9\r", b"%2POWR 1\r", b"%1POWR=1\r"]
    noise += [b"%2ERST=0\r", os.urandom(60), b"%2POWR=1\r" * 20, b"\xff" * 9000]
    async with hearing() as heard:
        for data in noise:
            await heard.send(data)
        await heard.send(b"%2POWR=1\r", "127.0.0.4")
        assert (heard.asked, heard.listener.counts.heard) == ([], 0)


async def test_a_storm_is_one_probe_now_and_one_after() -> None:
    async with hearing(gap=0.3) as heard:
        for _ in range(10):
            await heard.send(b"%2POWR=1\r")
        await heard.send(b"%2POWR=0\r", "127.0.0.3")
        assert heard.asked == ["hall", "room"]
        async with asyncio.timeout(5):
            while len(heard.asked) < 3:
                await asyncio.sleep(0.01)
        assert heard.asked == ["hall", "room", "hall"]
