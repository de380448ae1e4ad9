"""`POST /api/v1/reports`: one report or a batch, answered with a receipt once it is durable."""

import asyncio

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from collector.api.bodies import BadBody, plain_body
from collector.api.keys import INTAKE, SCHOOL
from collector.api.problems import problem_response
from collector.intake import Full
from wire.api import REPORTS
from wire.report import Receipt, Refusal, Report

MAX_REPORTS = 50
"""Reports in one batch."""
RETRY_AFTER_SECONDS = 5
_BATCH: TypeAdapter[list[Report]] = TypeAdapter(list[Report])


async def _take(request: web.Request) -> web.Response:
    try:
        body = await plain_body(request)
    except BadBody as error:
        return problem_response(error.status, "报告无法读取 / the report cannot be read", str(error))
    try:
        batch = await asyncio.to_thread(_parse, body)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)[:20]
        ]
        return problem_response(
            422, "报告格式不对 / the report is malformed", f"{error.error_count()} faults", errors=faults
        )
    if len(batch) > MAX_REPORTS:
        return problem_response(
            413, "一次报告太多 / too many reports", f"at most {MAX_REPORTS} reports are taken at once"
        )
    school = request[SCHOOL]
    for report in batch:
        if report.school != school:
            detail = f"this credential is for school {school}; the report says {report.school}"
            return problem_response(403, "凭证不属于该学校 / the credential is another school's", detail)
    address = (request.remote or "")[:64]
    try:
        receipts = await asyncio.gather(
            *(request.app[INTAKE].take(_first_of_each(report), address) for report in batch)
        )
    except Full:
        return problem_response(
            503,
            "稍后再试 / come back later",
            "too many reports wait, or the store cannot be written",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    kept = tuple(observation for receipt in receipts for observation in receipt.kept)
    refused: tuple[Refusal, ...] = tuple(refusal for receipt in receipts for refusal in receipt.refused)
    return web.json_response(text=Receipt(kept=kept, refused=refused).model_dump_json())


def _parse(body: bytes) -> list[Report]:
    if body.lstrip()[:1] == b"[":
        return _BATCH.validate_json(body)
    return [Report.model_validate_json(body)]


def _first_of_each(report: Report) -> Report:
    """An id that stands twice in one report is one observation."""
    by_id = {observation.id: observation for observation in report.observations}
    if len(by_id) == len(report.observations):
        return report
    return report.model_copy(update={"observations": tuple(by_id.values())})


ROUTES = [web.post(REPORTS, _take)]
