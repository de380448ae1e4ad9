"""Reads every device of snmpsim-data by the wireless and the ports probe: python -m tests.survey_recordings [WORD …]

Prints what each saw, so that a person finds what is mistaken for what. With words, only files whose path has one.
"""

import asyncio
import os
import sys
from collections import Counter
from importlib.metadata import files
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.packs.load import packs
from agent.packs.parts import under
from agent.probes import PROBES
from agent.probes.base import Context
from agent.probes.ports import table
from agent.runner import observe
from tests.peers.recording import recordings, trimmed
from wire.measures import AP_STATE, PORT_INFO, WIRELESS_CLIENTS
from wire.report import Observation

_COMMUNITY = "CAMPUS_RECORDING"
_PORTS = (
    "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.1", table.DESCR, table.TYPE, table.SPEED, table.ADMIN, table.OPER, table.NAME,
    table.HIGH_SPEED,
)  # fmt: skip


def main() -> int:
    words = sys.argv[1:]
    with TemporaryDirectory() as folder:
        for file in sorted(files("snmpsim-data") or (), key=str):
            path = Path(str(file.locate()))
            if ".snmprec" in path.name and any(word in str(file) for word in words or [""]):
                name = path.name.split(".")[0]
                recording = trimmed(path, sorted({*_PORTS, *_wireless()}), Path(folder))
                if not recording.stat().st_size:
                    continue
                with recordings({name: recording}) as port:
                    print(f"{name:32} {_wireless_line(_look('wireless', name, port))}")
                    print(f"{'':32} {_ports_line(_look('ports', name, port))}", flush=True)
                recording.unlink()
    return 0


def _wireless() -> set[str]:
    """Every column and object that any pack reads, but details."""
    found: set[str] = set()
    for pack in packs().values():
        oids = list(pack.scalars.single())
        for access_points in pack.access_points:
            oids.extend(access_points.columns())
        if pack.itself is not None:
            oids.append(pack.itself.shown_by)
        found.update(under(root, oid).removesuffix(".0") for root in pack.roots for oid in oids)
    return found


def _look(kind: str, name: str, port: int) -> Observation:
    os.environ[_COMMUNITY] = name
    probe = PROBES[kind]
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": _COMMUNITY}, "request_timeout_seconds": 20}
    settings = probe.settings.model_validate({"probe": kind, "device": name, "timeout_seconds": 300, "snmp": snmp})
    with TemporaryDirectory() as state:
        return asyncio.run(observe(probe, settings, Context(Path(state))))


def _wireless_line(seen: Observation) -> str:
    states = Counter(r.labels["state"] for r in seen.readings if r.measure == AP_STATE.name)
    clients = {r.labels["band"]: int(r.value) for r in seen.readings if r.measure == WIRELESS_CLIENTS.name}
    return f"wireless {seen.outcome}: {dict(states)} {clients} {seen.detail[:120]}"


def _ports_line(seen: Observation) -> str:
    roles = Counter(r.labels["role"] for r in seen.readings if r.measure == PORT_INFO.name)
    return f"ports {seen.outcome}: {dict(roles)} {seen.detail[:120]}"


if __name__ == "__main__":
    sys.exit(main())
