"""The ports of a device as plain rows, from an independent list and from an observation, to be compared."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from wire.measures import PORT_ADMIN_UP, PORT_INFO, PORT_SPEED, PORT_UP
from wire.report import Observation

Row = tuple[str, int | None, bool | None, bool | None]
"""Name, bit/s (None where none is told; 0 is none), ifOperStatus up, ifAdminStatus up."""


def expected_ports(expected: dict[str, Any]) -> dict[int, Row]:
    """By ifIndex, from a list of ports with ifIndex, name, speed_bps, oper_up and admin_up."""
    return {
        port["ifIndex"]: (port["name"], port["speed_bps"] or None, port["oper_up"], port["admin_up"])
        for port in expected["ports"]
    }


def read_ports(observed: Observation) -> dict[int, Row]:
    """By ifIndex, from the readings of the ports probe."""
    values = {(r.measure, r.labels["ifindex"]): r.value for r in observed.readings if "ifindex" in r.labels}
    rows = {}
    for reading in observed.readings:
        if reading.measure == PORT_INFO.name:
            index = reading.labels["ifindex"]
            speed = values.get((PORT_SPEED.name, index))
            up, admin = values.get((PORT_UP.name, index)), values.get((PORT_ADMIN_UP.name, index))
            rows[int(index)] = (
                reading.labels["port"],
                None if speed is None else round(speed * 8),
                None if up is None else up == 1,
                None if admin is None else admin == 1,
            )
    return rows


def fingerprint(rows: dict[int, Row]) -> str:
    """One line for all rows: the SHA-256 of their JSON, by ifIndex. For devices with thousands of ports."""
    return hashlib.sha256(_lines((index, *row) for index, row in sorted(rows.items())).encode()).hexdigest()


def _lines(rows: Iterable[tuple[Any, ...]]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
