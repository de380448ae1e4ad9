"""How many terminals of each owner are at each place now: the controller's table of stations beside the register."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.clients.snmp import Snmp
from agent.owners import OwnerRule, named, owner_of
from agent.packs.choose import Choice
from agent.packs.station_table import Station, stations
from agent.probes.wireless.settings import WirelessSettings
from agent.probes.wireless.table import AccessPoint
from agent.register import OWNERS, Owner, current
from wire.measures import PLACE_TERMINALS
from wire.report import Reading

UNREGISTERED = "unregistered"
NOWHERE = ""
NOBODY = ""
"""The id of an access point that is not known."""


@dataclass(frozen=True, slots=True)
class Seating:
    """The stations of now, and whose they may be."""

    stations: Mapping[str, Station]
    register: Mapping[str, Owner]
    rules: Sequence[OwnerRule]
    has_register: bool

    def readings(self, aps: Sequence[tuple[AccessPoint, str]]) -> list[Reading]:
        """One number for each place and owner, from access points with their places.

        A station of an access point that nobody knows counts at no place. What an access point's own count has more
        than the table counts as nobody's, there: so a table that is cut short never makes a place look emptier.
        """
        by_key = _by_key([ap for ap, _ in aps])
        places = {ap.ap_id: place for ap, place in aps}
        alone = aps[0][0].ap_id if len(aps) == 1 else NOBODY
        counts: Counter[tuple[str, str]] = Counter()
        listed: Counter[str] = Counter()
        for mac, station in self.stations.items():
            ap_id = next((by_key[key] for key in station.aps if key in by_key), NOBODY if station.aps else alone)
            listed[ap_id] += 1
            owner = owner_of(mac, station.trace, self.register, self.rules) or UNREGISTERED
            counts[places.get(ap_id, NOWHERE), owner] += 1
        for ap, place in aps:
            counts[place, UNREGISTERED] += max(0, (ap.clients or 0) - listed[ap.ap_id])
        for place in places.values():
            for owner in self._owners() if place else ():
                counts[place, owner] += 0
        return [
            Reading(measure=PLACE_TERMINALS.name, value=count, labels={"place": place, "owner": owner})
            for (place, owner), count in sorted(counts.items())
            if count or place
        ]

    def _owners(self) -> tuple[str, ...]:
        registered = OWNERS if self.has_register else ()
        return tuple(dict.fromkeys((*registered, *named(self.rules), UNREGISTERED)))


async def read_seating(snmp: Snmp, settings: WirelessSettings, choice: Choice) -> Seating | None:
    """None where nothing tells whose a terminal is, or where the pack knows no table of stations. Raises Malformed."""
    if choice.pack.stations is None or not (settings.register_file or settings.owners):
        return None
    register = await current(settings.register_file)
    found = await stations(snmp, choice.pack, choice.root, wanted_ap=True)
    return Seating(found, register, settings.owners, settings.register_file is not None)


def _by_key(aps: Sequence[AccessPoint]) -> dict[str, str]:
    """Every way to say an access point, to its id. A name that two have says neither."""
    names = Counter(ap.name for ap in aps)
    found = {ap.name: ap.ap_id for ap in aps if names[ap.name] == 1}
    for ap in aps:
        found.update((key, ap.ap_id) for key in (ap.serial, ap.mac, ap.ap_id) if key)
    return found
