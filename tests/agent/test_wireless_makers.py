"""Packs that rest on a MIB alone: devices made up by the MIB, on real sockets; real devices that are no controller."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.wireless.probe import PROBE
from agent.probes.wireless.settings import WirelessSettings
from agent.runner import observe
from tests.peers.made import Objects, mac_index, system, text_index, write
from tests.peers.recording import packaged, recordings, trimmed
from wire.report import Observation

E = "1.3.6.1.4.1"
M1, M2, M3, M4 = (f"08:c0:21:00:00:0{n}" for n in range(1, 5))
I1, I2, I3, I4 = map(mac_index, (M1, M2, M3, M4))
UP, INFO, UPLINK = (f"wireless_access_point_{what}" for what in ("up", "info", "uplink_speed_bytes"))


def rows(root: str, columns: dict[str, dict[str, int | str | bytes]]) -> Objects:
    """Columns of a table: each index with its value."""
    return {f"{root}.{column}.{index}": value for column, cells in columns.items() for index, value in cells.items()}


def raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def fortigate() -> Objects:
    one, two, three, four = (f"1.{text_index(name)}" for name in ("FP1", "FP2", "FP3", "FP4"))
    return (
        system(f"{E}.12356.101.1.644")
        | {f"{E}.12356.101.14.2.5.0": 1, f"{E}.12356.101.14.2.7.0": 5}
        | rows(
            f"{E}.12356.101.14",
            {
                "4.3.1.2": {one: 3, two: 3, three: 3, four: 1},
                "4.3.1.3": {one: "A101", two: "A102", three: "A103", four: "new"},
                "4.3.1.4": {one: "main, room 101", two: "main, room 102", three: ""},
                "4.4.1.7": {one: 2, two: 1},
                "4.4.1.14": {one: "FP221E-v7.0"},
                "4.4.1.17": {one: 5, two: 0},
                "4.5.1.7": {f"{one}.1": 6, f"{one}.2": 149},
                "4.5.1.9": {f"{one}.1": 2, f"{one}.2": 3},
                "3.1.1": {"1.21": "school", "1.22": "guest"},
                "3.1.12": {"1.21": 4, "1.22": 1},
            },
        )
    )


def zone_director() -> Objects:
    root = f"{E}.25053.1.2"
    return (
        system(f"{E}.25053.3.1.5.2")
        | {f"{root}.1.1.1.15.1.0": 1, f"{root}.1.1.1.15.15.0": 3, f"{root}.1.1.1.15.2.0": 7}
        | rows(
            f"{root}.2.1.1.2",
            {
                "1.1.2": {I1: "A101", I2: "A102", I3: "A103"},
                "1.1.3": {I1: 1, I2: 0, I3: 3},
                "1.1.15": {I1: 7, I2: 0},
                "8.1.9": {f"{I1}.0": 100, f"{I1}.1": 1000},
                "2.1.3": {f"{I1}.0": 2, f"{I1}.1": 4},
                "2.1.4": {f"{I1}.0": 11, f"{I1}.1": 36},
                "2.1.8": {f"{I1}.0": 3, f"{I1}.1": 4},
            },
        )
    )


def smart_zone() -> Objects:
    root = f"{E}.25053.1.4"
    return (
        system(f"{E}.25053.3.1.11.1")
        | {f"{root}.1.1.1.15.1.0": 2, f"{root}.1.1.1.15.2.0": 9}
        | rows(
            f"{root}.2.1.1",
            {
                "2.2.1.5": {I1: "A101", I2: "A102"},
                "2.2.1.16": {I1: "Connect", I2: "Disconnect"},
                "2.2.1.15": {I1: 9, I2: 0},
                # One network in two zones.
                "1.2.1.1": {"1": "school", "2": "school"},
                "1.2.1.12": {"1": 5, "2": 4},
            },
        )
    )


def lwapp() -> Objects:
    """A Catalyst 9800: two rows in the old table, all access points in the new one (librenms#19803)."""
    return (
        system(f"{E}.9.1.2530")
        | {f"{E}.9.9.513.1.3.35.0": 3}
        | rows(f"{E}.14179.2.2.1.1", {"3": {I1: "old"}, "6": {I1: 1}})
        | rows(
            f"{E}.9.9.513.1",
            {
                "1.1.1.5": {I1: "A101", I2: "A102", I3: "A103"},
                "1.1.1.54": {I1: 1, I2: 2, I3: 0},
                "2.2.1.11": {f"{I1}.0": 1000},
            },
        )
    )


def instant() -> Objects:
    return system(f"{E}.14823.1.2.60") | rows(
        f"{E}.14823.2.3.3.1",
        {
            "2.1.1.2": {I1: "A101", I2: "A102"},
            "2.1.1.4": {I1: "CN1", I2: "CN2"},
            "2.1.1.11": {I1: 1, I2: 2},
            "2.2.1.4": {f"{I1}.0": "149E", f"{I1}.1": "6"},
            "2.2.1.6": {f"{I1}.0": 92, f"{I1}.1": 95},
            "2.2.1.8": {f"{I1}.0": 12, f"{I1}.1": 101},
            "2.2.1.21": {f"{I1}.0": 3, f"{I1}.1": 1},
            "1.7.1.2": {"0": "school"},
            "1.7.1.4": {"0": 4},
        },
    )


def capsman() -> Objects:
    root = f"{E}.14988.1.1.1"
    return (
        system(f"{E}.14988.1")
        | {f"{root}.10.0": 2, f"{root}.6.0": 8}
        | rows(root, {"11.1.2": {"1": "cap-A101", "2": "cap-A102"}, "11.1.3": {"1": "Run", "2": "Run"}})
    )


def new_wifi() -> Objects:
    return system(f"{E}.14988.1") | rows(
        f"{E}.14988.1.1.21",
        {
            "3.1.3": {"1": "A101", "2": "A102"},
            "3.1.5": {"1": "HF1", "2": "HF2"},
            "3.1.6": {"1": "7.20.8", "2": "7.20.8"},
            "3.1.7": {"1": raw(M1), "2": raw(M2)},
            "3.1.9": {"1": "connected", "2": "disconnected"},
            "4.1.6": {"1": -50, "2": -60, "7": -70},
        },
    )


def wing() -> Objects:
    root, domain = f"{E}.388.50.1.4", text_index("school")
    return (
        system(f"{E}.388.50.1.1.33")
        | {f"{root}.1.15.1.0": 6}
        | rows(
            root,
            {
                "1.9.1.1.3": {I1: "A101", I2: "A102"},
                "1.9.1.1.7": {I1: 1, I2: 1},
                "1.14.1.1.2": {I3: "A103"},
                "1.14.1.1.3": {I3: 99},
                "3.2.1.1.1.1": {f"{domain}.{I1}": raw(M1), f"{domain}.{I2}": raw(M2)},
                "3.2.1.1.1.4": {f"{domain}.{I1}": 4, f"{domain}.{I2}": 2},
                "3.2.8.1.1.2": {f"{domain}.2.82.49": raw(M1)},
                "3.2.8.1.1.10": {f"{domain}.2.82.49": "36w"},
                "3.2.9.1.1.16": {f"{domain}.2.82.49": -96},
            },
        )
    )


def hipath() -> Objects:
    root = f"{E}.4329.15.3"
    return (
        system(f"{E}.4329.15.1.1.11")
        | {f"{root}.5.1.1.0": 2, f"{root}.5.2.1.0": 1, f"{root}.6.1.0": 3}
        | rows(
            root,
            {
                "5.1.2.1.2": {"1": "A101", "2": "A102"},
                "5.1.2.1.4": {"1": "SN1", "2": "SN2"},
                "5.1.2.1.7": {"1": "10.51", "2": "10.51"},
                "5.1.2.1.22": {"1": 1, "2": 2},
                "5.2.2.1.14": {"1": 3},
                "3.4.4.1.5": {"7": "school"},
                "3.4.5.1.2": {"7": 3},
            },
        )
    )


def meru() -> Objects:
    root = f"{E}.15983.1.1"
    return (
        system(f"{E}.15983.1.1.7.3")
        | {f"{root}.3.1.13.9.0": 3, f"{root}.3.1.13.10.0": 1, f"{root}.3.1.13.11.0": 0}
        | rows(
            f"{root}.4.2.1.1",
            {
                "2": {"1": "A101", "2": "A102", "3": "A103", "4": "A104"},
                "13": {str(n): mac for n, mac in enumerate((M1, M2, M3, M4), 1)},
                "26": {"1": 1, "2": 2, "3": 3, "4": 2},
                "27": {"1": 3, "2": 3, "3": 3, "4": 2},
            },
        )
    )


def aruba() -> Objects:
    return (
        system(f"{E}.14823.1.1.32")
        | {f"{E}.14823.2.2.1.5.2.1.1.0": 2}
        | rows(
            f"{E}.14823.2.2.1.5.2.1.4.1",
            {"3": {I1: "A101", I2: "A102", I3: "A103"}, "19": {I1: 1, I2: 1, I3: 2}, "41": {I1: 0, I2: 1, I3: 0}},
        )
    )


def mikrotik() -> Objects:
    root = f"{E}.14988.1.1"
    return (
        system(f"{E}.14988.1", name="lab")
        | {f"{root}.7.3.0": "HF0", f"{root}.7.9.0": "hAP ac", f"{root}.4.4.0": "7.20"}
        | rows(
            f"{root}.1.3.1",
            {
                "4": {"1": "school", "2": "school"},
                "6": {"1": 3, "2": 4},
                "7": {"1": 2437, "2": 5955},
                "9": {"1": -110, "2": 0},
            },
        )
    )


def routeros() -> Objects:
    root = f"{E}.14988.1.1"
    return (
        system(f"{E}.14988.1", name="lab")
        | {f"{root}.7.3.0": "HG1"}
        | rows(
            f"{root}.21",
            {
                "4.1.3": {"1": "school", "2": "guest", "3": "school"},
                "4.1.6": {"1": -50, "2": -61, "3": -70},
                "5.1.2": {"1": "wifi1", "2": "wifi2"},
                "5.1.4": {"1": "2412/ax", "2": "5180/ax"},
            },
        )
    )


DEVICES: dict[str, Objects] = {
    "routeros": routeros(),
    "cisco-ap": system(f"{E}.9.1.618", name="lab") | rows(f"{E}.9.9.273.1.1", {"2.1.1": {"1": 3, "2": 4}}),
    "tplink-eap": system(f"{E}.11863.10", name="lab") | {f"{E}.11863.10.1.1.1.0": 12},
    "fortigate": fortigate(),
    "zd": zone_director(),
    "sz": smart_zone(),
    "9800": lwapp(),
    "instant": instant(),
    "capsman": capsman(),
    "new-wifi": new_wifi(),
    "wing": wing(),
    "hipath": hipath(),
    "meru": meru(),
    "aruba": aruba(),
    "mikrotik": mikrotik(),
    "zyxel": system(f"{E}.890.1.15")
    | {f"{E}.890.1.15.3.3.1.1.0": 9, f"{E}.890.1.15.3.3.1.2.0": 1, f"{E}.890.1.15.3.3.1.4.0": 40},
}
REAL = {
    "ups": "UPS/eaton-93e-80.snmprec.bz2",
    "camera": "camera/samsung-ipolis.snmprec.bz2",
    "bridge": "network/wifi/ubiquiti-m5.snmprec.bz2",
    "firewall": "network/firewall/clavister-amaranten.snmprec.bz2",
    "sangfor-ac": "os/linux/sangfor.snmprec.bz2",
    "sangfor-server": "os/linux/unknown-005.snmprec.bz2",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("makers")
    devices = {name: write(folder, name, objects) for name, objects in DEVICES.items()}
    for name, source in REAL.items():
        devices[name] = trimmed(packaged(source), ["1.3.6.1.2.1.1", E], folder)
    with recordings(devices) as found:
        yield found


async def look(port: int, name: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Observation:
    monkeypatch.setenv("TEST_COMMUNITY", name)
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": "TEST_COMMUNITY"}, "request_timeout_seconds": 5}
    settings = WirelessSettings.model_validate({"probe": "wireless", "device": name, "snmp": snmp, **more})
    return await observe(PROBE, settings, Context(Path()))


def values(seen: Observation, measure: str, *labels: str) -> dict[Any, float]:
    return {
        tuple(r.labels[x] for x in labels) if len(labels) > 1 else r.labels[labels[0]]: r.value
        for r in seen.readings
        if r.measure == measure
    }


def states(seen: Observation) -> dict[str, str]:
    return {r.labels["ap"]: r.labels["state"] for r in seen.readings if r.measure == "wireless_access_point_state"}


@pytest.mark.parametrize(
    ("name", "expected", "clients"),
    [
        ("fortigate", {"A101": "online", "A102": "offline", "A103": "no_session", "new": "discovered"}, 5),
        ("zd", {"A101": "connected", "A102": "disconnected", "A103": "upgrading_firmware"}, 7),
        ("sz", {"A101": "connected", "A102": "disconnected"}, 9),
        ("9800", {"A101": "joined", "A102": "joined", "A103": "joined"}, 3),
        ("instant", {"A101": "up", "A102": "down"}, 4),
        ("capsman", {"cap-A101": "run", "cap-A102": "run"}, 8),
        ("new-wifi", {"A101": "connected", "A102": "disconnected"}, 3),
        ("wing", {"A101": "online", "A102": "online", "A103": "offline"}, 6),
        ("hipath", {"A101": "active", "A102": "inactive"}, 3),
        ("meru", {"A101": "enabled", "A102": "disabled", "A103": "unlicensed", "A104": "offline"}, 0),
        ("aruba", {"A101": "up", "A102": "standby", "A103": "down"}, None),
        ("mikrotik", {"lab": "answering"}, 7),
        ("routeros", {"lab": "answering"}, 3),
        ("cisco-ap", {"lab": "answering"}, 7),
        ("tplink-eap", {"lab": "answering"}, 12),
    ],
)
async def test_states_and_clients(
    port: int, name: str, expected: dict[str, str], clients: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await look(port, name, monkeypatch)
    if name == "meru":  # its scalar counts three on line, of which its table says that one serves: within the skew
        assert values(seen, UP, "ap") == {"A101": 1, "A102": 0, "A103": 0, "A104": 0}
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert states(seen) == expected
    assert values(seen, "wireless_clients", "band").get("all") == clients


async def test_one_that_a_backup_controller_holds_is_neither_up_nor_down(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert values(await look(port, "aruba", monkeypatch), UP, "ap") == {"A101": 1, "A103": 0}
    assert values(await look(port, "fortigate", monkeypatch), UP, "ap") == {"A101": 1, "A102": 0, "A103": 0}


async def test_the_room_that_the_controller_has(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "fortigate", monkeypatch, place_in="location", place_pattern=r"room (?P<place>\d+)")
    assert values(seen, UP, "place") == {"101": 1, "102": 0, "": 0}
    seen = await look(port, "fortigate", monkeypatch, place_in="location")
    assert values(seen, UP, "place") == {"main, room 101": 1, "main, room 102": 0, "": 0}
    assert set(values(await look(port, "fortigate", monkeypatch), UP, "place")) == {""}


async def test_radios_uplinks_and_networks(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "zd", monkeypatch)
    assert values(seen, UPLINK, "ap") == {"A101": 125_000_000}  # the faster of its two ports
    assert values(seen, "wireless_radio_channel", "radio", "band") == {("0", "2.4GHz"): 11, ("1", "5GHz"): 36}
    assert values(seen, "wireless_access_point_band_clients", "band") == {"2.4GHz": 3, "5GHz": 4}

    seen = await look(port, "instant", monkeypatch)
    assert values(seen, "wireless_radio_channel", "radio") == {"0": 149, "1": 6}
    assert values(seen, "wireless_radio_noise_dbm", "radio") == {"0": -92, "1": -95}
    assert values(seen, "wireless_radio_utilisation_ratio", "radio") == {"0": 0.12}  # 101 % is none
    assert values(seen, "wireless_network_clients", "ssid") == {"school": 4}

    assert values(await look(port, "sz", monkeypatch), "wireless_network_clients", "ssid") == {"school": 9}
    assert values(await look(port, "wing", monkeypatch), "wireless_radio_channel", "ap") == {"A101": 36}
    assert values(await look(port, "new-wifi", monkeypatch), INFO, "firmware") == {"7.20.8": 1}


async def test_a_frequency_in_place_of_a_channel(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "mikrotik", monkeypatch)
    assert values(seen, "wireless_radio_channel", "band") == {"2.4GHz": 6, "6GHz": 1}
    assert values(seen, "wireless_radio_noise_dbm", "band") == {"2.4GHz": -110}
    assert values(seen, INFO, "model", "firmware") == {("hAP ac", "7.20"): 1}


async def test_a_station_table_in_place_of_counts(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "routeros", monkeypatch)
    assert values(seen, "wireless_network_clients", "ssid") == {"school": 2, "guest": 1}
    assert values(seen, "wireless_radio_channel", "band") == {"2.4GHz": 1, "5GHz": 36}
    assert values(seen, UP, "ap_id") == {"HG1": 1}


async def test_radios_are_left_out_on_request(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "zd", monkeypatch, radios=False)
    assert seen.outcome == "ok"
    assert not [r for r in seen.readings if r.measure.startswith("wireless_radio_")]
    assert values(seen, UP, "ap") == {"A101": 1, "A102": 0, "A103": 0}


async def test_a_maker_that_counts_only(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "zyxel", monkeypatch)
    assert (seen.outcome, states(seen)) == ("ok", {})
    assert {r.measure: r.value for r in seen.readings} == {
        "wireless_controller_access_points_up": 9,
        "wireless_controller_access_points": 10,
        "wireless_clients": 40,
    }


@pytest.mark.parametrize("name", REAL)
async def test_what_is_no_controller_is_not_taken_for_one(
    port: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await look(port, name, monkeypatch)
    assert (seen.outcome, seen.readings) == ("malformed", ())
    assert seen.detail.startswith("no device pack fits")
