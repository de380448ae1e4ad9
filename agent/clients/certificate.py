"""When a server's TLS certificate ends, also where nobody trusts it."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from agent.clients.tcp import CONNECT_SECONDS
from agent.errors import Malformed

EXPIRED = 10
OTHER_NAME = (62, 64)
"""X509_V_ERR_CERT_HAS_EXPIRED, and X509_V_ERR_HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH (OpenSSL, x509_vfy.h)."""
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}


async def untrusted_end(host: str, port: int) -> float | None:
    """Unix time at which the certificate of a server ends that need not be trusted; None where it is made out for
    another name (somebody else answers in its place), or where no certificate was to be had."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    try:
        raw = await _certificate(host, port, anyone)
        itself = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        itself.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        itself.load_verify_locations(cadata=raw)
        try:
            await _certificate(host, port, itself)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code in OTHER_NAME:
                return None
        return end_of(raw)
    except (OSError, ValueError, Malformed):  # TimeoutError and SSLError are OSErrors
        return None


async def _certificate(host: str, port: int, context: ssl.SSLContext) -> bytes:
    async with asyncio.timeout(CONNECT_SECONDS):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return bytes(found or b"")


def end_of(raw: bytes) -> float:
    """Unix time of notAfter in a DER certificate (RFC 5280, 4.1 and 4.1.2.5). Raises Malformed."""
    try:
        _, whole = next(_items(raw))
        _, body = next(_items(whole))
        parts = [part for tag, part in _items(body) if tag != _VERSION]
        _, (tag, value) = list(_items(parts[3]))[:2]  # after serialNumber, signature and issuer
        return datetime.strptime(value.decode("ascii"), _FORMATS[tag]).replace(tzinfo=UTC).timestamp()
    except (StopIteration, IndexError, KeyError, ValueError) as error:
        raise Malformed("its certificate cannot be read") from error


def _items(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in turn (ITU-T X.690, 8.1). Raises IndexError where one is cut short."""
    at = 0
    while at < len(raw):
        tag, length = raw[at], raw[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            length = int.from_bytes(raw[at : at + size])
            at += size
        if at + length > len(raw):
            raise IndexError
        yield tag, raw[at : at + length]
        at += length
