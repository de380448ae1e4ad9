"""TLS towards the collector from a machine whose clock may be wrong: certificates are dated by the agent's time."""

import ssl
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import aiohttp

from agent.answers import Answer, read_answer
from agent.clock import Clock
from wire.api import HEALTH

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (OpenSSL, X509_VERIFY_PARAM_set_flags(3)); Python's ssl has no name for it."""


def client_context(ca_file: Path | None, clock: Clock) -> ssl.SSLContext:
    """A context that verifies the chain and the host name always, and the server certificate's dates by `clock`.

    While the time is not known, dates are not checked: nothing secret may be sent then, so ask for the time first.
    Those of an intermediate are never checked. Raises OSError when `ca_file` cannot be used.
    """

    class Connection(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert()
            if clock.known and certificate:
                _check(certificate["notBefore"], certificate["notAfter"], clock.now())

    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= _NO_CHECK_TIME
    context.sslobject_class = Connection
    return context


def _check(not_before: object, not_after: object, at: datetime) -> None:
    first, last = (ssl.cert_time_to_seconds(str(date)) for date in (not_before, not_after))
    if not first <= at.timestamp() <= last:
        dates = " to ".join(f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}" for end in (first, last))
        raise ssl.SSLCertVerificationError(f"the certificate is good from {dates}, and today is {at:%Y-%m-%d}")


async def ask_the_time(url: str, ca_file: Path | None, clock: Clock, seconds: float) -> None:
    """Set `clock` by the collector's, over a connection that is used for nothing else.

    Raises TimeoutError after so many seconds, and what aiohttp raises.
    """
    connector = aiohttp.TCPConnector(ssl=client_context(ca_file, clock))
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=seconds)) as session:
        asked = clock.monotonic()
        async with session.get(url + HEALTH, allow_redirects=False) as response:
            answer = await read_answer(response)
    if answer.status == HTTPStatus.OK:
        learn(clock, answer, asked)


def learn(clock: Clock, answer: Answer, asked: float) -> None:
    """Take the time from an answer of the collector that was asked for at that monotonic moment."""
    if answer.date is not None:
        clock.learn(answer.date, asked, clock.monotonic())
