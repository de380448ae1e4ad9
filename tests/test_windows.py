"""Times of the day at which something may run."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from common.windows import Window, seconds_until_open

ZONE = ZoneInfo("Asia/Shanghai")
ADAPTER: TypeAdapter[Window] = TypeAdapter(Window)


@pytest.mark.parametrize(
    ("windows", "at", "seconds"),
    [
        ([], "10:00", 0),
        (["12:00-13:30"], "12:00", 0),
        (["12:00-13:30"], "13:29", 0),
        (["12:00-13:30"], "13:30", 22.5 * 3600),
        (["12:00-13:30"], "11:59", 60),
        (["17:30-07:00"], "23:59", 0),
        (["17:30-07:00"], "00:00", 0),
        (["17:30-07:00"], "06:59", 0),
        (["17:30-07:00"], "07:00", 10.5 * 3600),
        (["17:30-07:00", "12:00-13:30"], "09:00", 3 * 3600),
    ],
)
def test_when_it_opens(windows: list[str], at: str, seconds: float) -> None:
    now = datetime.fromisoformat(f"2026-09-10T{at}:00").replace(tzinfo=ZONE)
    assert seconds_until_open(windows, now) == seconds


def test_spaces_do_not_matter() -> None:
    assert ADAPTER.validate_python(" 07:00 - 08:30 ") == "07:00-08:30"


@pytest.mark.parametrize(
    "wrong", ["", "7-8", "07:00", "24:00-01:00", "08:00-08:00", "07:00-08:60", "07:00-08:00-09:00"]
)
def test_what_is_no_window(wrong: str) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(wrong)
