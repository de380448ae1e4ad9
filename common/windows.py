"""Times of the day at which something may run, written HH:MM-HH:MM; a window may go over midnight."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated

from pydantic import AfterValidator

from common.faults import fault

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY_SECONDS = 86_400


def _usable(text: str) -> str:
    found = _FORM.fullmatch(text.replace(" ", ""))
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise fault(
            '应为两个不同的时刻，如 "17:30-07:00"（可跨午夜，请加引号）',
            'two different times are accepted, such as "17:30-07:00" (over midnight too; in quotes)',
        )
    return found[0]


Window = Annotated[str, AfterValidator(_usable)]


def seconds_until_open(windows: Sequence[Window], now: datetime) -> float:
    """Seconds until the next window begins, by the wall clock of `now`; 0 inside of one, and where there are none."""
    if not windows:
        return 0.0
    second = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6
    waits: list[float] = []
    for window in windows:
        begin, end = (_seconds(part) for part in window.split("-"))
        if (second - begin) % _DAY_SECONDS < (end - begin) % _DAY_SECONDS:
            return 0.0
        waits.append((begin - second) % _DAY_SECONDS)
    return min(waits)


def _seconds(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 3600 + at.minute * 60
