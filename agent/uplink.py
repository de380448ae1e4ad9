"""Reads the octet counters of one port together with the device's clock, in one request."""

from time import monotonic

from agent.clients.snmp import Snmp, Value
from agent.line import Octets

UP_TIME = "1.3.6.1.2.1.1.3.0"  # sysUpTime, RFC 3418
_IF = "1.3.6.1.2.1.2.2.1"
_IFX = "1.3.6.1.2.1.31.1.1.1"
IF_NAME, IF_DESCR, IF_HIGH_SPEED = f"{_IFX}.1", f"{_IF}.2", f"{_IFX}.15"
_HC_IN, _HC_OUT, _DISCONTINUITY = (f"{_IFX}.{column}" for column in (6, 10, 19))
_IN, _OUT = f"{_IF}.10", f"{_IF}.16"


async def read_octets(snmp: Snmp, ifindex: str, speed: float | None) -> Octets | None:
    """The counters of a port now, 64-bit ones where the device has them (RFC 2863, ifHCInOctets); None without any.

    `speed` is the port's, in bytes per second. Raises ProbeError.
    """
    columns = (_HC_IN, _HC_OUT, _IN, _OUT, _DISCONTINUITY)
    asked = {column: f"{column}.{ifindex}" for column in columns}
    before = monotonic()
    found = await snmp.get((UP_TIME, *asked.values()))
    at = (before + monotonic()) / 2

    def number(oid: str) -> int | None:
        value: Value | None = found.get(oid)
        return value if isinstance(value, int) and value >= 0 else None

    for wide, received_column, sent_column in ((True, _HC_IN, _HC_OUT), (False, _IN, _OUT)):
        received, sent = number(asked[received_column]), number(asked[sent_column])
        if received is not None and sent is not None:
            return Octets(at, received, sent, wide, speed, number(UP_TIME), number(asked[_DISCONTINUITY]))
    return None
