"""The gateway of this machine's default route, as Linux shows it: /proc/net/route, see proc_net(5) and route(8)."""

import asyncio
from ipaddress import IPv4Address
from pathlib import Path

from agent.errors import Unreachable

TABLE = Path("/proc/net/route")
MAX_BYTES = 1024 * 1024
_UP, _GATEWAY = 0x1, 0x2  # RTF_UP, RTF_GATEWAY


async def default_gateway() -> str:
    """The IPv4 address of the default route with the least metric. Raises Unreachable when there is none."""
    try:
        table = await asyncio.to_thread(_read)
    except OSError as error:
        raise Unreachable(f"this machine does not show its routes: {error.strerror}") from error
    found = parse(table)
    if found is None:
        raise Unreachable("this machine has no default route")
    return found


def _read() -> str:
    with TABLE.open() as table:
        return table.read(MAX_BYTES)


def parse(table: str) -> str | None:
    """The gateway by the table's text; None without a default route by one. Addresses are hexadecimal, last byte
    first."""
    best: tuple[int, str] | None = None
    for line in table.splitlines()[1:]:
        cells = line.split()
        if len(cells) < 8 or cells[1] != "00000000" or cells[7] != "00000000":
            continue
        flags, metric = int(cells[3], 16), int(cells[6])
        if flags & _UP and flags & _GATEWAY and (best is None or metric < best[0]):
            best = metric, str(IPv4Address(int.from_bytes(bytes.fromhex(cells[2])[::-1])))
    return None if best is None else best[1]
