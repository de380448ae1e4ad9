"""The ports probe through the runner: against a real snmpd, played devices, and agents that break the protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from agent.probes.base import Context
from agent.probes.ports.probe import PROBE
from agent.probes.ports.settings import PortSelector, PortsSettings
from agent.probes.ports.speed import bits_per_second
from agent.runner import observe
from tests.peers.free import free_udp_port
from tests.peers.if_mib import Device, attached, stack
from tests.peers.recording import recordings
from tests.peers.snmp_raw import Answer, asks, integer, octets, peer, response
from tests.peers.snmpd import snmpd
from wire.report import Observation

UP, DOWN, GIGABIT = 1, 2, 1_000_000_000
PROBE_FOLDER = Path(__file__).parents[2] / "agent" / "probes" / "ports"


def ethernet(name: str, **more: Any) -> dict[str, Any]:
    """A row with a link at a gigabit; `more` replaces columns, None leaves one out."""
    row = {
        "descr": name, "name": name, "iftype": 6, "speed": GIGABIT, "high": 1000, "admin": UP, "oper": UP, "alias": "",
        "hc": 2**40, "hc_out": 7, "octets": 1, "octets_out": 2, "in_errors": 3, "out_errors": 0, "duplex": 3, **more,
    }  # fmt: skip
    return {column: value for column, value in row.items() if value is not None}


def virtual(name: str, iftype: int = 53, **more: Any) -> dict[str, Any]:
    return {"descr": name, "name": name, "iftype": iftype, "admin": UP, "oper": UP, **more}


SWITCH = Device(
    {
        1: ethernet("GigabitEthernet1/0/1", alias="room 1-101"),
        2: ethernet("GigabitEthernet1/0/2", speed=100_000_000, high=100, duplex=2),
        3: ethernet("GigabitEthernet1/0/3", oper=DOWN, speed=GIGABIT),
        4: ethernet("GigabitEthernet1/0/4", speed=0, high=0, duplex=1),
        5: ethernet("GigabitEthernet1/0/5", alias="to AP hall", hc=None, hc_out=None),
        6: ethernet("GigabitEthernet1/0/6", admin=DOWN, oper=DOWN),
        7: ethernet("Ten-GigabitEthernet1/0/49", speed=4294967295, high=10_000, alias="城域网 专线"),
        8: ethernet("Ten-GigabitEthernet1/0/50", speed=4294967295, high=10_000),
        9: ethernet("M-GigabitEthernet0/0/0"),
        10: ethernet("GigabitEthernet1/0/1.100"),
        11: ethernet("Vlan-interface10"),
        12: virtual("Vlan10", 136),
        13: ethernet("Bridge-Aggregation1", iftype=161, speed=0, high=0),
        14: ethernet("GigabitEthernet1/0/14"),
        15: ethernet("GigabitEthernet1/0/15", oper=DOWN),
        16: ethernet("GigabitEthernet1/0/16"),
    },
    number=17,
    extra=stack([(13, 14), (13, 15), (13, 16), (0, 13), (14, 0)]),
)
DEVICES = {
    "switch": SWITCH,
    "trunks": Device(
        {
            1: ethernet("Eth-Trunk1", alias="uplink"),
            2: ethernet("XGigabitEthernet0/0/1", alias="uplink"),
            3: ethernet("XGigabitEthernet0/0/2", alias="uplink", oper=DOWN),
        },
        extra=attached([(1, 2), (1, 3), (0, 1)]),
    ),
    "old": Device({1: {"descr": "port 1", "iftype": 6, "speed": 100_000_000, "admin": UP}}),
    "bare": Device({}),
    "many": Device({n: virtual(f"Capwap{n}", 131) for n in range(2, 60)} | {1: ethernet("eth0", hc=None, hc_out=None)}),
    "gbk": Device({1: ethernet("eth0", alias="教学楼A-1-101".encode("gb18030"))}),
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("devices")
    with recordings({name: device.write(folder / f"{name}.snmprec") for name, device in DEVICES.items()}) as port:
        yield port


class Look:
    """Runs the probe on a device and keeps what it said."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch

    async def at(self, port: int, community: str = "public", snmp: dict[str, Any] | None = None, **more: Any) -> "Seen":
        self.monkeypatch.setenv("COMMUNITY", community)
        reach = {"host": "127.0.0.1", "port": port, "community": {"env": "COMMUNITY"}, **(snmp or {})}
        settings = PortsSettings.model_validate({"probe": "ports", "device": "sw", "snmp": reach, **more})
        return Seen(await observe(PROBE, settings, Context(self.folder)))


class Seen:
    def __init__(self, observation: Observation) -> None:
        self.outcome, self.detail, self.readings = observation.outcome, observation.detail, observation.readings
        labels = [(r.measure, tuple(sorted(r.labels.items()))) for r in self.readings]
        assert len(labels) == len(set(labels))
        declared = {measure.name: set(measure.labels) for measure in PROBE.measures}
        assert all(set(r.labels) == declared[r.measure] for r in self.readings)

    def by_port(self, measure: str) -> dict[str, float]:
        return {r.labels["port"]: r.value for r in self.readings if r.measure == measure}

    def value(self, measure: str) -> float | None:
        found = [r.value for r in self.readings if r.measure == measure]
        return found[0] if found else None

    def info(self, label: str) -> dict[str, str]:
        return {r.labels["port"]: r.labels[label] for r in self.readings if r.measure == "port_info"}


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    return Look(tmp_path, monkeypatch)


# Healthy, silent, refused, garbage.


async def test_a_real_agent(look: Look) -> None:
    with snmpd() as port:
        seen = await look.at(port)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert seen.by_port("port_up")["lo"] == 1
    assert seen.info("role")["lo"] == "virtual"
    assert seen.value("rows_seen") == seen.value("rows_expected") == len(seen.info("role"))


async def test_a_silent_device_is_a_timeout(look: Look) -> None:
    async with peer(lambda request: None) as agent:
        seen = await look.at(agent.port, snmp={"request_timeout_seconds": 0.1, "retries": 0})
    assert (seen.outcome, seen.readings) == ("timeout", ())
    assert "community or access list?" in seen.detail


async def test_a_closed_port_is_refused(look: Look) -> None:
    seen = await look.at(free_udp_port())
    assert (seen.outcome, seen.readings) == ("refused", ())


@pytest.mark.parametrize("garbage", [b"\x00", b"\x7f\x41", b"HTTP/1.1 200 OK\r\n\r\n"])
async def test_garbage_is_malformed(look: Look, garbage: bytes) -> None:
    async with peer(lambda request: garbage) as agent:
        seen = await look.at(agent.port)
    assert (seen.outcome, seen.readings) == ("malformed", ())


async def test_a_table_that_never_advances_is_malformed_in_time(look: Look) -> None:
    async with peer(repeating()) as agent:
        seen = await look.at(agent.port)
    assert seen.outcome == "malformed"
    assert "does not advance" in seen.detail


def repeating() -> Answer:
    def answer(request: bytes) -> bytes:
        if asks(request, "1.3.6.1.2.1.1.2.0"):
            return response(request, [("1.3.6.1.2.1.1.2.0", integer(1))])
        columns = [f"1.3.6.1.2.1.2.2.1.{column}" for column in (2, 3, 7, 8)]
        rows = [f"{column}.1" for column in columns if asks(request, column) or asks(request, f"{column}.1")]
        return response(request, [(row, integer(1)) for row in rows])

    return answer


async def test_a_table_that_fails_leaves_the_others(look: Look) -> None:
    """One row of ifAlias makes the device fail: everything else is kept, and the run says what is missing."""
    rows = {2: octets(b"eth0"), 3: integer(6), 7: integer(1), 8: integer(1), 5: integer(GIGABIT)}

    def answer(request: bytes) -> bytes:
        if asks(request, "1.3.6.1.2.1.31.1.1.1.18"):
            return response(request, [], 5)
        for column, value in rows.items():
            if asks(request, f"1.3.6.1.2.1.2.2.1.{column}"):
                return response(request, [(f"1.3.6.1.2.1.2.2.1.{column}.1", value), ("1.3.7.1", integer(1))])
        if asks(request, "1.3.6.1.2.1.1.2.0"):
            return response(request, [("1.3.6.1.2.1.1.2.0", integer(1))])
        return response(request, [("1.3.7.1", integer(1))])

    async with peer(answer) as agent:
        seen = await look.at(agent.port)
    assert seen.outcome == "malformed"
    assert "broke off 1.3.6.1.2.1.31.1.1.1.18" in seen.detail
    assert seen.by_port("access_port_speed_bytes") == {"eth0": GIGABIT / 8}


async def test_a_device_that_falls_silent_keeps_what_it_said(look: Look) -> None:
    silent_from = "1.3.6.1.2.1.31.1.1.1.1"

    def answer(request: bytes) -> bytes | None:
        if asks(request, silent_from):
            return None
        for column, value in {2: octets(b"eth0"), 3: integer(6), 7: integer(1), 8: integer(1)}.items():
            if asks(request, f"1.3.6.1.2.1.2.2.1.{column}"):
                return response(request, [(f"1.3.6.1.2.1.2.2.1.{column}.1", value), ("1.3.7.1", integer(1))])
        if asks(request, "1.3.6.1.2.1.1.2.0"):
            return response(request, [("1.3.6.1.2.1.1.2.0", integer(1))])
        return response(request, [("1.3.7.1", integer(1))])

    async with peer(answer) as agent:
        seen = await look.at(agent.port, snmp={"request_timeout_seconds": 0.1, "retries": 0})
    assert (seen.outcome, seen.by_port("port_up")) == ("timeout", {"eth0": 1})
    assert "no answer any more" in seen.detail


async def test_a_view_that_shows_nothing_says_so(look: Look) -> None:
    async with peer(lambda request: response(request, [])) as agent:
        seen = await look.at(agent.port)
    assert seen.outcome == "malformed"
    assert "is its view restricted?" in seen.detail


# What a device says.


async def test_a_switch(look: Look, played: int) -> None:
    seen = await look.at(
        played,
        "switch",
        wan={"aliases": ["城域网*"]},
        trunks={"aliases": ["to AP*"]},
        places={"2": "1-102", "GigabitEthernet1/0/3": "1-103"},
        place_pattern=r"room (?P<place>[0-9-]+)",
    )
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert seen.info("role") == {
        "GigabitEthernet1/0/1": "access",
        "GigabitEthernet1/0/2": "access",
        "GigabitEthernet1/0/3": "access",
        "GigabitEthernet1/0/4": "access",
        "GigabitEthernet1/0/5": "trunk",
        "GigabitEthernet1/0/6": "access",
        "Ten-GigabitEthernet1/0/49": "wan",
        "Ten-GigabitEthernet1/0/50": "access",
        "M-GigabitEthernet0/0/0": "other",
        "GigabitEthernet1/0/1.100": "virtual",
        "Vlan-interface10": "virtual",
        "Vlan10": "virtual",
        "Bridge-Aggregation1": "lag",
        "GigabitEthernet1/0/14": "lag_member",
        "GigabitEthernet1/0/15": "lag_member",
        "GigabitEthernet1/0/16": "lag_member",
    }
    assert seen.by_port("access_port_speed_bytes") == {
        "GigabitEthernet1/0/1": 125e6,
        "GigabitEthernet1/0/2": 12.5e6,
        "Ten-GigabitEthernet1/0/50": 1250e6,
    }
    assert seen.by_port("access_port_without_speed") == {"GigabitEthernet1/0/4": 1}
    speeds = seen.by_port("port_speed_bytes")
    assert speeds["GigabitEthernet1/0/3"] == 125e6  # the device says so, though the port is down
    assert "GigabitEthernet1/0/4" not in speeds
    assert speeds["Bridge-Aggregation1"] == 250e6  # of its two members with a link
    assert seen.by_port("uplink_up") == {"Ten-GigabitEthernet1/0/49": 1}
    assert seen.by_port("uplink_speed_bytes") == {"Ten-GigabitEthernet1/0/49": 1250e6}
    assert seen.by_port("uplink_receive_bytes_total") == {"Ten-GigabitEthernet1/0/49": 2**40}
    assert seen.by_port("uplink_transmit_bytes_total") == {"Ten-GigabitEthernet1/0/49": 7}
    bits = seen.by_port("port_counter_bits")
    assert (bits["GigabitEthernet1/0/1"], bits["GigabitEthernet1/0/5"]) == (64, 32)
    received = seen.by_port("port_receive_bytes_total")
    assert (received["GigabitEthernet1/0/1"], received["GigabitEthernet1/0/5"]) == (2**40, 1)
    assert "Vlan10" not in received
    duplex = seen.by_port("port_full_duplex")
    assert (duplex["GigabitEthernet1/0/1"], duplex["GigabitEthernet1/0/2"]) == (1, 0)
    assert "GigabitEthernet1/0/4" not in duplex
    places = seen.info("place")
    assert [places[f"GigabitEthernet1/0/{n}"] for n in (1, 2, 3, 4)] == ["1-101", "1-102", "1-103", ""]
    assert seen.by_port("port_admin_up")["GigabitEthernet1/0/6"] == 0
    assert (seen.value("rows_seen"), seen.value("rows_expected")) == (16, 17)


async def test_an_uplink_without_link_has_no_speed(look: Look, played: int) -> None:
    seen = await look.at(played, "switch", wan={"names": ["gigabitethernet1/0/3"]})
    assert seen.by_port("uplink_up") == {"GigabitEthernet1/0/3": 0}
    assert seen.by_port("uplink_speed_bytes") == {}


async def test_an_aggregation_as_uplink(look: Look, played: int) -> None:
    seen = await look.at(played, "switch", wan={"indexes": [13]})
    assert seen.by_port("uplink_speed_bytes") == {"Bridge-Aggregation1": 250e6}
    assert seen.info("role")["GigabitEthernet1/0/14"] == "lag_member"


async def test_an_aggregation_stands_for_its_members(look: Look, played: int) -> None:
    seen = await look.at(played, "trunks", wan={"aliases": ["uplink"]})
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert seen.info("role") == {
        "Eth-Trunk1": "wan", "XGigabitEthernet0/0/1": "lag_member", "XGigabitEthernet0/0/2": "lag_member",
    }  # fmt: skip


async def test_an_access_selector_leaves_the_others(look: Look, played: int) -> None:
    seen = await look.at(played, "switch", access={"names": ["GigabitEthernet1/0/?"]})
    roles = seen.info("role")
    assert [roles[f"GigabitEthernet1/0/{n}"] for n in (1, 6, 14)] == ["access", "access", "lag_member"]
    assert (roles["Ten-GigabitEthernet1/0/50"], roles["GigabitEthernet1/0/1.100"]) == ("other", "virtual")


async def test_a_wan_selector_that_fits_nothing(look: Look, played: int) -> None:
    seen = await look.at(played, "switch", wan={"names": ["ge-0/0/9"], "aliases": ["wan"]})
    assert seen.outcome == "malformed"
    assert "no port fits names ge-0/0/9, aliases wan; there are GigabitEthernet1/0/1, " in seen.detail
    assert len(seen.by_port("port_up")) == 16
    assert seen.by_port("uplink_up") == {}
    assert seen.info("role")["GigabitEthernet1/0/1"] == "access"


async def test_a_wan_selector_that_fits_several(look: Look, played: int) -> None:
    seen = await look.at(played, "switch", wan={"names": ["Ten-*"]})
    assert seen.outcome == "malformed"
    assert "fits 2 ports: Ten-GigabitEthernet1/0/49, Ten-GigabitEthernet1/0/50; it must fit one" in seen.detail
    assert seen.by_port("uplink_up") == {}


async def test_a_device_without_ifxtable_and_state(look: Look, played: int) -> None:
    seen = await look.at(played, "old", wan={"names": ["port 1"]})
    assert (seen.outcome, seen.info("role")) == ("ok", {"port 1": "wan"})
    assert seen.by_port("port_up") == seen.by_port("uplink_up") == seen.by_port("uplink_speed_bytes") == {}
    assert seen.by_port("port_speed_bytes") == {"port 1": 12.5e6}
    assert seen.value("rows_expected") is None


async def test_a_device_without_ports(look: Look, played: int) -> None:
    seen = await look.at(played, "bare")
    assert (seen.outcome, seen.value("rows_seen"), len(seen.readings)) == ("ok", 0, 1)


async def test_counters_of_one_port_among_many_interfaces(look: Look, played: int) -> None:
    seen = await look.at(played, "many")
    assert (seen.outcome, seen.value("rows_seen")) == ("ok", 59)
    assert seen.by_port("port_receive_bytes_total") == {"eth0": 1}
    assert seen.by_port("port_counter_bits") == {"eth0": 32}


async def test_chinese_in_gb18030(look: Look, played: int) -> None:
    seen = await look.at(played, "gbk", place_pattern="教学楼(?P<place>.+)")
    assert (seen.info("descr"), seen.info("place")) == ({"eth0": "教学楼A-1-101"}, {"eth0": "A-1-101"})


@pytest.mark.parametrize(
    ("speed", "high", "bits"),
    [
        pytest.param(GIGABIT, 1000, GIGABIT, id="both"),
        pytest.param(GIGABIT, None, GIGABIT, id="no-ifxtable"),
        pytest.param(None, 1000, GIGABIT, id="no-ifspeed"),
        pytest.param(0, 1000, GIGABIT, id="ifspeed-0"),
        pytest.param(4294967295, 10_000, 10 * GIGABIT, id="ifspeed-at-its-end"),
        pytest.param(4294967295, 0, None, id="ifspeed-at-its-end-and-nothing-else"),
        pytest.param(4294967295, None, None, id="ifspeed-at-its-end-without-ifxtable"),
        pytest.param(1_410_065_408, 10_000, 10 * GIGABIT, id="ifspeed-wrapped"),
        pytest.param(1000, 1000, GIGABIT, id="ifspeed-in-mbit"),
        pytest.param(10, 10, 10_000_000, id="ifspeed-in-mbit-10"),
        pytest.param(100, 1000, GIGABIT, id="ifspeed-in-mbit-that-disagrees"),
        pytest.param(1000, None, None, id="ifspeed-in-mbit-alone-is-not-guessed"),
        pytest.param(100_000_000, 1000, 100_000_000, id="they-disagree"),
        pytest.param(1_544_000, 2, 1_544_000, id="rounded"),
        pytest.param(0, 0, None, id="both-0"),
        pytest.param(None, None, None, id="neither"),
        pytest.param(GIGABIT, 0, GIGABIT, id="ifhighspeed-0"),
        pytest.param(0, GIGABIT, None, id="ifhighspeed-in-bits"),
        pytest.param(-1, -1, None, id="negative"),
    ],
)
def test_speed_of_an_ethernet_port(speed: int | None, high: int | None, bits: int | None) -> None:
    assert bits_per_second(speed, high, ethernet=True) == bits


def test_a_slow_line_that_is_no_ethernet_is_believed() -> None:
    assert bits_per_second(64_000, 0, ethernet=False) == 64_000


# Settings and documents.


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"wan": {}}, "write names, aliases or indexes"),
        ({"place_pattern": "("}, "a regular expression is accepted"),
        ({"place_pattern": "room (.*)"}, "with a group"),
    ],
)
def test_settings_that_cannot_work(data: dict[str, Any], what: str) -> None:
    base = {"probe": "ports", "device": "sw", "snmp": {"host": "192.0.2.1", "community": {"env": "C"}}}
    with pytest.raises(ValidationError, match=what):
        PortsSettings.model_validate({**base, **data})


def test_selectors() -> None:
    picks = PortSelector(names=("Gi*/0/1", "odd[1]"), aliases=("*MAN*",), indexes=(7,)).picks
    assert picks("1", ("gi1/0/1", ""), "")
    assert picks("1", ("odd[1]", ""), "")
    assert picks("1", ("x", ""), "to man")
    assert picks("7", ("x", ""), "")
    assert not picks("8", ("Gi1/0/10", ""), "")


def test_documents() -> None:
    PortsSettings.model_validate(yaml.safe_load((PROBE_FOLDER / "example.yaml").read_text()))
    readme = (PROBE_FOLDER / "README.md").read_text()
    assert [measure.name for measure in PROBE.measures if f"`{measure.name}`" not in readme] == []
