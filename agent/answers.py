"""What a collector, or whatever stands at its address, answered: read within bounds, and said in one sentence."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from pydantic import ValidationError

from wire.problem import Problem

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A receipt for a full report is a tenth of this."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds, where the answer says when to come back (RFC 9110, 10.2.3)."""
    date: datetime | None = None
    """When it was made, by whoever made it (RFC 9110, 6.6.1)."""

    @property
    def why(self) -> str:
        """The refusal for a log: the problem document's words, else the status alone."""
        try:
            problem = Problem.model_validate_json(self.body)
        except ValidationError:
            phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else ""
            return f"HTTP {self.status} {phrase}".strip()
        parts = [f"HTTP {self.status}", problem.title, problem.detail, *problem.errors[:3]]
        return ": ".join(part for part in parts if part)[:500]


async def read_answer(response: aiohttp.ClientResponse) -> Answer:
    """The answer, at most MAX_ANSWER_BYTES of it. Raises what aiohttp raises."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    date = _date(response.headers.get("Date", ""))
    return Answer(response.status, bytes(body), _seconds(response.headers.get("Retry-After", ""), date), date)


def _seconds(value: str, now: datetime | None) -> float | None:
    """Retry-After is a number of seconds or a date, by the clock of whoever answered; anything else says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    at = _date(value)
    return None if at is None else max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)
