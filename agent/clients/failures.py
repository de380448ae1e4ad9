"""Failures that every client of a TCP device meets alike."""

import errno
import socket

from agent.errors import ProbeError, Refused, Unreachable


class AuthenticationFailed(Refused):
    """The user or password is wrong, or none was given where one is asked for."""


class PortClosed(Refused):
    """The machine is there and nothing listens on the port."""


def no_connection(error: OSError, port: int) -> ProbeError:
    """What a failure to open a TCP connection means."""
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the name does not resolve: {error.strerror}")
    # asyncio joins the failures of several addresses in one text without a number
    if error.errno == errno.ECONNREFUSED or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return PortClosed(f"port {port} is closed")
    return Unreachable(f"no connection to port {port}: {error.strerror or error}"[:200])
