"""The answer to a SIP challenge (RFC 3261, section 22; RFC 8760 for SHA-256)."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from pydantic import SecretStr

from agent.clients.sip_message import Message, Question

_PART = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "MD5": lambda raw: hashlib.md5(raw, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}
_CHALLENGES = {
    401: ("www-authenticate", "Authorization"),
    407: ("proxy-authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: SecretStr


def answer_to(message: Message, question: Question, credentials: Credentials) -> tuple[str, str] | None:
    """Name and value of the header that answers a challenge; None where there is none that can be answered."""
    asked, given = _CHALLENGES.get(message.status or 0, ("", ""))
    for challenge in message.headers.get(asked, ()):
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "digest":
            continue
        said = {name.lower(): quoted or plain for name, quoted, plain in _PART.findall(rest)}
        algorithm = said.get("algorithm", "MD5").upper()
        protections = [each.strip().lower() for each in said.get("qop", "").split(",") if each.strip()]
        if algorithm not in _HASHES or "nonce" not in said or (protections and "auth" not in protections):
            continue
        return given, _digest(question, credentials, said, algorithm, bool(protections))
    return None


def _digest(question: Question, credentials: Credentials, said: dict[str, str], algorithm: str, protects: bool) -> str:
    def hashed(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    realm, nonce = said.get("realm", ""), said["nonce"]
    first = hashed(f"{credentials.user}:{realm}:{credentials.password.get_secret_value()}")
    second = hashed(f"{question.method}:{question.uri}")
    parts = {"username": credentials.user, "realm": realm, "nonce": nonce, "uri": question.uri}
    if protects:
        own = token_hex(8)
        parts["response"] = hashed(f"{first}:{nonce}:00000001:{own}:auth:{second}")
    else:
        parts["response"] = hashed(f"{first}:{nonce}:{second}")
    if "opaque" in said:
        parts["opaque"] = said["opaque"]
    text = ", ".join(f'{name}="{value}"' for name, value in parts.items())
    if protects:
        text += f', qop=auth, nc=00000001, cnonce="{own}"'
    return f"Digest {text}, algorithm={algorithm}"
