"""Run by a real snmpd (`pass_persist`): serves `OID TYPE VALUE` lines of a file, read anew whenever the file changes.

So a test decides what the device says while the genuine snmpd speaks the protocol. snmpd's manual, snmpd.conf(5),
section "Pass-Through Control", has the exchange: PING/PONG, then get or getnext with an OID, answered by three lines.
"""

import bisect
import sys
from pathlib import Path

Oid = tuple[int, ...]


def main() -> None:
    path = Path(sys.argv[1])
    read_at, oids, rows = -1, [], {}
    for line in iter(sys.stdin.readline, ""):
        command = line.strip()
        if command == "PING":
            print("PONG", flush=True)
            continue
        asked = _oid(sys.stdin.readline())
        changed = path.stat().st_mtime_ns
        if changed != read_at:
            rows = _rows(path)
            oids, read_at = sorted(rows), changed
        if command == "getnext":
            at = bisect.bisect_right(oids, asked)
            found = oids[at] if at < len(oids) else None
        else:
            found = asked if asked in rows else None
        if found is None:
            print("NONE", flush=True)
        else:
            kind, value = rows[found]
            print("." + ".".join(map(str, found)), kind, value, sep="\n", flush=True)


def _rows(path: Path) -> dict[Oid, tuple[str, str]]:
    rows = {}
    for line in path.read_text().splitlines():
        oid, kind, value = line.split(" ", 2)
        rows[_oid(oid)] = (kind, value)
    return rows


def _oid(text: str) -> Oid:
    return tuple(int(part) for part in text.strip().strip(".").split("."))


if __name__ == "__main__":
    main()
