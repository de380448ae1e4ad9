"""How many student terminals were at a place at once: at least and at most, as days' roll-ups can tell."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from collector.evidence import Daily, Evidence
from collector.roster.model import School
from collector.roster.names import same, same_device
from wire.measures import AP_CLIENTS, PLACE_TERMINALS

UNREGISTERED = "unregistered"
NOWHERE = ""


@dataclass(frozen=True, slots=True)
class Peak:
    """The peak of one place within the window."""

    least: int = 0
    most: int = 0
    row: Daily | None = None
    """The roll-up that it rests on most."""
    by_owner: bool = False
    """Whether the most rests on terminals whose owner is told, and not on stations of anybody."""


def peaks(
    school: School, evidence: Evidence, owners: Collection[str], names: Collection[str], since: date
) -> dict[str, Peak]:
    """The peak of each place in `names` (compared names).

    Maxima of different terminals need not have been at once: their sum is the most, and what one run told together is
    the least. Where nothing tells whose the stations are, all of them are the most and nothing is the least. Stations
    of which nobody knows the place could have been at any.
    """
    places = {same(place.id) for place in school.places}
    owned = _by_place_and_day(evidence.rolled(PLACE_TERMINALS.name, since), places, {})
    listed = {same_device(device.id): same(device.place) for device in school.devices if device.system == "wireless"}
    stations = _by_place_and_day(evidence.rolled(AP_CLIENTS.name, since), places, listed)
    lost = {day: _most_owned(rows, owners) for (place, day), rows in owned.items() if place == NOWHERE}
    roaming = {day: _most_stations(rows) for (place, day), rows in stations.items() if place == NOWHERE}
    days = {day for _, day in (*owned, *stations)}
    found: dict[str, Peak] = {}
    for name in names:
        least, most, by_owner = 0, 0, False
        shown: list[Daily] = []
        for day in sorted(days):
            rows, seen = owned.get((name, day), []), stations.get((name, day), [])
            least = max(least, _least(rows, owners))
            of_owners = _most_owned(rows, owners) + lost.get(day, 0)
            of_anybody = _most_stations(seen) + roaming.get(day, 0)
            today = of_owners if rows else max(of_owners, of_anybody)
            if today > most or (today == most and rows):
                most, by_owner = today, bool(rows)
            shown += [row for row in rows if row.labels.get("owner") in owners] or seen
        found[name] = Peak(least, max(least, most), max(shown, key=order, default=None), by_owner)
    return found


def order(row: Daily) -> tuple[object, ...]:
    """The largest last, and rows of one size in an order that does not hang on that of their arrival."""
    return row.maximum, row.maximum_at, row.maximum_id, row.measure, row.probe, row.device, sorted(row.labels.items())


def _by_place_and_day(
    rows: Iterable[Daily], places: Collection[str], listed: Mapping[str, str]
) -> dict[tuple[str, date], list[Daily]]:
    found: dict[tuple[str, date], list[Daily]] = defaultdict(list)
    for row in rows:
        place = same(row.labels.get("place", ""))
        if place not in places:
            names = (same_device(row.labels.get(label, "")) for label in ("ap_id", "ap"))
            place = next((listed[name] for name in names if name in listed), NOWHERE)
        found[place, row.day].append(row)
    return found


def _least(rows: list[Daily], owners: Collection[str]) -> int:
    """The most that a single run surely told: the values of one observation add up."""
    at_once: dict[str, float] = defaultdict(float)
    counted: set[tuple[str, int]] = set()
    for number, row in enumerate(rows):
        if row.labels.get("owner") in owners:
            for made_by, value in ((row.maximum_id, row.maximum), (row.last_id, row.last)):
                if (made_by, number) not in counted:
                    counted.add((made_by, number))
                    at_once[made_by] += value
    return int(max(at_once.values(), default=0))


def _most_owned(rows: list[Daily], owners: Collection[str]) -> int:
    """Every maximum at once, with those of whom nobody knows whose they are."""
    return int(sum(row.maximum for row in rows if row.labels.get("owner") in {*owners, UNREGISTERED}))


def _most_stations(rows: list[Daily]) -> int:
    """Every access point's maximum at once; two controllers that list one access point see the same stations."""
    of: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        ap_id = row.labels.get("ap_id", "")
        key = ("", same_device(ap_id)) if same(ap_id) else (row.device, same_device(row.labels.get("ap", "")))
        of[key] = max(of[key], row.maximum)
    return int(sum(of.values()))
