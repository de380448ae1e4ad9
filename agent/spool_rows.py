"""What goes into the spool and out of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from agent.worth import ROUTINE
from wire.report import Observation

NEVER_AGES = 1e12
"""`made_at` of a row whose time nobody knew: it goes when there is no room, and not for its age."""


@dataclass(frozen=True, slots=True)
class Row:
    """One observation as JSON."""

    id: UUID
    made_at: float
    worth: int
    nth: int
    """Which run of its entry it is."""
    plain: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    rows: int
    bytes: int
    aside_rows: int
    aside_bytes: int
    dropped: int
    dropped_changes: int
    corrupt: int


@dataclass(slots=True)
class Dropped:
    """How many observations were lost; `changes` are those of them that no later run says again."""

    all: int = 0
    changes: int = 0

    def count(self, worth: int, rows: int = 1) -> None:
        self.all += rows
        self.changes += rows * (worth != ROUTINE)


@dataclass(frozen=True, slots=True)
class Changes:
    """One transaction. `settled` maps an id to why it was refused, or to None where the collector has it."""

    rows: Collection[Row]
    settled: Mapping[UUID, str | None]
    dropped: Dropped
    corrupt: int
    now: float
    oldest: float
    """Rows made before this are dropped and counted; Unix time, as `now`."""
    max_bytes: int


def row_of(observation: Observation, worth: int, nth: int) -> Row:
    """An observation as a row."""
    return Row(
        id=observation.id,
        made_at=observation.started_at.timestamp() if observation.is_dated else NEVER_AGES,
        worth=worth,
        nth=nth,
        plain=observation.model_dump_json().encode(),
    )


def fitting(rows: Iterable[Row], most: int, most_bytes: int) -> list[Row]:
    """The first of `rows` that fit; one fits always."""
    taken: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.plain)
        if len(taken) == most or (taken and size > most_bytes):
            break
        taken.append(row)
    return taken
