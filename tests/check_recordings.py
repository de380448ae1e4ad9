"""Compares what the probes read from recorded devices with what is known of them: python -m tests.check_recordings DIR

DIR holds NAME.snmprec and NAME.expected.json. Each recording is played over real UDP and read by the ports probe, and
by the wireless probe where access points or stations are expected. Exits 1 when anything differs.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agent.clients.snmp import text
from agent.probes import PROBES
from agent.probes.base import Context
from agent.runner import observe
from tests.peers.ports import expected_ports, read_ports
from tests.peers.recording import recordings
from wire.measures import AP_CLIENTS, AP_UP, CONTROLLER_APS, CONTROLLER_APS_UP, WIRELESS_CLIENTS
from wire.report import Observation

_COMMUNITY = "CAMPUS_RECORDING"
_SHOWN = 5
_SCALARS = {
    "ap_online": (CONTROLLER_APS_UP.name, ""),
    "ap_configured": (CONTROLLER_APS.name, ""),
    "clients_total": (WIRELESS_CLIENTS.name, "all"),
}


def main() -> int:
    folder = Path(sys.argv[1])
    names = sys.argv[2:] or sorted(path.stem for path in folder.glob("*.snmprec"))
    wrong = 0
    with recordings({name: folder / f"{name}.snmprec" for name in names}) as port:
        for name in names:
            expected = json.loads((folder / f"{name}.expected.json").read_text())
            for kind, observed, differences in compare(name, expected, port):
                wrong += bool(differences)
                state = "differs" if differences else "agrees"
                print(f"{name:20} {kind:9} {observed.outcome:10} {observed.duration_seconds:6.2f} s  {state}")
                for difference in differences[:_SHOWN]:
                    print(f"    {difference}")
                if len(differences) > _SHOWN:
                    print(f"    … and {len(differences) - _SHOWN} more")
    return 1 if wrong else 0


def compare(name: str, expected: dict[str, Any], port: int) -> Iterator[tuple[str, Observation, list[str]]]:
    """One device by each probe that fits it: the probe, what it saw, and how that differs."""
    observed = _observe("ports", name, port)
    yield "ports", observed, ports_differences(expected, observed)
    if "wireless" in PROBES and (expected.get("aps") or any(expected.get(key) is not None for key in _SCALARS)):
        observed = _observe("wireless", name, port)
        yield "wireless", observed, wireless_differences(expected, observed)


def ports_differences(expected: dict[str, Any], observed: Observation) -> list[str]:
    differences = _bad_outcome(observed)
    wanted, found = expected_ports(expected), read_ports(observed)
    for index in sorted(wanted.keys() | found.keys()):
        if wanted.get(index) != found.get(index):
            differences.append(f"ifIndex {index}: expected {wanted.get(index)}, read {found.get(index)}")
    return differences


def wireless_differences(expected: dict[str, Any], observed: Observation) -> list[str]:
    differences: list[str] = []
    aps = expected.get("aps")
    if aps is not None:  # else there is no table to expect: a stand-alone access point, or a recording without it
        differences = [*_bad_outcome(observed), *_access_points(aps, observed)]
    for key, (measure, band) in _SCALARS.items():
        if expected.get(key) is not None:
            values = [r.value for r in observed.readings if r.measure == measure and r.labels.get("band", "") == band]
            if values != [expected[key]]:
                differences.append(f"{measure}: expected {expected[key]}, read {values}")
    return differences


def _access_points(aps: list[dict[str, Any]], observed: Observation) -> list[str]:
    differences: list[str] = []
    for measure, key in ((AP_UP.name, "status"), (AP_CLIENTS.name, "clients")):
        wanted = Counter((_ap_name(ap), _number(ap[key])) for ap in aps if ap.get(key) is not None)
        found = Counter((r.labels["ap"], int(r.value)) for r in observed.readings if r.measure == measure)
        differences += [f"{measure}: expected {times} of {row}" for row, times in (wanted - found).items()]
        differences += [f"{measure}: read {times} of {row}" for row, times in (found - wanted).items()]
    return differences


def _observe(kind: str, name: str, port: int) -> Observation:
    os.environ[_COMMUNITY] = name
    probe = PROBES[kind]
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": _COMMUNITY}, "request_timeout_seconds": 10}
    settings = probe.settings.model_validate({"probe": kind, "device": name, "timeout_seconds": 300, "snmp": snmp})
    with TemporaryDirectory() as state:
        return asyncio.run(observe(probe, settings, Context(Path(state))))


def _bad_outcome(observed: Observation) -> list[str]:
    return [] if observed.outcome == "ok" else [f"{observed.outcome}: {observed.detail}"]


def _ap_name(ap: dict[str, Any]) -> str:
    return text(bytes.fromhex(ap["name_hex"])).strip() if "name_hex" in ap else str(ap["name"])


def _number(value: Any) -> int:
    return int(value == "up") if isinstance(value, str) else int(value)


if __name__ == "__main__":
    sys.exit(main())
