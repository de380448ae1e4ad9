"""The lesser check: real TCP ports, and real machines in network namespaces that answer ICMP, ARP only, or nothing."""

import asyncio
import json
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.findings import findings, is_bad
from agent.probes.base import Context
from agent.probes.panel import probe
from agent.probes.panel.probe import PROBE
from agent.probes.panel.settings import PanelSettings
from agent.runner import observe
from tests.peers.projector import Misbehaviour, Projector
from wire.report import Observation

ROOT = Path(__file__).parents[2]
OBSERVE = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from agent.probes.base import Context
    from agent.probes.panel.probe import PROBE
    from agent.probes.panel.settings import PanelSettings
    from agent.runner import observe
    settings = PanelSettings.model_validate(json.loads(sys.argv[1]))
    print(asyncio.run(observe(PROBE, settings, Context(Path()))).model_dump_json())
    """
)


async def look(*ports: int, host: str = "127.0.0.1", icmp: bool = False, **more: Any) -> Observation:
    settings = PanelSettings(
        probe="panel", device="p1", host=host, ports=ports, icmp=icmp, place="三年三班", **{"arp": False, **more}
    )
    return await observe(PROBE, settings, Context(Path()))


def look_on_a_wire(folder: Path, panel: str, *, without_raw: bool = False, **settings: Any) -> Observation:
    """What a process sees of 10.99.0.2 in a network namespace of its own; `panel` sets that machine up."""
    drop = "setpriv --bounding-set=-net_raw --inh-caps=-net_raw " if without_raw else ""
    script = f"""
unshare --net sh -c 'echo $$ >"{folder}/pid"; exec sleep 60' &
until [ -s "{folder}/pid" ]; do sleep 0.02; done
inside() {{ nsenter --net="/proc/$!/ns/net" "$@"; }}
ip link set lo up
ip link add agent0 type veth peer name panel0 netns $!
ip addr add 10.99.0.1/24 dev agent0; ip link set agent0 up
inside ip addr add 10.99.0.2/24 dev panel0; inside ip link set panel0 up
{panel}
{drop}"$0" -c "$1" "$2"; code=$?
kill $!; exit $code
"""
    asked = json.dumps({"probe": "panel", "device": "p1", "host": "10.99.0.2", "place": "三年三班", **settings})
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, sys.executable, OBSERVE, asked],
        capture_output=True, text=True, timeout=30, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Observation.model_validate_json(done.stdout)


def told(seen: Observation) -> dict[str, str]:
    """Each measure with what its last label says."""
    assert all(r.value == 1 and r.labels["system"] == "multimedia" for r in seen.readings)
    return {r.measure: list(r.labels.values())[-1] for r in seen.readings}


REACHABLE_BY_TCP = {"av_device_reachable": "tcp", "av_device_state": "unknown"}


@pytest.mark.parametrize("misbehaves", ["", "silent", "garbage", "flood", "hangs-up"])
async def test_an_open_port_is_reachable_whatever_it_says(misbehaves: Misbehaviour) -> None:
    """Nothing is read: what a program says proves no picture either."""
    async with Projector(misbehaves=misbehaves).serving() as peer:
        seen = await look(peer.port)
    assert (seen.outcome, told(seen)) == ("ok", REACHABLE_BY_TCP)
    assert not is_bad(seen)
    assert "answers TCP, not known to show a picture" in [text.en for text in findings(seen)]


async def test_any_port_will_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with Projector().serving() as peer:
            seen = await look(taken.getsockname()[1], peer.port)
    assert told(seen) == REACHABLE_BY_TCP


async def test_a_closed_port_is_neither_there_nor_gone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        seen = await look(port)
        assert (seen.outcome, seen.detail, told(seen)) == (
            "refused", f"port {port} is closed", {"av_device_state": "unknown"},
        )  # fmt: skip
        assert told(await look(port, icmp=True))["av_device_reachable"] == "icmp"
        assert (await look(port, host="localhost")).outcome == "refused"


async def test_a_port_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "WAIT_SECONDS", 0.2)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # a queue that is full drops what comes
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        await asyncio.sleep(0)
        seen = await look(full.getsockname()[1])
        for one in waiting:
            one.close()
    assert (seen.outcome, told(seen)) == ("unreachable", {"av_device_state": "unreachable"})


async def test_no_such_name() -> None:
    seen = await look(80, host="panel.invalid", icmp=True, arp=True)
    assert (seen.outcome, told(seen)) == ("unreachable", {"av_device_state": "unreachable"})


async def test_arp_does_not_reach_other_networks() -> None:
    seen = await look(arp=True)
    assert (seen.outcome, told(seen)) == ("refused", {"av_device_state": "unknown"})
    assert "on no network of this machine" in seen.detail


DROP = "inside nft add table inet t; inside nft 'add chain inet t in {type filter hook input priority 0; policy drop;}'"


@pytest.mark.parametrize(
    ("panel", "settings", "outcome", "expected"),
    [
        pytest.param("", {}, "ok", {"av_device_reachable": "icmp", "av_device_state": "unknown"}, id="icmp"),
        pytest.param(DROP, {}, "ok", {"av_device_reachable": "arp", "av_device_state": "unknown"}, id="arp-only"),
        pytest.param(
            DROP, {"arp": False}, "unreachable", {"av_device_state": "unreachable"}, id="drops-all-that-is-asked"
        ),
        pytest.param(
            "inside ip link set panel0 down", {"ports": [80]}, "unreachable", {"av_device_state": "unreachable"},
            id="switched-off",
        ),
        pytest.param("ip link set agent0 down", {}, "unreachable", {"av_device_state": "unreachable"}, id="no-cable"),
    ],
)  # fmt: skip
def test_machines_on_a_wire(
    tmp_path: Path, panel: str, settings: dict[str, Any], outcome: str, expected: dict[str, str]
) -> None:
    seen = look_on_a_wire(tmp_path, panel, **settings)
    assert (seen.outcome, told(seen)) == (outcome, expected), seen.detail


def test_what_may_not_be_asked_proves_nothing(tmp_path: Path) -> None:
    seen = look_on_a_wire(tmp_path, "echo '1 0' >/proc/sys/net/ipv4/ping_group_range", without_raw=True)
    assert (seen.outcome, told(seen)) == ("refused", {"av_device_state": "unknown"})
    assert "CAP_NET_RAW" in seen.detail


def test_one_way_at_least() -> None:
    with pytest.raises(ValidationError):
        PanelSettings(probe="panel", device="p1", host="h", icmp=False, arp=False)
