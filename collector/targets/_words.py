"""How times, rates and places are written in a reason."""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.roster.model import Place
from collector.targets.base import Moment
from common.text import Text

SOMEWHERE = Text("位置不明", "place unknown")


def clock(at: datetime, moment: Moment) -> str:
    """An instant in the district's zone, to the minute."""
    return at.astimezone(ZoneInfo(moment.zone)).strftime("%Y-%m-%d %H:%M")


def place_words(place: Place) -> str:
    """A place as people know it: its id, and its name where that says more."""
    return f"{place.id} {place.name}" if place.name and place.name != place.id else place.id
