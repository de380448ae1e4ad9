"""The wireless probe on recordings of real controllers (PyPI package snmpsim-data, BSD-2-Clause), over real UDP.

The expected numbers were taken from the recordings by the vendors' MIBs, without this project's code.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.clients.snmp_settings import SnmpSettings
from agent.packs.fit import fits
from agent.packs.load import packs
from agent.packs.model import Pack
from agent.packs.parts import count_columns, under
from agent.probes.base import Context
from agent.probes.wireless.probe import PROBE
from agent.probes.wireless.settings import WirelessSettings
from agent.runner import observe
from tests.peers.recording import packaged, recordings, trimmed
from wire.report import Observation

EXPECTED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "recordings" / "wireless.json").read_text(encoding="utf-8")
)
DETAILS = ("channels", "noises", "uplinks", "networks")


def listed() -> set[str]:
    """Every column and object that tells one pack from another, and the system group."""
    found = {"1.3.6.1.2.1.1"}
    for pack in packs().values():
        oids = list(pack.scalars.single())
        for table in pack.access_points:
            oids.extend(table.list_columns())
        if pack.itself is not None:
            oids.append(pack.itself.shown_by)
        found.update(under(root, oid).removesuffix(".0") for root in pack.roots for oid in oids)
    return found


def read_of(pack: Pack, expected: dict[str, Any]) -> set[str]:
    """What a device is asked once the pack has been chosen; without names where thousands of them test nothing more."""
    details = any(kind in expected for kind in DETAILS)
    oids = [oid for count in pack.scalars.clients.values() for oid in count_columns(count)]
    for table in pack.access_points:
        lean = not expected.get("names", True)
        names = {lookup.column for lookup in (*table.name, *table.serial)} - {*table.list_columns()} if lean else set()
        oids.extend(oid for oid in table.columns() if oid not in names)
        oids.extend(table.details(radios=True) if details else ())
    if pack.networks is not None:
        oids.extend(pack.networks.columns())
    return {under(root, oid) for root in pack.roots for oid in oids}


@pytest.fixture(scope="module")
def port(pytestconfig: pytest.Config) -> Iterator[int]:
    """Whole columns of the recordings, played over UDP; cut out of the walks once and kept in pytest's cache."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("recordings")
    devices = {}
    for name, expected in EXPECTED.items():
        columns = sorted(listed() | read_of(packs()[expected["pack"]], expected))
        devices[name] = trimmed(packaged(expected["file"]), columns, folder)
    with recordings(devices) as found:
        yield found


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_real_controller(port: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", name)
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": "TEST_COMMUNITY"}, "request_timeout_seconds": 20}
    settings = WirelessSettings.model_validate({"probe": "wireless", "device": name, "snmp": snmp})
    seen = await observe(PROBE, settings, Context(Path()))
    expected = EXPECTED[name]
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert max(Counter((r.measure, tuple(r.labels.items())) for r in seen.readings).values()) == 1

    up = {r.labels["ap_id"]: r for r in seen.readings if r.measure == "wireless_access_point_up"}
    clients = {r.labels["ap_id"]: int(r.value) for r in seen.readings if r.measure == "wireless_access_point_clients"}
    assert Counter(r.value for r in up.values()) == Counter({1.0: expected["up"], 0.0: expected["down"]})
    states = sum(r.measure == "wireless_access_point_state" for r in seen.readings)
    assert states == expected["up"] + expected["down"] + expected["other"]
    if "clients_of_access_points" in expected:
        assert sum(clients.values()) == expected["clients_of_access_points"]
    if "access_points" in expected:
        found = Counter((r.labels["ap"], "up" if r.value else "down", clients.get(key)) for key, r in up.items())
        assert found == Counter(tuple(row) for row in expected["access_points"])

    scalars = {r.measure: r.value for r in seen.readings if not r.labels}
    assert scalars.get("wireless_controller_access_points_up") == expected["online"]
    if expected["configured"] is not None:
        assert scalars["wireless_controller_access_points"] == expected["configured"]
    total = [r.value for r in seen.readings if r.labels == {"band": "all"}]
    assert total == [n for n in [expected["clients"]] if n is not None]
    assert details(seen, expected) == {kind: expected[kind] for kind in DETAILS if kind in expected}


def details(seen: Observation, expected: dict[str, Any]) -> dict[str, Any]:
    """Of the kinds of details that are expected: how many radios tell them, uplinks by Mbit/s, stations by network."""
    measures = Counter(r.measure for r in seen.readings)
    found = {
        "channels": measures["wireless_radio_channel"],
        "noises": measures["wireless_radio_noise_dbm"],
        "uplinks": Counter(
            str(round(r.value * 8 / 1e6)) for r in seen.readings if r.measure.endswith("_uplink_speed_bytes")
        ),
        "networks": {r.labels["ssid"]: r.value for r in seen.readings if r.measure == "wireless_network_clients"},
    }
    return {kind: value for kind, value in found.items() if kind in expected}


@pytest.mark.parametrize("name", EXPECTED)
async def test_the_pack_that_fits_is_named_with_its_reason(
    port: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_COMMUNITY", name)
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": "TEST_COMMUNITY"}, "request_timeout_seconds": 20}
    answers = await fits(SnmpSettings.model_validate(snmp), packs())
    best = answers.fits[0]
    assert best.pack.id == EXPECTED[name]["pack"]
    assert best.rows == sum(EXPECTED[name][state] for state in ("up", "down", "other"))
    assert answers.descr
