"""Multicast DNS: which kinds of service an address offers (RFC 6762; RFC 6763, 9), UDP 5353.

The question comes from a port of its own, so that answers come back to it by unicast (RFC 6762, 6.7).
"""

from agent.discover.datagrams import survey
from agent.discover.search import Search
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT, GROUP = 5353, "224.0.0.251"
MAX_RECORDS = 64
_ID = 0x4350
_PTR, _IN = 12, 1
_ANSWER = 0x8000  # QR, RFC 1035, 4.1.1
_KINDS = ("_services", "_dns-sd", "_udp", "local")
_QUESTION = (
    _ID.to_bytes(2)
    + bytes([0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    + b"".join(bytes([len(label)]) + label.encode() for label in _KINDS)
    + bytes([0, 0, _PTR, 0, _IN])
)


class BadDns(ValueError):
    """An answer that breaks RFC 1035."""


async def run(search: Search) -> None:
    for address, heard in (await survey(search, PORT, lambda address: _QUESTION, group=GROUP)).items():
        services: set[str] = set()
        for answer in heard:
            try:
                services.update(kinds(answer))
            except BadDns:
                continue
        if services:
            said = clean(" ".join(sorted(services)))
            words = Text("应答 mDNS，提供", "answers mDNS, offers")
            search.add(address, Clue("mdns", PORT, words, said, {"services": said}))


def kinds(message: bytes) -> set[str]:
    """The kinds of service in an answer to our question, such as airplay. Raises BadDns."""
    if len(message) < 12 or int.from_bytes(message[:2]) != _ID or not int.from_bytes(message[2:4]) & _ANSWER:
        raise BadDns("no answer to this question")
    questions, answers = int.from_bytes(message[4:6]), int.from_bytes(message[6:8])
    at, found = 12, set()
    for _ in range(min(questions, MAX_RECORDS)):
        at = _name(message, at)[1] + 4
    for _ in range(min(answers, MAX_RECORDS)):
        name, at = _name(message, at)
        kind, size = int.from_bytes(message[at : at + 2]), int.from_bytes(message[at + 8 : at + 10])
        at += 10
        if at + size > len(message):
            raise BadDns("cut off")
        if kind == _PTR and tuple(label.lower() for label in name) == _KINDS:
            service = _name(message, at)[0]
            if service and service[0].startswith("_"):
                found.add(service[0][1:].lower())
        at += size
    return found


def _name(message: bytes, at: int) -> tuple[list[str], int]:
    """The labels of a name, and where the next field begins. A pointer leads back (RFC 1035, 4.1.4), so it ends."""
    labels: list[str] = []
    end, earliest = -1, at
    while True:
        if at >= len(message):
            raise BadDns("cut off")
        size = message[at]
        if size >= 0xC0:
            to = int.from_bytes(message[at : at + 2]) & 0x3FFF
            end = at + 2 if end < 0 else end
            if to >= earliest:
                raise BadDns("a pointer that does not lead back")
            at = earliest = to
        elif size == 0:
            return labels, at + 1 if end < 0 else end
        elif size > 63 or at + 1 + size > len(message) or len(labels) > 32:
            raise BadDns("no label")
        else:
            labels.append(message[at + 1 : at + 1 + size].decode("utf-8", "replace"))
            at += 1 + size


WAY = Way(Text("mDNS", "mDNS"), run)
