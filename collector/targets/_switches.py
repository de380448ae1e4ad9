"""A school's switches, and what each access port of theirs showed in a window: its best speed, and where it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collector.evidence import Daily, Evidence, readings
from collector.targets._coverage import carrying
from collector.targets.base import Moment
from collector.verdict import EvidenceItem
from wire.measures import ACCESS_PORT_SPEED, ACCESS_PORT_WITHOUT_SPEED, PORT_INFO, ROWS_EXPECTED, ROWS_SEEN
from wire.report import Observation, Reading

PROBE = "ports"
DAILY = (ACCESS_PORT_SPEED.name, ACCESS_PORT_WITHOUT_SPEED.name)
MEASURES = (*DAILY, PORT_INFO.name, ROWS_SEEN.name, ROWS_EXPECTED.name)
BITS = 8

Key = tuple[str, str]
"""(port, ifindex)"""


@dataclass(slots=True)
class AccessPort:
    """An access port that had a link in the window. Speeds are in bit/s."""

    device: str
    name: str
    ifindex: str
    place: str
    best: float = 0.0
    now: float | None = None
    """Its speed now; None without a link, and where the device tells none."""
    mute: bool = False
    """It had a link at an unknown speed."""
    item: EvidenceItem | None = None
    """What its best rests on, where that is not the latest observation."""


def switches(evidence: Evidence, since: datetime, zone: str) -> list[Observation]:
    """The latest observation of every device that gives access ports, or gave some in the window.

    A device that the agent no longer has in its configuration has none.
    """
    gave = {(row.probe, row.device) for measure in DAILY for row in in_window(evidence, measure, since, zone)}
    now = {(o.probe, o.device) for o in carrying(evidence, PROBE, *DAILY)}
    return [o for o in evidence.latest if (o.probe, o.device) in gave | now]


def in_window(evidence: Evidence, measure: str, since: datetime, zone: str) -> Iterator[Daily]:
    """The roll-ups of one measure with at least their last reading in the window."""
    first = since.astimezone(ZoneInfo(zone)).date()
    return (row for row in evidence.rolled(measure, first) if row.last_at >= since)


def access_ports(latest: list[Observation], evidence: Evidence, window_days: int, moment: Moment) -> list[AccessPort]:
    """Every access port of these switches that had a link at any time in the window, in order."""
    since = moment.now - timedelta(days=window_days)
    devices = {(o.probe, o.device) for o in latest}
    found: dict[tuple[str, Key], AccessPort] = {}
    for measure in DAILY:
        rows = [r for r in in_window(evidence, measure, since, moment.zone) if (r.probe, r.device) in devices]
        for row in sorted(rows, key=lambda r: (r.last_at, r.last_id, r.labels.get("place", ""), r.maximum)):
            _add_day(found, row, since)
    for observation in sorted(latest, key=lambda o: (o.started_at, o.probe)):
        listed = {_key(r) for r in readings(observation, PORT_INFO.name) if r.labels.get("role", "") == "access"}
        if listed and observation.outcome == "ok":  # a port that was renumbered, or is an uplink by now
            for gone in [key for key in found if key[0] == observation.device and key[1] not in listed]:
                del found[gone]
        for measure in DAILY:
            for reading in sorted(readings(observation, measure), key=lambda r: (r.labels.get("place", ""), r.value)):
                _add_now(found, observation, reading)
    return [found[key] for key in sorted(found)]


def best_speeds(
    latest: list[Observation], evidence: Evidence, days: int, moment: Moment
) -> dict[tuple[str, str, str], float]:
    """The best speed in bit/s of (device, port, ifindex) within so many days, by these switches' roll-ups."""
    since = moment.now - timedelta(days=days)
    devices = {(o.probe, o.device) for o in latest}
    found: dict[tuple[str, str, str], float] = {}
    for row in in_window(evidence, ACCESS_PORT_SPEED.name, since, moment.zone):
        if (row.probe, row.device) in devices:
            key = row.device, row.labels.get("port", ""), row.labels.get("ifindex", "")
            found[key] = max(found.get(key, 0.0), row.maximum * BITS)
    return found


def _add_day(found: dict[tuple[str, Key], AccessPort], row: Daily, since: datetime) -> None:
    """A day at the edge of the window, whose highest reading lies before it, counts by its last."""
    is_whole = row.maximum_at >= since
    value = row.maximum if is_whole else row.last
    if row.measure == ACCESS_PORT_WITHOUT_SPEED.name and value != 1:
        return
    key = row.labels.get("port", ""), row.labels.get("ifindex", "")
    port = found.setdefault((row.device, key), AccessPort(row.device, *key, ""))
    port.place = row.labels.get("place", "") or port.place
    at, made_by = (row.maximum_at, row.maximum_id) if is_whole else (row.last_at, row.last_id)
    item = EvidenceItem(made_by, row.probe, row.device, at, f"{row.measure}={value:.0f} {key[0]}")
    if row.measure == ACCESS_PORT_WITHOUT_SPEED.name:
        port.mute = True
        port.item = port.item or item
    elif port.item is None or value * BITS > port.best:
        port.best, port.item = max(port.best, value * BITS), item


def _add_now(found: dict[tuple[str, Key], AccessPort], observation: Observation, reading: Reading) -> None:
    if reading.measure == ACCESS_PORT_WITHOUT_SPEED.name and reading.value != 1:
        return
    key = _key(reading)
    port = found.setdefault((observation.device, key), AccessPort(observation.device, *key, ""))
    port.place = reading.labels.get("place", "") or port.place
    if reading.measure == ACCESS_PORT_WITHOUT_SPEED.name:
        port.mute = True
        return
    port.now = max(port.now or 0.0, reading.value * BITS)
    if port.now >= port.best:
        port.best, port.item = port.now, None


def _key(reading: Reading) -> Key:
    return reading.labels.get("port", ""), reading.labels.get("ifindex", "")
