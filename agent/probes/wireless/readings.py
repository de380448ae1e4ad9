"""The readings of access points, their radios and networks, and the measures that only this probe has."""

from collections.abc import Iterable, Iterator

from agent.probes.wireless.details import Radio
from agent.probes.wireless.table import AccessPoint
from wire.limits import MAX_READINGS
from wire.measures import AP_CLIENTS, AP_STATE, AP_UP
from wire.report import Measure, Reading

_AP = ("ap", "ap_id", "place")


def _measure(name: str, help_: str, *labels: str) -> Measure:
    return Measure(name=name, help=help_, labels=labels, devices="same", exported=False)


AP_INFO = _measure("wireless_access_point_info", "Model and firmware; always 1.", *_AP, "model", "firmware")
AP_BAND_CLIENTS = _measure(
    "wireless_access_point_band_clients", "Stations on an access point's radios of one band.", *_AP, "band"
)
AP_UPLINK_SPEED = _measure(
    "wireless_access_point_uplink_speed_bytes", "Speed of its fastest wired port in bytes per second.", *_AP
)
RADIO_CHANNEL = _measure("wireless_radio_channel", "The (primary) channel that a radio uses.", *_AP, "radio", "band")
RADIO_UTILISATION = _measure(
    "wireless_radio_utilisation_ratio", "Share of the time that a radio's channel is busy.", *_AP, "radio", "band"
)
RADIO_NOISE = _measure("wireless_radio_noise_dbm", "Noise on a radio's channel in dBm.", *_AP, "radio", "band")
NETWORK_CLIENTS = Measure(
    name="wireless_network_clients",
    help="Stations on a network (SSID); without a name: those of all further networks.",
    labels=("ssid",),
    devices="sum",
    exported=False,
)
OWN = (AP_INFO, AP_BAND_CLIENTS, AP_UPLINK_SPEED, RADIO_CHANNEL, RADIO_UTILISATION, RADIO_NOISE, NETWORK_CLIENTS)
GONE = "gone"
_BITS = 8


def reading(measure: Measure, value: float, **labels: str) -> Reading:
    return Reading(measure=measure.name, value=value, labels=labels)


def state_of(ap: AccessPoint, place: str) -> Iterator[Reading]:
    who = _who(ap, place)
    yield reading(AP_STATE, 1, **who, state=ap.state)
    if ap.up is not None:
        yield reading(AP_UP, ap.up, **who)
    if ap.clients is not None:
        yield reading(AP_CLIENTS, ap.clients, **who)


def details_of(ap: AccessPoint, place: str, speed: int | None, radios: Iterable[Radio]) -> Iterator[Reading]:
    """Radios of an access point that does not serve tell of an earlier time, and are left out."""
    who = _who(ap, place)
    if ap.model or ap.firmware:
        yield reading(AP_INFO, 1, **who, model=ap.model, firmware=ap.firmware)
    if ap.up is False:
        return
    if speed is not None:
        yield reading(AP_UPLINK_SPEED, speed / _BITS, **who)
    bands: dict[str, int] = {}
    for radio in radios:
        which = {**who, "radio": radio.index, "band": radio.band}
        for measure, value in (
            (RADIO_CHANNEL, radio.channel),
            (RADIO_UTILISATION, radio.utilisation),
            (RADIO_NOISE, radio.noise),
        ):
            if value is not None:
                yield reading(measure, value, **which)
        if radio.band and radio.clients is not None:
            bands[radio.band] = bands.get(radio.band, 0) + radio.clients
    for band, clients in bands.items():
        yield reading(AP_BAND_CLIENTS, clients, **who, band=band)


def bounded(readings: list[Reading], details: Iterable[Reading]) -> list[Reading]:
    """Both; the details only as far as one observation may have readings."""
    for detail in details:
        if len(readings) >= MAX_READINGS:
            break
        readings.append(detail)
    return readings


def gone(name: str, key: str, place: str) -> list[Reading]:
    who = {"ap": name, "ap_id": key, "place": place}
    return [reading(AP_UP, 0, **who), reading(AP_STATE, 1, **who, state=GONE)]


def _who(ap: AccessPoint, place: str) -> dict[str, str]:
    return {"ap": ap.name, "ap_id": ap.ap_id, "place": place}
