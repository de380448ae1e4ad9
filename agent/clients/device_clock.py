"""The clocks of devices."""

from datetime import datetime

from agent.errors import Malformed

FIRST_YEAR, LAST_YEAR = 1970, 2105
"""What a clock without a battery starts with, and the end of unsigned 32-bit seconds."""


def believable(moment: datetime) -> datetime:
    """The time that a device told. Raises Malformed for a year that no clock of a device shows."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Malformed(f"the device's clock shows the year {moment.year}")
    return moment
