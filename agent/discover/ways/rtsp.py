"""RTSP on TCP 554: OPTIONS, which needs no password (RFC 2326, 10.1). Shows that it speaks RTSP, not a picture."""

from agent.discover.search import Search
from agent.discover.streams import headers, talk
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT = 554


async def run(search: Search) -> None:
    async def ask(address: str) -> None:
        host = f"[{address}]" if ":" in address else address
        asked = f"OPTIONS rtsp://{host}:{PORT}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
        heard = await talk(address, PORT, asked, b"\r\n\r\n", search.wait)
        first, fields = headers(heard or b"")
        if first.startswith("RTSP/1."):
            server = clean(fields.get("server", ""))
            words = Text("应答 RTSP", "answers RTSP")
            search.add(address, Clue("rtsp", PORT, words, server, {"server": server}))

    await search.each(ask, packets=2)


WAY = Way(Text("RTSP", "RTSP"), run)
