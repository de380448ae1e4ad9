"""The wireless probe, against made-up controllers on real sockets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.wireless.probe import PROBE
from agent.probes.wireless.settings import WirelessSettings
from agent.runner import observe
from common.configfile import ConfigError, load
from tests.peers.free import free_udp_port
from tests.peers.made import Objects, mac_index, system, text_index, write
from tests.peers.recording import recordings
from tests.peers.udp import udp
from wire.report import Observation

HUAWEI, H3C = "1.3.6.1.4.1.2011.6.139", "25506.2.75"
M1, M2, M3, M4, M5 = (f"08:c0:21:00:00:0{n}" for n in range(1, 6))
AP_UP, AP_STATE, AP_CLIENTS = (f"wireless_access_point_{what}" for what in ("up", "state", "clients"))


def huawei(rows: dict[str, tuple[bytes | str, int, int]], online: int) -> Objects:
    """A Huawei AC whose table by MAC has these rows: name, run state, clients."""
    made = system("1.3.6.1.4.1.2011.2.240.7") | {f"{HUAWEI}.12.1.2.1.0": online, f"{HUAWEI}.12.1.2.2.0": 40}
    for mac, (name, state, clients) in rows.items():
        for column, value in ((4, name), (6, state), (44, clients)):
            made[f"{HUAWEI}.13.3.3.1.{column}.{mac_index(mac)}"] = value
    return made


def by_id(rows: dict[str, tuple[str, int]]) -> dict[str, int | str | bytes]:
    """The twin table: MAC, name and run state by AP id."""
    made: dict[str, int | str | bytes] = {}
    for number, (mac, (name, state)) in enumerate(rows.items()):
        raw = bytes.fromhex(mac.replace(":", ""))
        for column, value in ((2, raw), (5, name), (7, state), (45, 3)):
            made[f"{HUAWEI}.13.3.10.1.{column}.{number}"] = value
    return made


def h3c(root: str) -> Objects:
    """Two registered APs, one of them joining, and one that only its template and the association table know."""
    base = f"1.3.6.1.4.1.{root}"
    made = system("1.3.6.1.4.1.25506.1.612") | {f"{base}.1.1.2.1.0": 1, f"{base}.1.1.2.7.0": 4, f"{base}.1.1.2.2.0": 7}
    for serial, name, state in (("SN1", "教1-101", 5), ("SN2", "教1-102", 3)):
        made[f"{base}.2.1.1.1.4.{text_index(serial)}"] = state
        made[f"{base}.2.1.1.1.5.{text_index(serial)}"] = name
        made[f"{base}.2.1.10.1.7.{text_index(serial)}"] = 1
    made[f"{base}.2.1.2.1.7.{text_index('SN1')}"] = 7
    made[f"{base}.2.1.10.1.7.{text_index('SN3')}"] = 2
    for serial, tunnel in (("SN1", 1), ("SN2", 3)):
        made[f"{base}.2.1.1.1.8.{text_index(serial)}"] = tunnel
    for serial, name in (("SN1", "教1-101"), ("SN3", "教1-103"), ("SN4", "教1-104"), ("auto", "any")):
        made[f"{base}.4.3.1.1.2.{text_index(name)}"] = serial
    return made


def unifi(networks: tuple[tuple[int, str, int], ...]) -> Objects:
    """A stand-alone AP with these networks: stations, radio, and whether it is up."""
    made = system("1.3.6.1.4.1.8072.3.2.10", name="AP-library")
    for row, (stations, radio, on) in enumerate(networks, 1):
        for column, value in ((8, stations), (9, radio), (22, on)):
            made[f"1.3.6.1.4.1.41112.1.6.1.2.1.{column}.{row}"] = value
    return made


def radios() -> Objects:
    """Two radios of M1 by hwWlanRadioInfoTable, uplinks, models and two networks."""
    made: Objects = {f"{HUAWEI}.13.3.3.1.50.{mac_index(M1)}": 3, f"{HUAWEI}.13.3.3.1.50.{mac_index(M2)}": 7}
    made[f"{HUAWEI}.13.3.3.1.3.{mac_index(M1)}"] = "AP4050DN"
    for radio, band, channel, noise, busy, clients in ((0, 1, 6, -95, 44, 2), (1, 2, 149, 0, 7, 3)):
        for column, value in ((5, band), (7, channel), (24, noise), (25, busy), (40, clients)):
            made[f"{HUAWEI}.16.1.2.1.{column}.{mac_index(M1)}.{radio}"] = value
    for column, stations in ((2, 2), (3, 3)):
        made[f"{HUAWEI}.17.1.2.1.{column}.{text_index('school')}"] = stations
    return made


DEVICES: dict[str, Objects] = {
    "healthy": huawei({M1: ("A101", 8, 12), M2: ("A102", 4, 0), M3: ("B-hall", 11, 0), M4: ("A103", 16, 0)}, 1),
    "twins": huawei({M1: ("A101", 8, 1)}, 3) | by_id({M1: ("A101", 8), M2: ("A102", 8), M3: ("A103", 8)}),
    "torn": huawei({M1: ("A101", 8, 1), M2: ("A102", 8, 2)}, 40),
    "names": huawei(
        {M1: ("走廊", 8, 1), M2: ("走廊", 8, 2), M3: ("操场高".encode()[:-1], 8, 3), M4: ("礼堂".encode("gbk"), 4, 0)},
        3,
    ),
    "standby": huawei({mac: (mac, 11, 0) for mac in (M1, M2, M3, M4, M5)}, 0),
    "h3c-new": h3c("25506.2.75"),
    "h3c-old": h3c("2011.10.2.75"),
    "h3c-slave": h3c("25506.2.75") | {f"1.3.6.1.4.1.25506.2.75.2.1.1.1.8.{text_index('SN1')}": 2},
    "switch": system("1.3.6.1.4.1.99999.7", descr="Acme Switch\r\n5.1"),
    "acme": system("1.3.6.1.4.1.99999.7") | {f"1.3.6.1.4.1.99999.1.1.2.{mac_index(M1)}": "running"},
    "wrong-index": system("1.3.6.1.4.1.2011.2") | {f"{HUAWEI}.13.3.3.1.6.1.2.3": 8},
    "wrong-count": huawei({M1: ("A101", 8, -4)}, 1),
    "alone": unifi(((4, "ng", 1), (9, "na", 2))),
    # A maker's tree on models that nobody has seen: other tables, no counts, a count of none, clients of none.
    "new-tables": system("1.3.6.1.4.1.2011.2.999", descr="AC of tomorrow") | {f"{HUAWEI}.99.1.1.6.1": 8},
    "stranger": system("1.3.6.1.4.1.99999.7") | {f"{HUAWEI}.12.1.2.1.0": 0},
    "empty": huawei({}, 0) | {f"{HUAWEI}.12.1.2.2.0": 0},
    "ghosts": huawei({}, 0),
    "details": huawei({M1: ("A101", 8, 5), M2: ("A102", 8, 0)}, 2) | radios(),
    "many-networks": huawei({M1: ("A101", 8, 5)}, 1)
    | {f"{HUAWEI}.17.1.2.1.2.{text_index(f'net{n:02}')}": 1 for n in range(40)},
}
BROKEN = f"{HUAWEI}.16.1.2.1.25.{mac_index(M1)}.0|2:error|status=authorizationError,value=1"
"""hwWlanRadioChUtilizationRate of one radio: the device answers with an error."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("made")
    devices = {name: write(folder, name, objects) for name, objects in DEVICES.items()}
    devices["broken"] = folder / "broken.snmprec"
    lines = [line for line in devices["details"].read_text().splitlines() if line.split("|")[0] != BROKEN.split("|")[0]]
    lines.append(BROKEN)
    lines.sort(key=lambda line: tuple(map(int, line.split("|")[0].split("."))))
    devices["broken"].write_text("".join(f"{line}\n" for line in lines))
    with recordings(devices) as found:
        yield found


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*DEVICES, "broken"):
        monkeypatch.setenv(f"TEST_{name}", name)


def settings(port: int, name: str, **more: Any) -> WirelessSettings:
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": f"TEST_{name}"}, "request_timeout_seconds": 5}
    snmp |= more.pop("snmp", {})
    return WirelessSettings.model_validate({"probe": "wireless", "device": name, "snmp": snmp, **more})


async def look(port: int, name: str, folder: Path | None = None, **more: Any) -> Observation:
    return await observe(PROBE, settings(port, name, **more), Context(Path(), packs_dir=folder))


def values(seen: Observation, measure: str, label: str = "ap_id") -> dict[str, float]:
    found = [(r.labels.get(label, ""), r.value) for r in seen.readings if r.measure == measure]
    assert len(found) == len(dict(found)), f"{measure} has the same labels twice"
    return dict(found)


def states(seen: Observation) -> dict[str, str]:
    return {r.labels["ap_id"]: r.labels["state"] for r in seen.readings if r.measure == AP_STATE}


async def test_healthy(port: int) -> None:
    seen = await look(port, "healthy")
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert values(seen, AP_UP) == {M1: 1, M2: 0}  # standby and a state that nobody listed are neither
    assert states(seen) == {M1: "normal", M2: "fault", M3: "standby", M4: "unlisted_16"}
    assert values(seen, AP_CLIENTS) == {M1: 12, M2: 0, M3: 0, M4: 0}
    assert values(seen, "wireless_clients", "band") == {"all": 40}
    assert values(seen, "wireless_controller_access_points_up", "") == {"": 1}
    assert values(seen, "rows_seen", "table") == {"access_points": 4}
    assert values(seen, "wireless_controller_access_points", "") == {}  # it gave none: absent, not zero


async def test_silent() -> None:
    async with udp(None) as port:
        seen = await look(port, "healthy", snmp={"request_timeout_seconds": 0.2, "retries": 0})
    assert (seen.outcome, seen.readings) == ("timeout", ())


async def test_refused() -> None:
    seen = await look(free_udp_port(), "healthy", snmp={"request_timeout_seconds": 1})
    assert (seen.outcome, seen.readings) == ("refused", ())


async def test_garbage() -> None:
    async with udp(b"\x30\x82\xff\xff garbage") as port:
        seen = await look(port, "healthy", snmp={"request_timeout_seconds": 0.5, "retries": 0})
    assert (seen.outcome, seen.readings) == ("malformed", ())


@pytest.mark.parametrize(
    ("name", "says"), [("wrong-index", "1.2.3 is no mac index"), ("wrong-count", "-4 stands where a count should")]
)
async def test_an_answer_that_makes_no_sense(port: int, name: str, says: str) -> None:
    seen = await look(port, name)
    assert (seen.outcome, seen.detail) == ("malformed", says)


async def test_the_fuller_of_twin_tables_is_taken(port: int) -> None:
    seen = await look(port, "twins")
    assert seen.outcome == "ok"
    assert values(seen, AP_UP) == {M1: 1, M2: 1, M3: 1}
    assert values(seen, AP_CLIENTS) == {M1: 3, M2: 3, M3: 3}


async def test_a_table_that_contradicts_its_total_is_not_believed(port: int) -> None:
    seen = await look(port, "torn", access_points=[{"ap": "A999", "place": "A999"}])
    assert seen.outcome == "malformed"
    assert "counts 40 access points on line and its table shows 2" in seen.detail
    assert values(seen, AP_UP) == {M1: 1, M2: 1}  # what was read is kept, and nothing is called gone
    assert values(seen, "wireless_controller_access_points_up", "") == {"": 40}


async def test_a_backup_controller_is_not_a_school_without_wireless(port: int) -> None:
    seen = await look(port, "standby")
    assert (seen.outcome, values(seen, AP_UP)) == ("ok", {})
    assert set(states(seen).values()) == {"standby"}


async def test_an_expected_access_point_that_is_gone(port: int) -> None:
    expected = [
        {"ap": "08C0-2100-0001", "place": "A101"},
        {"ap": "A102", "place": "A102"},
        {"ap": "08:c0:21:00:00:99", "place": "gym"},
        {"ap": "A777", "place": "A777"},
    ]
    seen = await look(port, "healthy", access_points=expected)
    assert seen.outcome == "ok"
    assert values(seen, AP_UP, "place") == {"A101": 1, "A102": 0, "gym": 0, "A777": 0}
    assert states(seen)["08:c0:21:00:00:99"] == "gone"
    assert states(seen)["A777"] == "gone"


async def test_names_that_repeat_or_are_no_utf8(port: int) -> None:
    seen = await look(port, "names", access_points=[{"ap": "走廊", "place": "somewhere"}, {"ap": M3, "place": "操场"}])
    names = {r.labels["ap_id"]: (r.labels["ap"], r.labels["place"]) for r in seen.readings if r.measure == AP_UP}
    assert seen.outcome == "ok"
    assert names == {M1: ("走廊", ""), M2: ("走廊", ""), M3: ("操场", "操场"), M4: ("礼堂", "")}


async def test_the_room_is_found_in_the_name(port: int) -> None:
    seen = await look(
        port, "healthy", place_pattern=r"^(?P<place>[A-Z]\d+)$", access_points=[{"ap": "A101", "place": "lab"}]
    )
    places = {r.labels["ap"]: r.labels["place"] for r in seen.readings if r.measure == AP_STATE}
    assert places == {"A101": "lab", "A102": "A102", "B-hall": "", "A103": "A103"}


@pytest.mark.parametrize("name", ["h3c-new", "h3c-old"])
async def test_both_roots_of_h3c(port: int, name: str) -> None:
    seen = await look(port, name)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert states(seen) == {"SN1": "run", "SN2": "download", "SN3": "deassociated", "SN4": "not_registered"}
    assert values(seen, AP_UP, "ap") == {"教1-101": 1, "教1-102": 0, "教1-103": 0, "教1-104": 0}
    assert values(seen, AP_CLIENTS) == {"SN1": 7, "SN2": 0, "SN3": 0, "SN4": 0}
    assert values(seen, "rows_expected", "table") == {"access_points": 4}


async def test_an_access_point_on_the_slave_tunnel_is_served_elsewhere(port: int) -> None:
    seen = await look(port, "h3c-slave")
    assert (states(seen)["SN1"], values(seen, AP_UP)) == ("slave", {"SN2": 0, "SN3": 0, "SN4": 0})


async def test_a_stand_alone_access_point(port: int) -> None:
    seen = await look(port, "alone")
    assert (seen.outcome, values(seen, AP_UP)) == ("ok", {"AP-library": 1})
    assert values(seen, "wireless_clients", "band") == {"all": 13, "2.4GHz": 4, "5GHz": 9}


async def test_a_device_that_no_pack_fits(port: int) -> None:
    seen = await look(port, "switch")
    assert (seen.outcome, seen.readings) == ("malformed", ())
    assert seen.detail == "no device pack fits: sysObjectID 1.3.6.1.4.1.99999.7, sysDescr 'Acme Switch 5.1'"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("new-tables", "no access points in its tree (huawei-ac 1.3.6.1.4.1.2011.6.139); a restricted view"),
        ("stranger", "huawei-ac has no access points in its table: a restricted view, or another model?"),
        ("ghosts", "huawei-ac has no access points in its table: a restricted view, or another model?"),
    ],
)
async def test_a_model_that_nobody_has_seen_is_not_a_school_without_wireless(port: int, name: str, says: str) -> None:
    seen = await look(port, name, access_points=[{"ap": M1, "place": "gym"}])
    assert seen.outcome == "malformed"
    assert says in seen.detail
    assert f"sysObjectID {DEVICES[name]['1.3.6.1.2.1.1.2.0']!s}" in seen.detail
    assert values(seen, AP_UP) == {}


async def test_a_known_controller_whose_counts_all_say_none(port: int) -> None:
    seen = await look(port, "empty")
    assert (seen.outcome, seen.detail, values(seen, AP_UP)) == ("ok", "", {})
    assert values(seen, "wireless_controller_access_points_up", "") == {"": 0}
    # It is believed, so an access point that should be there is gone.
    seen = await look(port, "empty", access_points=[{"ap": M1, "place": "gym"}])
    assert (seen.outcome, states(seen)) == ("ok", {M1: "gone"})


async def test_radios_uplink_and_networks(port: int) -> None:
    seen = await look(port, "details")
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert values(seen, "wireless_access_point_uplink_speed_bytes") == {M1: 125_000_000}  # 7 is no speed of the MIB
    assert values(seen, "wireless_radio_channel", "band") == {"2.4GHz": 6, "5GHz": 149}
    assert values(seen, "wireless_radio_noise_dbm", "band") == {"2.4GHz": -95}  # 0 is none
    assert values(seen, "wireless_radio_utilisation_ratio", "band") == {"2.4GHz": 0.44, "5GHz": 0.07}
    assert values(seen, "wireless_access_point_band_clients", "band") == {"2.4GHz": 2, "5GHz": 3}
    assert values(seen, "wireless_network_clients", "ssid") == {"school": 5}
    assert values(seen, "wireless_access_point_info", "model") == {"AP4050DN": 1}
    assert values(seen, "wireless_clients", "band") == {"all": 40, "2.4GHz": 2, "5GHz": 3}


async def test_a_detail_that_fails_costs_no_state(port: int) -> None:
    seen = await look(port, "broken", snmp={"max_repetitions": 2})
    assert seen.outcome == "malformed"
    assert f"broke off {HUAWEI}.16.1.2.1.25" in seen.detail
    assert values(seen, AP_UP) == {M1: 1, M2: 1}
    assert values(seen, AP_CLIENTS) == {M1: 5, M2: 0}


async def test_networks_are_a_bounded_set(port: int) -> None:
    networks = values(await look(port, "many-networks"), "wireless_network_clients", "ssid")
    assert len(networks) == 33
    assert networks[""] == 8


async def test_a_pack_of_the_schools_own(port: int, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(
        "id: acme\nvendor: {zh: 甲, en: Acme}\nsource: ACME-MIB\nroots: [1.3.6.1.4.1.99999.1]\n"
        "access_points: {rows: .1.2, index: mac, state: {column: .1.2, up: {running: running}}}\n"
    )
    seen = await look(port, "acme", tmp_path)
    assert (seen.outcome, values(seen, AP_UP), states(seen)) == ("ok", {M1: 1}, {M1: "running"})
    assert (await look(port, "acme")).outcome == "malformed"


async def test_a_pack_that_was_asked_for(port: int) -> None:
    assert (await look(port, "healthy", pack="huawei-ac")).outcome == "ok"
    other = await look(port, "healthy", pack="ruijie-ac")
    assert other.outcome == "malformed"
    assert other.detail.startswith("the pack ruijie-ac does not fit: sysObjectID 1.3.6.1.4.1.2011.2.240.7")
    assert "there is no device pack acme" in (await look(port, "healthy", pack="acme")).detail


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("place_pattern: '[A-Z'", "place_pattern"),
        ("place_pattern: '[A-Z]'", "place_pattern"),
        ("access_points: [{ap: 00:11:22:33:44:55, place: a}, {ap: 0011-2233-4455, place: b}]", "access_points"),
    ],
)
def test_settings_that_cannot_work(tmp_path: Path, more: str, field: str) -> None:
    path = tmp_path / "device.yaml"
    path.write_text(
        f"probe: wireless\ndevice: ac\nsnmp: {{host: 127.0.0.1, community: {{env: A}}}}\n{more}\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError) as refused:
        load(path, WirelessSettings)
    assert [(fault.line, fault.field) for fault in refused.value.faults] == [(4, field)]


def test_readings_are_declared() -> None:
    assert {AP_UP, AP_STATE, AP_CLIENTS} <= {measure.name for measure in PROBE.measures}
