"""The wireless probe counts terminals by place and owner: made-up controllers, and recordings of real ones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.packs.load import packs
from agent.packs.parts import under
from agent.probes.base import Context
from agent.probes.wireless.probe import PROBE
from agent.probes.wireless.settings import WirelessSettings
from agent.runner import observe
from tests.agent.test_recordings_wireless import listed, read_of
from tests.peers.made import Objects, mac_index, system, write
from tests.peers.recording import packaged, recordings, trimmed
from wire.report import Observation

HUAWEI, ARUBA, INSTANT = "1.3.6.1.4.1.2011.6.139", "1.3.6.1.4.1.14823.2.2.1.5.2", "1.3.6.1.4.1.14823.2.3.3.1"
MIKROTIK = "1.3.6.1.4.1.14988.1.1"
A1, A2, A3 = (f"08:c0:21:00:00:0{n}" for n in range(1, 4))
PUPILS = [f"00:1a:2b:00:00:{n:02x}" for n in range(1, 5)]
TEACHER, LOST, PHONE, TABLET = "00:1a:2b:00:01:01", "00:1a:2b:00:01:02", "da:a1:19:00:00:01", "02:00:00:00:00:02"
REGISTER = "mac,owner\n" + "".join(f"{mac},student\n" for mac in PUPILS) + f"{TEACHER},teacher\n"
KNOWN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "recordings" / "stations.json").read_text())


def raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def huawei(aps: dict[str, tuple[str, int]], stations: dict[str, tuple[str, str, str]]) -> Objects:
    """Access points with name and own count; stations with access point's MAC (or none), its name, and SSID."""
    made = system("1.3.6.1.4.1.2011.2.240.7")
    made |= {f"{HUAWEI}.12.1.2.1.0": len(aps), f"{HUAWEI}.12.1.2.2.0": len(stations)}
    for mac, (name, clients) in aps.items():
        for column, value in ((4, name), (6, 8), (44, clients)):
            made[f"{HUAWEI}.13.3.3.1.{column}.{mac_index(mac)}"] = value
    for mac, (ap, name, ssid) in stations.items():
        cells: tuple[tuple[int, int | str | bytes], ...] = ((7, 1), (3, raw(ap) if ap else b""), (4, name), (18, ssid))
        for column, cell in cells:
            made[f"{HUAWEI}.18.1.2.1.{column}.{mac_index(mac)}"] = cell
    return made


APS = {A1: ("A101-1", 5), A2: ("A101-2", 2), A3: ("A102-1", 0)}
ROOM = {
    **dict.fromkeys(PUPILS[:3], (A1, "A101-1", "class")),
    PUPILS[3]: ("", "A101-2", "class"),
    TEACHER: (A1, "A101-1", "class"),
    TABLET: (A2, "A101-2", "tablets"),
    PHONE: (A3, "A102-1", "guest"),
    LOST: ("08:c0:21:00:00:0f", "gone", "class"),
}
DEVICES: dict[str, Objects] = {
    "room": huawei(APS, ROOM),
    "night": huawei({mac: (name, 0) for mac, (name, _) in APS.items()}, {}),
    "cut": huawei(APS, {PUPILS[0]: (A1, "A101-1", "class")}),
    "broken": huawei(APS, {}) | {f"{HUAWEI}.18.1.2.1.7.1.2": 1},
    "aruba": system("1.3.6.1.4.1.14823.1.1.32") | {
        f"{ARUBA}.1.1.0": 1, f"{ARUBA}.1.4.1.19.{mac_index(A1)}": 1, f"{ARUBA}.1.4.1.3.{mac_index(A1)}": "A101-1",
        f"{ARUBA}.1.4.1.19.{mac_index(A2)}": 1, f"{ARUBA}.1.4.1.3.{mac_index(A2)}": "A102-1",
        f"{ARUBA}.1.7.1.13.{mac_index(A1)}.1.{mac_index(LOST)}": raw(A1),
        f"{ARUBA}.2.1.1.12.{mac_index(PUPILS[0])}": "class", f"{ARUBA}.2.1.1.2.{mac_index(PUPILS[0])}": raw(LOST),
    },
    "instant": system("1.3.6.1.4.1.14823.1.2.1") | {
        f"{INSTANT}.2.1.1.11.{mac_index(A1)}": 1, f"{INSTANT}.2.1.1.2.{mac_index(A1)}": "A101-1",
        f"{INSTANT}.2.1.1.3.{mac_index(A1)}": "10.0.0.1",
        f"{INSTANT}.2.1.1.11.{mac_index(A2)}": 1, f"{INSTANT}.2.1.1.2.{mac_index(A2)}": "A102-1",
        f"{INSTANT}.2.1.1.3.{mac_index(A2)}": "10.0.0.2",
        f"{INSTANT}.2.4.1.3.{mac_index(PUPILS[0])}": "10.0.1.7",
        f"{INSTANT}.2.4.1.4.{mac_index(PUPILS[0])}": "10.0.0.2",
    },
    "alone": system("1.3.6.1.4.1.14988.1", name="A101-1") | {
        f"{MIKROTIK}.1.3.1.6.1": 2,
        **{f"{MIKROTIK}.1.2.1.1.{mac_index(mac)}.1": raw(mac) for mac in (PUPILS[0], PHONE)},
    },
    "ruijie": system("1.3.6.1.4.1.4881.1.3") | {
        "1.3.6.1.4.1.4881.1.1.10.2.56.1.1.11.0": 1,
        f"1.3.6.1.4.1.4881.1.1.10.2.56.2.1.1.1.48.{mac_index(A1)}": 1,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("made")
    devices = {name: write(folder, name, objects) for name, objects in DEVICES.items()}
    assert pytestconfig.cache is not None
    columns = sorted(listed().union(*(read_of(pack, {}) for pack in packs().values()), station_columns()))
    kept = pytestconfig.cache.mkdir("recordings")
    devices |= {name: trimmed(packaged(known["source"]), columns, kept) for name, known in KNOWN.items()}
    with recordings(devices) as found:
        yield found


def station_columns() -> set[str]:
    found: set[str] = set()
    for pack in packs().values():
        for field, value in (pack.stations.model_dump() if pack.stations else {}).items():
            oids = value if field == "ap" else (value,)
            found.update(under(root, oid) for root in pack.roots for oid in oids if oid)
    return found


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text(REGISTER)
    return path


async def look(port: int, name: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Observation:
    monkeypatch.setenv("TEST_COMMUNITY", name)
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": "TEST_COMMUNITY"}, "request_timeout_seconds": 20}
    data = {"probe": "wireless", "device": name, "snmp": snmp, "place_pattern": "^(?P<place>[^-]+)", **more}
    return await observe(PROBE, WirelessSettings.model_validate(data), Context(Path()))


def counts(seen: Observation) -> dict[tuple[str, str], float]:
    """(place, owner) to terminals, without the zeros."""
    found = [r for r in seen.readings if r.measure == "place_wireless_terminals"]
    assert len(found) == len({(r.labels["place"], r.labels["owner"]) for r in found})
    return {(r.labels["place"], r.labels["owner"]): r.value for r in found if r.value}


async def test_a_lesson(port: int, register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"owner": "student", "ssids": ["tablets"]}, {"owner": "visitor", "ssids": ["guest"]}]
    seen = await look(port, "room", monkeypatch, register=str(register), owners=rules)
    assert (seen.outcome, seen.detail) == ("ok", "")
    # One of the four pupils is placed by the access point's name; the tablet with a made-up address by its network.
    # A101-1 counts one station more than the table lists. One station is on an access point that nobody knows.
    assert counts(seen) == {
        ("A101", "student"): 5, ("A101", "teacher"): 1, ("A101", "unregistered"): 1, ("A102", "visitor"): 1,
        ("", "unregistered"): 1,
    }  # fmt: skip
    document = seen.model_dump_json()
    assert not [mac for mac in (*PUPILS, TEACHER, PHONE, TABLET) if mac in document]


async def test_an_empty_room_has_zeros(port: int, register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "night", monkeypatch, register=str(register))
    found = {
        (r.labels["place"], r.labels["owner"]): r.value
        for r in seen.readings
        if r.measure == "place_wireless_terminals"
    }
    owners = ("student", "teacher", "shared", "unregistered")
    assert found == {(place, owner): 0 for place in ("A101", "A102") for owner in owners}


async def test_a_table_that_is_cut_short_makes_no_room_look_emptier(
    port: int, register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await look(port, "cut", monkeypatch, register=str(register))
    assert counts(seen) == {("A101", "student"): 1, ("A101", "unregistered"): 6}


async def test_a_table_that_breaks_keeps_the_access_points(
    port: int, register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await look(port, "broken", monkeypatch, register=str(register))
    assert seen.outcome == "malformed"
    assert "holds no MAC" in seen.detail
    assert sum(r.measure == "wireless_access_point_up" for r in seen.readings) == 3
    assert counts(seen) == {}


@pytest.mark.parametrize(
    ("device", "found"),
    [
        pytest.param("aruba", {("A101", "student"): 1}, id="by-bssid"),
        pytest.param("instant", {("A102", "student"): 1}, id="by-the-access-points-address"),
        pytest.param("alone", {("A101", "student"): 1, ("A101", "unregistered"): 1}, id="an-access-point-alone"),
        pytest.param("ruijie", {}, id="a-pack-without-a-table-of-stations"),
    ],
)
async def test_how_controllers_name_the_access_point(
    port: int, register: Path, monkeypatch: pytest.MonkeyPatch, device: str, found: dict[tuple[str, str], float]
) -> None:
    seen = await look(port, device, monkeypatch, register=str(register))
    assert (seen.outcome, counts(seen)) == ("ok", found)


async def test_nothing_is_counted_where_nothing_tells_whose_it_is(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await look(port, "room", monkeypatch)
    assert seen.outcome == "ok"
    assert not [r for r in seen.readings if r.measure == "place_wireless_terminals"]


@pytest.mark.parametrize("name", KNOWN)
async def test_stations_of_a_real_controller(port: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = KNOWN[name]
    rules = [{"owner": "student", "ssids": [known["ssid"]]}]
    # Every access point is a place of its own.
    seen = await look(port, name, monkeypatch, owners=rules, place_pattern="^(?P<place>.+)$", timeout_seconds=120)
    found = {place: value for (place, owner), value in counts(seen).items() if owner == "student"}
    assert (seen.outcome, sum(found.values())) == ("ok", known["on_ssid"])
    assert sum(value for place, value in found.items() if place) == known["at_a_known_access_point"]
    assert max(value for place, value in found.items() if place) == known["most_on_one"]
