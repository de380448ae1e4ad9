"""Status notices of PJLink class 2 as hints: one has its display probed at once, and is never evidence.

A display that was told to sends them to UDP port 4352 (JBMIA, PJLink class 2, 3.3): `%2POWR=` power, `%2ERST=` errors,
`%2INPT=` input, `%2LKUP=` that its network came up. They carry no proof of who sent them.
"""

import re

from agent.hints import HintListener

_NOTICE = re.compile(rb"%2(?:POWR=[0-3]|ERST=[0-2]{6}|INPT=[1-6][0-9A-Za-z]|LKUP=[0-9A-Fa-f:]{17})\r?\n?", re.ASCII)


class NoticeListener(HintListener):
    """Notices of displays; a search that another machine makes, and the answers to it, are none."""

    max_datagram_bytes = 64

    def is_hint(self, data: bytes) -> bool:
        return _NOTICE.fullmatch(data) is not None
