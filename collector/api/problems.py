"""Refusals over HTTP as RFC 9457 problem details."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from wire.problem import CONTENT_TYPE, Problem


def problem_response(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[str] = ()
) -> web.Response:
    """A refusal. `title` is for people, "中文 / English"; `errors` names each fault where there are several."""
    problem = Problem(status=status, title=title, detail=detail, errors=tuple(errors))
    return web.Response(
        status=status, text=problem.model_dump_json(), content_type=CONTENT_TYPE, charset="utf-8", headers=headers
    )
