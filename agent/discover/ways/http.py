"""HTTP on TCP 80: one GET of the first page, for Server (RFC 9110, 10.2.4) and title. No redirect is followed."""

import re
from html import unescape

from agent.discover.search import Search
from agent.discover.streams import headers, talk
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT = 80
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,400})", re.IGNORECASE)


async def run(search: Search) -> None:
    async def ask(address: str) -> None:
        host = f"[{address}]" if ":" in address else address
        asked = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        heard = await talk(address, PORT, asked, b"</title>", search.wait) or b""
        first, fields = headers(heard)
        if first.startswith("HTTP/1."):
            server = clean(fields.get("server", ""))
            title = _TITLE.search(heard.decode("utf-8", "replace"))
            facts = {"server": server, "title": clean(unescape(title[1])) if title else ""}
            what = clean(" ".join(filter(None, facts.values())))
            search.add(address, Clue("http", PORT, Text("有网页", "has a web page"), what, facts))

    await search.each(ask, packets=2)


WAY = Way(Text("网页（HTTP）", "web pages (HTTP)"), run)
