"""Round trip, jitter and loss by real ICMP echo, on the loopback and in network namespaces."""

import asyncio
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.clients.gateway import parse
from agent.probes.base import Context
from agent.probes.path.probe import PROBE
from agent.probes.path.settings import PathSettings
from agent.runner import observe
from collector.targets import TARGETS
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


async def test_several_destinations_side_by_side() -> None:
    places = [("127.0.0.1", "gateway"), ("127.0.0.2", "man-core"), ("::1", "exam-marking")]
    given = [{"host": host, "destination": name} for host, name in places]
    seen = await look("", destinations=given)
    assert (seen.outcome, seen.detail) == ("ok", "")
    lost = {r.labels["destination"]: r.value for r in seen.readings if r.measure == "path_loss_ratio"}
    assert lost == {"gateway": 0, "man-core": 0, "exam-marking": 0}


async def test_one_destination_that_fails_leaves_the_others() -> None:
    given = [
        {"host": "no-such-host.invalid", "destination": "gone"},
        {"host": "127.0.0.1", "destination": "core"},
    ]
    seen = await look("", destinations=given)
    assert seen.outcome == "unreachable"
    assert "no-such-host.invalid" in seen.detail
    assert {reading.labels["destination"] for reading in seen.readings} == {"core"}
    assert set(values(seen)) == {"path_loss_ratio", "path_round_trip_seconds", "path_jitter_seconds"}


async def test_what_overlaps_with_a_throughput_test_goes_by_names_of_its_own() -> None:
    context = Context(Path())
    settings = PathSettings(probe="path", device="core", host="127.0.0.1", **QUICK)
    loaded = {"path_loaded_loss_ratio", "path_loaded_round_trip_seconds", "path_loaded_jitter_seconds"}
    with context.line.testing():
        during = await observe(PROBE, settings, context)
    assert set(values(during)) == loaded

    async def short_test() -> None:
        await asyncio.sleep(0.03)
        with context.line.testing():
            await asyncio.sleep(0.01)

    _, across = await asyncio.gather(short_test(), observe(PROBE, settings, context))
    assert set(values(across)) == loaded
    after = await observe(PROBE, settings, context)
    assert set(values(after)) == {"path_loss_ratio", "path_round_trip_seconds", "path_jitter_seconds"}


def test_what_is_measured_during_a_test_is_no_evidence_of_the_man() -> None:
    target = TARGETS["man_performance"]
    loaded = {measure.name for measure in PROBE.measures if "loaded" in measure.name}
    assert len(loaded) == 3
    assert not loaded & {*target.measures, *target.school_hours, *target.daily}


def test_the_default_route_s_gateway() -> None:
    cards = "ip link add near type veth peer name far; ip link set near up; ip link set far up; "
    route = "ip addr add 10.97.0.1/24 dev near; ip route add default via 10.97.0.254; "
    seen = look_in_namespace("default-route", LOOP_UP + cards + route)
    assert (seen.outcome, values(seen)) == ("unreachable", {"path_loss_ratio": 1})
    assert "default-route answered none" in seen.detail
    none = look_in_namespace("default-route", LOOP_UP)
    assert (none.outcome, none.readings) == ("unreachable", ())
    assert "no default route" in none.detail


@pytest.mark.parametrize(
    ("rows", "address"),
    [
        ([], None),
        (["eth0 0000A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0"], None),
        (["eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0"], "192.168.1.1"),
        (
            [
                "wlan0 00000000 0202A8C0 0003 0 0 600 00000000 0 0 0",
                "eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0",
            ],
            "192.168.1.1",
        ),
        (["tun0 00000000 00000000 0001 0 0 0 00000000 0 0 0"], None),
        (["eth0"], None),
    ],
)
def test_the_table_of_routes(rows: list[str], address: str | None) -> None:
    head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT"
    assert parse("\n".join([head, *rows])) == address


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"destinations": [{"host": "a", "destination": "x"}]},
        {"host": "", "destinations": [{"host": "a", "destination": "x"}, {"host": "b", "destination": "x"}]},
    ],
)
def test_destinations_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PathSettings.model_validate({"probe": "path", "device": "core", "host": "127.0.0.1", **wrong})


def test_a_run_must_fit_its_time() -> None:
    with pytest.raises(ValidationError, match="timeout_seconds above 24 is accepted"):
        PathSettings(probe="path", device="core", host="127.0.0.1", count=20, timeout_seconds=20)
