"""SNMP notifications as hints: one has the device that sent it probed at once, and is never evidence."""

from collections.abc import Callable, Iterable

from agent.clock import Clock
from agent.hints import GAP_SECONDS, HintListener
from agent.notifications import NotOne, Senders
from agent.probes.base import ProbeSettings


class TrapListener(HintListener):
    """Notifications of who may send them."""

    max_datagram_bytes = 8 * 1024

    def __init__(
        self,
        entries: Iterable[ProbeSettings],
        senders: Senders,
        ask: Callable[[str], object],
        clock: Clock,
        gap: float = GAP_SECONDS,
    ) -> None:
        super().__init__(entries, ask, clock, gap)
        self._senders = senders

    def is_hint(self, data: bytes) -> bool:
        try:
            self._senders.check(data)
        except NotOne:
            return False
        return True
