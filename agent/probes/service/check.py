"""What the systems of a service share: how a check is configured, what it tells, and what an error says."""

from dataclasses import dataclass, field

from agent.errors import Malformed, Refused
from agent.probes.base import Settings
from wire.report import Measure, Reading


class Check(Settings):
    """Base of every system's part of the configuration; each narrows `system` to a Literal of its file's name."""

    system: str

    @property
    def longest_seconds(self) -> float:
        """How long a look can take at most, by the deadlines of its clients."""
        raise NotImplementedError


@dataclass
class Told:
    """What a service told so far: it stands, whatever ends the look."""

    system: str
    service: str
    readings: list[Reading] = field(default_factory=list)

    def tell(self, measure: Measure, value: float, **labels: str) -> None:
        """Add a reading of this service, beside whose name it may have labels of its own."""
        self.readings.append(
            Reading(
                measure=measure.name, value=value, labels={"system": self.system, "service": self.service, **labels}
            )
        )


class SaysNothing:
    """Mixed into an error after which nothing is known of the service itself, so that it is neither up nor down."""


class NotAdmitted(SaysNothing, Refused):
    """The agent's own credentials or settings were not taken."""


class NotJudged(SaysNothing, Malformed):
    """The answer is a fair one that this check is not made for."""


class MaybeAnother:
    """Mixed into an error that something on the way may have given in the service's place: whether the school's own way
    into the district works decides, as for a service that is not heard."""


class SaidNo(MaybeAnother, Refused):
    """An answer that it is not there, or cannot."""


class EndedEarly(MaybeAnother, Malformed):
    """A connection that ended in the middle."""
