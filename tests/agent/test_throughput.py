"""Throughput against the collector's own handlers and a real iperf3 server, both on real sockets."""

import asyncio
import contextlib
import io
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta
from math import isclose
from pathlib import Path
from time import process_time
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr, ValidationError

from agent.clients import iperf3, throughput_http
from agent.errors import Busy, Malformed, Refused, Silent, Unreachable
from agent.line import Octets
from agent.probes.base import CollectorLink, Context
from agent.probes.path.probe import PROBE as PATH
from agent.probes.path.settings import PathSettings
from agent.probes.throughput import budget
from agent.probes.throughput.limit import CpuUse, limit_of
from agent.probes.throughput.meter import cross_traffic
from agent.probes.throughput.probe import PROBE
from agent.probes.throughput.settings import ThroughputSettings
from agent.runner import observe
from collector.slots import Bounds, Rules
from common.marks import Marks
from common.secrets import SecretUnavailable
from tests.peers.throughput import throughput_server
from wire.api import SLOT_HEADER, THROUGHPUT, THROUGHPUT_SLOTS, SlotGrant, SlotRequest, SlotState
from wire.problem import CONTENT_TYPE
from wire.report import Observation

FAST = 5e8 / 8
"""No relay of these tests is as fast."""
DEADLINE = 10.0


STATE: list[Path] = []
"""The folder that the probe of the running test may write to."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> None:
    STATE[:] = [tmp_path]


def settings(**given: Any) -> ThroughputSettings:
    return ThroughputSettings(**{"probe": "throughput", "device": "man", "seconds": 2, **given})


def link(url: str, school: str = "s1", ca_file: Path | None = None) -> Context:
    return Context(STATE[0], CollectorLink(url, lambda: SecretStr(school), ca_file))


async def look(context: Context, **given: Any) -> Observation:
    return await observe(PROBE, settings(**given), context)


async def look_by_iperf3(port: int, host: str = "127.0.0.1", **given: Any) -> Observation:
    return await look(Context(STATE[0]), method="iperf3", host=host, port=port, **given)


def rates(seen: Observation) -> dict[str, float]:
    return {r.labels["direction"]: r.value for r in seen.readings if r.measure == "uplink_throughput_bytes_per_second"}


def skipped(seen: Observation) -> list[str]:
    return [r.labels["why"] for r in seen.readings if r.measure == "uplink_throughput_skipped"]


def limits(seen: Observation) -> set[tuple[str, str, str]]:
    return {
        (r.labels["direction"], r.labels["method"], r.labels["limit"])
        for r in seen.readings
        if r.measure == "uplink_throughput_limit"
    }


@contextlib.asynccontextmanager
async def tcp_server(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Any peer; its sessions are ended with it."""
    sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await speak(reader, writer)
        writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in sessions.values():
            writer.transport.abort()
        await asyncio.gather(*sessions, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xffnonsense\r\n\r\n" * 100)
    await writer.drain()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# The collector's endpoint


async def test_http_both_ways() -> None:
    """The path probe, which runs meanwhile, tells that it did; what was moved is charged to the day."""
    path = PathSettings(probe="path", device="core", host="127.0.0.1", count=2, interval_seconds=0.3)
    async with throughput_server() as (url, desk):
        context = link(url)
        seen, beside = await asyncio.gather(look(context), observe(PATH, path, context))
        assert desk.book.live() == ()  # the slot was given back
    assert {r.measure for r in beside.readings} >= {"path_loaded_loss_ratio"}
    assert all(r.measure.startswith("path_loaded_") for r in beside.readings)
    used = json.loads((STATE[0] / budget.FILE).read_text())["bytes"]
    assert used > 1.6 * sum(rates(seen).values())
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert set(rates(seen)) == {"download", "upload"}
    assert min(rates(seen).values()) > FAST
    assert ("download", "http", "nic") not in limits(seen)  # the loopback has no speed
    assert {(direction, method) for direction, method, _ in limits(seen)} == {("download", "http"), ("upload", "http")}


async def test_a_relay_of_known_rate_is_read_as_what_it_carries() -> None:
    rate = 4_000_000
    async with throughput_server() as (url, _), throttled(int(url.rpartition(":")[2]), rate) as port:
        seen = await look(link(f"http://127.0.0.1:{port}"))
    assert (seen.outcome, seen.detail) == ("ok", "")
    for direction, measured in rates(seen).items():
        assert isclose(measured, rate, rel_tol=0.05), direction
    assert {limit for _, _, limit in limits(seen)} <= {"path", "cpu"}  # cpu: on a machine that others keep busy


@contextlib.asynccontextmanager
async def throttled(port: int, rate: int) -> AsyncIterator[int]:
    """A relay that passes `rate` bytes per second each way, in small steps, with small buffers."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        step = 16 * 1024
        loop = asyncio.get_running_loop()
        due = loop.time()
        while chunk := await reader.read(step):
            due = max(due, loop.time() - 0.05) + len(chunk) / rate
            await asyncio.sleep(due - loop.time())
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        pumps = [asyncio.create_task(pump(reader, far_writer)), asyncio.create_task(pump(far_reader, writer))]
        try:
            await asyncio.gather(*pumps)
        finally:
            for one in pumps:
                one.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            far_writer.close()

    async with tcp_server(relay) as near:
        yield near


async def test_two_agents_at_once_do_not_meet() -> None:
    async with throughput_server() as (url, _):
        seen = await asyncio.gather(look(link(url, "s1")), look(link(url, "s2")))
    assert sorted(one.outcome for one in seen) == ["ok", "refused"]
    refused = next(one for one in seen if one.outcome == "refused")
    assert skipped(refused) == ["no_slot"]
    assert not rates(refused)
    assert refused.detail.startswith("test server busy")
    assert 55 < (refused.again_in_seconds or 0) <= 60


async def test_a_rejected_credential() -> None:
    async with throughput_server() as (url, _):
        seen = await look(link(url, "wrong"))
    assert (seen.outcome, seen.readings) == ("refused", ())
    assert "401" in seen.detail


async def test_an_unreadable_credential() -> None:
    def token() -> SecretStr:
        raise SecretUnavailable("token: No such file")

    seen = await look(Context(STATE[0], CollectorLink("http://127.0.0.1:9", token)))
    assert (seen.outcome, seen.readings) == ("refused", ())


async def test_no_collector_is_configured() -> None:
    assert (await look(Context(STATE[0]))).outcome == "unreachable"


async def test_http_closed_port() -> None:
    seen = await look(link(f"http://127.0.0.1:{closed_port()}"))
    assert (seen.outcome, seen.readings) == ("refused", ())


@pytest.mark.parametrize("url", ["http://collector.invalid:8600", "nonsense"])
async def test_http_no_such_server(url: str) -> None:
    seen = await look(link(url))
    assert (seen.outcome, seen.readings) == ("unreachable", ())


async def test_http_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput_http, "READ_SECONDS", 0.2)
    async with tcp_server(silent) as port:
        seen = await look(link(f"http://127.0.0.1:{port}"))
    assert (seen.outcome, seen.readings) == ("timeout", ())


async def test_http_garbage() -> None:
    async with tcp_server(garbage) as port:
        seen = await look(link(f"http://127.0.0.1:{port}"))
    assert (seen.outcome, seen.readings) == ("malformed", ())


@pytest.mark.parametrize(
    ("body", "outcome"), [(b"{}", "malformed"), (b"[1]", "malformed"), (b"x" * 100_000, "malformed")]
)
async def test_http_answers_that_are_no_grant(body: bytes, outcome: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await reader.read()

    async with tcp_server(speak) as port:
        seen = await look(link(f"http://127.0.0.1:{port}"))
    assert (seen.outcome, seen.readings) == (outcome, ())


async def test_http_an_untrusted_certificate_is_no_collector(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    seen = await look(link("https://127.0.0.1:1", ca_file=tmp_path / "ca.pem"))
    assert (seen.outcome, seen.readings) == ("refused", ())


async def scripted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upload: bytes) -> None:
    """A collector whose slot and download work, and whose upload gives this answer (empty: it hangs up)."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"POST /api/v1/throughput/slots"):
            grant = b'{"slot": "a", "seconds": 60}'
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(grant), grant))
        elif head.startswith(b"DELETE"):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif head.startswith(b"GET"):
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            end = asyncio.get_running_loop().time() + 2.2
            while asyncio.get_running_loop().time() < end:
                writer.write(bytes(10_000))
                await asyncio.sleep(0.01)
            return
        else:
            if upload:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(upload), upload))
                await reader.read()
            return


async def test_a_failed_upload_leaves_the_download() -> None:
    async with tcp_server(lambda reader, writer: scripted(reader, writer, b"")) as port:
        seen = await look(link(f"http://127.0.0.1:{port}"))
    assert seen.outcome == "malformed"
    assert seen.detail.startswith("upload: ")
    assert set(rates(seen)) == {"download"}
    assert isclose(rates(seen)["download"], 900_000, rel_tol=0.3)  # a tenth of each pause goes to sleeping late


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b'{"bytes": 0, "seconds": 0.8}', Silent, id="nothing-arrived"),
        pytest.param(b'{"bytes": 5, "seconds": 0.1}', Malformed, id="too-short"),
        pytest.param(b'{"bytes": 999999999999999, "seconds": 0.8}', Malformed, id="more-than-was-sent"),
        pytest.param(b'{"bytes": -5, "seconds": 0.8}', Malformed, id="negative"),
        pytest.param(b'{"bytes": 5, "seconds": NaN}', Malformed, id="not-a-number"),
        pytest.param(b"<html>", Malformed, id="no-json"),
    ],
)
async def test_results_that_prove_nothing(answer: bytes, error: type[Exception]) -> None:
    async with tcp_server(lambda reader, writer: scripted(reader, writer, answer)) as port:
        url = f"http://127.0.0.1:{port}"
        async with throughput_http.slot(url, "s1", None) as slot:
            with pytest.raises(error):
                await slot.upload(1)


async def test_a_short_slot_shortens_the_test() -> None:
    async with throughput_server(slot_seconds=5.5) as (url, _):
        seen = await look(link(url), seconds=5, timeout_seconds=40)
    assert seen.outcome == "ok"
    assert seen.duration_seconds < 3


async def test_a_slot_too_short_for_any_test() -> None:
    async with throughput_server(slot_seconds=1) as (url, _):
        assert (await look(link(url))).outcome == "refused"


# The desk and its handlers, by requests that no agent of ours makes


async def take(session: aiohttp.ClientSession, school: str = "s1") -> dict[str, str]:
    headers = {"Authorization": f"Bearer {school}"}
    async with session.post(THROUGHPUT_SLOTS, headers=headers) as response:
        assert response.status == 201
        return {**headers, SLOT_HEADER: (await response.json())["slot"]}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_live_slot_of_its_own_nothing_moves(method: str) -> None:
    now = 1000.0
    async with throughput_server(clock=lambda: now) as (url, _), aiohttp.ClientSession(url) as session:
        mine = await take(session)
        for headers in ({**mine, SLOT_HEADER: "guess"}, {**mine, "Authorization": "Bearer s2"}):
            async with session.request(method, THROUGHPUT, headers=headers) as response:
                assert (response.status, response.content_type) == (409, CONTENT_TYPE)
        now += 61
        async with session.request(method, THROUGHPUT, headers=mine) as response:
            assert response.status == 409


async def test_busy_says_when_to_come_back_and_a_lease_ends_by_itself() -> None:
    now = 1000.0
    async with throughput_server(clock=lambda: now) as (url, _), aiohttp.ClientSession(url) as session:
        await take(session)
        now += 20.5
        async with session.post(THROUGHPUT_SLOTS, headers={"Authorization": "Bearer s2"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "40")
            assert response.content_type == CONTENT_TYPE
        now += 40
        await take(session, "s2")


async def test_only_the_holder_gives_a_slot_back() -> None:
    async with throughput_server() as (url, _), aiohttp.ClientSession(url) as session:
        mine = await take(session)
        path = f"{THROUGHPUT_SLOTS}/{mine[SLOT_HEADER]}"
        for headers, status in (({"Authorization": "Bearer s2"}, 404), (mine, 204), (mine, 404)):
            async with session.delete(path, headers=headers) as response:
                assert response.status == status


@pytest.mark.parametrize("ended_by", ["the next transfer", "giving the slot back"])
async def test_one_transfer_a_slot(ended_by: str) -> None:
    async with throughput_server() as (url, desk), aiohttp.ClientSession(url) as session:
        mine = await take(session)
        async with session.get(THROUGHPUT, params={"seconds": "30"}, headers=mine) as running:
            await running.content.readany()  # and then nothing is read: the server waits to write
            if ended_by == "the next transfer":
                async with session.get(THROUGHPUT, params={"seconds": "0.1"}, headers=mine) as following:
                    assert len(await following.read()) > 0
            else:
                async with session.delete(f"{THROUGHPUT_SLOTS}/{mine[SLOT_HEADER]}", headers=mine) as response:
                    assert response.status == 204
                assert desk.book.live() == ()
            with pytest.raises(aiohttp.ClientError):
                await asyncio.wait_for(running.read(), DEADLINE)


async def test_a_transfer_ends_with_its_slot() -> None:
    async with throughput_server(slot_seconds=0.3) as (url, _), aiohttp.ClientSession(url) as session:
        mine = await take(session)

        async def never_ending() -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

        upload = session.post(THROUGHPUT, params={"seconds": "30"}, headers=mine, data=never_ending())
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(upload, DEADLINE)


async def test_bytes_are_bounded_over_both_directions() -> None:
    limit = 1_000_000
    async with throughput_server(max_bytes=limit) as (url, _), aiohttp.ClientSession(url) as session:
        mine = await take(session)
        async with session.get(THROUGHPUT, params={"seconds": "5"}, headers=mine) as response:
            got = len(await response.read())
        assert 0 < got <= limit
        async with session.post(THROUGHPUT, headers=mine, data=io.BytesIO(bytes(2 * limit))) as response:
            assert (await response.json())["bytes"] == 0  # over at once: no second mark


@pytest.mark.parametrize("seconds", ["0", "-1", "31", "nan", "inf", "x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_seconds_out_of_bounds(method: str, seconds: str) -> None:
    async with throughput_server() as (url, _), aiohttp.ClientSession(url) as session:
        mine = await take(session)
        async with session.request(method, THROUGHPUT, params={"seconds": seconds}, headers=mine) as response:
            assert (response.status, response.content_type) == (422, CONTENT_TYPE)


# iperf3


@contextlib.asynccontextmanager
async def iperf3_server() -> AsyncIterator[int]:
    port = closed_port()
    server = await asyncio.create_subprocess_exec(
        "iperf3", "-s", "-B", "127.0.0.1", "-p", str(port), "--forceflush", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            while b"listening" not in await server.stdout.readline():
                pass
        yield port
    finally:
        server.kill()
        await server.communicate()


async def test_iperf3_both_ways() -> None:
    async with iperf3_server() as port:
        seen = await look_by_iperf3(port)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert set(rates(seen)) == {"download", "upload"}
    assert min(rates(seen).values()) > FAST
    assert {(direction, method) for direction, method, _ in limits(seen)} == {
        ("download", "iperf3"),
        ("upload", "iperf3"),
    }


async def test_iperf3_busy() -> None:
    async with iperf3_server() as port:
        other = await asyncio.create_subprocess_exec(
            "iperf3", "-c", "127.0.0.1", "-p", str(port), "-t", "20", "-b", "1M", "--forceflush",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert other.stdout is not None
        try:
            async with asyncio.timeout(DEADLINE):
                while b"connected to" not in await other.stdout.readline():
                    pass
            seen = await look_by_iperf3(port)
        finally:
            other.kill()
            await other.communicate()
    assert (seen.outcome, rates(seen), skipped(seen)) == ("refused", {}, ["server_busy"])
    assert "test server busy" in seen.detail


async def test_iperf3_closed_port() -> None:
    seen = await look_by_iperf3(closed_port())
    assert (seen.outcome, seen.readings) == ("refused", ())


async def test_iperf3_no_such_name() -> None:
    seen = await look_by_iperf3(5201, host="no-such-host.invalid")
    assert (seen.outcome, seen.readings) == ("unreachable", ())


async def test_iperf3_garbage() -> None:
    async with tcp_server(garbage) as port:
        seen = await look_by_iperf3(port)
    assert (seen.outcome, seen.readings) == ("malformed", ())


async def test_iperf3_silent_ends_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iperf3, "GRACE_SECONDS", -1)
    left = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with tcp_server(speak) as port:
        seen = await look_by_iperf3(port)
        async with asyncio.timeout(DEADLINE):
            await left.wait()
    assert (seen.outcome, seen.readings) == ("timeout", ())


async def test_iperf3_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    seen = await look_by_iperf3(5201)
    assert (seen.outcome, seen.readings) == ("refused", ())
    assert "not installed" in seen.detail


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (b"", Malformed),
        (b"{}", Malformed),
        (b'{"end": {"sum_received": {"bits_per_second": "fast"}}}', Malformed),
        (b'{"end": {"sum_received": {"bits_per_second": 8e9}}, "error": "the server is busy running a test"}', Refused),
        (b'{"error": "unable to connect to server: No route to host"}', Unreachable),
    ],
)
def test_iperf3_output(output: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        iperf3.parse(output)


def test_iperf3_figure_is_the_receivers() -> None:
    output = b'{"end": {"sum_sent": {"bits_per_second": 9e9}, "sum_received": {"bits_per_second": 8e9}}}'
    assert iperf3.parse(output).rate == 1e9


# Pure parts


@pytest.mark.parametrize(
    ("rate", "nic", "process", "machine", "limit"),
    [
        (117e6, 125e6, 0.2, 0.2, "nic"),
        (117e6, None, 0.2, 0.2, "path"),
        (60e6, 125e6, 0.2, 0.2, "path"),
        (60e6, 125e6, 0.95, 0.5, "cpu"),
        (60e6, 125e6, 0.2, 0.97, "cpu"),
        (117e6, 125e6, 0.95, 0.97, "nic"),
    ],
)
def test_limit(rate: float, nic: float | None, process: float, machine: float, limit: str) -> None:
    assert limit_of(rate, nic, process, machine) == limit


@pytest.mark.parametrize(
    ("server", "cross", "limit"),
    [
        (False, None, "path"),
        (False, 6e6, "path"),
        (False, 7e6, "cross_traffic"),
        (True, None, "server"),
        (True, 7e6, "server"),
    ],
)
def test_limits_beside_the_test_box(server: bool, cross: float | None, limit: str) -> None:
    assert limit_of(60e6, 125e6, 0.2, 0.2, server_limited=server, cross_traffic=cross) == limit
    assert limit_of(60e6, 125e6, 0.95, 0.2, server_limited=server, cross_traffic=cross) == "cpu"


@pytest.mark.parametrize(
    ("received", "others"),
    [
        pytest.param(106, 0, id="the-test-alone"),
        pytest.param(100, 0, id="within-the-framing"),
        pytest.param(156, 10, id="others-too"),
        pytest.param(89, None, id="counters-that-lag"),
        pytest.param(0, None, id="counters-that-stand"),
    ],
)
def test_what_others_moved_meanwhile(received: float, others: float | None) -> None:
    before = Octets(at=0, received=5, sent=5, wide=True, speed=125e6)
    after = Octets(at=5, received=5 + int(received * 1e6), sent=5, wide=True, speed=125e6)
    found = cross_traffic(before, after, 100_000_000, download=True)
    assert found == (None if others is None else pytest.approx(others * 1e6))
    assert cross_traffic(before, after, 100_000_000, download=False) is None


# When there is a test


async def test_a_days_bytes_are_bounded_over_restarts(tmp_path: Path) -> None:
    charge = 2 * 2 * 125_000  # two seconds each way at 1 Mbit/s
    today = datetime.now().astimezone().date()
    assert budget.take(tmp_path, today, 1000, 1000)
    async with throughput_server() as (url, desk):
        seen = await look(link(url), line_mbit_per_second=1, most_bytes_per_day=charge + 999)
        assert desk.book.live() == ()
    assert (seen.outcome, skipped(seen), rates(seen)) == ("refused", ["daily_bytes"], {})
    assert seen.again_in_seconds is not None
    assert 0 < seen.again_in_seconds <= 25 * 3600


def test_the_days_bytes(tmp_path: Path) -> None:
    today, tomorrow = date(2026, 9, 10), date(2026, 9, 11)
    assert budget.take(tmp_path / "new", today, 60, 100)
    assert not budget.take(tmp_path / "new", today, 41, 100)
    budget.settle(tmp_path / "new", today, 60, 20)
    assert budget.take(tmp_path / "new", today, 80, 100)
    assert not budget.take(tmp_path / "new", today, 1, 100)
    assert budget.take(tmp_path / "new", tomorrow, 100, 100)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"day": 5}', '{"day": "2026-09-10", "bytes": -5}', "\x00"])
def test_a_damaged_file_of_bytes_is_an_empty_one(content: str, tmp_path: Path) -> None:
    (tmp_path / budget.FILE).write_text(content)
    assert budget.take(tmp_path, date(2026, 9, 10), 100, 100)
    assert not budget.take(tmp_path, date(2026, 9, 10), 1, 100)


async def test_bytes_that_cannot_be_kept_are_not_moved(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with throughput_server() as (url, _):
        context = Context(tmp_path / "file", CollectorLink(url, lambda: SecretStr("s1")))
        seen = await look(context)
    assert (seen.outcome, seen.readings) == ("refused", ())


async def test_outside_of_the_windows_nothing_is_tested() -> None:
    now = datetime.now().astimezone()
    window = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
    seen = await look(link(f"http://127.0.0.1:{closed_port()}"), windows=[window])
    assert (seen.outcome, skipped(seen)) == ("refused", ["outside_window"])
    assert seen.again_in_seconds is not None
    assert 7100 < seen.again_in_seconds <= 7200


async def test_the_district_is_closed_for_tests() -> None:
    async with throughput_server(opens_in=lambda: 3599.5) as (url, _):
        seen = await look(link(url))
    assert (seen.outcome, skipped(seen), seen.again_in_seconds) == ("refused", ["no_slot"], 3600)


async def test_schools_of_one_aggregation_link_do_not_meet() -> None:
    rules = Rules(Bounds(10))
    links = {"s1": "east", "s2": "east", "s3": "west"}
    async with throughput_server(rules=rules, links=links) as (url, desk):
        async with throughput_http.slot(url, "s1", None), throughput_http.slot(url, "s3", None):
            with pytest.raises(Busy, match="aggregation link") as caught:
                async with throughput_http.slot(url, "s2", None):
                    pass
            assert caught.value.again_in == 60
        assert desk.book.live() == ()
        async with throughput_http.slot(url, "s2", None):
            pass


async def test_the_districts_pace_is_kept_and_named() -> None:
    rate = 12_000_000
    async with (
        throughput_server(rules=Rules(Bounds(1, rate * 8))) as (url, _),
        throughput_http.slot(url, "s1", None) as slot,
    ):
        for transfer in (await slot.download(0.9), await slot.upload(0.9)):
            assert rate * 0.85 < transfer.rate < rate * 1.15
            assert transfer.server_limited


async def test_iperf3_keeps_to_the_districts_pace_by_the_collectors_slot() -> None:
    rate = 2_000_000
    async with iperf3_server() as port, throughput_server(rules=Rules(Bounds(1, rate * 8))) as (url, desk):
        seen = await look(link(url), method="iperf3", host="127.0.0.1", port=port)
        assert desk.book.granted == 1
    assert (seen.outcome, seen.detail) == ("ok", "")
    for direction, measured in rates(seen).items():
        assert rate * 0.8 < measured < rate * 1.2, direction
    assert {limit for _, _, limit in limits(seen)} <= {"server", "cpu"}


async def test_a_test_ends_with_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector gives the slot to another then, whatever this server still does."""
    monkeypatch.setattr("agent.probes.throughput.probe.SLOT_MARGIN_SECONDS", 0)
    async with tcp_server(silent) as port, throughput_server(slot_seconds=1) as (url, _):
        seen = await look(link(url), method="ndt7", host="127.0.0.1", port=port, tls=False)
    assert (seen.outcome, rates(seen)) == ("timeout", {})
    assert "slot ended" in seen.detail
    assert seen.duration_seconds < 4  # ndt7 alone would wait for five


async def test_a_collector_that_says_it_was_the_limit() -> None:
    async with throughput_server() as (url, desk), throughput_http.slot(url, "s1", None) as slot:
        await slot.download(0.3)
        headers = {"Authorization": "Bearer s1"}
        held = desk.book.live()[0].slot
        async with aiohttp.ClientSession(url, headers=headers) as session:
            async with session.get(f"{THROUGHPUT_SLOTS}/{held}") as response:
                state = SlotState.model_validate_json(await response.read())
            async with session.get(f"{THROUGHPUT_SLOTS}/{held}x") as response:
                assert response.status == 404
    assert set(state.limited) <= {"download"}


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"bits_per_second": -1}', b'{"server": 5}', b"\xff"])
async def test_a_request_for_a_slot_that_is_malformed(body: bytes) -> None:
    async with throughput_server() as (url, desk), aiohttp.ClientSession(url) as session:
        async with session.post(THROUGHPUT_SLOTS, data=body, headers={"Authorization": "Bearer s1"}) as response:
            assert (response.status, response.content_type) == (422, CONTENT_TYPE)
        assert desk.book.live() == ()


async def test_a_slot_for_another_server_moves_nothing_here() -> None:
    async with throughput_server() as (url, desk), aiohttp.ClientSession(url) as session:
        answer = desk.grant("s1", "", SlotRequest(server="iperf.example:5201"))
        assert isinstance(answer, SlotGrant)
        headers = {"Authorization": "Bearer s1", SLOT_HEADER: answer.slot}
        async with session.get(THROUGHPUT, headers=headers) as response:
            assert response.status == 409


@pytest.mark.parametrize("text", ["total required bandwidth is larger than server limit", "the server is busy running"])
def test_iperf3_servers_that_have_enough_to_do(text: str) -> None:
    with pytest.raises(Busy):
        iperf3.parse(b'{"error": "error - %b"}' % text.encode())


def test_iperf3_servers_without_a_processor_left() -> None:
    output = b'{"end": {"sum_received": {"bits_per_second": 8e9}, "cpu_utilization_percent": {"remote_total": 97.5}}}'
    assert iperf3.parse(output).server_limited


def test_cpu_use_of_a_busy_and_an_idle_process() -> None:
    start = CpuUse.now()
    while process_time() - start.process < 0.2:
        pass
    busy = CpuUse.now()
    process, machine = start.until(busy)
    assert process == pytest.approx(0.2 / (busy.at - start.at), rel=0.2)
    assert 0 < machine <= 1
    threading.Event().wait(0.2)
    assert busy.until(CpuUse.now())[0] < 0.5


def test_marks_leave_out_the_ramp_and_what_comes_late() -> None:
    marks = Marks(10)
    for second in range(10):
        assert marks.arrived(1 if second < 2 else 100, 50.0 + second)
    assert not marks.arrived(10**9, 60.5)
    # the first mark falls with what arrived at 52: the seven seconds after it bring 100 each, the last one nothing
    assert marks.counted() == (700, 8.0)


def test_marks_count_a_stall_as_time() -> None:
    marks = Marks(10)
    for at in (0.0, 2.0, 3.0):
        marks.arrived(100, at)
    marks.ended(30.0)
    assert marks.counted() == (100, 8.0)


@pytest.mark.parametrize("arrivals", [[], [0.0], [0.0, 1.0]])
def test_marks_that_were_never_both_set(arrivals: list[float]) -> None:
    marks = Marks(10)
    for at in arrivals:
        marks.arrived(5, at)
    marks.ended(1.5)
    assert marks.counted() == (0, 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "iperf3"},
        {"host": "a"},
        {"seconds": 31},
        {"timeout_seconds": 20},
        {"method": "ookla"},
        {"method": "ndt7"},
        {"method": "ndt7", "host": "a", "seconds": 11},
        {"windows": ["7-8"]},
        {"busy_share": 0},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_no_failure_of_the_library_is_a_zero_or_a_crash() -> None:
    for kind in (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError):
        assert isinstance(throughput_http.as_probe_error(kind()), Malformed)
    key: Any = type("Key", (), {"ssl": True, "host": "c", "port": 1, "is_ssl": True})()
    certificate = aiohttp.ClientConnectorCertificateError(key, ssl.SSLCertVerificationError("expired"))
    assert isinstance(throughput_http.as_probe_error(certificate), Refused)
