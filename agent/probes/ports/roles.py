"""What each port is for, by what the school says and else by what the device shows."""

import re
from collections.abc import Mapping, Sequence

from agent.errors import Malformed
from agent.probes.ports.kinds import is_management
from agent.probes.ports.settings import PortSelector, PortsSettings
from agent.probes.ports.table import Port


def assign(ports: Sequence[Port], members: Mapping[str, str], settings: PortsSettings) -> Port | None:
    """Set every port's role and place; returns the wan port. Raises Malformed when its selector fits not just one."""
    for port in ports:
        port.role, port.place = _role(port, members, settings), _place(port, settings)
    wan = _wan(ports, members, settings.wan)
    if wan is not None:
        wan.role = "wan"
    return wan


def _role(port: Port, members: Mapping[str, str], settings: PortsSettings) -> str:
    if port.index in members:
        return "lag_member"
    if port.kind == "virtual":
        return "virtual"
    for role, selector in (("trunk", settings.trunks), ("access", settings.access)):
        if selector is not None and selector.picks(port.index, port.names, port.alias):
            return role
    if port.kind == "aggregation":
        return "lag"
    if port.kind == "unknown":
        return "virtual"
    if settings.access is not None or is_management(port.name):
        return "other"
    return "access"


def _wan(ports: Sequence[Port], members: Mapping[str, str], selector: PortSelector | None) -> Port | None:
    if selector is None:
        return None
    picked = [port for port in ports if selector.picks(port.index, port.names, port.alias)]
    indexes = {port.index for port in picked}
    # An aggregation stands for its members.
    picked = [port for port in picked if members.get(port.index) not in indexes]
    if len(picked) == 1:
        return picked[0]
    if picked:
        raise Malformed(f"wan: {selector} fits {len(picked)} ports: {_some(picked)}; it must fit one")
    known = [port for port in ports if port.kind == "physical"] or list(ports)
    raise Malformed(f"wan: no port fits {selector}; there are {_some(known) or 'no ports'}")


def _some(ports: Sequence[Port]) -> str:
    shown = ", ".join(port.name[:40] for port in ports[:5])
    return f"{shown} and {len(ports) - 5} more" if len(ports) > 5 else shown


def _place(port: Port, settings: PortsSettings) -> str:
    for key in (port.index, *port.names):
        if key in settings.places:
            return settings.places[key]
    if settings.place_pattern is not None:
        for value in (port.alias, port.name):
            found = re.search(settings.place_pattern, value)
            if found and found["place"]:
                return found["place"].strip()
    return ""
