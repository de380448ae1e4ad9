"""What an observation is worth when the spool has no room: what changed, or comes rarely, goes last."""

from dataclasses import dataclass, field

from wire.measures import STATES
from wire.report import Observation

RARE_SECONDS = 3600.0
"""A run that comes again within this is routine."""
RARE, CHANGE, ROUTINE = 0, 1, 2
"""In the order in which they are kept. A CHANGE is a run whose outcome, or a state that it read, is new."""

_Said = tuple[str, frozenset[tuple[str, frozenset[tuple[str, str]], float]]]


@dataclass(slots=True)
class _Entry:
    said: _Said
    runs: int = 0


@dataclass(slots=True)
class Worth:
    """Remembers what each entry said last. Bounded by the configuration's entries."""

    _entries: dict[tuple[str, str], _Entry] = field(default_factory=dict)

    def of(self, observation: Observation) -> tuple[int, int]:
        """Its worth, and the how-manieth run of its entry it is, so that every second one can be left out."""
        key = (observation.probe, observation.device)
        said = _said(observation)
        entry = self._entries.get(key)
        changed = entry is None or entry.said != said
        entry = self._entries.setdefault(key, _Entry(said))
        entry.said, entry.runs = said, entry.runs + 1
        if not 0 < observation.every_seconds < RARE_SECONDS:
            return RARE, entry.runs
        return (CHANGE if changed else ROUTINE), entry.runs


def _said(observation: Observation) -> _Said:
    states = (reading for reading in observation.readings if reading.measure in STATES)
    return observation.outcome, frozenset((one.measure, frozenset(one.labels.items()), one.value) for one in states)
