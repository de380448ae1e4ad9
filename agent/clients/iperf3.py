"""iperf3 (esnet/iperf) by its own program: one direction at a time, the receiver's figure, JSON output."""

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, NonNegativeFloat, NonNegativeInt, ValidationError

from agent.clients.transfer import Transfer
from agent.errors import Busy, Malformed, ProbeError, Refused, Silent, Unreachable
from common.marks import RAMP_SHARE
from common.pace import Pace

CONNECT_SECONDS = 5.0
GRACE_SECONDS = 10.0
"""What one direction may take beyond its window, with connecting and exchanging results."""
MAX_OUTPUT_BYTES = 4 * 1024 * 1024
BITS = 8
SERVER_BUSY_SHARE = 0.9
"""Of one core: iperf3 serves a test by one thread (before 3.16, whatever the number of streams)."""
_MEANINGS: tuple[tuple[str, type[ProbeError]], ...] = (
    ("busy", Busy),  # IEACCESSDENIED
    ("server limit", Busy),  # IETOTALRATE, IETOTALINTERVAL: --server-bitrate-limit
    ("connection refused", Refused),
    ("not authorized", Refused),
    ("authorization", Refused),
    ("timed out", Unreachable),
    ("no route to host", Unreachable),
    ("unreachable", Unreachable),
    ("name or service not known", Unreachable),
    ("temporary failure in name resolution", Unreachable),
    ("no address associated", Unreachable),
)
"""Parts of the texts of iperf_strerror() and strerror(); the JSON has no code beside them."""


class _Failure(BaseModel):
    error: str = ""


class _Received(BaseModel):
    bits_per_second: NonNegativeFloat
    bytes: NonNegativeInt = 0


class _Cpu(BaseModel):
    host_total: NonNegativeFloat = 0
    remote_total: NonNegativeFloat = 0


class _End(BaseModel):
    sum_received: _Received
    cpu_utilization_percent: _Cpu = _Cpu()


class _Result(BaseModel):
    end: _End


async def run(host: str, port: int, seconds: int, *, download: bool, bytes_per_second: float | None = None) -> Transfer:
    """One test in one direction, as its receiver counted; iperf3 itself keeps to `bytes_per_second` (`-b`).

    The first fifth of the window is left out (`-O`). Raises Busy, Refused (closed port, no program), Unreachable,
    Silent and Malformed.
    """
    omit = max(1, round(seconds * RAMP_SHARE))
    arguments = ["-c", host, "-p", str(port), "-J", "-t", str(max(1, seconds - omit)), "-O", str(omit)]
    arguments += ["--connect-timeout", str(int(CONNECT_SECONDS * 1000))]
    if bytes_per_second is not None:
        arguments += ["-b", str(int(bytes_per_second * BITS))]
    output = await _output([*arguments, *(["-R"] if download else [])], seconds + GRACE_SECONDS)
    transfer = parse(output)
    paced = Pace(bytes_per_second).held(transfer.rate)
    # The JSON leaves the omitted seconds out of its bytes.
    return replace(
        transfer, moved=int(transfer.rate * max(2, seconds)), server_limited=transfer.server_limited or paced
    )


def parse(output: bytes) -> Transfer:
    """The transfer by iperf3's JSON. A failed run has `error` on top: it goes first."""
    try:
        failure = _Failure.model_validate_json(output).error
    except ValidationError:
        raise Malformed("iperf3 printed no JSON") from None
    if failure:
        raise _meaning(failure)
    try:
        end = _Result.model_validate_json(output).end
    except ValidationError:
        raise Malformed("iperf3's JSON has no end.sum_received") from None
    if end.sum_received.bits_per_second <= 0:
        raise Silent("nothing arrived at the receiver")
    cpu = end.cpu_utilization_percent
    return Transfer(
        end.sum_received.bits_per_second / BITS,
        end.sum_received.bytes,
        helper_cpu=cpu.host_total / 100,
        server_limited=cpu.remote_total / 100 >= SERVER_BUSY_SHARE,
    )


def _meaning(text: str) -> ProbeError:
    lowered = text.lower()
    for part, kind in _MEANINGS:
        if part in lowered:
            says = f"test server busy: {text}" if kind is Busy else text
            return kind(says[:200])
    return Malformed(text[:200])


async def _output(arguments: list[str], within: float) -> bytes:
    environment: dict[str, Any] = {**os.environ, "LC_ALL": "C"}
    try:
        process = await asyncio.create_subprocess_exec(
            "iperf3",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
    except FileNotFoundError:
        raise Refused("the program iperf3 is not installed on this machine") from None
    try:
        async with asyncio.timeout(within):
            return await _bounded(process)
    except TimeoutError:
        raise Silent(f"iperf3 gave no result in {within:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _bounded(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for above
    output = bytearray()
    while chunk := await process.stdout.read(64 * 1024):
        output += chunk
        if len(output) > MAX_OUTPUT_BYTES:
            raise Malformed(f"iperf3 printed more than {MAX_OUTPUT_BYTES} bytes")
    await process.wait()
    return bytes(output)
