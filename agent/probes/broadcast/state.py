"""What SIP answers say of a server and of a terminal behind it: pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.av import State
from agent.clients.sip import Answer

TOO_MANY_HOPS = 483
_AUTHENTICATION = (401, 407)
_BROKEN = (500, 503)
"""Server Internal Error and Service Unavailable: it says of itself that it cannot (RFC 3261, 21.5.1, 21.5.4)."""
_NOT_REGISTERED = (404, 410, 480)
"""Nobody there by this address, or not now (21.4.5, 21.4.9, 21.4.18)."""
_NO_ANSWER_BEHIND = 408


@dataclass(frozen=True, slots=True)
class Word:
    """What is known of one device. None is what nobody told."""

    state: State
    up: bool | None = None
    registered: bool | None = None
    answered: bool | None = None
    """Whether the device itself answered SIP at all: it is alive, whatever it said."""
    answer: Answer | None = None
    """What the device itself said, if it did."""


def of_itself(answer: Answer) -> Word:
    """A device that was asked directly. Any answer proves it alive; only success (2xx) proves that it serves."""
    if answer.is_success:
        return Word("ok", up=True, answered=True, answer=answer)
    if answer.status in _BROKEN:
        return Word("fault", up=False, answered=True, answer=answer)
    state: State = "authentication_failed" if answer.status in _AUTHENTICATION else "unknown"
    return Word(state, answered=True, answer=answer)


def behind_server(answer: Answer | None, at_the_server: Answer | None) -> Word:
    """A terminal that was asked for through its server.

    `at_the_server` is the answer to the same question with Max-Forwards 0. A proxy must not pass that on (RFC 3261,
    16.3 step 3): 483 shows that other answers come from behind it. Without it the server may speak for terminals that
    are off, and what it says proves nothing of them.
    """
    if answer is None:
        return Word("unknown", answered=False)
    if answer.status in _AUTHENTICATION:
        return Word("authentication_failed")
    if at_the_server is None or at_the_server.status != TOO_MANY_HOPS:
        return Word("unknown")
    if answer.status in _NOT_REGISTERED:
        return Word("unreachable", up=False, registered=False)
    if answer.status == _NO_ANSWER_BEHIND:
        return Word("unreachable", up=False, answered=False)
    if answer.is_success:
        return Word("ok", up=True, registered=True, answered=True, answer=answer)
    return Word("unknown")


def by_registrar(answer: Answer | None) -> Word:
    """A terminal by the list of its bindings. A binding shows that it was there lately, not that it answers."""
    if answer is None:
        return Word("unknown")
    if answer.is_success:
        registered = answer.bindings > 0
        return Word("ok" if registered else "unreachable", up=registered, registered=registered)
    return Word("authentication_failed" if answer.status in _AUTHENTICATION else "unknown")


def best(words: Iterable[Word]) -> Word:
    """Of several terminals at one place: one that works is enough, and while one is not known it is not down."""
    order = {True: 0, None: 1, False: 2}
    return min(words, key=lambda word: order[word.up])
