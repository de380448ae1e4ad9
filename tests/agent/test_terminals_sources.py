"""The terminals probe on DHCP leases of real servers, and whose a terminal is by VLAN, subnet, SSID or register."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.clients.dhcp_leases import dnsmasq, isc, kea
from agent.probes.base import Context
from agent.probes.terminals.probe import PROBE, run
from agent.probes.terminals.settings import TerminalsSettings
from agent.runner import observe
from tests.peers import dhcp
from tests.peers.made import Objects, mac_index, system, write
from tests.peers.recording import recordings
from tests.peers.snmpd import snmpd
from wire.report import Observation

STUDENT, TEACHER, STRANGER = (f"00:1a:2b:00:00:0{n}" for n in range(1, 4))
PHONE, TABLET, GUEST = "da:a1:19:00:00:01", "02:00:00:00:00:02", "be:00:00:00:00:03"
HUAWEI = "1.3.6.1.4.1.2011.6.139"
ARP, NEIGHBOURS = "1.3.6.1.2.1.4.22.1", "1.3.6.1.2.1.4.35.1"
VLAN_STATUS, VLAN_DATABASE = "1.3.6.1.2.1.17.7.1.2.2.1.3", "1.3.6.1.2.1.17.7.1.4.2.1.3"


def raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def stations(rows: dict[str, tuple[str, int, bytes]]) -> Objects:
    """A Huawei controller's stations: SSID, VLAN and address."""
    made = system("1.3.6.1.4.1.2011.2.240.7") | {f"{HUAWEI}.12.1.2.1.0": 1}
    for mac, (ssid, vlan, address) in rows.items():
        for column, value in ((7, 1), (18, ssid), (24, vlan), (25, address)):
            made[f"{HUAWEI}.18.1.2.1.{column}.{mac_index(mac)}"] = value
    return made


DEVICES: dict[str, Objects] = {
    "controller": stations(
        {TABLET: ("一人一机", 30, b"\x0a\x1e\x00\x01"), GUEST: ("访客", 40, b"\x0a\x28\x00\x01"),
         PHONE: ("office", 50, b"\x0a\x32\x00\x01"), STRANGER: ("一人一机", 30, b"\x00\x00\x00\x00")}
    ),
    "router": system("1.3.6.1.4.1.99999.1") | {
        f"{ARP}.2.7.10.20.0.9": raw(TEACHER), f"{ARP}.4.7.10.20.0.9": 3,
        f"{NEIGHBOURS}.4.7.1.4.10.20.0.10": raw(STUDENT), f"{NEIGHBOURS}.6.7.1.4.10.20.0.10": 3,
        f"{NEIGHBOURS}.4.7.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7": raw(PHONE),
        f"{NEIGHBOURS}.6.7.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7": 3,
    },
    "plain": system("1.3.6.1.4.1.99999.2") | {f"{VLAN_STATUS}.30.{mac_index(STUDENT)}": 3,
                                              f"{VLAN_STATUS}.31.{mac_index(TEACHER)}": 3},
    "mapped": system("1.3.6.1.4.1.99999.2") | {f"{VLAN_STATUS}.1.{mac_index(STUDENT)}": 3,
                                               f"{VLAN_STATUS}.2.{mac_index(TEACHER)}": 3,
                                               f"{VLAN_STATUS}.3.{mac_index(STRANGER)}": 3,
                                               f"{VLAN_DATABASE}.0.30": 1, f"{VLAN_DATABASE}.0.31": 2,
                                               f"{VLAN_DATABASE}.0.32": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("made")
    with recordings({name: write(folder, name, objects) for name, objects in DEVICES.items()}) as found:
        yield found


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DEVICES:
        monkeypatch.setenv(f"TEST_{name}", name)


async def look(folder: Path, *sources: dict[str, Any], at: float | None = None, **more: Any) -> Observation:
    settings = TerminalsSettings.model_validate(
        {"probe": "terminals", "device": "t", "sources": sources, "owners": STUDENTS, **more}
    )
    probe = PROBE if at is None else replace(PROBE, run=partial(run, now=lambda: at))
    return await observe(probe, settings, Context(folder / "state"))


def snmp(kind: str, port: int, name: str) -> dict[str, Any]:
    return {"kind": kind, "snmp": {"host": "127.0.0.1", "port": port, "community": {"env": f"TEST_{name}"}}}


STUDENTS = [{"owner": "student", "subnets": ["10.9.2.0/24"]}]


def counts(seen: Observation) -> dict[str, float]:
    """owner/basis to count; made-up addresses as owner/made-up."""
    return {
        f"{r.labels['owner']}/{r.labels.get('basis', 'made-up')}": r.value
        for r in seen.readings
        if r.measure in ("terminals", "terminals_randomised")
    }


# Leases that real servers gave to real requests.


@pytest.mark.parametrize("server", [dhcp.dnsmasq, dhcp.dhcpd, dhcp.kea], ids=["dnsmasq", "isc", "kea"])
async def test_leases_of_a_real_server(tmp_path: Path, server: dhcp.Server, request: pytest.FixtureRequest) -> None:
    register = tmp_path / "register.csv"
    register.write_text(f"mac,owner\n{TEACHER},teacher\n{STRANGER[:-2]}ff,teacher\n")
    written_by = request.node.callspec.id
    with server(tmp_path, [STUDENT, TEACHER, PHONE]) as leased:
        assert len(set(leased.addresses.values())) == 3
        sources = [{"kind": "leases", "file": str(leased.file), "format": written_by}]
        if written_by == "kea":
            sources.append({"kind": "kea", "socket": str(leased.socket)})
        for source in sources:
            seen = await look(tmp_path / f"by-{source['kind']}", source, register=str(register))
            assert (seen.outcome, seen.detail) == ("ok", "")
            assert counts(seen) == {
                "student/inventory": 0, "student/verified": 0, "teacher/inventory": 2, "teacher/verified": 1,
                "shared/inventory": 0, "shared/verified": 0, "student/seen": 1, "unregistered/seen": 0,
                "student/made-up": 1, "unregistered/made-up": 0,
            }  # fmt: skip
            document = seen.model_dump_json()
            assert not [mac for mac in (STUDENT, TEACHER, PHONE) if mac in document or mac.replace(":", "") in document]
        later = leased.file.stat().st_mtime + 7300  # the leases have ended by then
        seen = await look(tmp_path / "later", sources[0], at=later)
        assert counts(seen) == {
            "student/seen": 0, "unregistered/seen": 0, "student/made-up": 0, "unregistered/made-up": 0
        }  # fmt: skip


async def test_a_real_kea_without_its_hook_says_so(tmp_path: Path) -> None:
    with dhcp.kea(tmp_path, [STUDENT], with_commands=False) as leased:
        seen = await look(tmp_path, {"kind": "kea", "socket": str(leased.socket)})
    assert seen.outcome == "refused"
    assert "lease_cmds" in seen.detail


async def test_kea_is_asked_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.clients.kea._PAGE", 2)
    macs = [f"00:1a:2b:00:01:0{n}" for n in range(5)]
    with dhcp.kea(tmp_path, macs) as leased:
        seen = await look(tmp_path, {"kind": "kea", "socket": str(leased.socket)})
    assert (seen.outcome, counts(seen)["student/seen"]) == ("ok", 5)


# Silent, refused, garbage.


@asynccontextmanager
async def control_socket(path: Path, answer: bytes | None) -> AsyncIterator[Path]:
    """Accepts, and answers with this and no more; with None it never answers."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        if answer is None:
            await done.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(path))
    try:
        yield path
    finally:
        done.set()
        server.close()


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        pytest.param(None, "timeout", "no answer in 0.2 s", id="silent"),
        pytest.param(b"", "malformed", "not Kea's JSON", id="hangs-up"),
        pytest.param(b"\x00\xff garbage", "malformed", "not Kea's JSON", id="garbage"),
        pytest.param(
            b'{"result": 0, "arguments": {"leases": [{"ip-address": 7}]}}', "malformed", "JSON", id="no-lease"
        ),
        pytest.param(b"[" * 100_000, "malformed", "not Kea's JSON", id="deep"),
        pytest.param(b" " * (5 * 1024 * 1024), "malformed", "larger than 4 MiB", id="endless"),
        pytest.param(b'{"result": 1, "text": "no"}', "refused", "Kea refuses: no", id="an-error"),
    ],
)
async def test_a_control_socket_that_misbehaves(tmp_path: Path, answer: bytes | None, outcome: str, says: str) -> None:
    async with control_socket(tmp_path / "s", answer) as path:
        seen = await look(tmp_path, {"kind": "kea", "socket": str(path), "request_timeout_seconds": 0.2})
    assert seen.outcome == outcome, seen.detail
    assert says in seen.detail


async def test_pages_that_never_end(tmp_path: Path) -> None:
    lease = {"ip-address": "10.9.2.7", "hw-address": STUDENT, "cltt": 2**40, "valid-lft": 9}
    page = json.dumps({"result": 0, "arguments": {"leases": [lease] * 1000}}).encode()
    async with control_socket(tmp_path / "s", page) as path:
        seen = await look(tmp_path, {"kind": "kea", "socket": str(path)})
    assert (seen.outcome, "do not end" in seen.detail) == ("malformed", True)


async def test_a_socket_that_nobody_serves_and_one_that_is_not_there(tmp_path: Path) -> None:
    async with control_socket(tmp_path / "s", b""):
        pass
    dead = await look(tmp_path, {"kind": "kea", "socket": str(tmp_path / "s")})
    gone = await look(tmp_path, {"kind": "kea", "socket": str(tmp_path / "none")})
    assert (dead.outcome, gone.outcome) == ("refused", "unreachable")


@pytest.mark.parametrize("written_by", ["dnsmasq", "isc", "kea"])
async def test_a_lease_file_of_something_else(tmp_path: Path, written_by: str) -> None:
    path = tmp_path / "leases"
    path.write_bytes(b"\x00\x01 not leases\nat all {\n")
    seen = await look(tmp_path, {"kind": "leases", "file": str(path), "format": written_by})
    assert seen.outcome == "malformed"
    assert seen.detail.startswith("leases of leases: ")
    path.unlink()
    seen = await look(tmp_path, {"kind": "leases", "file": str(path), "format": written_by})
    assert seen.outcome == "unreachable"


async def test_a_folder_and_a_pipe_are_no_lease_files(tmp_path: Path) -> None:
    seen = await look(tmp_path, {"kind": "leases", "file": str(tmp_path), "format": "isc"})
    assert (seen.outcome, "no regular file" in seen.detail) == ("malformed", True)


async def test_a_source_that_fails_keeps_what_the_others_saw(tmp_path: Path) -> None:
    good = tmp_path / "leases"
    good.write_text(f"99999999999 {STUDENT} 10.9.2.7 * *\n")
    bad = {"kind": "kea", "socket": str(tmp_path / "none")}
    seen = await look(tmp_path, {"kind": "leases", "file": str(good), "format": "dnsmasq"}, bad)
    assert (seen.outcome, counts(seen)["student/seen"]) == ("unreachable", 1)


# What stands in a lease file, beyond what a young server writes.


def kept(rows: Any) -> dict[str, str | None]:
    """The last row of each address: its MAC, or None."""
    return {address: None if lease is None else lease.mac for address, lease in rows}


def test_dnsmasq_leases_that_say_nothing() -> None:
    text = (
        f"2000 {STUDENT} 10.0.0.1 pc 01:00\n0 {TEACHER} 10.0.0.2 * *\n900 {STRANGER} 10.0.0.3 * *\n"
        f"2000 20-{PHONE} 10.0.0.4 * *\nduid 00:01\n2000 1 fd00::1 * 00:01\n"
    )
    assert kept(dnsmasq(text, 1000)) == {"10.0.0.1": STUDENT, "10.0.0.2": None, "10.0.0.3": None}


def test_an_isc_file_is_a_log() -> None:
    def lease(
        address: str, mac: str, state: str = "active", ends: str = "2 2026/11/24 22:00:00", more: str = ""
    ) -> str:
        return (
            f"lease {address} {{\n  starts 2 2026/11/24 20:00:00;\n  ends {ends};\n  cltt 2 2026/11/24 20:30:00;\n"
            f"  binding state {state};\n  next binding state free;\n  hardware ethernet {mac};\n{more}}}\n"
        )

    at = 1_795_557_600.0  # 2026-11-24 22:00 UTC
    text = "# The format of this file\n" + lease("10.0.0.1", STRANGER) + lease("10.0.0.1", STUDENT)
    text += lease("10.0.0.2", TEACHER) + lease("10.0.0.2", TEACHER, "free") + lease("10.0.0.3", PHONE, ends="never")
    text += lease("10.0.0.4", TABLET, ends=f"epoch {at + 5:.0f}; # later")
    text += lease("10.0.0.5", GUEST, more='  client-hostname "lease 10.0.0.9 {";\n  set x = "}";\n')
    assert kept(isc(text, at - 3600)) == {
        "10.0.0.1": STUDENT, "10.0.0.2": None, "10.0.0.3": PHONE, "10.0.0.4": TABLET, "10.0.0.5": GUEST
    }  # fmt: skip
    assert {one.at for _, one in isc(text, at - 3600) if one} == {at - 5400}
    assert kept(isc(text, at)) == dict.fromkeys(("10.0.0.1", "10.0.0.2", "10.0.0.5")) | {
        "10.0.0.3": PHONE, "10.0.0.4": TABLET
    }  # fmt: skip


KEA = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"


def test_a_kea_file_is_a_log_too() -> None:
    text = KEA + "".join(
        f"10.0.0.{n},{mac},,{life},{expire},1,0,0,a&#x2cb,{state},,0\n"
        for n, mac, life, expire, state in (
            (1, STUDENT, 100, 1050, 0), (1, TEACHER, 100, 1060, 0), (2, PHONE, 100, 1050, 0), (2, PHONE, 0, 950, 0),
            (3, TABLET, 100, 1050, 1), (4, GUEST, 100, 999, 0), (5, "", 100, 1050, 0),
        )
    )  # fmt: skip
    assert kept(kea(text, 1000)) == {"10.0.0.1": TEACHER} | dict.fromkeys(f"10.0.0.{n}" for n in (2, 3, 4, 5))
    assert [one.at for _, one in kea(text, 1000) if one] == [950, 960, 950]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"": STUDENT, ".1": TEACHER, ".2": STRANGER}, 3),
        ({"": STUDENT, ".completed": TEACHER, ".2": STRANGER, ".1": GUEST}, 2),
    ],
)
async def test_keas_clean_up_moves_leases_to_other_files(tmp_path: Path, files: dict[str, str], found: int) -> None:
    for number, (suffix, mac) in enumerate(files.items()):
        row = f"10.9.2.{number},{mac},,100,99999999999,1,0,0,,0,,0\n"
        (tmp_path / f"leases.csv{suffix}").write_text(KEA + row)
    source = {"kind": "leases", "file": str(tmp_path / "leases.csv"), "format": "kea"}
    seen = await look(tmp_path, source, at=99999999950)
    assert counts(seen)["student/seen"] == found


async def test_a_lease_is_a_sighting_when_it_was_asked_for(tmp_path: Path) -> None:
    """A lease of a month that was taken 29 days ago does not make the terminal be there today."""
    day = 86_400
    path = tmp_path / "leases"
    path.write_text(KEA + f"10.9.2.1,{STUDENT},,{60 * day},{160 * day},1,0,0,,0,,0\n")
    source = {"kind": "leases", "file": str(path), "format": "kea"}
    assert counts(await look(tmp_path, source, at=129.0 * day))["student/seen"] == 1
    assert counts(await look(tmp_path, source, at=131.0 * day))["student/seen"] == 0


# Whose a terminal is.


async def test_owners_by_ssid_vlan_and_subnet(tmp_path: Path, port: int) -> None:
    rules = [
        {"owner": "visitor", "ssids": ["访客"]},
        {"owner": "student", "vlans": [30]},
        {"owner": "teacher", "subnets": ["10.50.0.0/16", "2001:db8::/32"]},
    ]
    seen = await look(tmp_path, snmp("stations", port, "controller"), owners=rules)
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert counts(seen) == {
        "student/seen": 1, "teacher/seen": 0, "visitor/seen": 0, "unregistered/seen": 0,
        "student/made-up": 1, "teacher/made-up": 1, "visitor/made-up": 1, "unregistered/made-up": 0,
    }  # fmt: skip
    by_name = [{"owner": "shared", "ssids": ["一人一机"]}, {"owner": "student", "vlans": [30]}]
    again = await look(tmp_path / "again", snmp("stations", port, "controller"), owners=by_name)
    assert counts(again)["shared/made-up"] == counts(again)["shared/seen"] == 1  # the first rule that fits
    assert counts(again)["unregistered/made-up"] == 2


async def test_a_real_agent_by_snmp_v3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forwarding database by a real snmpd, SHA-512 with AES-256."""
    rows = [(f"{VLAN_STATUS}.30.{mac_index(STUDENT)}", "integer", "3")]
    rows += [(f"{VLAN_STATUS}.30.{mac_index(TABLET)}", "integer", "3")]
    rows += [(f"{VLAN_STATUS}.30.{mac_index(GUEST)}", "integer", "4")]  # self: the switch's own
    served = tmp_path / "rows"
    served.write_text("".join(f"{oid} {kind} {value}\n" for oid, kind, value in rows))
    script = Path(__file__).parents[1] / "peers" / "snmpd_pass.py"
    conf = (
        f"pass_persist .1.3.6.1.2.1.17 {sys.executable} {script} {served}\n"
        'createUser campus SHA-512 "authenticate-me" AES-256 "encrypt-me-too"\nrouser campus priv\n'
    )
    monkeypatch.setenv("AUTH", "authenticate-me")
    monkeypatch.setenv("PRIVACY", "encrypt-me-too")
    with snmpd(conf) as port:
        reach = {
            "host": "127.0.0.1", "port": port, "version": "3", "user": "campus",
            "auth": {"protocol": "sha512", "password": {"env": "AUTH"}},
            "privacy": {"protocol": "aes256", "password": {"env": "PRIVACY"}},
        }  # fmt: skip
        seen = await look(tmp_path, {"kind": "fdb", "snmp": reach}, owners=[{"owner": "student", "vlans": [30]}])
    assert (seen.outcome, seen.detail) == ("ok", "")
    assert counts(seen) == {
        "student/seen": 1, "unregistered/seen": 0, "student/made-up": 1, "unregistered/made-up": 0
    }  # fmt: skip


async def test_owners_by_the_addresses_of_a_router(tmp_path: Path, port: int) -> None:
    rules = [{"owner": "teacher", "subnets": ["10.20.0.0/16"]}, {"owner": "shared", "subnets": ["2001:db8::/32"]}]
    seen = await look(tmp_path, snmp("arp", port, "router"), owners=rules)
    assert (counts(seen)["teacher/seen"], counts(seen)["shared/made-up"]) == (2, 1)


@pytest.mark.parametrize(("device", "found"), [("plain", 1), ("mapped", 1)])
async def test_owners_by_the_vlan_of_a_switch(tmp_path: Path, port: int, device: str, found: int) -> None:
    """Of two VLANs that share a filtering database nobody knows which it was."""
    seen = await look(tmp_path, snmp("fdb", port, device), owners=[{"owner": "student", "vlans": [30]}])
    assert counts(seen)["student/seen"] == found
    shared = await look(tmp_path / "31", snmp("fdb", port, device), owners=[{"owner": "student", "vlans": [31, 32, 3]}])
    assert counts(shared)["student/seen"] == (device == "plain")


async def test_what_two_sources_say_counts_together(tmp_path: Path, port: int) -> None:
    rules = [{"owner": "student", "vlans": [30]}, {"owner": "teacher", "subnets": ["10.20.0.0/16"]}]
    sources = [snmp("fdb", port, "plain"), snmp("arp", port, "router")]
    seen = await look(tmp_path, *sources, owners=rules)
    # The teacher's by its address; the student's has an address of that subnet too, and the VLAN's rule comes first.
    assert (counts(seen)["student/seen"], counts(seen)["teacher/seen"]) == (1, 1)


async def test_the_register_says_more_than_a_rule(tmp_path: Path, port: int) -> None:
    register = tmp_path / "register.csv"
    register.write_text(f"mac,owner\n{STUDENT},shared\n{TABLET},student\n")
    rules = [{"owner": "student", "vlans": [30]}]
    sources = [snmp("fdb", port, "plain"), snmp("stations", port, "controller")]
    seen = counts(await look(tmp_path, *sources, register=str(register), owners=rules))
    assert (seen["shared/verified"], seen["student/verified"]) == (1, 1)
    assert seen["student/seen"] == 2  # the registered tablet, made-up address or not, and a stranger of the VLAN
    assert seen["student/made-up"] == 0


async def test_a_rule_that_was_taken_out_says_nothing_any_more(tmp_path: Path, port: int) -> None:
    source = snmp("fdb", port, "plain")
    await look(tmp_path, source, owners=[{"owner": "student", "vlans": [30]}])
    seen = await look(tmp_path, source, owners=[{"owner": "teacher", "vlans": [31]}])
    assert (counts(seen)["teacher/seen"], counts(seen)["unregistered/seen"]) == (1, 1)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"owners": []}, "register or owners"),
        ({"owners": [{"owner": "student"}]}, "subnets, vlans or ssids"),
        ({"owners": [{"owner": "headmaster", "vlans": [1]}]}, "student"),
        ({"owners": [{"owner": "student", "vlans": [4095]}]}, "4094"),
        ({"owners": [{"owner": "student", "subnets": ["10.0.0.1/8"]}]}, "a subnet is accepted"),
        ({"sources": [{"kind": "leases", "file": "x"}]}, "format"),
        ({"sources": [{"kind": "kea", "snmp": {}}]}, "socket"),
    ],
)
def test_settings_that_cannot_work(data: dict[str, Any], what: str) -> None:
    base = {"probe": "terminals", "device": "t", "owners": STUDENTS, "sources": [{"kind": "kea", "socket": "s"}]}
    with pytest.raises(ValidationError, match=re.escape(what)):
        TerminalsSettings.model_validate({**base, **data})
