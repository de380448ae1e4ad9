"""Asks a Kea DHCPv4 server for its leases on its control socket, read-only.

Kea administrator reference manual, "Management API" and the hook library `lease_cmds`: JSON over a Unix socket, one
command a connection; `lease4-get-page` gives some leases after an address, result 3 means that there are no more.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from agent.clients.dhcp_leases import MAX_LEASES, Lease
from agent.errors import Malformed, Refused, Silent, Unreachable
from agent.packs.index import mac_address

_PAGE = 1000
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_SUCCESS, _UNSUPPORTED, _EMPTY = 0, 2, 3
_DEFAULT_STATE = 0


class _Lease(BaseModel):
    ip_address: str = Field(alias="ip-address", max_length=45)
    hw_address: str = Field("", alias="hw-address", max_length=100)
    cltt: int
    valid_lifetime: int = Field(alias="valid-lft")
    state: int = _DEFAULT_STATE


class _Page(BaseModel):
    leases: list[_Lease] = Field(max_length=_PAGE)


class _Answer(BaseModel):
    result: int
    text: str = ""
    arguments: _Page | None = None


async def kea_leases(socket: Path, now: float, timeout_seconds: float) -> list[Lease]:
    """The leases that hold at `now`. Each exchange has the time-out. Raises an error of agent/errors.py."""
    found: list[Lease] = []
    after = "start"
    while True:
        answer = await _ask(socket, "lease4-get-page", {"from": after, "limit": _PAGE}, timeout_seconds)
        if answer.result == _UNSUPPORTED:
            raise Refused("Kea does not know lease4-get-page: load its hook library lease_cmds")
        if answer.result == _EMPTY:
            return found
        if answer.result != _SUCCESS or answer.arguments is None:
            raise Refused(f"Kea refuses: {answer.text[:200]}")
        leases = answer.arguments.leases
        for lease in leases:
            mac = mac_address(lease.hw_address)
            if mac is not None and lease.state == _DEFAULT_STATE and lease.cltt + lease.valid_lifetime > now:
                found.append(Lease(mac, lease.ip_address, float(lease.cltt)))
        if len(leases) < _PAGE:
            return found
        if len(found) > MAX_LEASES or leases[-1].ip_address == after:
            raise Malformed("Kea's pages of leases do not end")
        after = leases[-1].ip_address


async def _ask(socket: Path, command: str, arguments: dict[str, Any], timeout_seconds: float) -> _Answer:
    request = json.dumps({"command": command, "arguments": arguments}).encode()
    try:
        async with asyncio.timeout(timeout_seconds):
            raw = await _exchange(socket, request)
    except TimeoutError:
        raise Silent(f"Kea's control socket gave no answer in {timeout_seconds:g} s") from None
    except FileNotFoundError:
        raise Unreachable(f"{socket.name}: no such control socket") from None
    except (PermissionError, ConnectionRefusedError) as error:
        raise Refused(f"{socket.name}: {error.strerror}") from None
    except OSError as error:
        raise Unreachable(f"{socket.name}: {error.strerror or error}") from None
    try:
        return _Answer.model_validate_json(raw)
    except ValidationError:
        raise Malformed("what answers on the control socket is not Kea's JSON") from None


async def _exchange(socket: Path, request: bytes) -> bytes:
    """Kea closes the connection after its answer."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(request)
        await writer.drain()
        raw = bytearray()
        while chunk := await reader.read(65536):
            raw += chunk
            if len(raw) > _MAX_ANSWER_BYTES:
                raise Malformed(f"Kea's answer is larger than {_MAX_ANSWER_BYTES // 2**20} MiB")
        return bytes(raw)
    finally:
        writer.close()
