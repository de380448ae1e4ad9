"""SIP on UDP 5060: OPTIONS (RFC 3261, 11), which rings nowhere. An answer shows an endpoint, not that it serves."""

from uuid import uuid4

from agent.discover.datagrams import survey
from agent.discover.search import Search
from agent.discover.streams import headers
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT = 5060


async def run(search: Search) -> None:
    call = uuid4().hex

    def question(address: str) -> bytes:
        host = f"[{address}]" if ":" in address else address
        lines = [
            f"OPTIONS sip:{host} SIP/2.0",
            f"Via: SIP/2.0/UDP campus.invalid;branch=z9hG4bK{call};rport",  # rport: RFC 3581
            "Max-Forwards: 1",
            f"From: <sip:discover@campus.invalid>;tag={call[:8]}",
            f"To: <sip:{host}>",
            f"Call-ID: {call}",
            "CSeq: 1 OPTIONS",
            "Contact: <sip:discover@campus.invalid>",
            "Accept: application/sdp",
            "Content-Length: 0",
        ]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()

    for address, heard in (await survey(search, PORT, question)).items():
        for answer in heard:
            first, fields = headers(answer)
            if first.startswith("SIP/2.0 ") and call in fields.get("call-id", fields.get("i", "")):
                agent = clean(fields.get("user-agent") or fields.get("server", ""))
                words = Text("应答 SIP", "answers SIP")
                search.add(address, Clue("sip", PORT, words, agent, {"server": agent, "status": first[8:11]}))


WAY = Way(Text("SIP", "SIP"), run)
