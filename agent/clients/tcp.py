"""Whether a TCP port takes connections."""

import asyncio
import errno

from agent.clients.failures import PortClosed as PortClosed
from agent.errors import Refused, Unreachable

CONNECT_SECONDS = 5.0


async def connect(host: str, port: int) -> float:
    """Seconds that opening a connection took; nothing is sent. Raises PortClosed and Unreachable."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError as error:
        raise Unreachable(f"no connection to {host}:{port} within {CONNECT_SECONDS:g} s") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA does not take
        raise closed_or_unreachable(error, f"{host}:{port}") from error
    took = loop.time() - start
    writer.close()
    return took


def closed_or_unreachable(error: Exception, where: str) -> Refused | Unreachable:
    """What a failure to connect means. asyncio puts several tries into one error, and only into its text."""
    closed = errno.ECONNREFUSED
    if getattr(error, "errno", None) == closed or f"[Errno {closed}]" in str(error):
        return PortClosed(f"the port is closed: {where}")
    return Unreachable(f"{where}: {error}")
