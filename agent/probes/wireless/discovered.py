"""Which findings are a wireless controller or access point: SNMP that answers to a device pack."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal
from common.text import Text


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for each device of which a pack lists something."""
    return [
        Proposal(
            each.address,
            {"device": each.name, "snmp": each.clues["snmp"].settings},
            _because(each),
            each.clues["snmp"].said,
        )
        for each in found
        if each.fact("snmp", "pack")
    ]


def _because(each: Found) -> Text:
    pack, count = each.fact("snmp", "pack"), each.number("snmp", "access_points")
    return Text(
        f"设备包 {pack} 适用，列出 {count} 个 AP", f"answers to the pack {pack}, which lists {count} access points"
    )
