"""What sort of thing a row of ifTable is. IANAifType alone does not tell: devices give it away freely."""

import re
from typing import Literal

Kind = Literal["physical", "aggregation", "virtual", "unknown"]
"""`physical`: an Ethernet port with a socket. `virtual`: none, by its name. `unknown`: no Ethernet by its type."""

ETHERNET_TYPES = frozenset({6, 7, 62, 69, 117})
"""ethernetCsmacd, iso88023Csmacd, fastEther, fastEtherFX, gigabitEthernet."""
_AGGREGATION_TYPE = 161  # ieee8023adLag
_AGGREGATION_ALSO = ETHERNET_TYPES | {53}  # propVirtual
_AGGREGATION_NAME = re.compile(
    r"(eth-trunk|bridge-aggregation|route-aggregation|aggregateport|port-channel|trk|bond|lagg|ag|ae|po) ?\d+",
    re.IGNORECASE,
)
"""Some devices give an aggregation the type of an Ethernet port, or of a virtual interface of their own."""
_VIRTUAL_NAME = re.compile(
    r".*\.\d+"  # a subinterface
    r"|(vlan|wlan|wifi|capwap|bluetooth).*|.*(wireless|wi-fi|_vlink\d+)( .*)?|lo\d*"
    r"|(vl|virtual|vmac|loopback|inloopback|null|tunnel|dialer|veth|vethernet|vif|vqos|docker|virbr|xenbr|dummy|ifb|"
    r"wds|wdsi|apcli|apclii|ath|"
    r"ra|rai|ssid|br|brg|bridge|bvi|irb|svi|stack|modem|ppp|tun|tap|ve)([ -]?\d.*|[ -][a-z].*)?",
    re.IGNORECASE,
)
"""Devices give subinterfaces, VLAN interfaces, bridges and radios the type of an Ethernet port, and ifConnectorPresent
errs in both directions, so only the name tells."""
_MANAGEMENT_NAME = re.compile(
    r"(m-gigabitethernet|m-ethernet|meth|mgmt|mgt|mg|management|oob|console|fxp|me) ?[-\d/]*", re.IGNORECASE
)


def kind_of(iftype: int | None, name: str, descr: str) -> Kind:
    if iftype == _AGGREGATION_TYPE:
        return "aggregation"
    if iftype in _AGGREGATION_ALSO and (_AGGREGATION_NAME.fullmatch(name) or _AGGREGATION_NAME.fullmatch(descr)):
        return "aggregation"
    if _VIRTUAL_NAME.fullmatch(name):
        return "virtual"
    return "physical" if iftype in ETHERNET_TYPES else "unknown"


def is_management(name: str) -> bool:
    """Whether a port is for managing the device itself, by its name."""
    return _MANAGEMENT_NAME.fullmatch(name) is not None
