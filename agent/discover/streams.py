"""One short exchange over TCP with a device that is not to be trusted: bounded in size and time, and then closed."""

import asyncio
import contextlib

CONNECT_SECONDS = 2.0
MAX_BYTES = 16 * 1024


async def talk(address: str, port: int, say: bytes, end: bytes, seconds: float) -> bytes | None:
    """What the device sends until `end`, it hangs up, MAX_BYTES or the time is over; None where nothing listens."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(address, port, limit=MAX_BYTES)
    except OSError:  # TimeoutError is one
        return None
    heard = bytearray()
    try:
        # An OSError here is a device that hangs up: what it said until then counts.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(seconds):
                if say:
                    writer.write(say)
                    await writer.drain()
                while len(heard) < MAX_BYTES and end not in heard:
                    part = await reader.read(MAX_BYTES)
                    if not part:
                        break
                    heard += part
    finally:
        writer.transport.abort()
    return bytes(heard[:MAX_BYTES])


def headers(message: bytes) -> tuple[str, dict[str, str]]:
    """The first line of a message like HTTP's and its fields, by name in small letters; of two alike the first."""
    first, *lines = message[:MAX_BYTES].decode("utf-8", "replace").split("\r\n\r\n")[0].splitlines()[:64] or [""]
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip()[:200])
    return first.strip(), fields
