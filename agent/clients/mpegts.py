"""MPEG transport streams (ISO/IEC 13818-1): whether they carry programmes, and whether packets are missing."""

from dataclasses import dataclass, field

PACKET_BYTES, SYNC = 188, 0x47
NULL_PID = 0x1FFF
"""Stuffing that carries nothing (2.4.3.3, table 2-3)."""
MAX_PIDS = 256
MAX_PROGRAMS = 64
VIDEO_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD2, 0xD4})
"""MPEG-1 and -2, MPEG-4, AVC, HEVC, VVC (table 2-34), and by registration in China AVS, AVS2 and AVS3."""


def looks_like(data: bytes) -> bool:
    """Whole packets, each with its sync byte (2.4.3.2)."""
    return bool(data) and len(data) % PACKET_BYTES == 0 and all(byte == SYNC for byte in data[::PACKET_BYTES])


@dataclass
class Analyser:
    """What the packets that were taken carry."""

    packets: int = 0
    media_packets: int = 0
    """With a payload of a stream that a programme lists; every stream's but the tables' while none is known."""
    continuity_errors: int = 0
    """Times that a continuity counter was not the next one (2.4.3.3): packets are missing."""
    scrambled: bool = False
    has_tables: bool = False
    """Whether a table of programmes came."""
    programs: set[int] = field(default_factory=set)
    streams: dict[int, int] = field(default_factory=dict)
    """Type by PID, of every programme."""
    _maps: set[int] = field(default_factory=set)
    _counters: dict[int, int] = field(default_factory=dict)

    @property
    def has_video(self) -> bool | None:
        """Whether a programme lists video; None until one was seen."""
        return any(kind in VIDEO_TYPES for kind in self.streams.values()) if self.streams else None

    def take(self, data: bytes) -> None:
        """Whole packets; see looks_like."""
        for start in range(0, len(data), PACKET_BYTES):
            self._packet(data[start : start + PACKET_BYTES])

    def _packet(self, packet: bytes) -> None:
        self.packets += 1
        pid = int.from_bytes(packet[1:3]) & 0x1FFF
        if pid == NULL_PID or packet[1] & 0x80:  # transport_error_indicator
            return
        control = packet[3] >> 4 & 3
        discontinuous = bool(control & 2 and packet[4] and packet[5] & 0x80)
        if not control & 1:
            return  # without a payload the counter stands still
        self._count(pid, packet[3] & 0x0F, discontinuous)
        self.scrambled = self.scrambled or bool(packet[3] & 0xC0)
        payload = packet[4 + (1 + packet[4] if control & 2 else 0) :]
        begins = bool(packet[1] & 0x40)
        if pid == 0 and begins:
            self._association(payload)
        elif pid in self._maps and begins:
            self._map(payload)
        elif pid > 0x1F and pid not in self._maps and (not self.streams or pid in self.streams):
            self.media_packets += 1

    def _count(self, pid: int, counter: int, discontinuous: bool) -> None:
        last = self._counters.get(pid)
        if last is None and len(self._counters) >= MAX_PIDS:
            return
        if last is not None and not discontinuous and counter not in ((last + 1) & 0x0F, last):  # it may be sent twice
            self.continuity_errors += 1
        self._counters[pid] = counter

    def _association(self, payload: bytes) -> None:
        """PAT (2.4.4.3): the programmes and where their maps are. Number 0 is the network table."""
        section = _section(payload, 0x00)
        self.has_tables = self.has_tables or bool(section)
        for at in range(8, len(section) - 4, 4):
            number, pid = int.from_bytes(section[at : at + 2]), int.from_bytes(section[at + 2 : at + 4]) & 0x1FFF
            if number and len(self.programs) < MAX_PROGRAMS:
                self.programs.add(number)
                self._maps.add(pid)

    def _map(self, payload: bytes) -> None:
        """PMT (2.4.4.8): the streams of a programme, as far as they fit one packet."""
        section = _section(payload, 0x02)
        if len(section) < 16:
            return
        at = 12 + (int.from_bytes(section[10:12]) & 0x0FFF)
        while at + 5 <= len(section) - 4 and len(self.streams) < MAX_PIDS:
            self.streams[int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF] = section[at]
            at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0x0FFF)


def _section(payload: bytes, table: int) -> bytes:
    """A table's section as far as it lies in this payload; empty where it is another table's (2.4.4)."""
    section = payload[1 + payload[0] :] if payload else b""
    if len(section) < 12 or section[0] != table:
        return b""
    return section[: 3 + (int.from_bytes(section[1:3]) & 0x0FFF)]
