"""What one direction of a throughput test gave, by whatever method."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """`rate` is payload in bytes per second by the receiver's count between two marks; `moved` all that was sent."""

    rate: float
    moved: int
    helper_cpu: float = 0.0
    """Share of one core that a helper program used on this machine."""
    server_limited: bool = False
    """The server, or the pace that the district sets, was the limit."""
    agent_limited: bool = False
    """This machine did not take the bytes fast enough."""
