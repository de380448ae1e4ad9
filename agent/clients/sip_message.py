"""SIP messages (RFC 3261, section 7): requests that only ask, and answers read within bounds. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent.errors import Malformed

Method = Literal["OPTIONS", "REGISTER"]
"""OPTIONS asks what the other side can do (11). REGISTER is sent without Contact only: it lists the bindings and leaves
them as they are (10.2.3, 10.3 step 8)."""

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
MAX_HEADERS = 200
MAX_REASON_CHARACTERS = 60

COOKIE = "z9hG4bK"
"""Begins every branch (8.1.1.7)."""
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"[A-Za-z]+ \S+ SIP/2\.0", re.IGNORECASE)
_BRANCH = re.compile(r';\s*branch\s*=\s*"?([^\s;,"]+)', re.IGNORECASE)
_TAG = re.compile(r';\s*tag\s*=\s*"?([^\s;,"]+)', re.IGNORECASE)
_EXPIRES = re.compile(r';\s*expires\s*=\s*"?(\d{1,10})', re.IGNORECASE)
_COMPACT = {
    "c": "content-type",
    "f": "from",
    "i": "call-id",
    "l": "content-length",
    "m": "contact",
    "t": "to",
    "v": "via",
}
"""Short names of headers (7.3.3, 20)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. What an answer must repeat is in it (8.2.6.2)."""

    method: Method
    uri: str
    to: str
    branch: str
    call_id: str
    tag: str
    sequence: int = 1
    max_forwards: int = 70
    authorization: tuple[str, str] | None = None
    """Name and value of a header with the answer to a challenge."""

    def encoded(self, transport: str, local: str) -> bytes:
        """The message, for a socket at `local` (host:port)."""
        lines = [
            f"{self.method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/{transport.upper()} {local};branch={self.branch};rport",
            f"Max-Forwards: {self.max_forwards}",
            f"From: <{self.to if self.method == 'REGISTER' else f'sip:campus-monitor@{local}'}>;tag={self.tag}",
            f"To: <{self.to}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.sequence} {self.method}",
            "User-Agent: campus-monitor",
        ]
        if self.method == "OPTIONS":
            lines += [f"Contact: <sip:campus-monitor@{local};transport={transport}>", "Accept: application/sdp"]
        if self.authorization is not None:
            lines.append(": ".join(self.authorization))
        return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()

    def is_answered_by(self, message: "Message") -> bool:
        """Whether a message belongs to this request: branch and method (17.1.3), and what else it must repeat."""
        tag = _TAG.search(message.first("from"))
        return (
            message.branch == self.branch
            and message.first("cseq").split() == [str(self.sequence), self.method]
            and message.first("call-id") == self.call_id
            and tag is not None
            and tag[1] == self.tag
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A message that arrived. `status` is None for a request of the other side's own."""

    status: int | None
    reason: str
    headers: Mapping[str, tuple[str, ...]]
    """By long name in small letters, in the order of their lines."""

    def first(self, name: str) -> str:
        return self.headers.get(name, ("",))[0]

    @property
    def branch(self) -> str:
        """Of the first Via, which is that of the request's sender; empty where there is none."""
        found = _BRANCH.search(self.first("via").split(",")[0])
        return found[1] if found else ""

    @property
    def body_length(self) -> int | None:
        """Content-Length in bytes; None where there is none. Raises Malformed."""
        values = self.headers.get("content-length")
        if values is None:
            return None
        if len(set(values)) > 1 or not (values[0].isascii() and values[0].isdigit()) or len(values[0]) > 10:
            raise Malformed(f"a SIP message has Content-Length {values[0][:20]!r}")
        if int(values[0]) > MAX_BODY_BYTES:
            raise Malformed(f"a SIP message has a body of {values[0]} bytes; at most {MAX_BODY_BYTES} are read")
        return int(values[0])

    @property
    def bindings(self) -> int:
        """Contacts that have not expired, in an answer to REGISTER (10.2.1.1, 10.3)."""
        expires = self.first("expires")
        default = int(expires) if expires.isascii() and expires.isdigit() and len(expires) < 11 else 1
        contacts = [each for line in self.headers.get("contact", ()) for each in _split(line)]
        left = (_EXPIRES.search(re.sub(r"<[^>]*>", "", contact)) for contact in contacts)
        return sum((int(found[1]) if found else default) > 0 for found in left)


def read_datagram(raw: bytes) -> Message:
    """One message that fills a datagram. What follows its body is not looked at (18.3). Raises Malformed."""
    raw = raw.lstrip(b"\r\n")
    end = head_end(raw)
    if end is None:
        raise Malformed(f"it answered with something that is not SIP: {shown(raw)}")
    message = read_head(raw[:end])
    if (message.body_length or 0) > len(raw) - end:
        raise Malformed("a SIP message is shorter than its Content-Length")
    return message


def head_end(raw: bytes | bytearray) -> int | None:
    """Where the body begins; None while the empty line has not come. Raises Malformed when it is late."""
    found = raw.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    if found < 0 and len(raw) >= MAX_HEAD_BYTES:
        raise Malformed(f"a SIP message's headers do not end within {MAX_HEAD_BYTES} bytes: {shown(raw)}")
    return None if found < 0 else found + 4


def read_head(raw: bytes) -> Message:
    """First line and headers. Raises Malformed."""
    lines = raw.decode("utf-8", "replace").split("\r\n")
    status = _STATUS_LINE.fullmatch(lines[0])
    if status is None and not _REQUEST_LINE.fullmatch(lines[0]):
        raise Malformed(f"it answered with something that is not SIP: {shown(raw)}")
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and values:  # a value goes on in the next line (7.3.1)
            values[-1] += " " + line.strip()
        elif line:
            name, colon, value = line.partition(":")
            if not colon:
                raise Malformed(f"a SIP header has no colon: {shown(line.encode())}")
            name = name.strip().lower()
            values = headers.setdefault(_COMPACT.get(name, name), [])
            values.append(_CONTROL.sub(" ", value).strip())
    if sum(map(len, headers.values())) > MAX_HEADERS:
        raise Malformed(f"a SIP message has more than {MAX_HEADERS} headers")
    return Message(
        int(status[1]) if status else None,
        _CONTROL.sub(" ", (status[2] or "") if status else "")[:MAX_REASON_CHARACTERS].strip(),
        {name: tuple(each) for name, each in headers.items()},
    )


def shown(raw: bytes | bytearray) -> str:
    """The beginning of what arrived, fit for a sentence."""
    return repr(bytes(raw[:40]).decode("ascii", "backslashreplace"))


def _split(line: str) -> list[str]:
    """A header's values, at commas outside of quotes and angle brackets (7.3.1)."""
    plain = re.sub(r'"(?:[^"\\]|\\.)*"|<[^>]*>', lambda found: found[0].replace(",", " "), line)
    return [value for value in plain.split(",") if value.strip()]
