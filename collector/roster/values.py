"""What people write for numbers and dates, as the model takes it. What is not understood stays, to be refused."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta

_WHOLE = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*(\D*)")
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\d{4})\s*([-/.])\s*(?P<month>\d{1,2})\s*\2\s*(?P<day>\d{1,2})",
        r"(\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日?",
        r"(\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    )
)
_SERIAL_ZERO = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 36526, 73050
_KEPT_DIGITS = 15
"""A spreadsheet keeps 15 digits of a number; further ones are lost when it is typed."""


def folded(text: str) -> str:
    """Full-width forms as half-width ones, without outer spaces."""
    return unicodedata.normalize("NFKC", text).strip()


def whole(text: str, units: Iterable[str] = ()) -> str:
    """'１,234人' is 1234 where 人 is one of the units."""
    plain = folded(text)
    if (found := _WHOLE.fullmatch(plain)) is None:
        return plain
    sign, digits, unit = found.groups()
    if unit.strip().casefold() not in {"", *(unit.casefold() for unit in units)}:
        return plain
    return sign.replace("+", "") + digits.replace(",", "")


def day(text: str) -> str:
    """2026-09-01 for that, 2026/9/1, 2026.9.1, 20260901 and 2026年9月1日. A month alone is no day."""
    plain = folded(text)
    found = next((found for pattern in _DATES if (found := pattern.fullmatch(plain))), None)
    try:
        return plain if found is None else date(int(found[1]), int(found["month"]), int(found["day"])).isoformat()
    except ValueError:
        return plain


def day_of_serial(number: str) -> str:
    """The day of a number as a spreadsheet counts days (46266 is 2026-09-01), or of YYYYMMDD; 2000 to 2099."""
    if not number.isdecimal() or not _FIRST_SERIAL <= int(number) <= _LAST_SERIAL:
        return day(number)
    return (_SERIAL_ZERO + timedelta(days=int(number))).isoformat()


def too_long(number: str) -> bool:
    """Whether a number has more digits than a spreadsheet keeps."""
    return len(number.lstrip("-")) > _KEPT_DIGITS


def is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
