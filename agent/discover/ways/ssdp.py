"""SSDP (UPnP Device Architecture 1.1, 1.3): M-SEARCH by multicast and by unicast, UDP 1900. Panels and boxes answer it.

What an answer's LOCATION points to is not fetched: it may be anywhere.
"""

from agent.discover.datagrams import survey
from agent.discover.search import Search
from agent.discover.streams import headers
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT, GROUP = 1900, "239.255.255.250"


async def run(search: Search) -> None:
    def question(address: str) -> bytes:
        wait = "MX: 1\r\n" if address == GROUP else ""  # 1.3.2: a unicast question has no MX
        asked = f'M-SEARCH * HTTP/1.1\r\nHOST: {address}:{PORT}\r\nMAN: "ssdp:discover"\r\n{wait}'
        return f"{asked}ST: upnp:rootdevice\r\n\r\n".encode()

    for address, heard in (await survey(search, PORT, question, group=GROUP)).items():
        for answer in heard:
            first, fields = headers(answer)
            if first.upper().startswith("HTTP/1.1 200"):
                server = clean(fields.get("server", ""))
                words = Text("应答 SSDP", "answers SSDP")
                search.add(address, Clue("ssdp", PORT, words, server, {"server": server}))


WAY = Way(Text("SSDP", "SSDP"), run)
