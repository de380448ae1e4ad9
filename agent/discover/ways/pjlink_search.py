"""PJLink class 2 search: %2SRCH by UDP to port 4352, answered by %2ACKN= and a MAC (PJLink 2.00, 3.2).

The MAC is not kept: nothing here needs it. Projectors may answer to port 4352 and not to the port that asked, so the
question comes from there where it is free.
"""

from agent.discover.datagrams import survey
from agent.discover.search import Search
from agent.discover.ways import Way
from agent.probes.found import Clue
from common.text import Text

PORT = 4352
_SEARCH, _ANSWER = b"%2SRCH\r", b"%2ACKN="


async def run(search: Search) -> None:
    answers = await survey(search, PORT, lambda address: _SEARCH, broadcast=True, own_port=PORT)
    for address, heard in answers.items():
        if any(each.upper().startswith(_ANSWER) for each in heard):
            words = Text("应答 PJLink 二级搜索", "answers the PJLink class 2 search")
            search.add(address, Clue("pjlink_search", PORT, words, "", {"class": "2"}))


WAY = Way(Text("PJLink 搜索", "PJLink search"), run)
