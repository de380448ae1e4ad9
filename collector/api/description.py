"""`GET /openapi.json`: what the API takes and gives, for the district's own systems (OpenAPI 3.1)."""

from typing import Any

from aiohttp import web
from pydantic import BaseModel

from collector.targets import TARGETS
from collector.verdict import STATES
from wire.api import (
    ENROL,
    REPORTS,
    THROUGHPUT,
    THROUGHPUT_SLOTS,
    EnrolAnswer,
    EnrolRequest,
    SlotGrant,
    SlotRequest,
    SlotState,
    ThroughputResult,
)
from wire.problem import CONTENT_TYPE, Problem
from wire.report import Receipt, Report

_REF = "#/components/schemas/{model}"


def description() -> dict[str, Any]:
    """The document. Its schemas come from the models that the handlers use."""
    schemas: dict[str, Any] = {}
    for model in (
        Report,
        Receipt,
        EnrolRequest,
        EnrolAnswer,
        SlotRequest,
        SlotGrant,
        SlotState,
        ThroughputResult,
        Problem,
    ):
        schema = model.model_json_schema(ref_template=_REF)
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Campus Monitor / 校园监测",
            "version": "1",
            "description": "Instants are ISO 8601 in UTC, numbers are in base units. 时间为 UTC，数值为基本单位。",
        },
        "paths": _PATHS,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"school": {"type": "http", "scheme": "bearer"}},
        },
    }


def _json(model: type[BaseModel] | None) -> dict[str, Any]:
    schema = {"type": "object"} if model is None else {"$ref": _REF.format(model=model.__name__)}
    return {"application/json": {"schema": schema}}


def _answers(summary: str, model: type[BaseModel] | None, *refusals: int) -> dict[str, Any]:
    problem = {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    refused = {str(status): {"description": "refused", "content": problem} for status in refusals}
    return {
        "summary": summary,
        "responses": {"200": {"description": "done", "content": _json(model)}, **refused},
    }


def _query(name: str, what: str, *values: str, many: bool = False) -> dict[str, Any]:
    one: dict[str, Any] = {"type": "string", **({"enum": list(values)} if values else {})}
    schema = {"type": "array", "items": one} if many else one
    return {"name": name, "in": "query", "description": what, "schema": schema}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


_SECURED: list[dict[str, list[str]]] = [{"school": []}]
_SCHOOL = _query("school", "a school's id")
_SUBJECT = {**_path("school"), "description": "a school's id, or district for the district's clauses"}
_PATHS: dict[str, Any] = {
    REPORTS: {
        "post": {
            **_answers(
                "One report or a batch; answered once it is durable.", Receipt, 400, 401, 403, 413, 415, 422, 503
            ),
            "security": _SECURED,
            "requestBody": {"required": True, "content": _json(Report)},
        }
    },
    ENROL: {
        "post": {
            **_answers("Trades a one-time code for a school's credential.", EnrolAnswer, 403, 422, 429),
            "requestBody": {"required": True, "content": _json(EnrolRequest)},
        }
    },
    THROUGHPUT_SLOTS: {
        "post": {
            **_answers("Leave for one test; 503 says by Retry-After when to ask again.", SlotGrant, 401, 503),
            "security": _SECURED,
            "requestBody": {"required": False, "content": _json(SlotRequest)},
        }
    },
    THROUGHPUT_SLOTS + "/{slot}": {
        "get": {
            **_answers("What the server knows of a slot's transfers.", SlotState, 401, 404),
            "parameters": [_path("slot")],
            "security": _SECURED,
        },
        "delete": {
            **_answers("Gives a slot back.", None, 401, 404),
            "parameters": [_path("slot")],
            "security": _SECURED,
        },
    },
    THROUGHPUT: {
        "get": {**_answers("The test's download: bytes without meaning.", None, 401, 409), "security": _SECURED},
        "post": {**_answers("The test's upload.", ThroughputResult, 401, 409), "security": _SECURED},
    },
    "/api/v1/schools": {"get": _answers("Schools with roster facts, agent and the state of each target.", None)},
    "/api/v1/schools/{school}": {
        "get": {**_answers("One school with places, devices and verdicts.", None, 404), "parameters": [_path("school")]}
    },
    "/api/v1/verdicts": {
        "get": {
            **_answers("Every verdict with value, threshold, attainment, reason and evidence.", None, 422),
            "parameters": [
                _query("school", "a school's id", many=True),
                _query("target", "a target's id", *TARGETS, many=True),
                _query("state", "a state", *STATES, many=True),
                _query("format", "how the rows are written; json by default", "json", "csv", "xlsx"),
                _query("lang", "the language of a table; CSV without it is the form for machines", "zh", "en"),
            ],
        }
    },
    "/api/v1/verdicts/{school}/{target}/history": {
        "get": {
            **_answers("The changes of one verdict, oldest first.", None, 404),
            "parameters": [_path("school"), _path("target")],
        }
    },
    "/api/v1/district": {"get": _answers("The clauses about the district as a whole, with their verdicts.", None)},
    "/api/v1/district/progress": {
        "get": {
            **_answers("Attainment by term, the forecast, and the schools that would miss a target.", None, 422),
            "parameters": [_query("as_of", "an ISO date; else today")],
        }
    },
    "/api/v1/verdicts/{school}/{target}": {
        "get": {
            **_answers("How a verdict came about, with everything that it was made from.", None, 404, 422),
            "parameters": [_SUBJECT, _path("target"), _query("at", "the verdict that stood at this time; else now's")],
        }
    },
    "/api/v1/verdicts/{school}/{target}/days": {
        "get": {
            **_answers("How each school day ended, oldest first.", None, 404, 422),
            "parameters": [_SUBJECT, _path("target"), _query("since", "an ISO date"), _query("until", "an ISO date")],
        }
    },
    "/api/v1/corrections": {
        "get": {
            **_answers("What people said beside verdicts, withdrawn records too.", None),
            "parameters": [_SCHOOL],
        }
    },
    "/api/v1/observations": {
        "get": {
            **_answers("The latest of each device; with since, one school's daily roll-ups.", None, 404, 422),
            "parameters": [_SCHOOL, _query("kind", "a probe"), _query("since", "an ISO date")],
        }
    },
}


async def _openapi(_: web.Request) -> web.Response:
    return web.json_response(description())


ROUTES = [web.get("/openapi.json", _openapi)]
