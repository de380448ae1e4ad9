"""From devices over real sockets to the verdicts on terminals: the agent's probes with the collector's engine."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.probes import PROBES
from agent.probes.base import Context
from agent.runner import observe
from collector.roster.model import Place, School
from tests.agent.test_place_terminals import DEVICES, REGISTER
from tests.collector.engine import Clock, Engine
from tests.peers.made import write
from tests.peers.recording import recordings
from wire.report import Observation

OWNERS = [{"owner": "student", "ssids": ["tablets"]}, {"owner": "visitor", "ssids": ["guest"]}]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with recordings({"room": write(tmp_path_factory.mktemp("made"), "room", DEVICES["room"])}) as found:
        yield found


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMUNITY", "room")
    path = tmp_path / "register.csv"
    path.write_text(REGISTER)
    return path


async def look(probe: str, folder: Path, **settings: Any) -> Observation:
    found = PROBES[probe]
    data = {"probe": probe, "device": probe, "owners": OWNERS, **settings}
    return await observe(found, found.settings.model_validate(data), Context(folder / "state"))


def snmp(port: int) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "community": {"env": "COMMUNITY"}, "request_timeout_seconds": 5}


async def judged(folder: Path, observation: Observation, **facts: int) -> Engine:
    """The verdicts on a school with one room of so many seats, so many students and one teacher."""
    room = Place(id="A101", kind="classroom", seats=facts.get("seats", 1))
    of = School(
        id="east",
        name="east",
        stage="primary",
        students=facts.get("students", 1),
        teachers=1,
        classes=1,
        places=(room,),
    )
    folder.mkdir()
    engine = await Engine(folder, clock=Clock(datetime.now(UTC))).start(of)
    await engine.report("east", [observation])
    engine.database.close()
    return engine


@pytest.mark.parametrize(("seats", "state"), [(5, "met"), (6, "unknown"), (9, "unknown")])
async def test_a_terminal_for_each_seat(tmp_path: Path, port: int, register: Path, seats: int, state: str) -> None:
    """Five student terminals are surely there. The month is not over, so that fewer say nothing yet."""
    wireless = {"snmp": snmp(port), "register": str(register), "place_pattern": "^(?P<place>[^-]+)"}
    engine = await judged(tmp_path / "collector", await look("wireless", tmp_path, **wireless), seats=seats)
    found = engine.district.verdicts["east"]["one_to_one_classroom"].verdict
    assert found.state == state, found.reason.text.en
    assert found.lowest == (state == "met")


@pytest.mark.parametrize(("students", "state"), [(24, "met"), (25, "unknown")])
async def test_people_per_terminal(tmp_path: Path, port: int, register: Path, students: int, state: str) -> None:
    """Four registered terminals are seen, and a made-up address of a student's network: between four and five."""
    source = {"kind": "stations", "snmp": snmp(port)}
    seen = await look("terminals", tmp_path, register=str(register), sources=[source])
    engine = await judged(tmp_path / "collector", seen, students=students)
    found = engine.district.verdicts["east"]["student_device_ratio"].verdict
    assert found.state == state, found.reason.text.en
    assert (found.lowest, found.highest) == (students / 5, students / 4)
