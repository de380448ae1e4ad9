"""The collector tries its own interfaces, as the district's data platform would take them."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import aiohttp
from openpyxl import load_workbook
from prometheus_client.parser import text_string_to_metric_families

from collector.api.export import MACHINE
from collector.targets.district.base import Interface

SECONDS = 20.0
MAX_BYTES = 64 * 1024 * 1024
_DETAIL = 200


def _is_description(body: bytes) -> None:
    paths = json.loads(body)["paths"]
    if "/api/v1/verdicts" not in paths:
        raise ValueError("the description lacks /api/v1/verdicts")


def _is_json(body: bytes) -> None:
    for verdict in json.loads(body)["verdicts"]:
        _ = verdict["school"], verdict["target"], verdict["state"]


def _is_csv(body: bytes) -> None:
    rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
    heading = next(rows, [])
    if tuple(heading) != MACHINE:
        raise ValueError("the CSV lacks its headings")
    if any(len(row) != len(heading) for row in rows):
        raise ValueError("a row of the CSV is not as long as its headings")


def _is_workbook(body: bytes) -> None:
    book = load_workbook(io.BytesIO(body), read_only=True)
    if not any(True for sheet in book.worksheets for _ in sheet.iter_rows(max_row=1)):
        raise ValueError("the workbook has no headings")


def _is_metrics(body: bytes) -> None:
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    if "campus_target_state" not in names:
        raise ValueError("campus_target_state is missing")


INTERFACES: dict[str, tuple[str, Callable[[bytes], None]]] = {
    "openapi": ("/openapi.json", _is_description),
    "api": ("/api/v1/verdicts", _is_json),
    "csv": ("/api/v1/verdicts?format=csv", _is_csv),
    "xlsx": ("/api/v1/verdicts?format=xlsx", _is_workbook),
    "prometheus": ("/metrics", _is_metrics),
}
_WRONG = (
    aiohttp.ClientError, OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error, zipfile.BadZipFile,
)  # fmt: skip


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
            if answer.status != 200:
                detail = f"HTTP {answer.status}"
            else:
                await asyncio.to_thread(check, await _body(answer))
    except TimeoutError:
        detail = f"no answer in {SECONDS:g} s"
    except _WRONG as error:
        detail = f"{type(error).__name__}: {error}"[:_DETAIL]
    return Interface(name, not detail, datetime.now(UTC), detail)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body, which arrives in parts. Raises ValueError for one beyond the bound."""
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
    return bytes(body)
