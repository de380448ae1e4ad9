"""The simulated devices, as genuine SNMP programs and an independent PJLink client see them."""

import asyncio
from ipaddress import IPv4Address

import pytest
from aiopjlink import Lamp, PJLink, PJLinkException, PJLinkPassword, Power

from demo.devices import controller, projector, switch
from demo.devices.controller import AccessPoint, H3CController, HuaweiController
from demo.devices.projector import Projector
from demo.devices.snmp_device import IpAddress, OctetString, SnmpDevice, oid
from demo.devices.switch import Port, Station, Switch

WAN, DESK, IDLE = 1, 2, 3
PORTS = [
    Port("GigabitEthernet0/0/24", alias="to-MAN"),
    Port("GigabitEthernet0/0/2", bits=100_000_000, alias="高一(1)班", full_duplex=False),
    Port("GigabitEthernet0/0/3", bits=0),
]
TERMINAL = Station(bytes.fromhex("3c970e000102"), IPv4Address("10.20.0.9"), DESK)
ACCESS_POINTS = [
    AccessPoint("AP-101", bytes.fromhex("00259e000001"), "210235A0RXC122000439", IPv4Address("10.20.9.1"), stations=31),
    AccessPoint("AP-图书馆", bytes.fromhex("00259e000002"), "210235A0RXC122000440", IPv4Address("10.20.9.2"), False, 7),
]


async def snmp(program: str, device: SnmpDevice, *names: str, community: str = "") -> tuple[int, list[str], str]:
    """A net-snmp program's exit code, its lines `.1.3.… = TYPE: value`, and what it says to stderr."""
    process = await asyncio.create_subprocess_exec(
        program, "-v2c", "-c", community or device.community, "-On", "-t", "0.5", "-r", "0",
        f"127.0.0.1:{device.port}", *names,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complaint = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, out.decode().splitlines(), complaint.decode()


async def walk(device: SnmpDevice, under: tuple[int, ...], program: str = "snmpbulkwalk") -> dict[str, str]:
    """Column and index below an OID, and the value without its type."""
    root = "." + ".".join(map(str, under)) + "."
    _, lines, _ = await snmp(program, device, root.rstrip("."))
    rows = (line.split(" = ", 1) for line in lines if "No more variables" not in line)
    return {name.removeprefix(root): value.partition(": ")[2].strip('"') or value for name, value in rows}


@pytest.mark.parametrize("program", ["snmpwalk", "snmpbulkwalk"])
async def test_ports_as_set(program: str) -> None:
    async with Switch("sw", "school", PORTS) as device:
        table = await walk(device, switch.IF_TABLE, program)
        extended = await walk(device, switch.IF_X_TABLE, program)
        duplex = await walk(device, switch.DUPLEX, program)
        number = await snmp("snmpget", device, "1.3.6.1.2.1.2.1.0")
    assert number[1] == [".1.3.6.1.2.1.2.1.0 = INTEGER: 5"]
    assert len({name for name in table if name.startswith("1.")}) == 5
    assert [table[f"5.{n}"] for n in (WAN, DESK, IDLE)] == ["1000000000", "100000000", "0"]
    assert [table[f"8.{n}"] for n in (WAN, DESK, IDLE)] == ["1", "1", "2"]
    assert [extended[f"15.{n}"] for n in (WAN, DESK, IDLE)] == ["1000", "100", "0"]
    assert (extended["1.1"], extended["18.1"]) == ("GigabitEthernet0/0/24", "to-MAN")
    assert [duplex[str(n)] for n in (WAN, DESK, IDLE)] == ["3", "2", "1"]
    assert int(extended["6.1"]) > 0
    assert extended["6.3"] == "0"


async def test_a_port_changes_while_running() -> None:
    async with Switch("sw", "school", PORTS) as device:
        device.set_port(WAN, Port("GigabitEthernet0/0/24", bits=100_000_000, alias="to-MAN"))
        before = await walk(device, (*switch.IF_X_TABLE, 10))
        device.carry(30)
        after = await walk(device, (*switch.IF_X_TABLE, 10))
        speeds = await walk(device, (*switch.IF_X_TABLE, 15))
    assert speeds["1"] == "100"
    assert int(after["1"]) - int(before["1"]) == 30 * 20_000


async def test_a_terminal_in_every_table() -> None:
    async with Switch("sw", "school", PORTS) as device:
        device.learn([TERMINAL])
        bridge, vlan = await walk(device, switch.FDB), await walk(device, switch.Q_FDB)
        arp, ports = await walk(device, switch.ARP), await walk(device, switch.BRIDGE_PORT)
    mac = "60.151.14.0.1.2"
    assert bridge[f"2.{mac}"] == vlan[f"2.1.{mac}"] == str(DESK)
    assert bridge[f"1.{mac}"] == arp["2.5.10.20.0.9"] == "3C 97 0E 00 01 02 "
    assert arp["3.5.10.20.0.9"] == "10.20.0.9"
    assert ports[f"2.{DESK}"] == str(DESK)


async def test_the_whole_mib_ends() -> None:
    async with Switch("sw", "school", PORTS) as device:
        code, lines, complaint = await snmp("snmpbulkwalk", device, "1.3")
        single = await snmp("snmpwalk", device, "1.3")
        past = await snmp("snmpbulkget", device, "2.5")
    assert (code, complaint) == (0, "")
    assert lines[-1].endswith("No more variables left in this MIB View (It is past the end of the MIB tree)")
    assert lines == single[1]
    assert len(past[1]) == 1
    assert "past the end" in past[1][0]


@pytest.mark.parametrize(("silent", "community"), [(False, "other"), (True, "school")])
async def test_no_answer_to_strangers_or_from_the_silent(silent: bool, community: str) -> None:
    async with Switch("sw", "school", PORTS, silent=silent) as device:
        code, lines, complaint = await snmp("snmpget", device, "1.3.6.1.2.1.1.5.0", community=community)
    assert (code, lines) == (1, [])
    assert "Timeout" in complaint


async def test_nothing_can_be_written() -> None:
    async with Switch("sw", "school", PORTS) as device:
        code, _, complaint = await snmp("snmpset", device, "1.3.6.1.2.1.1.5.0", "s", "mine")
        name = await snmp("snmpget", device, "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.9.0")
    assert code != 0
    assert "noAccess" in complaint
    assert device.writes == 1
    assert name[1][0].endswith('STRING: "sw"')
    assert "No Such" in name[1][1]


async def test_values_come_and_go_in_order() -> None:
    async with SnmpDevice("school") as device:
        for last in (30, 4, 200):
            device[oid(f"1.3.6.1.9.{last}")] = OctetString(f"v{last}")
        device[oid("1.3.6.1.9.5")] = IpAddress("10.0.0.1")
        del device[oid("1.3.6.1.9.200")]
        found = await walk(device, oid("1.3.6.1.9"))
        device.answer(b"\x30\x03nonsense")
    assert found == {"4": "v4", "5": "10.0.0.1", "30": "v30"}


async def test_huawei_controller() -> None:
    async with HuaweiController("ac", "school", ACCESS_POINTS) as device:
        rows = await walk(device, controller.HUAWEI_AP)
        by_id = await walk(device, controller.HUAWEI_AP_BY_ID)
        joined = await snmp("snmpget", device, *(".".join(map(str, name)) for name in (
            controller.HUAWEI_APS_JOINED, controller.HUAWEI_STATIONS, controller.HUAWEI_APS)))  # fmt: skip
    up, down = "0.37.158.0.0.1", "0.37.158.0.0.2"
    assert (rows[f"4.{up}"], rows[f"6.{up}"], rows[f"44.{up}"]) == ("AP-101", "8", "31")
    assert (rows[f"6.{down}"], rows[f"44.{down}"]) == ("4", "0")
    assert bytes.fromhex(rows[f"4.{down}"]).decode() == "AP-图书馆"
    assert (by_id["5.0"], by_id["7.0"], by_id["45.0"], by_id["7.1"]) == ("AP-101", "8", "31", "4")
    assert [line.rpartition(": ")[2] for line in joined[1]] == ["1", "31", "2"]


async def test_h3c_controller_has_no_row_of_a_dead_access_point() -> None:
    async with H3CController("ac", "school", ACCESS_POINTS) as device:
        running, stations = await walk(device, controller.H3C_RUNNING), await walk(device, controller.H3C_STATIONS)
        associated, template = await walk(device, controller.H3C_ASSOCIATE), await walk(device, controller.H3C_TEMPLATE)
        counts = await walk(device, (*controller.H3C, 1, 1, 2))
    up, down = ("20." + ".".join(str(c) for c in ap.serial.encode()) for ap in ACCESS_POINTS)
    assert (running[f"4.{up}"], running[f"5.{up}"], stations[f"7.{up}"]) == ("5", "AP-101", "31")
    assert f"4.{down}" not in running
    assert f"7.{down}" not in stations
    assert (associated[f"7.{up}"], associated[f"7.{down}"]) == ("1", "2")
    assert template["2.6.65.80.45.49.48.49"] == ACCESS_POINTS[0].serial
    assert counts == {"1.0": "1", "2.0": "31", "7.0": "2"}


async def test_projector_tells_power_lamp_and_errors() -> None:
    async with Projector("101", password="lamp-pass", lamps=((1203, True), (40, False))) as device:
        async with PJLink("127.0.0.1", port=device.port, password="lamp-pass") as link:
            assert await link.power.get() == Power.ON
            assert await link.lamps.status() == [(1203, Lamp.State.ON), (40, Lamp.State.OFF)]
            assert {str(level) for level in (await link.errors.query()).values()} == {"Level.OK"}
        device.errors, device.power = projector.LAMP_FAULT, projector.STANDBY
        async with PJLink("127.0.0.1", port=device.port, password="lamp-pass") as link:
            assert await link.power.get() == Power.OFF
            assert "Level.ERROR" in {str(level) for level in (await link.errors.query()).values()}
            with pytest.raises(PJLinkException):
                await link.power.turn_on()
    assert device.writes == 1


async def test_projector_refuses_a_wrong_password() -> None:
    async with Projector("101", password="lamp-pass") as device:
        link = PJLink("127.0.0.1", port=device.port, password="other")
        with pytest.raises(PJLinkPassword):
            await link.__aenter__()
        await link.__aexit__(None, None, None)  # the client leaves the connection of a failed entry open
        reader, writer = await asyncio.open_connection("127.0.0.1", device.port)
        greeting = await reader.readuntil(b"\r")
        writer.write(b"0" * 32 + b"%1POWR ?\r")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
    assert greeting.startswith(b"PJLINK 1 ")
    assert len(greeting) == len(b"PJLINK 1 12345678\r")
    assert answer == b"PJLINK ERRA\r"


@pytest.mark.parametrize(
    ("says", "asked", "answer"),
    [
        pytest.param({"power": projector.STANDBY}, "%1INPT ?", "%1INPT=ERR3", id="standby-has-no-input"),
        pytest.param({"power": projector.COOLING}, "%1POWR ?", "%1POWR=2", id="cooling"),
        pytest.param({"laser": True}, "%1LAMP ?", "%1LAMP=ERR1", id="laser-has-no-lamp"),
        pytest.param({"pjlink_class": 1}, "%2SNUM ?", "%2SNUM=ERR1", id="class-1-knows-no-class-2"),
        pytest.param({}, "%2SNUM ?", "%2SNUM=X8PN0400123", id="class-2"),
        pytest.param({}, "%1CLSS ?", "%1CLSS=2", id="class"),
        pytest.param({}, "%1AVMT 31", "%1AVMT=ERR3", id="no-command-obeyed"),
        pytest.param({}, "%1NONE ?", "%1NONE=ERR1", id="undefined"),
    ],
)
async def test_projector_without_password(says: dict[str, object], asked: str, answer: str) -> None:
    async with Projector("101", **says) as device:  # type: ignore[arg-type]
        reader, writer = await asyncio.open_connection("127.0.0.1", device.port)
        greeting = await reader.readuntil(b"\r")
        writer.write(asked.encode() + b"\r")
        said = await asyncio.wait_for(reader.readuntil(b"\r"), 5)
        writer.close()
        await writer.wait_closed()
    assert (greeting, said) == (b"PJLINK 0\r", answer.encode() + b"\r")
