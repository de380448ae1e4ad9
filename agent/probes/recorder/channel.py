"""What is known of one channel, from the recorder's word and its stream: a pure function."""

from typing import Literal

from agent.av import State
from agent.clients.recorders import Channel

Known = Literal["online", "offline", "unknown", "gone"]

STATES: dict[Known, State] = {"online": "ok", "offline": "fault", "unknown": "unknown", "gone": "unknown"}
"""A channel that is not listed is not known to be down."""


def known(told: Channel | None, streams: bool | None) -> Known:
    """`told` is None where the recorder does not list the channel, `streams` where its stream was not tried.

    A stream that is set up proves a channel of which the recorder says nothing. Against its word it proves only that
    one of the two is wrong; and a recorder may have a picture and still refuse one more viewer.
    """
    word: Known = "gone" if told is None else told.state
    if streams is None:
        return word
    if streams:
        return "unknown" if word == "offline" else "online"
    return "unknown" if word == "online" else word
