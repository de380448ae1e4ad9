"""Reads the index of an SNMP row, the part of an OID after the column. Rules: RFC 2578 section 7.7."""

import re
from collections.abc import Mapping
from typing import Literal

from agent.clients.snmp import Value, text

IndexKind = Literal["mac", "text", "number", "number_text"]
"""mac: six sub-identifiers; text: a length and its octets, or octets alone (IMPLIED); number: one sub-identifier;
number_text: a number that is left out (a virtual system), then a text."""

_HEX = re.compile(r"[0-9a-f]{12}")
_NO_HARDWARE = ("000000000000", "ffffffffffff")


class BadIndex(ValueError):
    """The sub-identifiers are not an index of the kind that the pack says."""


def decoded(suffix: str, kind: IndexKind) -> str:
    """The whole index as text; a MAC as 00:11:22:33:44:55. Raises BadIndex."""
    parts = _numbers(suffix)
    if kind == "number":
        if len(parts) != 1:
            raise BadIndex(suffix)
        return str(parts[0])
    if kind == "number_text":
        parts = parts[1:]
    octets = parts[1:] if len(parts) > 1 and parts[0] == len(parts) - 1 else parts
    if not octets or any(octet > 255 for octet in octets):
        raise BadIndex(suffix)
    if kind == "mac":
        # Some agents put the length before a MacAddress too, as Ruckus does.
        if len(octets) != 6:
            raise BadIndex(suffix)
        return ":".join(f"{octet:02x}" for octet in octets)
    return text(bytes(octets)).strip()


def belongs_to(suffix: str, owners: Mapping[str, str]) -> str | None:
    """The owner whose index this one begins with, as a radio's does with its access point's; else None."""
    position = len(suffix)
    while position > 0:
        if (owner := owners.get(suffix[:position])) is not None:
            return owner
        position = suffix.rfind(".", 0, position)
    return None


def mac_address(value: Value) -> str | None:
    """A MAC in any usual notation, or six octets, as 00:11:22:33:44:55; None when it is none, all zeros or all ones."""
    if isinstance(value, bytes) and len(value) == 6:
        digits = value.hex()
    else:
        digits = re.sub(r"[\s:.\-]", "", value.decode("latin-1") if isinstance(value, bytes) else str(value)).lower()
    if not _HEX.fullmatch(digits) or digits in _NO_HARDWARE:
        return None
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def _numbers(suffix: str) -> list[int]:
    try:
        parts = [int(part) for part in suffix.split(".")]
    except ValueError:
        raise BadIndex(suffix) from None
    if any(part < 0 for part in parts):
        raise BadIndex(suffix)
    return parts
