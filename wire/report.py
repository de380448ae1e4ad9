"""What an agent tells the collector, and what the collector answers.

Wire models ignore keys that they do not know, since agents and collectors upgrade apart; a field is only ever added.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeFloat,
    StringConstraints,
)

from wire.limits import MAX_ENTRIES, MAX_LABEL_CHARACTERS, MAX_LABELS, MAX_OBSERVATIONS, MAX_READINGS

Outcome = Literal["ok", "timeout", "unreachable", "refused", "malformed", "crashed"]
"""How one run ended: `refused` is a closed port or rejected credentials, `crashed` is our own bug."""
OUTCOMES: tuple[Outcome, ...] = ("ok", "timeout", "unreachable", "refused", "malformed", "crashed")

MeasureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
LabelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ProbeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
SchoolId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A school's identifier in the roster; a school code or a short name in Latin letters."""
DeviceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
"""A device's name as the school wrote it; any script."""


def _bounded(labels: dict[str, str]) -> dict[str, str]:
    for name, value in labels.items():
        if len(value) > MAX_LABEL_CHARACTERS:
            raise ValueError(f"label {name} has {len(value)} characters; {MAX_LABEL_CHARACTERS} are accepted")
    return labels


Labels = Annotated[dict[LabelName, str], Field(max_length=MAX_LABELS), AfterValidator(_bounded)]


class Wire(BaseModel):
    """Base of everything on the wire: frozen, unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Measure(Wire):
    """A declared quantity. Units are base units (seconds, bytes, ratios) and end the name, as Prometheus asks."""

    name: MeasureName
    help: str
    labels: tuple[LabelName, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"
    devices: Literal["label", "same", "sum"] = "label"
    """Two devices of a school with equal labels: told apart by a `device` label, one thing seen twice, or summed."""
    exported: bool = True
    """Whether it goes to /metrics; what no board reads by the thousand stays in the API."""


class Reading(Wire):
    """One number for one measure. A quantity that could not be read has no Reading: absent is not zero."""

    measure: MeasureName
    value: FiniteFloat
    labels: Labels = {}


class Stamp(Wire):
    """What the agent's machine said of the time of a run, where that is not what `started_at` says."""

    machine_at: AwareDatetime
    """When the run began by the machine's own clock."""
    known: bool = True
    """Whether the agent knew how far that clock is off. If not, `started_at` is no better than `machine_at`."""
    boot: str = Field("", max_length=36)
    uptime_seconds: float = 0
    """When the run began since that start of the machine."""


class Observation(Wire):
    """One run of one probe on one device."""

    id: UUID
    probe: ProbeName
    device: DeviceName
    started_at: AwareDatetime
    duration_seconds: NonNegativeFloat
    every_seconds: NonNegativeFloat = 0
    """How often this probe runs on this device; 0 when it was asked for by hand."""
    outcome: Outcome
    detail: str = Field("", max_length=300)
    """For people, never a label: why the outcome is not ok, in the words of the probe."""
    again_in_seconds: NonNegativeFloat | None = None
    """When a run that was put off is tried again; None when it is by `every_seconds`."""
    readings: tuple[Reading, ...] = Field((), max_length=MAX_READINGS)
    clock: Stamp | None = None
    """None: the machine's clock was right."""

    @property
    def is_dated(self) -> bool:
        """Whether `started_at` can be believed: not on a machine that did not know the time."""
        return self.clock is None or self.clock.known


class AgentState(Wire):
    """What an agent says of itself with each report."""

    version: str = Field("", max_length=40)
    spooled_reports: int = Field(0, ge=0)
    dropped_observations: int = Field(0, ge=0)
    clock_correction_seconds: FiniteFloat = 0
    """What the agent adds to its machine's clock."""
    instance: str = Field("", max_length=40)
    """One run of the agent's program: two at once with one credential are a copied machine."""
    host: str = Field("", max_length=64)
    """The machine's own name, for whoever has to find it."""


class Entry(Wire):
    """One probe on one device, as the agent is configured now."""

    probe: ProbeName
    device: DeviceName


class Report(Wire):
    """A batch of one school's observations. The school must be the one that the credential belongs to."""

    school: SchoolId
    sent_at: AwareDatetime | None = None
    agent: AgentState = AgentState()
    measures: tuple[Measure, ...] = Field((), max_length=500)
    """Declarations of measures that are not in the catalogue, so that a new probe needs no new collector."""
    entries: tuple[Entry, ...] | None = Field(None, max_length=MAX_ENTRIES)
    """Everything that this agent probes. What is not in it is no longer probed, which is not the same as silent."""
    observations: tuple[Observation, ...] = Field(max_length=MAX_OBSERVATIONS)


class Refusal(Wire):
    """One observation that the collector did not take, and why; the agent sets it aside and does not send it again."""

    id: UUID
    why: str


class Receipt(Wire):
    """Ids in `kept` are durable at the collector: only now may the agent forget them."""

    kept: tuple[UUID, ...] = ()
    refused: tuple[Refusal, ...] = ()
