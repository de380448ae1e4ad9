"""What a display is doing, from what it said: a pure function."""

from dataclasses import dataclass, field

from agent.av import State
from agent.clients.pjlink import LampUse, Power

ERROR, WARNING = 2, 1

_BY_POWER: dict[Power, State] = {"on": "ok", "standby": "standby", "warming": "warming", "cooling": "cooling"}


@dataclass
class Seen:
    """What a device told; None and empty are what it did not tell."""

    power: Power | None = None
    failed: bool = False
    """It answered ERR4: the projector itself has failed."""
    levels: dict[str, int] | None = None
    """ERST by part; empty when it was asked and did not say, None until it was asked."""
    lamps: list[LampUse] = field(default_factory=list)
    filter_hours: int | None = None
    source: str | None = None
    muted: tuple[bool, bool] | None = None

    @property
    def faults(self) -> list[str]:
        """Parts at fault; `device` when it says so of the whole."""
        return [part for part, level in (self.levels or {}).items() if level == ERROR] + ["device"] * self.failed

    @property
    def warnings(self) -> list[str]:
        return [part for part, level in (self.levels or {}).items() if level == WARNING]

    @property
    def state(self) -> State:
        """A fault is one in standby too; without a power state nothing is known."""
        if self.faults:
            return "fault"
        return "unknown" if self.power is None else _BY_POWER[self.power]
