"""Real devices' recordings against facts known without this project (tests/recordings/README.md)."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.ports import table
from agent.probes.ports.probe import PROBE
from agent.runner import observe
from tests.peers.ports import fingerprint, read_ports
from tests.peers.recording import packaged, recordings, trimmed

FOLDER = Path(__file__).parents[1] / "recordings" / "ports"
KNOWN = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
READ = (
    "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.1", table.DESCR, table.TYPE, table.SPEED, table.ADMIN, table.OPER, table.NAME,
    table.HIGH_SPEED,
)  # fmt: skip


@pytest.fixture(scope="module")
def port(pytestconfig: pytest.Config) -> Iterator[int]:
    """Whole columns of the recordings, played over UDP; cut out of the walks once and kept in pytest's cache."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir("recordings")
    with recordings({name: trimmed(packaged(known["source"]), READ, folder) for name, known in KNOWN.items()}) as port:
        yield port


@pytest.mark.parametrize("name", KNOWN)
async def test_ports_of_a_recorded_device(
    name: str, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMUNITY", name)
    known: dict[str, Any] = KNOWN[name]
    snmp = {"host": "127.0.0.1", "port": port, "community": {"env": "COMMUNITY"}}
    settings = PROBE.settings.model_validate({"probe": "ports", "device": name, "snmp": snmp})
    seen = await observe(PROBE, settings, Context(tmp_path))
    assert (seen.outcome, seen.detail) == ("ok", "")
    rows = read_ports(seen)
    if "rows" in known:
        assert [[index, *row] for index, row in sorted(rows.items())] == known["rows"]
    assert (len(rows), sum(row[2] is True for row in rows.values())) == (known["ports"], known["up"])
    assert fingerprint(rows) == known["sha256"]
    roles = Counter(r.labels["role"] for r in seen.readings if r.measure == "port_info")
    assert roles["access"] == known["access"]  # virtual interfaces by the thousand are kept out
    labels = [(reading.measure, tuple(sorted(reading.labels.items()))) for reading in seen.readings]
    assert len(labels) == len(set(labels))
