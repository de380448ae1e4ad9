"""Which findings are a switch or a router: SNMP that tells of a bridge, of forwarding, or of layers 2 and 3."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal
from common.text import Text

_LAYERS_2_AND_3 = 0b110  # sysServices, RFC 3418
_ROUTER = 1  # ipForwarding, RFC 4293


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for each such device; which port is the uplink, only a person knows."""
    return [
        Proposal(
            each.address,
            {"device": each.name, "snmp": each.clues["snmp"].settings},
            _because(each),
            each.clues["snmp"].said,
        )
        for each in found
        if "snmp" in each.clues and _has_ports(each)
    ]


def _has_ports(each: Found) -> bool:
    if each.number("snmp", "bridge_ports") or each.number("snmp", "forwarding") == _ROUTER:
        return True
    return bool(each.number("snmp", "services") & _LAYERS_2_AND_3) and each.number("snmp", "interfaces") > 1


def _because(each: Found) -> Text:
    count = each.number("snmp", "interfaces")
    return Text(
        f"应答 SNMP，有 {count} 个端口；上联口请写在 wan 中", f"answers SNMP, {count} ports; name the uplink in wan"
    )
