"""Panels and OPS computers without PJLink: the lesser check. Whether they answer, which is no proof of a picture."""

from collections.abc import Awaitable, Callable
from functools import partial

from agent.av import Way, reachable_readings, state_readings
from agent.clients import arp, icmp, tcp_connect
from agent.errors import Refused, Unreachable
from agent.probes.base import Context, Probe
from agent.probes.panel.settings import PanelSettings
from wire.measures import AV_DEVICE_REACHABLE, AV_DEVICE_STATE
from wire.report import Reading

WAIT_SECONDS = 2.0
ECHOES, ECHO_SECONDS, ECHO_GAP_SECONDS = 2, 1.0, 0.2
ARP_SECONDS = 0.5


async def run(settings: PanelSettings, context: Context) -> list[Reading]:
    """Reachable by the strongest way that it answers. AV_DEVICE_UP is never told: nobody asked the device.

    Raises Unreachable when nothing answers, and Refused when a port is closed or when nothing could be asked.
    """
    asked: list[str] = []
    not_asked: list[str] = []
    closed = False
    for by, ask in _ways(settings):
        try:
            await ask()
        except Refused as error:
            # A closed port is an answer, of the machine or of a firewall; ICMP or ARP that is refused was never sent.
            closed = closed or by == "tcp"
            (asked if by == "tcp" else not_asked).append(str(error))
        except Unreachable as error:
            asked.append(str(error))
        else:
            return reachable_readings(settings.system, settings.place, by)
    why = "; ".join(dict.fromkeys([*asked, *not_asked]))
    if closed or not asked:
        raise Refused(why, state_readings(settings.system, settings.place, "unknown"))
    raise Unreachable(why, state_readings(settings.system, settings.place, "unreachable"))


def _ways(settings: PanelSettings) -> list[tuple[Way, Callable[[], Awaitable[None]]]]:
    """The ways to ask, the strongest first."""
    host = settings.host
    ways: list[tuple[Way, Callable[[], Awaitable[None]]]] = [
        ("tcp", partial(tcp_connect.connect, host, port, WAIT_SECONDS)) for port in settings.ports
    ]
    if settings.icmp:
        ways.append(("icmp", partial(_echoed, host)))
    if settings.arp:
        ways.append(("arp", partial(_on_the_wire, host)))
    return ways


async def _echoed(host: str) -> None:
    echoes = await icmp.echo(host, ECHOES, ECHO_GAP_SECONDS, ECHO_SECONDS)
    if not echoes.round_trips:
        raise Unreachable("no answer to ICMP echo")


async def _on_the_wire(host: str) -> None:
    if not await arp.answers(host, ARP_SECONDS):
        raise Unreachable("no answer to ARP")


PROBE = Probe(PanelSettings, (AV_DEVICE_REACHABLE, AV_DEVICE_STATE), run)
