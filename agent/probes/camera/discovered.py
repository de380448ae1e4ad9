"""Which findings are a camera: what answers WS-Discovery as a video device, or speaks RTSP."""

from collections.abc import Sequence

from agent.probes.found import Found, Proposal
from common.text import Text

ACCOUNT = Text(
    "填写只读账号（user、password），再去掉注释；录像机请改用 recorder",
    "write a read-only account (user, password), then remove the comment marks; for a recorder use recorder instead",
)
PATH = Text(
    "填写码流路径与只读账号，再去掉注释；能说 RTSP 的不一定是摄像机",
    "write the stream's path and a read-only account, then remove the comment marks; not only cameras speak RTSP",
)


def propose(found: Sequence[Found]) -> list[Proposal]:
    """One entry for each address, as a comment: without an account a camera tells too little."""
    proposals = []
    for each in found:
        entry: dict[str, object] = {"device": each.name, "host": each.address, "place": ""}
        if clue := each.clues.get("ws_discovery"):
            https = each.fact("ws_discovery", "scheme") == "https"
            port = each.number("ws_discovery", "port") or (443 if https else 80)
            onvif = {"port": port} | ({"https": True} if https else {})
            proposals.append(
                Proposal(each.address, entry | {"onvif": onvif, "rtsp": {}}, clue.words, clue.said, ACCOUNT)
            )
        elif clue := each.clues.get("rtsp"):
            stream = {"port": clue.port, "path": "/"}
            proposals.append(Proposal(each.address, entry | {"rtsp": stream}, clue.words, clue.said, PATH))
    return proposals
