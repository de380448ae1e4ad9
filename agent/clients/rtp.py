"""RTP packets (RFC 3550): who sends, what is lost."""

from dataclasses import dataclass, field

MAX_SOURCES = 16
MAX_DROPOUT, MAX_MISORDER = 3000, 100
"""Sequence numbers within which a jump is a loss, and a step back a packet that came late (A.1)."""
MPEG_TS = 33
"""The payload type of an MPEG transport stream (RFC 3551, 6)."""


@dataclass(frozen=True, slots=True)
class Packet:
    payload_type: int
    sequence: int
    timestamp: int
    source: int
    """SSRC (5.1)."""
    payload: bytes


def parse(datagram: bytes) -> Packet | None:
    """The packet, or None where the header is none of version 2 (5.1). RTCP, whose types are 192 to 223, is none."""
    if len(datagram) < 12 or datagram[0] >> 6 != 2 or 192 <= datagram[1] <= 223:
        return None
    start = 12 + 4 * (datagram[0] & 0x0F)
    if datagram[0] & 0x10:  # an extension of so many words (5.3.1)
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
    end = len(datagram) - (datagram[-1] if datagram[0] & 0x20 else 0)
    if start >= end:
        return None
    return Packet(
        datagram[1] & 0x7F,
        int.from_bytes(datagram[2:4]),
        int.from_bytes(datagram[4:8]),
        int.from_bytes(datagram[8:12]),
        datagram[start:end],
    )


@dataclass
class _Source:
    first: int
    highest: int
    """Extended by the times that it wrapped (A.1)."""
    received: int = 1
    before: tuple[int, int] = (0, 0)
    """Expected and received of earlier runs of numbers, which a sender that started anew has ended."""

    def take(self, sequence: int) -> bool:
        """False when the sender started anew."""
        step = (sequence - self.highest) & 0xFFFF
        anew = MAX_DROPOUT <= step <= 0x10000 - MAX_MISORDER
        if anew:
            expected, received = self.counted()
            self.before = expected, received
            self.first = self.highest = sequence
            self.received = 0
        elif step < MAX_DROPOUT:
            self.highest += step
        self.received += 1
        return not anew

    def counted(self) -> tuple[int, int]:
        """Packets expected and received (A.3)."""
        expected, received = self.before
        return expected + self.highest - self.first + 1, received + self.received


@dataclass
class Counter:
    """What came of each source."""

    restarts: int = 0
    """How often a source's numbers began anew."""
    _sources: dict[int, _Source] = field(default_factory=dict)

    def take(self, packet: Packet) -> None:
        source = self._sources.get(packet.source)
        if source is None:
            if len(self._sources) < MAX_SOURCES:
                self._sources[packet.source] = _Source(packet.sequence, packet.sequence)
        elif not source.take(packet.sequence):
            self.restarts += 1

    @property
    def sources(self) -> int:
        """Those of which more than one packet came (A.1 takes no single one for a source)."""
        return sum(source.counted()[1] > 1 for source in self._sources.values())

    @property
    def most(self) -> int:
        """Packets of the source that sent most."""
        return max((source.counted()[1] for source in self._sources.values()), default=0)

    @property
    def loss(self) -> float | None:
        """Packets lost / expected, of all sources: 0 too where duplicates came. None without a source."""
        counted = [source.counted() for source in self._sources.values()]
        expected, received = sum(pair[0] for pair in counted), sum(pair[1] for pair in counted)
        return max(0.0, 1 - received / expected) if expected else None
