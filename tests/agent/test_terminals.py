"""The terminals probe: registers as schools write them, and sightings over real sockets."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.probes.base import Context
from agent.probes.terminals.memory import Sighting, remember
from agent.probes.terminals.probe import PROBE, memory_file, run
from agent.probes.terminals.settings import TerminalsSettings
from agent.register import read_register
from agent.runner import observe
from common.configfile import ConfigError, load
from tests.peers.free import free_udp_port
from tests.peers.made import Objects, mac_index, system, write
from tests.peers.recording import recordings
from tests.peers.udp import udp
from wire.report import Observation

DAY = 86_400.0
STUDENT, TEACHER, SHARED, ABSENT, STRANGER, PRINTER = (f"00:1a:2b:00:00:0{n}" for n in range(1, 7))
PHONE, GROUP = "da:a1:19:00:00:01", "01:00:5e:00:00:fb"
ARP, Q_BRIDGE, BRIDGE = "1.3.6.1.2.1.4.22.1", "1.3.6.1.2.1.17.7.1.2.2.1.3", "1.3.6.1.2.1.17.4.3.1.3"


def arp(macs: dict[str, int]) -> Objects:
    """A router's address table: MAC and type, by interface and address."""
    made = system("1.3.6.1.4.1.99999.1")
    for host, (mac, kind) in enumerate(macs.items(), 1):
        made[f"{ARP}.2.7.10.0.0.{host}"] = bytes.fromhex(mac.replace(":", ""))
        made[f"{ARP}.4.7.10.0.0.{host}"] = kind
    return made


def stations(root: str, macs: tuple[str, ...]) -> Objects:
    made = system("1.3.6.1.4.1.2011.2.240.7") | {f"{root}.12.1.2.1.0": 3}
    return made | {f"{root}.18.1.2.1.7.{mac_index(mac)}": 1 for mac in macs}


DEVICES: dict[str, Objects] = {
    "router": arp({STUDENT: 3, STRANGER: 3, PHONE: 3, GROUP: 4, ABSENT: 2}),
    "empty": system("1.3.6.1.4.1.99999.1"),
    "vlans": system("1.3.6.1.4.1.99999.2")
    | {f"{Q_BRIDGE}.20.{mac_index(mac)}": status for mac, status in ((TEACHER, 3), (PRINTER, 3), (ABSENT, 5))},
    "bridge": system("1.3.6.1.4.1.99999.2") | {f"{BRIDGE}.{mac_index(SHARED)}": 3, f"{BRIDGE}.{mac_index(ABSENT)}": 4},
    "controller": stations("1.3.6.1.4.1.2011.6.139", (SHARED, PHONE)),
    "night": stations("1.3.6.1.4.1.2011.6.139", ()),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("made")
    with recordings({name: write(folder, name, objects) for name, objects in DEVICES.items()}) as found:
        yield found


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DEVICES:
        monkeypatch.setenv(f"TEST_{name}", name)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "台账.csv"
    path.write_text(
        f"MAC地址,归属,备注\n{STUDENT},学生,1\n{ABSENT},学生,2\n{TEACHER},教师,\n{SHARED},公用,图书馆\n",
        encoding="utf-8",
    )
    return path


def source(kind: str, port: int, name: str, **snmp: Any) -> dict[str, Any]:
    settings = {"host": "127.0.0.1", "port": port, "community": {"env": f"TEST_{name}"}, "request_timeout_seconds": 5}
    return {"kind": kind, "snmp": settings | snmp}


async def look(register: Path, sources: list[dict[str, Any]], at: float = 100 * DAY, **more: Any) -> Observation:
    settings = TerminalsSettings.model_validate(
        {"probe": "terminals", "device": "台账", "register": str(register), "sources": sources, **more}
    )
    probe = replace(PROBE, run=partial(run, now=lambda: at))
    return await observe(probe, settings, Context(register.parent / "state"))


def counts(seen: Observation) -> dict[str, float]:
    """owner/basis to count."""
    return {f"{r.labels['owner']}/{r.labels['basis']}": r.value for r in seen.readings if r.measure == "terminals"}


def value(seen: Observation, measure: str) -> float:
    (found,) = (r.value for r in seen.readings if r.measure == measure)
    return found


async def test_healthy(port: int, register: Path) -> None:
    sources = [source("arp", port, "router"), source("fdb", port, "vlans"), source("fdb", port, "bridge")]
    seen = await look(register, [*sources, source("stations", port, "controller")])
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert counts(seen) == {
        "student/inventory": 2, "student/verified": 1, "teacher/inventory": 1, "teacher/verified": 1,
        "shared/inventory": 1, "shared/verified": 1, "unregistered/seen": 2,
    }  # fmt: skip
    assert value(seen, "terminals_randomised") == 1
    assert value(seen, "terminals_window_seconds") == 30 * DAY
    assert value(seen, "terminals_watched_seconds") == 0


async def test_no_address_leaves_the_school(port: int, register: Path) -> None:
    seen = await look(register, [source("arp", port, "router")])
    document = seen.model_dump_json()
    assert not [mac for mac in (STUDENT, STRANGER, PHONE) if mac in document or mac.replace(":", "") in document]


@pytest.mark.parametrize("name", ["controller", "night"])
async def test_stations_by_the_device_pack(port: int, register: Path, name: str) -> None:
    seen = await look(register, [source("stations", port, name)])
    assert seen.outcome == "ok"
    assert counts(seen)["shared/verified"] == (name == "controller")


async def test_silent(register: Path) -> None:
    async with udp(None) as port:
        seen = await look(register, [source("arp", port, "router", request_timeout_seconds=0.2, retries=0)])
    assert seen.outcome == "timeout"
    assert counts(seen)["student/inventory"] == 2


async def test_refused(register: Path) -> None:
    seen = await look(register, [source("arp", free_udp_port(), "router", request_timeout_seconds=1)])
    assert seen.outcome == "refused"
    # Nobody has ever looked: the register is known, and nothing is said of what the network has.
    assert counts(seen).keys() == {f"{owner}/inventory" for owner in ("student", "teacher", "shared")}
    assert {reading.measure for reading in seen.readings} == {"terminals"}


async def test_garbage(register: Path) -> None:
    async with udp(b"\x30\x82\xff\xff garbage") as port:
        seen = await look(register, [source("fdb", port, "vlans", request_timeout_seconds=0.5, retries=0)])
    assert seen.outcome == "malformed"


@pytest.mark.parametrize(
    ("kind", "says"), [("arp", "hold no entry"), ("fdb", "hold no learned entry"), ("stations", "no device pack")]
)
async def test_a_source_that_has_no_such_table(port: int, register: Path, kind: str, says: str) -> None:
    seen = await look(register, [source(kind, port, "empty")])
    assert seen.outcome == "malformed"
    assert says in seen.detail


async def test_one_source_that_fails_keeps_what_the_others_saw(port: int, register: Path) -> None:
    dead = source("fdb", free_udp_port(), "vlans", request_timeout_seconds=1)
    seen = await look(register, [source("arp", port, "router"), dead])
    assert seen.outcome == "refused"
    assert seen.detail.startswith("fdb of 127.0.0.1: ")
    assert counts(seen)["student/verified"] == 1
    assert counts(await look(register, [source("arp", port, "router")]))["student/verified"] == 1


async def test_what_was_seen_is_remembered_for_the_window_only(port: int, register: Path) -> None:
    first = [source("arp", port, "router")]
    await look(register, first, at=100 * DAY)
    later = await look(register, [source("fdb", port, "bridge")], at=100.5 * DAY)  # a new process: nothing but the file
    assert counts(later)["student/verified"] == counts(later)["shared/verified"] == 1
    assert value(later, "terminals_watched_seconds") == 0.5 * DAY

    last = await look(register, [source("fdb", port, "bridge")], at=130.2 * DAY)
    assert (counts(last)["student/verified"], counts(last)["shared/verified"]) == (0, 1)
    assert value(last, "terminals_watched_seconds") == pytest.approx(0.5 * DAY)  # nobody watched for most of the month


def test_watching_grows_to_the_window_and_stops(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "memory.sqlite3"
    watched = [
        remember(path, {STUDENT: Sighting()}, day * DAY, 3 * DAY).watched_seconds for day in (10, 11, 12, 13, 14, 15)
    ]
    assert watched == [0, DAY, 2 * DAY, 3 * DAY, 3 * DAY, 3 * DAY]
    assert path.stat().st_mode & 0o077 == 0


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite3"
    remember(path, {STUDENT: Sighting()}, 9000 * DAY, 3 * DAY)
    assert remember(path, {TEACHER: Sighting()}, 100 * DAY, 3 * DAY).macs.keys() == {STUDENT, TEACHER}
    memory = remember(path, {TEACHER: Sighting()}, 104 * DAY, 3 * DAY)
    assert memory.macs.keys() == {TEACHER}
    assert memory.watched_seconds is not None
    assert 0 <= memory.watched_seconds <= 3 * DAY


async def test_two_devices_keep_two_memories(register: Path) -> None:
    context = Context(register.parent)
    assert memory_file(context, "东校区") != memory_file(context, "西校区")


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        pytest.param("mac,owner\n00:1a:2b:00:00:01,student\n0011-2233-4455,Teacher\n", "utf-8", id="english"),
        pytest.param("MAC 地址,归属\n００:１Ａ:2b:00:00:01,学生\n0011.2233.4455,老师\n", "utf-8-sig", id="full-width"),
        pytest.param(
            "物理地址;使用人;名称\n001a2b000001;学生;甲,乙\n\n00-11-22-33-44-55;教师\n", "gb18030", id="gbk-semicolon"
        ),
        pytest.param(
            '名称\t网卡地址\t用途\r\n"a\tb"\t001a2b000001\t学生\r\nx\t001122334455\t教师\r\n', "utf-8", id="tabs"
        ),
    ],
)
def test_registers_as_schools_write_them(tmp_path: Path, written: str, encoding: str) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(written.encode(encoding))
    assert read_register(path) == {"00:1a:2b:00:00:01": "student", "00:11:22:33:44:55": "teacher"}


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        pytest.param(b"", [(1, "mac"), (1, "owner")], id="empty"),
        pytest.param(b"mac,room\n00:1a:2b:00:00:01,a\n", [(1, "owner")], id="no-owner-column"),
        pytest.param(
            b"mac,owner\n00:1a:2b:00:00,student\n\n00:1a:2b:00:00:01,headmaster\n01:00:5e:00:00:01,student\n",
            [(2, "mac"), (4, "owner"), (5, "mac")],
            id="bad-lines",
        ),
        pytest.param(b"mac,owner\n001a2b000001,student\n00:1A:2B:00:00:01,teacher\n", [(3, "mac")], id="twice"),
        pytest.param(b"mac,owner\n\xff\xff\xff,student\n", [(None, "")], id="no-text"),
    ],
)
def test_a_bad_register_names_its_lines(tmp_path: Path, written: bytes, faults: list[tuple[int | None, str]]) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(written)
    with pytest.raises(ConfigError) as refused:
        read_register(path)
    assert [(fault.line, fault.field) for fault in refused.value.faults] == faults


def config(folder: Path, register: str) -> Path:
    path = folder / "device.yaml"
    path.write_text(
        f"probe: terminals\ndevice: t\nregister: {register}\n"
        "sources: [{kind: arp, snmp: {host: h, community: {env: A}}}]\n",
        encoding="utf-8",
    )
    return path


def test_the_register_is_checked_with_the_configuration(tmp_path: Path, register: Path) -> None:
    assert load(config(tmp_path, register.name), TerminalsSettings).register_file == register
    register.write_text("mac,owner\nnonsense,student\n")
    with pytest.raises(ConfigError, match=rf"device\.yaml:3: register[\s\S]*{register.name}:2: mac \('nonsense'\)"):
        load(config(tmp_path, register.name), TerminalsSettings)
    with pytest.raises(ConfigError, match=r"device\.yaml:3: register[\s\S]*missing\.csv"):
        load(config(tmp_path, "missing.csv"), TerminalsSettings)


async def test_a_register_that_breaks_while_the_agent_runs(port: int, register: Path) -> None:
    register.write_text("mac,owner\nnonsense,student\n")
    seen = await look(register, [source("arp", port, "router")])
    assert (seen.outcome, seen.readings) == ("malformed", ())
    assert "台账.csv:2: mac" in seen.detail
