"""Which room each access point is in, and which expected ones are not there."""

import re
from collections import Counter

from agent.probes.wireless.settings import ExpectedAccessPoint, WirelessSettings
from agent.probes.wireless.table import AccessPoint, label


class Places:
    """By the list of the configuration, else by the access point's name or location."""

    def __init__(self, settings: WirelessSettings, found: list[AccessPoint]) -> None:
        self._in_location = settings.place_in == "location"
        self._pattern = re.compile(settings.place_pattern) if settings.place_pattern else None
        self._expected = {expected.key: expected for expected in settings.access_points}
        self._names = Counter(ap.name for ap in found)
        self._seen: set[str] = set()
        for ap in found:
            self._seen.update(self._keys(ap))
            self._seen.add(ap.name)

    def of(self, ap: AccessPoint) -> str:
        """The place from the list, else from the name or the location; empty when neither tells."""
        for key in self._keys(ap):
            if key in self._expected:
                return self._expected[key].place
        if self._pattern is None:
            return ap.location if self._in_location else ""
        found = self._pattern.search(ap.location if self._in_location else ap.name)
        return label(found["place"] or "") if found else ""

    def missing(self) -> list[ExpectedAccessPoint]:
        return [expected for key, expected in self._expected.items() if key not in self._seen]

    def _keys(self, ap: AccessPoint) -> list[str]:
        keys = [key for key in (ap.ap_id, ap.mac, ap.serial) if key]
        # A name that two have says of neither where it is.
        return [*keys, ap.name] if self._names[ap.name] == 1 else keys
