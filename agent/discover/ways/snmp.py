"""SNMP: the system group of each address (RFC 3418), and of those that answer LLDP, ARP and device pack."""

import asyncio
from contextlib import suppress

from agent.clients.snmp import Snmp, Value, connect, text
from agent.discover.neighbours import read_arp, read_lldp
from agent.discover.search import Credential, Search
from agent.discover.ways import Way
from agent.errors import ProbeError, Unreachable
from agent.packs.choose import ask, reach
from agent.packs.load import packs
from agent.probes.found import Clue, clean
from common.text import Text

ASK_SECONDS = 1.0
TABLES_SECONDS = 20.0
"""For the tables of one device; what was read by then counts."""
_OIDS = {
    "descr": "1.3.6.1.2.1.1.1.0",
    "object_id": "1.3.6.1.2.1.1.2.0",
    "name": "1.3.6.1.2.1.1.5.0",
    "services": "1.3.6.1.2.1.1.7.0",  # the sum of 2 ** (layer - 1)
    "interfaces": "1.3.6.1.2.1.2.1.0",  # ifNumber, RFC 2863
    "forwarding": "1.3.6.1.2.1.4.1.0",  # ipForwarding, RFC 4293: 1 is a router
    "bridge_ports": "1.3.6.1.2.1.17.1.2.0",  # dot1dBaseNumPorts, RFC 4188
}


async def run(search: Search) -> None:
    async def each(address: str) -> None:
        for number, credential in enumerate(search.credentials):
            if number:
                await search.gate.passed(address, 2)
            try:
                await _device(search, address, credential)
                return
            except Unreachable:
                return
            except ProbeError:
                continue  # another community or user may be the one

    await search.each(each, packets=2)


async def _device(search: Search, address: str, credential: Credential) -> None:
    """Raises ProbeError where the device does not answer to this credential."""
    quick = {"host": address, "request_timeout_seconds": ASK_SECONDS}
    async with connect(credential.model_copy(update=quick)) as snmp:
        system = await snmp.get(_OIDS.values())
        facts = {fact: _fact(system[oid]) for fact, oid in _OIDS.items() if oid in system}
        with suppress(ProbeError, TimeoutError):
            async with asyncio.timeout(TABLES_SECONDS):
                facts |= await _pack(snmp, facts.get("object_id", ""))
                facts["addresses_seen"] = str(await read_arp(search, address, snmp))
                await read_lldp(search, address, snmp)
    what = clean(" ".join(facts.get(key, "") for key in ("name", "descr")))
    settings = {"host": address, **credential.model_dump(mode="json", exclude_unset=True, exclude={"host"})}
    words = Text("应答 SNMP", "answers SNMP")
    search.add(address, Clue("snmp", credential.port, words, what, facts, settings))


async def _pack(snmp: Snmp, object_id: str) -> dict[str, str]:
    """The device pack that fits best, and how many access points it lists: of those that speak for the device, else of
    all, since a maker's tree may sit on a device whose sysObjectID is another's."""
    spoken_for = [pack for pack in packs().values() if reach(pack, object_id)]
    others = [pack for pack in packs().values() if pack not in spoken_for]
    for group in (spoken_for, others):
        choices = [c for pack in group for c in await ask(snmp, pack, object_id) if c.answers]
        if choices:
            best = max(choices, key=lambda choice: choice.rank)
            facts = {"pack": best.pack.id, "access_points": str(best.rows)}
            return facts | ({"lists_stations": "yes"} if best.pack.stations is not None else {})
    return {}


def _fact(value: Value) -> str:
    return clean(text(value).lstrip("."))


WAY = Way(Text("SNMP", "SNMP"), run)
