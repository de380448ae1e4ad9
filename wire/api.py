"""Paths and headers of the collector that an agent uses, and the small documents that travel there."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, StringConstraints

from wire.report import SchoolId, Wire

REPORTS = "/api/v1/reports"
HEALTH = "/healthz"
"""Says nothing but that it is there, and by its Date what time it is."""
THROUGHPUT = "/api/v1/throughput"
THROUGHPUT_SLOTS = "/api/v1/throughput/slots"
ENROL = "/api/v1/enrol"
SLOT_HEADER = "Campus-Throughput-Slot"


class SlotRequest(Wire):
    """What a throughput test is about to use. An empty body is a test against the collector at an unknown rate."""

    server: str = Field("", max_length=300)
    """HOST:PORT of the test server; empty for the collector itself."""
    bits_per_second: NonNegativeFloat = 0
    """The most that the test will carry at once; 0 when nobody can say."""


class SlotGrant(Wire):
    """Leave to run one throughput test. It ends by itself after `seconds`."""

    slot: str
    seconds: NonNegativeFloat
    bits_per_second: PositiveFloat | None = None
    """The most that the test may carry at once; None where the district sets no bound."""


class SlotState(Wire):
    """What the server knows of the transfers made with a slot so far."""

    limited: tuple[str, ...] = Field((), max_length=4)
    """The directions (download, upload) in which the server itself was the limit."""


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
