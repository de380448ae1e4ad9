"""Discovery on a campus of real daemons and hostile devices: what it proposes, and that nothing leaves the network."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.peers.discoverable import (
    CAMERA,
    DECEIVED,
    HOSTILE,
    NETWORK,
    OPEN,
    PANEL,
    SECURED,
    STRANGER,
    SWITCH,
    Campus,
    campus,
)

QUICK = ("--rate", "1500", "--wait", "1")
V3 = """snmp:
  - community: {file: wrong}
  - version: "3"
    user: reader
    auth: {protocol: sha, password: {env: READER_AUTH}}
    privacy: {protocol: aes128, password: {env: READER_PRIVACY}}
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Campus]:
    with campus() as there:
        yield there


@pytest.fixture(scope="module")
def seen(place: Campus) -> "tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]":
    """One search of the whole link as YAML, and every packet that was sent meanwhile."""
    with place.capture() as packets:
        ran = place.run("discover", NETWORK, "--community", "campus-ro", *QUICK)
    return ran, packets


@pytest.fixture(scope="module")
def told(place: Campus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same as JSON, by SNMP v3 with a wrong community tried first."""
    folder = tmp_path_factory.mktemp("credentials")
    (folder / "wrong").write_text("nonsense")
    (folder / "credentials.yaml").write_text(V3)
    secrets = {"READER_AUTH": "authpassword", "READER_PRIVACY": "privpassword"}
    ran = place.run("discover", NETWORK, "--credentials", f"{folder}/credentials.yaml", "--json", *QUICK, **secrets)
    assert ran.returncode == 0, ran.stderr
    assert "authpassword" not in ran.stdout
    return dict(json.loads(ran.stdout))


def by_address(told: dict[str, Any]) -> dict[str, Any]:
    return {each["address"]: each for each in told["found"]}


def ways_of(told: dict[str, Any], address: str) -> dict[str, Any]:
    return {clue["way"]: clue for clue in by_address(told)[address]["recognised_by"]}


def test_the_proposal_is_a_configuration_that_check_accepts(seen: Any, tmp_path: Path) -> None:
    ran, _ = seen
    assert (ran.returncode, ran.stderr) == (0, "")
    path = tmp_path / "agent.yaml"
    path.write_text(ran.stdout)
    checked = subprocess.run(
        [sys.executable, "-m", "agent.cli", "check", "--config", str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "CAMPUS_LANG": "en"},
    )
    assert checked.returncode == 0, checked.stderr
    assert all(f"{kind} × {count}" in checked.stdout for kind, count in (("display", 2), ("host", 1), ("ports", 1)))


def test_a_proposal_says_in_both_languages_what_each_entry_goes_by(seen: Any) -> None:
    lines = seen[0].stdout.splitlines()
    entry = next(number for number, line in enumerate(lines) if f"{OPEN} —" in line)
    assert "应答 PJLink / answers PJLink (EPSON EB-L200 三年二班)" in lines[entry]
    assert lines[entry + 1 : entry + 3] == ["  - probe: display", "    device: 三年二班"]
    assert "campus-ro" not in seen[0].stdout, "a community is named, never shown"
    assert "# - probe: terminals" in seen[0].stdout, "it needs a register first, so it is a comment"


def test_nothing_was_sent_outside_of_the_given_network(seen: Any) -> None:
    _, packets = seen
    inside = ip_network(NETWORK)
    multicast = [each for each in packets if each["to"] in ("239.255.255.250", "224.0.0.251")]
    others = [each for each in packets if each not in multicast]
    # ip is the kernel's own ICMP, by which it says that a search is over to who goes on answering.
    assert {each["kind"] for each in others} <= {"arp", "tcp", "udp", "ip"}
    assert [each for each in others if ip_address(each["to"]) not in inside] == []
    assert {(each["ttl"], each["port"]) for each in multicast} == {(1, 1900), (1, 3702), (1, 5353)}
    assert {("tcp", 4352), ("udp", 161), ("udp", 3702), ("tcp", 554), ("udp", 5060)} <= {
        (each["kind"], each.get("port")) for each in others if each["to"] == HOSTILE
    }, "the capture does see"


def test_a_part_of_a_link_is_asked_without_multicast_and_without_broadcast(place: Campus) -> None:
    part = "10.77.0.16/28"
    with place.capture() as packets:
        ran = place.run("discover", part, "--json", *QUICK)
    asked = {each["to"] for each in packets}
    assert asked == {str(host) for host in ip_network(part).hosts()}
    assert set(by_address(json.loads(ran.stdout))) == {OPEN, SECURED, CAMERA}


def test_a_switch_by_snmp_v3_and_its_neighbours(told: dict[str, Any]) -> None:
    facts = ways_of(told, SWITCH)["snmp"]["facts"]
    assert (facts["name"], facts["services"], facts["forwarding"]) == ("core: 交换机 # 1", "6", "1")
    entry = next(each["entry"] for each in told["entries"] if each["entry"]["probe"] == "ports")
    assert entry["snmp"]["auth"] == {"protocol": "sha", "password": {"env": "READER_AUTH"}}
    assert set(told["not_asked"]) == {DECEIVED, "10.99.0.7"}
    assert told["not_asked"][DECEIVED].startswith(f"LLDP {SWITCH}: ")
    assert told["not_asked"]["10.99.0.7"] == f"ONVIF {CAMERA}"


def test_projectors_with_and_without_a_password(told: dict[str, Any]) -> None:
    entries = {each["address"]: each["entry"] for each in told["entries"] if each["entry"]["probe"] == "display"}
    assert set(entries) == {OPEN, SECURED}
    assert entries[SECURED]["password"] == {"env": "PJLINK_PASSWORD"}
    assert "password" not in entries[OPEN]
    assert set(ways_of(told, OPEN)) == {"pjlink", "pjlink_search"}


def test_a_camera_by_multicast_alone_and_one_by_unicast(told: dict[str, Any]) -> None:
    camera = ways_of(told, CAMERA)
    assert camera["ws_discovery"]["facts"] == {
        "name": "操场", "model": "DS-2CD", "port": "8899", "path": "/onvif/device_service", "scheme": "http",
    }  # fmt: skip
    assert camera["rtsp"]["facts"] == {"server": "H264DVR"}
    assert "ws_discovery" in ways_of(told, PANEL)


def test_a_panel_by_ssdp_and_its_page_and_a_sip_endpoint(told: dict[str, Any]) -> None:
    panel = ways_of(told, PANEL)
    assert panel["ssdp"]["facts"]["server"] == "Android/11 UPnP/1.0 Panel/1"
    assert panel["http"]["facts"] == {"server": "panel", "title": "大屏 & 管理"}
    assert panel["mdns"]["facts"] == {"services": "airplay googlecast"}
    assert ways_of(told, SECURED)["sip"]["facts"] == {"server": "Broadcast/2", "status": "200"}


def test_floods_bombs_drips_and_answers_from_elsewhere_are_nothing(told: dict[str, Any]) -> None:
    assert HOSTILE not in by_address(told) or by_address(told)[HOSTILE]["recognised_by"] == []
    assert STRANGER not in by_address(told), "it answered the multicast from outside of the given network"


def test_an_empty_network_is_exit_1(place: Campus) -> None:
    ran = place.run("discover", "10.77.0.40/30", "--wait", "0.2")
    assert (ran.returncode, ran.stderr) == (1, "nothing answered\n")
