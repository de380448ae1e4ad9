"""Ports by IF-MIB: which have a link, at what speed, for what; and the uplink towards the education MAN."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from agent.clients.snmp import connect
from agent.errors import Malformed, Silent
from agent.line import Octets
from agent.probes.base import Context, Probe
from agent.probes.ports.memory import load, memory_file, save
from agent.probes.ports.roles import assign
from agent.probes.ports.settings import PortsSettings
from agent.probes.ports.table import (
    COUNTERS,
    DUPLEX,
    HC_IN,
    HC_OUT,
    IN,
    IN_ERRORS,
    OUT,
    OUT_ERRORS,
    Port,
    Reader,
    read_members,
    read_ports,
)
from agent.probes.ports.trunks import Evidence, read_evidence
from agent.probes.ports.utilisation import utilisation
from agent.uplink import read_octets
from wire.measures import (
    ACCESS_PORT_SPEED,
    ACCESS_PORT_WITHOUT_SPEED,
    PORT_ADMIN_UP,
    PORT_FULL_DUPLEX,
    PORT_INFO,
    PORT_RECEIVE_BYTES,
    PORT_RECEIVE_ERRORS,
    PORT_SPEED,
    PORT_TRANSMIT_BYTES,
    PORT_TRANSMIT_ERRORS,
    PORT_UP,
    ROWS_EXPECTED,
    ROWS_SEEN,
    UPLINK_CARRIED,
    UPLINK_RECEIVE_BYTES,
    UPLINK_SPEED,
    UPLINK_TRANSMIT_BYTES,
    UPLINK_UP,
    UPLINK_UTILISATION,
)
from wire.report import Measure, Reading

COUNTER_BITS = Measure(
    name="port_counter_bits",
    help="Width of the octet counters that were read: 64 (ifHCInOctets) or 32 (ifInOctets, which wraps).",
    labels=("port", "ifindex"),
    exported=False,
)
ROLE_SOURCE = Measure(
    name="port_role_source_read",
    help="1 when the table that tells trunks from desks could be read (lldp, fdb), 0 when it could not.",
    labels=("source",),
    exported=False,
)
_TABLE = {"table": "ifTable"}
_CARRYING = ("physical", "aggregation")
_BITS = 8
_DUPLEX = {2: 0, 3: 1}  # dot3StatsDuplexStatus: halfDuplex, fullDuplex; 1 is unknown


async def run(settings: PortsSettings, context: Context, now: Callable[[], float] = time.time) -> list[Reading]:
    """Every port's readings. Raises what went wrong with a table or the wan selector, with all else that was read."""
    async with connect(settings.snmp) as snmp:
        reader = Reader(snmp)
        ports, expected = await read_ports(reader)
        aggregations = {port.index for port in ports if port.kind == "aggregation"}
        members = await read_members(reader, aggregations)
        try:
            wan, fault = assign(ports, members, settings), None
        except Malformed as error:
            wan, fault = None, error
        measured = [port.index for port in ports if port is wan or port.kind in _CARRYING]
        await _read_counters(reader, measured, len(ports))
        sources = await _find_trunks(reader, ports, settings, context, now())
        octets = await _read_uplink(reader, wan)
    _add_speeds(ports, members, aggregations)
    readings = [Reading(measure=ROWS_SEEN.name, value=len(ports), labels=_TABLE)]
    if expected is not None:
        readings.append(Reading(measure=ROWS_EXPECTED.name, value=expected, labels=_TABLE))
    readings += [
        Reading(measure=ROLE_SOURCE.name, value=was_read, labels={"source": name}) for name, was_read in sources.items()
    ]
    for port in ports:
        readings.extend(_state(port))
    for port in ports:
        readings.extend(_traffic(reader, port, port is wan))
    if wan is not None and octets is not None:
        speed = None if wan.speed is None or not wan.up else wan.speed / _BITS
        readings.extend(utilisation(context.line, settings.device, wan.name, replace(octets, speed=speed)))
    if failure := fault or reader.fault:
        raise type(failure)(str(failure), readings)
    return readings


async def _find_trunks(
    reader: Reader, ports: Sequence[Port], settings: PortsSettings, context: Context, now: float
) -> dict[str, bool]:
    """Make those access ports trunks that lead to network equipment; returns which sources could be read.

    Last of all, and within half of the run's time: a long forwarding database must not cost what was read before it.
    """
    if not settings.find_trunks or settings.access is not None or not any(port.role == "access" for port in ports):
        return {}
    path = memory_file(context.state_dir, settings.device)
    memory = await asyncio.to_thread(load, path)
    if memory.is_due(now) and not isinstance(reader.fault, Silent):
        evidence = Evidence(sources={"lldp": False, "fdb": False})
        try:
            async with asyncio.timeout(settings.timeout_seconds / 2):
                evidence = await read_evidence(reader.snmp, ports)
        except TimeoutError:
            pass  # `sources` says that neither was read
        except Silent as error:
            reader.fault = error
        memory.look({port.name for port in ports if _is_trunk(port, evidence, settings)}, evidence.sources, now)
        with suppress(OSError):  # this run knows its trunks all the same
            await asyncio.to_thread(save, path, memory)
    for port in ports:
        # A room's own switch serves that room: a port with a place is what the school says it is.
        if port.role == "access" and not port.place and port.name in memory.trunks:
            port.role = "trunk"
    return memory.sources


def _is_trunk(port: Port, evidence: Evidence, settings: PortsSettings) -> bool:
    many = settings.trunk_addresses
    return port.index in evidence.equipment or (many is not None and evidence.addresses.get(port.index, 0) > many)


async def _read_counters(reader: Reader, indexes: list[str], rows: int) -> None:
    """Counters and duplex of ports that carry traffic; those of thousands of virtual interfaces tell nothing."""
    await reader.read_cells(COUNTERS, indexes, rows)
    narrow = [index for index in indexes if reader.number(HC_IN, index) is None]
    await reader.read_cells((IN, OUT), narrow, rows)


async def _read_uplink(reader: Reader, wan: Port | None) -> Octets | None:
    """The uplink's counters once more, with the device's clock in the same answer."""
    if wan is None or isinstance(reader.fault, Silent):
        return None
    try:
        return await read_octets(reader.snmp, wan.index, None)
    except (Malformed, Silent) as error:
        reader.fault = reader.fault or error
        return None


def _add_speeds(ports: Sequence[Port], members: Mapping[str, str], aggregations: set[str]) -> None:
    """An aggregation that tells no speed of its own has that of its members with a link."""
    for port in ports:
        if port.index in aggregations and port.speed is None:
            up = [member.speed for member in ports if members.get(member.index) == port.index and member.up]
            known = [speed for speed in up if speed is not None]
            port.speed = sum(known) if known and len(known) == len(up) else None


def _state(port: Port) -> Iterator[Reading]:
    labels = {"port": port.name, "ifindex": port.index}
    info = {"role": port.role, "iftype": "" if port.iftype is None else str(port.iftype), "place": port.place}
    yield Reading(measure=PORT_INFO.name, value=1, labels={**labels, **info, "descr": port.alias or port.descr})
    if port.up is not None:
        yield Reading(measure=PORT_UP.name, value=port.up, labels={**labels, "role": port.role})
    if port.admin_up is not None:
        yield Reading(measure=PORT_ADMIN_UP.name, value=port.admin_up, labels=labels)
    if port.speed is not None:
        yield Reading(measure=PORT_SPEED.name, value=port.speed / _BITS, labels=labels)
    if port.role == "access" and port.up:
        placed = {**labels, "place": port.place}
        if port.speed is None:
            yield Reading(measure=ACCESS_PORT_WITHOUT_SPEED.name, value=1, labels=placed)
        else:
            yield Reading(measure=ACCESS_PORT_SPEED.name, value=port.speed / _BITS, labels=placed)


def _traffic(reader: Reader, port: Port, uplink: bool) -> Iterator[Reading]:
    labels = {"port": port.name, "ifindex": port.index}
    wide = reader.number(HC_IN, port.index) is not None
    received = reader.number(HC_IN if wide else IN, port.index)
    sent = reader.number(HC_OUT if wide else OUT, port.index)
    duplex = _DUPLEX.get(reader.number(DUPLEX, port.index) or 0)
    for measure, value in (
        (PORT_RECEIVE_BYTES, received),
        (PORT_TRANSMIT_BYTES, sent),
        (COUNTER_BITS, None if received is None else 64 if wide else 32),
        (PORT_RECEIVE_ERRORS, reader.number(IN_ERRORS, port.index)),
        (PORT_TRANSMIT_ERRORS, reader.number(OUT_ERRORS, port.index)),
        (PORT_FULL_DUPLEX, duplex),
    ):
        if value is not None:
            yield Reading(measure=measure.name, value=value, labels=labels)
    if not uplink:
        return
    for measure, value in (
        (UPLINK_UP, None if port.up is None else int(port.up)),
        (UPLINK_RECEIVE_BYTES, received),
        (UPLINK_TRANSMIT_BYTES, sent),
    ):
        if value is not None:
            yield Reading(measure=measure.name, value=value, labels={"port": port.name})
    if port.up and port.speed is not None:
        yield Reading(measure=UPLINK_SPEED.name, value=port.speed / _BITS, labels={"port": port.name})


PROBE = Probe(
    PortsSettings,
    (
        PORT_UP, PORT_ADMIN_UP, PORT_SPEED, PORT_INFO, PORT_FULL_DUPLEX, PORT_RECEIVE_BYTES, PORT_TRANSMIT_BYTES,
        PORT_RECEIVE_ERRORS, PORT_TRANSMIT_ERRORS, COUNTER_BITS, ACCESS_PORT_SPEED, ACCESS_PORT_WITHOUT_SPEED,
        ROWS_SEEN, ROWS_EXPECTED, ROLE_SOURCE, UPLINK_UP, UPLINK_SPEED, UPLINK_RECEIVE_BYTES, UPLINK_TRANSMIT_BYTES,
        UPLINK_UTILISATION, UPLINK_CARRIED,
    ),
    run,
)  # fmt: skip
