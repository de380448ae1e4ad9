"""Which findings may be a broadcast server or terminal: what answers SIP."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal
from common.text import Text

KIND = Text(
    "确认它是广播主机或终端（电话与会议终端也说 SIP）；主机请列出 terminals，再去掉注释",
    "see that it is a broadcast server or terminal, since telephones speak SIP too; list a server's terminals; then "
    "remove the comment marks",
)


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for each address, as a comment: SIP does not say what an endpoint is for."""
    return [
        Proposal(each.address, {"device": each.name, "host": each.address, "place": ""}, clue.words, clue.said, KIND)
        for each in found
        if (clue := each.clues.get("sip"))
    ]
