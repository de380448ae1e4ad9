"""Paths and headers of the collector that an agent uses, and the small documents that travel there."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, StringConstraints

from wire.report import SchoolId, Wire

REPORTS = "/api/v1/reports"
HEALTH = "/healthz"
"""Says nothing but that it is there, and by its Date what time it is."""
THROUGHPUT = "/api/v1/throughput"
THROUGHPUT_SLOTS = "/api/v1/throughput/slots"
ENROL = "/api/v1/enrol"
SLOT_HEADER = "Campus-Throughput-Slot"


class SlotGrant(Wire):
    """Leave to run one throughput test. It ends by itself after `seconds`."""

    slot: str
    seconds: NonNegativeFloat


class ThroughputResult(Wire):
    """What the receiver of an upload counted between two marks inside the test's window."""

    bytes: NonNegativeInt
    seconds: NonNegativeFloat


class EnrolRequest(Wire):
    """A one-time code, traded for this school's own credential."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=80)]


class EnrolAnswer(Wire):
    """The school that the code was made for, and its credential; it is shown this once."""

    school: SchoolId
    token: str = Field(repr=False)
