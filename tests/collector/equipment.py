"""Observations of a school's equipment, as the tests of targets need them."""

from collector.evidence import Daily, weight, weighted
from collector.roster.model import Place
from tests.collector.making import GIGABIT, R, r, rolled, school, seen
from wire.report import Observation, Outcome

MEGABIT = 125_000.0


PROBES = {
    "gigabit_uplink": "ports",
    "desktop_100m": "ports",
    "wireless_coverage": "wireless",
    "network_coverage": "ports",
    "multimedia_classroom": "display",
    "one_to_one_classroom": "wireless",
    "cctv_coverage": "head_end",
    "surveillance_coverage": "camera",
    "broadcast_coverage": "broadcast",
    "student_device_ratio": "terminals",
    "teacher_device_ratio": "terminals",
}


ANY_SCHOOL = school("101", "102")


def uplink(speed: float | None = GIGABIT, up: float = 1, port: str = "wan", device: str = "router") -> Observation:
    readings = [r("uplink_up", up, port=port)]
    if speed is not None:
        readings.append(r("uplink_speed_bytes", speed, port=port))
    return seen("ports", device, *readings)


def carried(direction: str, megabits: float, limit: str = "path", method: str = "http") -> list[R]:
    rate = r("uplink_throughput_bytes_per_second", megabits * MEGABIT, direction=direction, method=method)
    return [rate, r("uplink_throughput_limit", 1, direction=direction, method=method, limit=limit)]


def speed_test(
    down: float, up: float, limit: str = "path", *, ago: float = 3600, method: str = "http", device: str = "man"
) -> Observation:
    readings = carried("download", down, limit, method) + carried("upload", up, limit, method)
    return seen("throughput", device, *readings, ago=ago)


def day(direction: str, megabits: float, hours_ago: float, limit: str = "path", made_by: str = "") -> tuple[Daily, ...]:
    return tuple(
        rolled("throughput", "man", reading, hours_ago=hours_ago, made_by=made_by)
        for reading in carried(direction, megabits, limit)
    )


def refused_test(outcome: Outcome = "refused", *readings: R) -> Observation:
    return seen("throughput", "man", *readings, outcome=outcome, detail="the server is busy", ago=60)


def skipped_test(why: str) -> Observation:
    return refused_test("refused", r("uplink_throughput_skipped", 1, method="http", why=why))


def _seen_carrying(receive: float, transmit: float) -> list[R]:
    rates = {"receive": receive, "transmit": transmit}
    return [
        r("uplink_carried_bytes_per_second", megabits * MEGABIT, port="wan", direction=direction)
        for direction, megabits in rates.items()
    ]


def passive(receive: float, transmit: float) -> Observation:
    """An uplink that was seen carrying this, in Mbit/s of octets."""
    return seen("ports", "router-2", *_seen_carrying(receive, transmit))


def seen_day(receive: float, transmit: float, hours_ago: float) -> tuple[Daily, ...]:
    return tuple(rolled("ports", "router", one, hours_ago=hours_ago) for one in _seen_carrying(receive, transmit))


def port(number: int, megabits: float, place: str = "101") -> R:
    labels = {"port": f"ge{number}", "ifindex": str(number), "place": place}
    return "access_port_speed_bytes", megabits * MEGABIT, labels


def mute_port(number: int) -> R:
    return "access_port_without_speed", 1, {"port": f"ge{number}", "ifindex": str(number), "place": "101"}


def switch(*ports: R, device: str = "sw1", outcome: Outcome = "ok") -> Observation:
    return seen("ports", device, *ports, outcome=outcome)


HALL = Place(id="走廊", kind="other", teaching=False)


TWO = school("101", "102", HALL, devices=(("wireless", "ap-2", "102"),))


def ap(name: str, up: float, place: str = "", ap_id: str = "") -> R:
    return "wireless_access_point_up", up, {"ap": name, "ap_id": ap_id, "place": place}


def standby(name: str, ap_id: str = "", state: str = "standby", place: str = "") -> R:
    return "wireless_access_point_state", 1, {"ap": name, "ap_id": ap_id, "place": place, "state": state}


def controller(*points: R, device: str = "ac1", outcome: Outcome = "ok", ago: float = 30) -> Observation:
    return seen("wireless", device, *points, outcome=outcome, ago=ago)


def info(number: int, place: str, role: str = "access") -> R:
    return r("port_info", 1, port=f"ge{number}", ifindex=str(number), role=role, iftype="6", descr="", place=place)


ROOMS = school("101", "102", devices=(("multimedia", "p1", "101"), ("multimedia", "p2", "102")))


def display(
    name: str, up: float | None, place: str = "", *, outcome: Outcome = "ok", ago: float = 30, every: float = 300
) -> Observation:
    state = [r("av_device_up", up, system="multimedia", place=place)] if up is not None else []
    return seen("display", name, *state, outcome=outcome, ago=ago, every=every)


def was_up(name: str, hours_ago: float, last: float = 1, place: str = "") -> tuple[Daily, ...]:
    reading = r("av_device_up", 1, system="multimedia", place=place)
    return (rolled("display", name, reading, hours_ago=hours_ago, last=last),)


def ran(name: str, hours_ago: float, count: int, *, ok: bool = False, every: float = 300) -> tuple[Daily, ...]:
    """Runs of one day, all of them in school hours."""

    def row(measure: str, value: float, lowest: float) -> Daily:
        return rolled("display", name, r(measure, value), hours_ago=hours_ago, count=count, minimum=lowest)

    success = float(ok)
    runs = (row("probe_success", success, 0),)
    if not every:
        return runs
    return (*runs, row(weighted("probe_success"), success * every, 0), row(weight("probe_success"), every, every))


P1 = display("p1", 1)


MONTH = 30 * 86400.0


def terminals(
    verified: int | None, inventory: int, *, owner: str = "student", watched: float = MONTH, shared: int = 0
) -> Observation:
    readings = [
        r("terminals", inventory, owner=owner, basis="inventory"),
        r("terminals", shared, owner="shared", basis="verified"),
        r("terminals", shared, owner="shared", basis="inventory"),
        r("terminals_watched_seconds", watched),
        r("terminals_window_seconds", MONTH),
    ]
    if verified is not None:
        readings.append(r("terminals", verified, owner=owner, basis="verified"))
    return seen("terminals", "register", *readings, ago=3600)
