"""How a probe can fail. A client or probe raises one of these; only agent/runner.py turns them into an outcome.

ProbeError
├── Unreachable   no route, no name, nothing answers where something should
├── Silent        reached, but gave no answer before the deadline of one exchange
├── Refused       a closed port, rejected credentials, a server that says no
│   └── Busy      not now: a server or line that others use
└── Malformed     an answer that breaks its protocol or contradicts itself
"""

from collections.abc import Sequence
from typing import ClassVar

from wire.report import Outcome, Reading


class ProbeError(Exception):
    """Base. Its text says what happened to a person; `readings` are what had been read before it did.

    `again_in` is in how many seconds a try makes sense again, where the other side said so.
    """

    outcome: ClassVar[Outcome]

    def __init__(self, detail: str, readings: Sequence[Reading] = (), again_in: float | None = None) -> None:
        super().__init__(detail)
        self.readings = tuple(readings)
        self.again_in = again_in


class Unreachable(ProbeError):
    outcome = "unreachable"


class Silent(ProbeError):
    outcome = "timeout"


class Refused(ProbeError):
    outcome = "refused"


class Busy(Refused):
    pass


class Malformed(ProbeError):
    outcome = "malformed"
