"""Which findings see terminals: routers with an ARP table, and wireless controllers whose pack lists stations."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal
from common.text import Text

_ROUTER = 1  # ipForwarding, RFC 4293
_REGISTER = Text(
    "先写好终端台账 register.csv（列 mac、owner）",
    "write the register of terminals register.csv (columns mac, owner)",
)


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for the whole school: a terminal that several devices see is one."""
    routers = [
        each for each in found if each.number("snmp", "forwarding") == _ROUTER and each.number("snmp", "addresses_seen")
    ]
    controllers = [each for each in found if each.fact("snmp", "lists_stations")]
    if not routers and not controllers:
        return []
    sources = [{"kind": "arp", "snmp": each.clues["snmp"].settings} for each in routers]
    sources += [{"kind": "stations", "snmp": each.clues["snmp"].settings} for each in controllers]
    entry = {"device": "terminals", "register": "register.csv", "sources": sources}
    because = Text(
        f"{len(routers)} 个路由器的地址表，{len(controllers)} 个无线控制器的终端表",
        f"the address tables of {len(routers)} routers, the stations of {len(controllers)} wireless controllers",
    )
    return [Proposal((routers or controllers)[0].address, entry, because, first=_REGISTER)]
