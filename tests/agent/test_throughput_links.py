"""Throughput over links of known rate, by every method, each end in a network namespace of its own."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from tests.peers.free import until_ready
from tests.peers.link import DISTRICT, PAYLOAD, PORT, Link, link
from wire.report import Observation

OBSERVE = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from pydantic import SecretStr
    from agent.probes.base import CollectorLink, Context
    from agent.probes.throughput.probe import PROBE
    from agent.probes.throughput.settings import ThroughputSettings
    from agent.runner import observe
    given, url = json.loads(sys.argv[1]), sys.argv[3]
    context = Context(Path(sys.argv[2]), CollectorLink(url, lambda: SecretStr("s1")) if url else None)
    print(asyncio.run(observe(PROBE, ThroughputSettings.model_validate(given), context)).model_dump_json())
    """
)
SERVERS = {
    "http": textwrap.dedent(
        """
        import asyncio, sys
        from aiohttp import web
        from time import monotonic
        from collector.api.throughput import ThroughputDesk, routes
        from collector.slots import Rules, SlotBook
        from tests.peers.throughput import school_by_token
        async def main():
            app = web.Application(middlewares=[school_by_token])
            app.add_routes(routes(ThroughputDesk(SlotBook(Rules(), 60, monotonic), 10**12)))
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, sys.argv[1], int(sys.argv[2])).start()
            print("listening", flush=True)
            await asyncio.Event().wait()
        asyncio.run(main())
        """
    ),
    "ndt7": textwrap.dedent(
        """
        import asyncio, sys
        from tests.peers.ndt7 import Server, ndt7_server
        async def main():
            async with ndt7_server(Server(), sys.argv[1], int(sys.argv[2])):
                print("listening", flush=True)
                await asyncio.Event().wait()
        asyncio.run(main())
        """
    ),
}


@contextmanager
def serving(on: Link, method: str) -> "Iterator[subprocess.Popen[str]]":
    """The method's server at the district's end; a real iperf3 prints what it measured as JSON."""
    command = ["iperf3", "-s", "-J", "-B", DISTRICT, "-p", str(PORT)]
    if method != "iperf3":
        command = [sys.executable, "-c", SERVERS[method], DISTRICT, str(PORT)]
    server = on.start(on.district, command, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        if method != "iperf3":
            assert server.stdout.readline() == "listening\n"
        else:
            until_ready(lambda: str(PORT) in on.run(on.district, ["ss", "-Hltn"]))
        yield server
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def look(on: Link, folder: Path, **given: Any) -> Observation:
    """One run of the probe at the school's end."""
    method = given["method"]
    settings: dict[str, Any] = {"probe": "throughput", "device": "man", "seconds": 2, **given}
    if method != "http":
        settings |= {"host": DISTRICT, "port": PORT, "tls": False}
    url = f"http://{DISTRICT}:{PORT}" if method == "http" else ""
    return Observation.model_validate_json(
        on.run(on.school, [sys.executable, "-c", OBSERVE, json.dumps(settings), str(folder), url])
    )


def rates(seen: Observation) -> dict[str, float]:
    return {
        r.labels["direction"]: r.value * 8 for r in seen.readings if r.measure == "uplink_throughput_bytes_per_second"
    }


def by_hand(on: Link, *arguments: str) -> float:
    """What iperf3 itself says that its receiver got, in bit/s."""
    said = json.loads(
        on.run(on.school, ["iperf3", "-c", DISTRICT, "-p", str(PORT), "-J", "-t", "1", "-O", "1", *arguments])
    )
    return float(said["end"]["sum_received"]["bits_per_second"])


@pytest.mark.parametrize("megabits", [100, 500, 1000])
def test_iperf3_reads_what_iperf3_itself_says(megabits: int, tmp_path: Path) -> None:
    with link(megabits) as on, serving(on, "iperf3") as server:
        seen = look(on, tmp_path, method="iperf3")
        itself = {"download": by_hand(on, "-R")}
        server.terminate()
        said = server.communicate()[0]
    # The server's own word on the upload that it received: the second of the tests that it printed.
    decoder, documents, rest = json.JSONDecoder(), [], said.lstrip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    itself["upload"] = documents[1]["end"]["sum_received"]["bits_per_second"]
    assert (seen.outcome, seen.detail) == ("ok", "")
    found = rates(seen)
    for direction, rate in itself.items():
        assert isclose(found[direction], rate, rel_tol=0.01), (direction, found, itself)
        assert isclose(found[direction], on.rate * PAYLOAD, rel_tol=0.03), (direction, found)


@pytest.mark.parametrize(("method", "within"), [("http", 0.03), ("ndt7", 0.06)])
def test_the_other_methods_read_the_same_link_alike(method: str, within: float, tmp_path: Path) -> None:
    """ndt7's messages grow to a sixteenth of the transfer, so that the marks of a short test are coarse."""
    with link(500) as on, serving(on, method):
        seen = look(on, tmp_path, method=method)
    assert (seen.outcome, seen.detail) == ("ok", "")
    for direction, rate in rates(seen).items():
        assert isclose(rate, on.rate * PAYLOAD, rel_tol=within), (direction, rate)
