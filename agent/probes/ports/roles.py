"""What each port is for, by what the school says and else by what the device shows."""

import re
from collections.abc import Mapping, Sequence

from agent.errors import Malformed
from agent.probes.ports.settings import PortSelector, PortsSettings
from agent.probes.ports.table import ETHERNET_TYPES, Port

_LAG_TYPE = 161  # IANAifType ieee8023adLag
_LAG_ALSO = ETHERNET_TYPES | {53}  # propVirtual
_LAG_NAME = re.compile(
    r"(eth-trunk|bridge-aggregation|route-aggregation|aggregateport|port-channel|trk|bond|ag|ae|po) ?\d+$", re.I
)
"""Some devices give an aggregation the type of an Ethernet port, or of a virtual interface of their own."""
_VIRTUAL_NAME = re.compile(
    r".*\.\d+$"  # a subinterface
    r"|(vlan.*|wlan.*|wifi.*|capwap.*|vl|virtual|vmac|loopback|null|tunnel|dialer|inloopback|veth|docker|"
    r"virbr|dummy|ifb|wds|wdsi|apcli|apclii|ath|ra|rai|ssid|br|brg|bridge|bvi|irb|svi|stack|modem|ppp|tun|tap|ve)"
    r"([ -]?\d.*|[ -][a-z].*)?$|lo\d*$",
    re.I,
)
"""Devices give subinterfaces, VLAN interfaces, bridges and radios the type of an Ethernet port, and ifConnectorPresent
lies in both directions, so only the name tells."""
_MANAGEMENT_NAME = re.compile(
    r"(m-gigabitethernet|m-ethernet|meth|mgmt|mgt|mg|management|oob|console|fxp|me) ?[-\d/]*", re.I
)


def assign(ports: Sequence[Port], members: Mapping[str, str], settings: PortsSettings) -> Port | None:
    """Set every port's role and place; returns the wan port. Raises Malformed when its selector fits not just one."""
    wan, fault = None, None
    try:
        wan = _wan(ports, members, settings.wan)
    except Malformed as error:
        fault = error
    for port in ports:
        port.role = "wan" if port is wan else _role(port, members, settings)
        port.place = _place(port, settings)
    if fault is not None:
        raise fault
    return wan


def is_aggregation(port: Port) -> bool:
    named = any(_LAG_NAME.fullmatch(name) for name in port.names)
    return port.iftype == _LAG_TYPE or (named and port.iftype in _LAG_ALSO)


def is_physical(port: Port) -> bool:
    """An Ethernet port with a socket, as far as its type and name tell."""
    return port.iftype in ETHERNET_TYPES and not _is_virtual(port) and not is_aggregation(port)


def _role(port: Port, members: Mapping[str, str], settings: PortsSettings) -> str:
    if port.index in members:
        return "lag_member"
    if _is_virtual(port) and not is_aggregation(port):
        return "virtual"
    for role, selector in (("trunk", settings.trunks), ("access", settings.access)):
        if selector is not None and selector.picks(port.index, port.names, port.alias):
            return role
    if is_aggregation(port):
        return "lag"
    if not is_physical(port):
        return "virtual"
    if settings.access is not None or _MANAGEMENT_NAME.fullmatch(port.name):
        return "other"
    return "access"


def _is_virtual(port: Port) -> bool:
    return _VIRTUAL_NAME.fullmatch(port.name) is not None


def _wan(ports: Sequence[Port], members: Mapping[str, str], selector: PortSelector | None) -> Port | None:
    if selector is None:
        return None
    picked = [port for port in ports if selector.picks(port.index, port.names, port.alias)]
    indexes = {port.index for port in picked}
    picked = [
        port for port in picked if members.get(port.index) not in indexes
    ]  # an aggregation stands for its members
    if len(picked) == 1:
        return picked[0]
    if picked:
        raise Malformed(f"wan: {selector} fits {len(picked)} ports: {_some(picked)}; it must fit one")
    known = [port for port in ports if is_physical(port)] or list(ports)
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
