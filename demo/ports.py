"""Free ports for servers that cannot pick one themselves."""

import random
import socket

_BELOW_EPHEMERAL = range(20_000, 32_000)
"""No connection going out gets one of these as its own (Linux gives 32768 to 60999, ip-sysctl ip_local_port_range),
so a port that is free now is still free a moment later, when its server starts."""
_ATTEMPTS = 200


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A TCP port of 127.0.0.1, or one of the given kind, that nobody holds. Raises OSError when none was found."""
    for port in random.sample(_BELOW_EPHEMERAL, _ATTEMPTS):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port in {_ATTEMPTS} of {_BELOW_EPHEMERAL}")
