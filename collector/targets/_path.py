"""Limits of loss, jitter and round trip on a path."""

from typing import Protocol

from collector.targets._parts import Limit
from common.text import Text


class PathLimits(Protocol):
    """What of a target's policy is asked here."""

    @property
    def loss_at_most(self) -> float: ...
    @property
    def jitter_at_most_seconds(self) -> float: ...
    @property
    def round_trip_at_most_seconds(self) -> float: ...


LOSS, JITTER, ROUND_TRIP = Text("丢包率", "loss"), Text("抖动", "jitter"), Text("往返时延", "the round trip")


def path_limits(policy: PathLimits, loss: str, jitter: str, round_trip: str) -> tuple[Limit, Limit, Limit]:
    """The three limits, of the measures that are named."""
    most_loss, most_jitter, most_trip = (
        policy.loss_at_most,
        policy.jitter_at_most_seconds,
        policy.round_trip_at_most_seconds,
    )
    return (
        Limit(loss, LOSS, _at_most(per_cent(most_loss)), lambda mean: mean <= most_loss, per_cent, "path_loss_high"),
        Limit(
            jitter, JITTER, _at_most(milliseconds(most_jitter)), lambda mean: mean <= most_jitter, milliseconds,
            "path_jitter_high",
        ),
        Limit(
            round_trip, ROUND_TRIP, _at_most(milliseconds(most_trip)), lambda mean: mean <= most_trip, milliseconds,
            "path_round_trip_high",
        ),
    )  # fmt: skip


def _at_most(amount: str) -> Text:
    return Text(f"不超过 {amount}", f"at most {amount}")


def milliseconds(seconds: float) -> str:
    """A time on a path as people know it."""
    return f"{seconds * 1000:.3g} ms"


def per_cent(ratio: float) -> str:
    """A small share in percent."""
    return f"{ratio * 100:.3g} %"
