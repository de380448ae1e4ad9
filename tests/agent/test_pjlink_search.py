"""The search of PJLink class 2, over real UDP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from agent.clients import pjlink_search
from agent.clients.pjlink_search import Found, search
from agent.errors import Unreachable
from tests.peers.free import free_udp_port
from tests.peers.projector import Responder

MAC = "00:26:AB:00:00:01"


@asynccontextmanager
async def responding(*responders: Responder, port: int) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    transports = [
        (await loop.create_datagram_endpoint(lambda each=each: each, local_addr=(each.address, port)))[0]  # type: ignore[misc]
        for each in responders
    ]
    try:
        yield
    finally:
        for transport in transports:
            transport.close()


async def test_devices_are_found_each_once() -> None:
    port = free_udp_port()
    async with responding(Responder("127.9.0.10", mac=MAC), Responder("127.9.0.9", mac="00:26:ab:00:00:02"), port=port):
        found = await search(["127.9.0.10", "127.9.0.9", "127.9.0.11"], 5, port, most=2)
    assert found == [Found("127.9.0.9", "00:26:ab:00:00:02"), Found("127.9.0.10", "00:26:ab:00:00:01")]


async def test_an_answer_to_the_port_of_the_search_is_heard() -> None:
    """Some devices answer to port 4352 of the asker, and not to the port that it asked from."""
    port = free_udp_port()
    async with responding(Responder("127.9.0.10", mac=MAC, answers_to_port=port), port=port):
        assert await search(["127.9.0.10"], 5, port, most=1, own="127.9.0.1") == [Found("127.9.0.10", MAC.lower())]


async def test_a_port_that_is_taken_stops_no_search() -> None:
    port = free_udp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        async with responding(Responder("127.9.0.10", mac=MAC), port=port):
            assert await search(["127.9.0.10"], 5, port, most=1) == [Found("127.9.0.10", MAC.lower())]


async def test_a_lost_request_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pjlink_search, "ASK_AGAIN_SECONDS", 0.1)
    port = free_udp_port()
    async with responding(Responder("127.9.0.10", mac=MAC, misses=1), port=port):
        assert await search(["127.9.0.10"], 5, port, most=1) == [Found("127.9.0.10", MAC.lower())]


async def test_an_announcement_counts_and_noise_does_not() -> None:
    port = free_udp_port()
    says = [b"", b"%2ACKN=", b"%2ACKN=zz:26:ab:00:00:01\r", b"%2SRCH\r", b"\xff" * 2000, b"%2POWR=1\r"]
    says.append(b"%2ACKN=00:26:ab:00:00:01\r" * 50)
    async with responding(
        Responder("127.9.0.1", says=says), Responder("127.9.0.2", says=[f"%2LKUP={MAC}\r".encode()]), port=port
    ):
        assert await search(["127.9.0.1", "127.9.0.2"], 0.4, port) == [Found("127.9.0.2", MAC.lower())]


async def test_a_flood_is_bounded_and_nobody_is_no_error() -> None:
    port = free_udp_port()
    many = [Responder(f"127.9.1.{n}", mac=MAC) for n in range(1, 6)]
    async with responding(*many, port=port):
        assert len(await search([each.address for each in many], 5, port, most=3)) == 3
    begun = monotonic()
    assert await search(["127.9.0.1"], 0.2, port) == []
    assert monotonic() - begun < 2


@pytest.mark.parametrize("addresses", [[], ["localhost"], ["::1"]])
async def test_nothing_could_be_sent(addresses: list[str]) -> None:
    with pytest.raises(Unreachable):
        await search(addresses, 0.2, free_udp_port())
