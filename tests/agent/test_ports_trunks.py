"""The ports probe tells desks from other network equipment: real lldpd and snmpd, recorded and played switches."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.ports import table, trunks
from agent.probes.ports.probe import PROBE, run
from agent.probes.ports.settings import PortsSettings
from agent.probes.ports.trunks import is_equipment
from agent.runner import observe
from tests.agent.test_ports import ethernet
from tests.peers.if_mib import Device
from tests.peers.lldp import switch
from tests.peers.recording import packaged, recordings, trimmed
from tests.peers.snmp_raw import asks, integer, octets, oid, peer, response
from tests.peers.snmpd import COMMUNITY
from wire.report import Observation

HOUR, DAY = 3600.0, 86_400.0
NOON = 100 * DAY
BRIDGE_PORT, VLAN_FDB, FDB = "1.3.6.1.2.1.17.1.4.1.2", "1.3.6.1.2.1.17.7.1.2.2.1.2", "1.3.6.1.2.1.17.4.3.1.2"
CAPABILITIES, LOCAL = "1.0.8802.1.1.2.1.4.1.1.12", "1.0.8802.1.1.2.1.3.7.1"
_INTEGER, _OCTETS = 2, 4
KNOWN = json.loads((Path(__file__).parents[1] / "recordings" / "trunks.json").read_text())

Extra = dict[str, tuple[int, object]]


def learned(counts: dict[int, int], table_oid: str = FDB, before: str = "") -> Extra:
    """So many addresses on each bridge port, which is ten more than the ifIndex."""
    found: Extra = {f"{BRIDGE_PORT}.{port}": (_INTEGER, port - 10) for port in counts}
    for port, count in counts.items():
        found |= {f"{table_oid}.{before}0.26.43.{port}.0.{n}": (_INTEGER, port) for n in range(count)}
    return found


def neighbours(said: dict[int, bytes], ids: dict[int, tuple[int, str]] | None = None) -> Extra:
    """LLDP neighbours' capabilities by local port, and the local ports' ids by subtype."""
    found: Extra = {f"{CAPABILITIES}.{port * 100}.{port}.1": (_OCTETS, value) for port, value in said.items()}
    for port, (subtype, value) in (ids or {}).items():
        found |= {f"{LOCAL}.2.{port}": (_INTEGER, subtype), f"{LOCAL}.3.{port}": (_OCTETS, value)}
    return found


FIVE = {n: ethernet(f"GigabitEthernet 1/0/{n}", alias=f"socket {n}") for n in range(1, 6)}
BRIDGE, ROUTER, AP, PHONE, STATION, NOTHING = b"\x20", b"\x28", b"\x10", b"\x24", b"\x01", b""
DEVICES = {
    "day": Device(FIVE, extra=learned({11: 17, 12: 16, 13: 1})),
    "night": Device(FIVE, extra=learned({11: 3, 13: 20})),
    "vlans": Device(FIVE, extra=learned({14: 20}, VLAN_FDB, "7.") | learned({12: 9}, VLAN_FDB, "8.")),
    "twice": Device(FIVE, extra=learned({12: 10}, VLAN_FDB, "7.") | learned({12: 10}, VLAN_FDB, "8.")),
    "kinds": Device(FIVE, extra=neighbours({1: BRIDGE, 2: ROUTER, 3: AP, 4: PHONE, 5: STATION})),
    "silent-kinds": Device(FIVE, extra=neighbours({1: NOTHING, 2: b"\x80"})),
    "ids": Device(
        FIVE,
        extra=neighbours(
            {101: BRIDGE, 102: BRIDGE, 103: BRIDGE, 104: STATION},
            {101: (5, "Gi1/0/2"), 102: (1, "SOCKET 3"), 103: (7, "GigabitEthernet 1/0/5"), 104: (5, "Gi1/0/4")},
        ),
    ),
    "strange-ids": Device(FIVE, extra=neighbours({101: BRIDGE, 102: BRIDGE}, {101: (5, "Te9/9"), 102: (4, "x")})),
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("switches")
    devices = {name: device.write(folder / f"{name}.snmprec") for name, device in DEVICES.items()}
    assert pytestconfig.cache is not None
    kept = pytestconfig.cache.mkdir("recordings")
    columns = (
        table.IF_NUMBER.removesuffix(".0"), "1.3.6.1.2.1.1", table.DESCR, table.TYPE, table.ADMIN, table.OPER,
        table.NAME, CAPABILITIES, f"{LOCAL}.2", f"{LOCAL}.3", BRIDGE_PORT, VLAN_FDB, FDB,
    )  # fmt: skip
    devices |= {name: trimmed(packaged(known["source"]), columns, kept) for name, known in KNOWN.items()}
    with recordings(devices) as port:
        yield port


class Look:
    """Runs the probe on one device, and keeps its memory between the runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch

    async def at(self, port: int, community: str, at: float = NOON, host: str = "127.0.0.1", **more: Any) -> "Seen":
        self.monkeypatch.setenv("COMMUNITY", community)
        snmp = {"host": host, "port": port, "community": {"env": "COMMUNITY"}, **more.pop("snmp", {})}
        settings = PortsSettings.model_validate({"probe": "ports", "device": "sw", "snmp": snmp, **more})
        probe = replace(PROBE, run=partial(run, now=lambda: at))
        return Seen(await observe(probe, settings, Context(self.folder)))


class Seen:
    def __init__(self, observation: Observation) -> None:
        self.outcome, self.detail, self.readings = observation.outcome, observation.detail, observation.readings

    def of_role(self, role: str) -> set[str]:
        found = (r.labels for r in self.readings if r.measure == "port_info")
        return {labels["port"] for labels in found if labels["role"] == role}

    @property
    def trunks(self) -> set[int]:
        """The last number of each trunk's name."""
        return {int(name.rpartition("/")[2]) for name in self.of_role("trunk")}

    @property
    def sources(self) -> dict[str, float]:
        return {r.labels["source"]: r.value for r in self.readings if r.measure == "port_role_source_read"}


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    return Look(tmp_path, monkeypatch)


async def test_a_router_and_a_desk_by_real_lldp(look: Look) -> None:
    with switch() as address:
        seen = await look.at(161, COMMUNITY, host=address)
    assert (seen.outcome, seen.detail, seen.sources) == ("ok", "", {"lldp": 1})
    assert seen.of_role("trunk") == {"eth0"}
    assert "eth1" in seen.of_role("access")
    fast = {r.labels["port"] for r in seen.readings if r.measure == "access_port_speed_bytes"}
    assert "eth1" in fast
    assert "eth0" not in fast


@pytest.mark.parametrize("name", KNOWN)
async def test_trunks_of_a_recorded_switch(look: Look, played: int, name: str) -> None:
    seen = await look.at(played, name)
    assert (seen.outcome, seen.detail, seen.sources) == ("ok", "", KNOWN[name]["sources"])
    trunk = seen.of_role("trunk")
    assert len(trunk) == KNOWN[name]["trunks"]
    assert set(KNOWN[name]["among"]) <= trunk


@pytest.mark.parametrize(
    ("device", "trunks_found", "sources"),
    [
        pytest.param("day", {1}, {"fdb": 1}, id="more-addresses-than-16"),
        pytest.param("vlans", {4}, {"fdb": 1}, id="q-bridge"),
        pytest.param("twice", set(), {"fdb": 1}, id="an-address-of-two-vlans-is-one"),
        pytest.param("kinds", {1, 2, 3}, {"lldp": 1}, id="a-phone-and-a-station-are-desks"),
        pytest.param("silent-kinds", set(), {"lldp": 1}, id="a-neighbour-that-does-not-say"),
        pytest.param("ids", {2, 3, 5}, {"lldp": 1}, id="by-name-alias-and-local-id"),
        pytest.param("strange-ids", set(), {"lldp": 1}, id="ids-that-fit-nothing"),
    ],
)
async def test_what_makes_a_trunk(
    look: Look, played: int, device: str, trunks_found: set[int], sources: dict[str, float]
) -> None:
    seen = await look.at(played, device)
    assert (seen.outcome, seen.trunks, seen.sources) == ("ok", trunks_found, sources)
    assert len(seen.of_role("access")) == 5 - len(trunks_found)


async def test_at_night_a_trunk_is_still_one(look: Look, played: int) -> None:
    assert (await look.at(played, "day")).trunks == {1}
    assert (await look.at(played, "night", NOON + 12 * HOUR)).trunks == {1, 3}
    assert (await look.at(played, "kinds", NOON + 6 * DAY)).trunks == {1, 2, 3}
    # Port 3 was seen to be one six days later, the first a week ago.
    assert (await look.at(played, "vlans", NOON + 7.6 * DAY)).trunks == {1, 2, 3, 4}
    assert (await look.at(played, "vlans", NOON + 13.5 * DAY)).trunks == {4}


async def test_the_tables_are_read_every_ten_minutes_and_after_a_clock_set_back(look: Look, played: int) -> None:
    assert (await look.at(played, "day")).trunks == {1}
    assert (await look.at(played, "kinds", NOON + 599)).trunks == {1}
    assert (await look.at(played, "kinds", NOON + 599)).sources == {"fdb": 1}
    assert (await look.at(played, "night", NOON - HOUR)).trunks == {1, 3}


async def test_a_memory_that_a_crash_cut_short_is_made_anew(look: Look, played: int) -> None:
    await look.at(played, "day")
    (file,) = look.folder.glob("ports-*.json")
    file.write_text('{"looked_at": 1')
    assert (await look.at(played, "day")).trunks == {1}


async def test_a_state_folder_that_cannot_be_written_costs_no_port(look: Look, played: int) -> None:
    look.folder /= "a-file"
    look.folder.write_text("")
    assert (await look.at(played, "day")).trunks == {1}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"trunk_addresses": 15}, {1, 2}),
        ({"trunk_addresses": None}, set()),
        ({"find_trunks": False}, set()),
        ({"trunks": {"aliases": ["socket 5"]}}, {1, 5}),
        ({"access": {"aliases": ["socket *"]}}, set()),
        ({"wan": {"aliases": ["socket 1"]}}, set()),
        ({"places": {"GigabitEthernet 1/0/1": "计算机教室"}}, set()),
        ({"place_pattern": "socket (?P<place>[2-5])"}, {1}),
    ],
)
async def test_what_the_school_says_counts_first(
    look: Look, played: int, more: dict[str, Any], found: set[int]
) -> None:
    assert (await look.at(played, "day", **more)).trunks == found


def one_port(request: bytes) -> bytes | None:
    """An agent with one port; None for what is asked besides its rows."""
    for column, value in {2: octets(b"eth0"), 3: integer(6), 7: integer(1), 8: integer(1)}.items():
        if asks(request, f"1.3.6.1.2.1.2.2.1.{column}"):
            return response(request, [(f"1.3.6.1.2.1.2.2.1.{column}.1", value), ("1.3.7.1", integer(1))])
    if asks(request, "1.3.6.1.2.1.1.2.0"):
        return response(request, [("1.3.6.1.2.1.1.2.0", integer(1))])
    return None


async def test_a_forwarding_table_that_repeats_itself_costs_no_port(look: Look) -> None:
    def answer(request: bytes) -> bytes:
        if asks(request, FDB) or oid(FDB)[2:] in request:
            return response(request, [(f"{FDB}.0.1.2.3.4.5", integer(1))] * 2)
        return one_port(request) or response(request, [("1.3.7.1", integer(1))])

    async with peer(answer) as agent:
        seen = await look.at(agent.port, "public")
    assert (seen.outcome, seen.of_role("access"), seen.sources) == ("ok", {"eth0"}, {"fdb": 0})


async def test_a_device_that_falls_silent_at_its_neighbours_keeps_its_ports(look: Look) -> None:
    def answer(request: bytes) -> bytes | None:
        if asks(request, BRIDGE_PORT):
            return None
        return one_port(request) or response(request, [("1.3.7.1", integer(1))])

    async with peer(answer) as agent:
        seen = await look.at(agent.port, "public", snmp={"request_timeout_seconds": 0.1, "retries": 0})
        late = await look.at(agent.port, "public", NOON + HOUR, timeout_seconds=1, snmp={"request_timeout_seconds": 9})
    assert (seen.outcome, seen.of_role("access")) == ("timeout", {"eth0"})
    # One that is only slow: the ports stand, and the sources are said not to have been read.
    assert (late.outcome, late.of_role("access"), late.sources) == ("ok", {"eth0"}, {"fdb": 0, "lldp": 0})


@pytest.mark.parametrize(
    ("said", "equipment"),
    [(b"\x28\x00", True), (b"\x20", True), (b"\x24", False), (b"\x01", False), (b"", False), (b"\x00\x20", False),
     (b"\xff" * 400, False), ("(", True), (7, False)],
)  # fmt: skip
def test_capabilities(said: Any, equipment: bool) -> None:
    assert is_equipment(said) == equipment


def test_the_columns_are_those_of_the_mib() -> None:
    assert (trunks._CAPABILITIES, trunks._FDB_PORT, trunks._VLAN_PORT) == (CAPABILITIES, FDB, VLAN_FDB)
