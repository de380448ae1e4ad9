"""PJLink's greeting on TCP 4352, and the names where it asks for no password (PJLink 2.00: 5.1, 4.11 to 4.14)."""

from agent.discover.search import Search
from agent.discover.streams import talk
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT = 4352
_CR = b"\r"
_QUESTIONS = {"NAME": "name", "INF1": "maker", "INF2": "model", "CLSS": "class"}


async def run(search: Search) -> None:
    async def ask(address: str) -> None:
        greeting = await talk(address, PORT, b"", _CR, search.wait)
        said = (greeting or b"").upper()
        if not said.startswith(b"PJLINK "):
            return
        is_open = said.startswith(b"PJLINK 0")
        facts = {"secured": "no" if is_open else "yes"}
        if is_open:
            facts |= await _names(search, address)
        what = clean(" ".join(facts.get(key, "") for key in ("maker", "model", "name")))
        search.add(address, Clue("pjlink", PORT, Text("应答 PJLink", "answers PJLink"), what, facts))

    await search.each(ask, packets=2)


async def _names(search: Search, address: str) -> dict[str, str]:
    """What it says of itself, in one more session: one question a line, the answers in any number of them."""
    await search.gate.passed(address, 2)
    asked = b"".join(f"%1{command} ?\r".encode() for command in _QUESTIONS)
    heard = await talk(address, PORT, asked, b"%1CLSS=", search.wait) or b""
    facts = {}
    for line in heard.decode("utf-8", "replace").split("\r"):
        command, equals, value = line.strip().partition("=")
        fact = _QUESTIONS.get(command[2:].upper()) if command.startswith("%1") else None
        if fact and equals and not value.upper().startswith("ERR") and clean(value):
            facts[fact] = clean(value)
    return facts


WAY = Way(Text("PJLink 问候语", "PJLink greeting"), run)
