"""Reads the lease files of DHCP servers: dnsmasq, ISC dhcpd and Kea's memfile. Read-only, bounded, off the loop.

Formats: dnsmasq's lease file (dnsmasq's lease.c and manual, `--dhcp-leasefile`), dhcpd.leases(5) of ISC DHCP 4.4, and
the memfile of Kea's administrator reference manual ("Basic Lease Storage: Memfile", "Lease File Cleanup").
"""

import asyncio
import csv
import io
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from agent.errors import Malformed, Refused, Unreachable
from agent.packs.index import mac_address

Format = Literal["dnsmasq", "isc", "kea"]
MAX_BYTES = 32 * 1024 * 1024
MAX_LEASES = 200_000


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that holds now. `at` is when the terminal last asked for it in Unix time, None where that is not told."""

    mac: str
    address: str
    at: float | None


async def read_leases(path: Path, written_by: Format, now: float) -> list[Lease]:
    """The leases that hold at `now`. Raises Unreachable (no such file), Refused (not readable) and Malformed."""
    return await asyncio.to_thread(_read, path, written_by, now)


def _read(path: Path, written_by: Format, now: float) -> list[Lease]:
    parts = _kea_parts(path) if written_by == "kea" else [path]
    parse = {"dnsmasq": dnsmasq, "isc": isc, "kea": kea}[written_by]
    try:
        return list(_latest(lease for part in parts for lease in parse(_text(part), now)).values())
    except ValueError as error:
        raise Malformed(f"{path.name}: {error}") from None


def _kea_parts(path: Path) -> list[Path]:
    """The files that hold Kea's leases, the oldest first, as Kea itself reads them when it starts.

    A clean-up moves the file to `.1`, merges it with `.2` into `.output`, which then is `.completed` and at last `.2`.
    """
    merged = Path(f"{path}.completed")
    older = [merged] if merged.exists() else [Path(f"{path}.2"), Path(f"{path}.1")]
    return [*(part for part in older if part.exists()), path]


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would hold the thread for ever
            raise Malformed(f"{path.name} is no regular file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except PermissionError:
        raise Refused(f"{path.name}: the agent may not read it") from None
    except OSError as error:
        raise Unreachable(f"{path.name}: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise Malformed(f"{path.name} is larger than {MAX_BYTES // 2**20} MiB")
    return raw.decode("utf-8", "replace")


_Row = tuple[str, Lease | None]
"""An address, with its lease or None where it holds no longer. A later row of an address replaces an earlier one."""


def _latest(rows: Iterable[_Row]) -> dict[str, Lease]:
    found: dict[str, Lease] = {}
    for address, lease in rows:
        if lease is None:
            found.pop(address, None)
            continue
        found[address] = lease
        if len(found) > MAX_LEASES:
            raise ValueError(f"more than {MAX_LEASES} leases")
    return found


def dnsmasq(text: str, now: float) -> Iterator[_Row]:
    """`expiry MAC address name client-id`, up to the line `duid …`, after which IPv6 leases stand without any MAC.

    A lease without an end (expiry 0) says nothing of when the terminal was there, so it is left out. Raises ValueError.
    """
    for number, line in enumerate(io.StringIO(text), 1):
        words = line.split()
        if not words:
            continue
        if words[0] == "duid":
            return
        if len(words) < 4 or not words[0].isdecimal():
            raise ValueError(f"line {number} is no lease of dnsmasq")
        mac, expiry = mac_address(words[1]), int(words[0][:20])
        if mac is not None:  # other hardware is written as "20-…"
            yield words[2], Lease(mac, words[2], None) if expiry > now else None


_LEASE = re.compile(r"^lease\s+([0-9.]{7,15})\s*\{([^}]{0,4000})\}", re.MULTILINE)
_STATEMENT = re.compile(r"^\s*(binding state|ends|cltt|starts|hardware ethernet)\s+([^;\n]{1,100});", re.MULTILINE)


def isc(text: str, now: float) -> Iterator[_Row]:
    """`lease ADDRESS { … }` declarations; the last one of an address counts. Raises ValueError."""
    anything = False
    for found in _LEASE.finditer(text):
        anything = True
        address = found[1]
        said: dict[str, str] = dict(_STATEMENT.findall(found[2]))
        mac, ends = mac_address(said.get("hardware ethernet", "")), _isc_time(said.get("ends", "never"))
        active = said.get("binding state", "active").strip() == "active" and (ends is None or ends > now)
        at = _isc_time(said.get("cltt", said.get("starts", "never")))
        yield address, Lease(mac, address, at) if active and mac is not None and at is not None else None
    if not anything and any(line.strip() and not line.startswith(_NO_LEASE) for line in io.StringIO(text)):
        raise ValueError("holds no lease of dhcpd")


_NO_LEASE = ("#", "server-duid", "authoring-byte-order", "failover", " ", "}", "\t")


def _isc_time(value: str) -> float | None:
    """Seconds in Unix time of `weekday yyyy/mm/dd hh:mm:ss` (UTC) or `epoch seconds`; None for `never`."""
    value = value.strip()
    if value == "never":
        return None
    if value.startswith("epoch "):
        return float(value[6:30])
    return datetime.strptime(value.partition(" ")[2], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


_KEA_COLUMNS = ("address", "hwaddr", "valid_lifetime", "expire", "state")
_DEFAULT_STATE = "0"


def kea(text: str, now: float) -> Iterator[_Row]:
    """CSV with a heading; the last row of an address counts, and one without lifetime ends it. Raises ValueError."""
    rows = csv.DictReader(io.StringIO(text))
    if missing := [name for name in _KEA_COLUMNS if name not in (rows.fieldnames or ())]:
        raise ValueError(f"the heading lacks {', '.join(missing)}: is it Kea's DHCPv4 memfile?")
    try:
        for row in rows:
            lifetime, expire = int(row["valid_lifetime"]), int(row["expire"])
            mac = mac_address(row["hwaddr"] or "")
            holds = lifetime > 0 and expire > now and row["state"] == _DEFAULT_STATE
            address = row["address"]
            yield address, Lease(mac, address, float(expire - lifetime)) if holds and mac is not None else None
    except (TypeError, ValueError, csv.Error):
        raise ValueError(f"line {rows.line_num} is no lease of Kea") from None
