"""Remembers for a week which ports led to network equipment: at night a trunk shows few addresses, as a desk does.

One small file in the agent's state folder, with port names only. It blocks: run it in a thread.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ValidationError

KEPT_SECONDS = 7 * 86_400.0
LOOK_EVERY_SECONDS = 600.0
"""What a port leads to seldom changes, and a forwarding database is long."""


class Memory(BaseModel):
    """When the device's neighbours were read last, and when each port was last seen to be a trunk, in Unix time."""

    looked_at: float = 0
    sources: dict[str, bool] = {}
    trunks: dict[str, float] = {}

    def is_due(self, now: float) -> bool:
        """Also when the clock was set back."""
        return not 0 <= now - self.looked_at < LOOK_EVERY_SECONDS

    def look(self, trunks: set[str], sources: dict[str, bool], now: float) -> None:
        self.looked_at, self.sources = now, sources
        kept = {port: min(at, now) for port, at in self.trunks.items() if now - at < KEPT_SECONDS}
        self.trunks = {**kept, **dict.fromkeys(trunks, now)}


def memory_file(folder: Path, device: str) -> Path:
    """Where one device's trunks are kept."""
    return folder / f"ports-{hashlib.sha256(device.encode()).hexdigest()[:12]}.json"


def load(path: Path) -> Memory:
    """Empty without a file that can be read, or with one that a crash cut short: the next look makes it anew."""
    try:
        return Memory.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Memory()


def save(path: Path, memory: Memory) -> None:
    """Raises OSError where the folder may not be written to, as when a person probes by hand."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(memory.model_dump_json(), encoding="utf-8")
    partial.replace(path)
