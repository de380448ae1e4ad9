"""Whether a server speaks RTMP: its handshake (Adobe, Real-Time Messaging Protocol 1.0, 5.2), and nothing after it."""

import asyncio

from agent.clients.tcp import CONNECT_SECONDS, closed_or_unreachable
from agent.errors import Malformed, Silent, Unreachable

ANSWER_SECONDS = 5.0
VERSION = 3
_CHUNK = 1536


async def shake_hands(host: str, port: int) -> float:
    """Seconds until the server's part of the handshake was whole. Raises ProbeError."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError as error:
        raise Unreachable(f"no connection to port {port} within {CONNECT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:
        raise closed_or_unreachable(error, f"port {port}") from error
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            writer.write(bytes([VERSION]) + bytes(_CHUNK))  # C0, and C1 with time 0 and no random bytes
            await writer.drain()
            if (version := (await reader.readexactly(1))[0]) != VERSION:
                raise Malformed(f"no RTMP: the answer begins with {version}")
            writer.write(await reader.readexactly(_CHUNK))  # C2 gives S1 back
            await writer.drain()
            await reader.readexactly(_CHUNK)
    except TimeoutError:
        raise Silent(f"no handshake of RTMP within {ANSWER_SECONDS:g} s") from None
    except (OSError, EOFError) as error:
        raise Malformed("the connection ended in the handshake of RTMP") from error
    finally:
        writer.transport.abort()
    return loop.time() - start
