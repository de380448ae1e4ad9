"""`POST /api/v1/enrol`: a one-time code is traded for a school's own credential."""

from datetime import UTC, datetime
from time import monotonic

from aiohttp import web
from pydantic import ValidationError

from collector.api.bodies import BadBody, plain_body
from collector.api.keys import DISTRICT
from collector.api.problems import problem_response
from collector.store.access import trade_code
from wire.api import ENROL, EnrolAnswer, EnrolRequest

TRIES = 10
TRIES_SECONDS = 60.0


class _Tries:
    """Wrong codes of the last minute, from everyone together. Guessing 99 bits is hopeless; this ends the noise."""

    def __init__(self) -> None:
        self._at: list[float] = []

    def too_many(self) -> bool:
        self._at = [at for at in self._at if monotonic() - at < TRIES_SECONDS]
        return len(self._at) >= TRIES

    def failed(self) -> None:
        self._at.append(monotonic())


def routes() -> list[web.RouteDef]:
    tries = _Tries()

    async def enrol(request: web.Request) -> web.Response:
        if tries.too_many():
            headers = {"Retry-After": str(int(TRIES_SECONDS))}
            return problem_response(429, "尝试过多 / too many tries", "wait a minute", headers=headers)
        try:
            asked = EnrolRequest.model_validate_json(await plain_body(request))
        except BadBody as error:
            return problem_response(error.status, "请求无法读取 / the request cannot be read", str(error))
        except ValidationError:
            tries.failed()
            return problem_response(422, "请求格式不对 / the request is malformed", "a code is expected")
        database = request.app[DISTRICT].database
        granted = await database.write(lambda connection: trade_code(connection, asked.code, datetime.now(UTC)))
        if granted is None:
            tries.failed()
            detail = "the code is unknown, was used, or is older than a day; ask the network office for a new one"
            return problem_response(403, "注册码无效 / the code is not valid", detail)
        school, token = granted
        return web.json_response(text=EnrolAnswer(school=school, token=token).model_dump_json())

    return [web.post(ENROL, enrol)]
