"""Round trip, jitter and loss by real ICMP echo, on the loopback and in network namespaces."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.probes.base import Context
from agent.probes.path.probe import PROBE
from agent.probes.path.settings import PathSettings
from agent.runner import observe
from wire.report import Observation

ROOT = Path(__file__).parents[2]
QUICK = {"count": 4, "interval_seconds": 0.02, "wait_seconds": 0.2}
LOOP_UP = "ip link set lo up; "
OBSERVE = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from agent.probes.base import Context
    from agent.probes.path.probe import PROBE
    from agent.probes.path.settings import PathSettings
    from agent.runner import observe
    settings = PathSettings.model_validate(json.loads(sys.argv[1]))
    print(asyncio.run(observe(PROBE, settings, Context(Path()))).model_dump_json())
    """
)


async def look(host: str, **settings: Any) -> Observation:
    return await observe(
        PROBE, PathSettings(probe="path", device="core", host=host, **{**QUICK, **settings}), Context(Path())
    )


def look_in_namespace(host: str, prepare: str, *, without_raw: bool = False) -> Observation:
    """The same from a process in a network namespace of its own, after `prepare`, a shell script."""
    drop = "setpriv --bounding-set=-net_raw --inh-caps=-net_raw " if without_raw else ""
    asked = json.dumps({"probe": "path", "device": "core", "host": host, **QUICK})
    script = f'{prepare}exec {drop}"$0" -c "$1" "$2"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", script, sys.executable, OBSERVE, asked],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Observation.model_validate_json(done.stdout)


def values(seen: Observation) -> dict[str, float]:
    return {reading.measure: reading.value for reading in seen.readings}


async def test_loopback() -> None:
    seen = await look("127.0.0.1")
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert values(seen)["path_loss_ratio"] == 0
    assert 0 < values(seen)["path_round_trip_seconds"] < 0.1
    assert 0 <= values(seen)["path_jitter_seconds"] < 0.1
    assert {reading.labels["destination"] for reading in seen.readings} == {"core"}


async def test_ipv6_and_a_name_of_its_own() -> None:
    seen = await look("::1", destination="man-core")
    assert seen.outcome == "ok"
    assert {reading.labels["destination"] for reading in seen.readings} == {"man-core"}


async def test_one_answer_has_no_jitter() -> None:
    assert set(values(await look("localhost", count=1))) == {"path_loss_ratio", "path_round_trip_seconds"}


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "-rf", "x" * 70])
async def test_a_name_that_does_not_resolve(host: str) -> None:
    seen = await look(host)
    assert (seen.outcome, seen.readings) == ("unreachable", ())
    assert "does not resolve" in seen.detail


def test_all_lost_is_a_measurement() -> None:
    seen = look_in_namespace("127.0.0.1", LOOP_UP + "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all; ")
    assert (seen.outcome, values(seen)) == ("unreachable", {"path_loss_ratio": 1})


def test_nothing_sent_is_none() -> None:
    seen = look_in_namespace("192.0.2.1", LOOP_UP)
    assert (seen.outcome, seen.readings) == ("unreachable", ())
    assert "Network is unreachable" in seen.detail


def test_the_ping_socket_without_the_right_to_raw_ones() -> None:
    prepare = LOOP_UP + 'echo "0 0" > /proc/sys/net/ipv4/ping_group_range; '
    seen = look_in_namespace("127.0.0.1", prepare, without_raw=True)
    assert (seen.outcome, values(seen)["path_loss_ratio"]) == ("ok", 0)


def test_neither_is_allowed() -> None:
    prepare = LOOP_UP + 'echo "1 0" > /proc/sys/net/ipv4/ping_group_range; '
    seen = look_in_namespace("127.0.0.1", prepare, without_raw=True)
    assert (seen.outcome, seen.readings) == ("refused", ())
    assert "CAP_NET_RAW" in seen.detail
    assert "ping_group_range" in seen.detail


def test_a_run_must_fit_its_time() -> None:
    with pytest.raises(ValidationError, match="timeout_seconds above 24 is accepted"):
        PathSettings(probe="path", device="core", host="127.0.0.1", count=20, timeout_seconds=20)
