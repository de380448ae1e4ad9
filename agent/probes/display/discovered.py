"""Which findings are a display: what greets as PJLink does, or answers its search."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for each address. Where a password is asked for, it is to be in PJLINK_PASSWORD."""
    proposals = []
    for each in found:
        clue = each.clues.get("pjlink") or each.clues.get("pjlink_search")
        if clue is None:
            continue
        entry: dict[str, object] = {"device": each.name, "host": each.address}
        if each.fact("pjlink", "secured") == "yes":
            entry["password"] = {"env": "PJLINK_PASSWORD"}
        proposals.append(Proposal(each.address, entry | {"place": ""}, clue.words, clue.said))
    return proposals
