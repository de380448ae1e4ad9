"""The collector tries its own interfaces, as the district's data platform would take them."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from collector.targets.district.base import Interface

SECONDS = 20.0
MAX_BYTES = 64 * 1024 * 1024


def _is_description(body: bytes) -> None:
    paths = json.loads(body)["paths"]
    if "/api/v1/verdicts" not in paths:
        raise ValueError("the description lacks /api/v1/verdicts")


def _is_json(body: bytes) -> None:
    if not isinstance(json.loads(body)["verdicts"], list):
        raise TypeError("verdicts is no list")


def _is_csv(body: bytes) -> None:
    heading = next(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    if "school" not in heading:
        raise ValueError("the CSV has no heading")


def _is_metrics(body: bytes) -> None:
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    if "campus_target_state" not in names:
        raise ValueError("campus_target_state is missing")


INTERFACES: dict[str, tuple[str, Callable[[bytes], None]]] = {
    "openapi": ("/openapi.json", _is_description),
    "api": ("/api/v1/verdicts", _is_json),
    "csv": ("/api/v1/verdicts?format=csv", _is_csv),
    "prometheus": ("/metrics", _is_metrics),
}


async def try_interfaces(base_url: str) -> tuple[Interface, ...]:
    """Each interface with whether it answered with what it should. Never raises: a failure is the finding."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        return tuple(
            [await _tried(session, name, base_url + path, check) for name, (path, check) in INTERFACES.items()]
        )


async def _tried(session: aiohttp.ClientSession, name: str, url: str, check: Callable[[bytes], None]) -> Interface:
    detail = ""
    try:
        async with session.get(url, allow_redirects=False) as answer:
            body = await answer.content.read(MAX_BYTES)
            if answer.status != 200:
                detail = f"HTTP {answer.status}"
            else:
                await asyncio.to_thread(check, body)
    except TimeoutError:
        detail = f"no answer in {SECONDS:g} s"
    except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        detail = f"{type(error).__name__}: {error}"[:200]
    return Interface(name, not detail, datetime.now(UTC), detail)
