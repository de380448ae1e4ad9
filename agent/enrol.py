"""Trades a one-time code for this school's credential, and puts it where only the agent's user can read it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import aiohttp
from pydantic import ValidationError

from agent.answers import read_answer
from agent.clock import Clock
from agent.tls import ask_the_time, client_context
from common.text import say
from wire.api import ENROL, EnrolAnswer, EnrolRequest

ENROL_SECONDS = 30.0


class EnrolFailed(Exception):
    """No credential was got or kept; the text says why and never holds one."""


class NotPossible(EnrolFailed):
    """The file cannot be written; the code was not used up."""


async def enrol(url: str, code: str, token_file: Path, ca_file: Path | None = None, force: bool = False) -> str:
    """Write the credential to `token_file` (mode 0600) and return the school it is for. Raises EnrolFailed.

    The file is prepared before the code is traded: a code works once, and must not be spent on a full disk.
    """
    try:
        request = EnrolRequest(code=code)
    except ValidationError:
        raise NotPossible(say("注册码为 8 到 80 个字符", "a code has 8 to 80 characters")) from None
    try:
        prepared = _prepare(token_file, force)
    except OSError as error:
        raise NotPossible(f"{token_file.parent}: {error.strerror or error}") from None
    try:
        answer = await _trade(url, request, ca_file)
        _keep(prepared, token_file, answer.token, force)
    finally:
        with suppress(FileNotFoundError):
            prepared.unlink()
    return answer.school


def _prepare(token_file: Path, force: bool) -> Path:
    if token_file.exists() and not force:
        raise NotPossible(say(f"{token_file} 已存在；--force 可替换", f"{token_file} exists; --force replaces it"))
    token_file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".token-", dir=token_file.parent)  # mode 0600 from the start
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\0" * 4096)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _keep(prepared: Path, token_file: Path, token: str, force: bool) -> None:
    try:
        with prepared.open("wb") as file:
            file.write(token.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if force:
            prepared.replace(token_file)
        else:
            token_file.hardlink_to(prepared)  # fails where a file appeared meanwhile; a rename would replace it
    except OSError as error:
        reason = error.strerror or error
        raise EnrolFailed(
            say(
                f"{token_file}:{reason}；注册码已用掉，请重新申请一个",
                f"{token_file}: {reason}; the code is used up, ask for a new one",
            )
        ) from None


async def _trade(url: str, request: EnrolRequest, ca_file: Path | None) -> EnrolAnswer:
    clock = Clock()
    try:
        context = client_context(ca_file, clock)
    except OSError as error:
        raise NotPossible(f"{ca_file}: {error.strerror or error}") from None
    timeout = aiohttp.ClientTimeout(total=ENROL_SECONDS)
    try:
        if not clock.known:
            await ask_the_time(url, ca_file, clock, ENROL_SECONDS)
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=timeout) as session,
            session.post(url + ENROL, json=request.model_dump(), allow_redirects=False) as response,
        ):
            answer = await read_answer(response)
    except TimeoutError:
        raise EnrolFailed(
            say(f"{url}:{ENROL_SECONDS:g} 秒内没有应答", f"{url}: no answer in {ENROL_SECONDS:g} s")
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise EnrolFailed(f"{url}: {error}") from None
    if answer.status != 200:
        raise EnrolFailed(f"{url}: {answer.why}")
    try:
        return EnrolAnswer.model_validate_json(answer.body)
    except ValidationError:
        raise EnrolFailed(say(f"{url}：应答不是采集端的格式", f"{url}: the answer is not a collector's")) from None
