"""Whether a TCP port takes a connection (RFC 9293, 3.5), and nothing else: nothing is sent, nothing is read."""

import asyncio
import errno
from socket import gaierror

from agent.errors import Refused, Unreachable


async def connect(host: str, port: int, wait: float) -> None:
    """Open a connection and end it. Raises Refused for a closed port and Unreachable for everything else."""
    try:
        async with asyncio.timeout(wait):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        raise Unreachable(f"no connection to port {port} in {wait:g} s") from None
    except ConnectionRefusedError:
        raise Refused(f"port {port} is closed") from None
    except (gaierror, UnicodeError) as error:  # UnicodeError: a label that IDNA does not take
        raise Unreachable(f"{host} does not resolve: {error}") from error
    except OSError as error:
        # asyncio joins the failures of several addresses in one text, without a number
        if f"[Errno {errno.ECONNREFUSED}]" in str(error):
            raise Refused(f"port {port} is closed") from error
        raise Unreachable(f"no connection to port {port}: {error.strerror or error}"[:200]) from error
    writer.transport.abort()
