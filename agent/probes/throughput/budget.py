"""How many bytes tests have moved today, in a file that outlives a restart. It blocks: run it in a thread."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

FILE = "throughput-bytes.json"


def take(state_dir: Path, day: date, count: int, most: int) -> bool:
    """Charge `count` bytes to the day if they fit, before they are moved: a test that dies has been paid for."""
    used = _used(state_dir, day)
    if used + count > most:
        return False
    _write(state_dir, day, used + count)
    return True


def settle(state_dir: Path, day: date, charged: int, moved: int) -> None:
    """Correct what was charged to what was moved."""
    _write(state_dir, day, max(0, _used(state_dir, day) - charged + moved))


def _used(state_dir: Path, day: date) -> int:
    """A file that cannot be read counts as empty; one of another day too, also when the clock went back."""
    try:
        found: object = json.loads((state_dir / FILE).read_text())
    except (OSError, ValueError):
        return 0
    if not isinstance(found, Mapping) or found.get("day") != day.isoformat():
        return 0
    used = found.get("bytes")
    return used if isinstance(used, int) and used >= 0 else 0


def _write(state_dir: Path, day: date, used: int) -> None:
    """Raises OSError."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = state_dir / f"{FILE}.new"
    try:
        new.write_text(json.dumps({"day": day.isoformat(), "bytes": used}))
        os.replace(new, state_dir / FILE)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
