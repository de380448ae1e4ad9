"""What each school's agent measures, acted out from the facts of its life: flat data in the shapes of the probes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from collector.roster.model import Place, School
from tests.reckoning.calendar import at
from tests.reckoning.district import COVERING, SERVICES, Life
from wire.report import Outcome

R = tuple[str, float, dict[str, str]]
MBIT = 125_000.0
WHOLE_DAY = 28_800.0
"""School hours from eight to four: how long a run speaks for of which there is one a day."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one probe on one device."""

    id: str
    school: str
    probe: str
    device: str
    at: datetime
    every: float
    outcome: Outcome
    readings: tuple[R, ...]


def r(measure: str, value: float, **labels: str) -> R:
    return measure, float(value), labels


@dataclass(frozen=True)
class Now:
    """One round of an agent: the school as it stands, and when."""

    life: Life
    school: School
    day: date
    slot: int
    """Hour of the day at which the round began."""
    start: datetime
    every: float

    def befalls(self, kind: str) -> bool:
        return self.life.befalls(kind, self.day) is not None

    def hits(self, kind: str, n: int, of: int) -> bool:
        """Whether a fact holds that is about the `n`-th of so many things, which it picks itself."""
        fact = self.life.befalls(kind, self.day)
        return fact is not None and of > 0 and fact.arg % of == n

    def has(self, trait: str) -> bool:
        return trait in self.life.traits

    @property
    def teaching(self) -> bool:
        """Whether there is school on that day."""
        return self.day in self.life.span.teaching

    @property
    def taught(self) -> list[Place]:
        return [place for place in self.school.places if place.teaching]


def runs_of(life: Life) -> Iterator[Run]:
    """Everything that the agent of one school measures, whether or not it ever arrives."""
    for day in life.span.days:
        yield from runs_on(life, day)


def runs_on(life: Life, day: date) -> Iterator[Run]:
    """What is measured on one day."""
    if "never" in life.traits or life.befalls("agent_off", day):
        return
    for now in _rounds(life, day):
        for n, (probe, device, outcome, readings) in enumerate(_round(now)):
            started = now.start + timedelta(seconds=7 * n)
            made = str(uuid5(NAMESPACE_OID, f"{life.seed}/{life.id}/{probe}/{device}/{started.isoformat()}"))
            every = WHOLE_DAY if probe == "path" and now.slot == 8 else now.every
            yield Run(made, life.id, probe, device, started, every, outcome, tuple(readings))


def _rounds(life: Life, day: date) -> Iterator[Now]:
    chance = life.random("rounds", day)
    late = chance.uniform(0, 50)
    if day not in life.span.teaching:
        if chance.random() < 0.15:
            yield Now(life, life.on(day), day, 12, at(day, 12, 0, late), 14_400)
        return
    hours = (8, 10, 12, 14) if "many_runs" in life.traits else (8, 12)
    for hour in hours:
        yield Now(life, life.on(day), day, hour, at(day, hour, 0, late), WHOLE_DAY / len(hours))
    if "goes_home_early" not in life.traits:
        yield Now(life, life.on(day), day, 16, at(day, 16, 0, late), WHOLE_DAY)
    if chance.random() < 0.04:
        yield Now(life, life.on(day), day, 20, at(day, 20, 0, late), 14_400)


Told = tuple[str, str, Outcome, list[R]]


def _round(now: Now) -> Iterator[Told]:
    """Everything at noon; in the morning and between only what is measured often."""
    if now.befalls("probe_skips") and now.slot == 12:
        skipped = now.life.random("skips", now.day).choice(("ports", "wireless", "display", "service", "terminals"))
        yield from (told for told in _all(now) if told[0] != skipped)
        return
    yield from _all(now)


def _all(now: Now) -> Iterator[Told]:
    if now.slot == 16:  # the machine itself has the last word of the day
        yield "host", "探针", "ok", [r("host_cpu_ratio", 0.1)]
        return
    yield from _displays(now)
    yield from _services(now)
    if now.slot in (8, 20):
        yield from _path(now)
    if now.slot not in (12, 20):
        return
    yield from _recorder(now)
    yield from _ports(now)
    yield from _wireless(now)
    for system in COVERING:
        yield from _covering(now, system)
    if now.slot == 12:
        yield from _throughput(now)
        yield from _terminals(now)


def _written(now: Now, place: str) -> str:
    """A place as the school's own configuration writes it, which differs in form from the roster at some."""
    if not now.has("wide_names"):
        return place
    return " " + "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in place)


def _at_night(now: Now) -> bool:
    return now.slot == 20 or not now.teaching


def _ports(now: Now) -> Iterator[Told]:
    if now.has("no_ports"):
        return
    taught = now.taught
    switches = 2 if now.has("two_switches") else 1
    for switch in range(switches):
        name = f"交换机{switch + 1}"
        if switch == switches - 1 and now.befalls("switch_refused"):
            yield "ports", name, "refused", []
            continue
        if switch == 0 and now.befalls("switch_silent"):
            yield "ports", name, "timeout", []
            continue
        readings: list[R] = []
        index = 0
        if switch == 0 and not now.has("no_uplink"):
            for uplink in range(2 if now.has("two_uplinks") else 1):
                index += 1
                readings += _uplink(now, uplink, str(index))
        for n, place in enumerate(taught):
            if n % switches == switch and not (now.has("poor") and n == len(taught) - 1):
                index += 1
                readings += _access(now, n, len(taught), place.id, str(index))
        count = float(index)
        readings += [r("rows_seen", count, table="ifTable"), r("rows_expected", count, table="ifTable")]
        yield "ports", name, "ok", readings


def _uplink(now: Now, n: int, index: str) -> list[R]:
    port = {"port": f"XGE0/0/{index}", "ifindex": index}
    up = not (n == 0 and now.befalls("uplink_down"))
    speed = 100 * MBIT if now.befalls("uplink_slow") and n == 0 else 1000 * MBIT
    readings = [
        r("port_info", 1, **port, role="wan", iftype="6", descr="", place=""),
        r("port_up", up, **port, role="wan"),
        r("uplink_up", up, port=port["port"]),
    ]
    load = 0.97 if now.befalls("loaded") else now.life.random("load", now.day, n).uniform(0.05, 0.6)
    if up:
        readings += [r("port_speed_bytes", speed, **port), r("uplink_speed_bytes", speed, port=port["port"])]
        readings += [
            r("uplink_utilisation_ratio", load, port=port["port"], direction="receive"),
            r("uplink_utilisation_ratio", load / 3, port=port["port"], direction="transmit"),
        ]
    return readings


def _access(now: Now, n: int, of: int, place: str, index: str) -> list[R]:
    told = "" if now.has("display_unplaced") and n == 0 else _written(now, place)
    port = {"port": f"GE0/0/{index}", "ifindex": index}
    quiet = now.hits("port_without_link", n, of) or now.befalls("no_links") or (_at_night(now) and n > 0)
    readings = [r("port_info", 1, **port, role="access", iftype="6", descr="", place=told)]
    readings.append(r("port_up", not quiet, **port, role="access"))
    if quiet:
        return readings
    if now.hits("port_without_speed", n, of):
        return [*readings, r("access_port_without_speed", 1, **port, place=told)]
    speed = 10 * MBIT if now.hits("port_slow", n, of) or now.hits("port_asleep", n, of) else 1000 * MBIT
    return [*readings, r("port_speed_bytes", speed, **port), r("access_port_speed_bytes", speed, **port, place=told)]


def _wireless(now: Now) -> Iterator[Told]:
    if now.has("no_wireless"):
        return
    if now.befalls("controller_timeout"):
        yield "wireless", "无线控制器", "timeout", []
        return
    taught = now.taught
    readings: list[R] = []
    for n, place in enumerate(taught):
        if now.has("poor") and n == 0:
            continue
        told = "" if now.has("aps_by_roster") or (now.has("ap_unlisted") and n == 0) else _written(now, place.id)
        point = {"ap": f"AP-{place.id}", "ap_id": f"SN{place.id}", "place": told}
        if now.hits("ap_gone", n, len(taught)):
            if told:
                readings.append(r("wireless_access_point_up", 0, **point))
                readings.append(r("wireless_access_point_state", 1, **point, state="gone"))
            continue
        if now.hits("ap_standby", n, len(taught)):
            readings.append(r("wireless_access_point_state", 1, **point, state="standby"))
            continue
        up = not now.hits("ap_down", n, len(taught))
        readings.append(r("wireless_access_point_up", up, **point))
        readings.append(r("wireless_access_point_state", 1, **point, state="normal" if up else "fault"))
        stations = now.life.random("stations", now.day, place.id).choice((0, 8, 20, 33, 38, 41))
        if now.has("one_to_one") and not _at_night(now) and place.seats:
            placed = _written(now, place.id)
            readings.append(r("place_wireless_terminals", stations, place=placed, owner="student"))
            readings.append(r("place_wireless_terminals", 1, place=placed, owner="teacher"))
            readings.append(r("place_wireless_terminals", stations % 4, place=placed, owner="unregistered"))
    seen = len({labels["ap_id"] for _, _, labels in readings if "ap_id" in labels})
    short = 3 if now.befalls("controller_truncated") else 0
    readings += [r("rows_seen", seen, table="access_points"), r("rows_expected", seen + short, table="access_points")]
    yield "wireless", "无线控制器", "ok", readings


def _displays(now: Now) -> Iterator[Told]:
    if now.has("no_displays") or (now.slot != 12 and not now.has("displays_twice") and not _at_night(now)):
        return
    rooms = [place for place in now.taught if place.kind == "classroom" and place.id != "备用教室"]
    for n, place in enumerate(rooms):
        if now.has("poor") and n == 0:
            continue
        if now.has("display_lost") and n == 1:
            continue
        name = f"投影{place.id}"
        told = "" if now.has("display_unplaced") and n == 0 else _written(now, place.id)
        of = {"system": "multimedia", "place": told}
        if n % 4 == 3:
            yield _panel(now, n, rooms, of)
            continue
        off = now.hits("display_off", n, len(rooms)) or _at_night(now)
        if off or (now.hits("display_just_gone", n, len(rooms)) and now.slot == 12):
            yield "display", name, "unreachable", [r("av_device_state", 1, **of, state="unreachable")]
        elif now.hits("display_refuses", n, len(rooms)):
            yield "display", name, "refused", [r("av_device_state", 1, **of, state="authentication_failed")]
        elif now.hits("display_fault", n, len(rooms)):
            yield "display", name, "ok", [r("av_device_up", 0, **of), r("av_device_state", 1, **of, state="fault")]
        else:
            state = "standby" if now.life.random("standby", now.day, n).random() < 0.3 else "ok"
            yield "display", name, "ok", [r("av_device_up", 1, **of), r("av_device_state", 1, **of, state=state)]


def _panel(now: Now, n: int, rooms: list[Place], of: dict[str, str]) -> Told:
    """A display that speaks no protocol: it answers or it does not."""
    name = f"一体机{rooms[n].id}"
    if now.hits("display_off", n, len(rooms)) or _at_night(now):
        return "panel", name, "unreachable", [r("av_device_state", 1, **of, state="unreachable")]
    unknown = r("av_device_state", 1, **of, state="unknown")
    if now.hits("display_refuses", n, len(rooms)):
        return "panel", name, "refused", [unknown]
    return "panel", name, "ok", [r("av_device_reachable", 1, **of, by="icmp"), unknown]


def _covering(now: Now, system: str) -> Iterator[Told]:
    """Cameras, speakers and television sets: by a head-end that tells of every place, or each by itself."""
    if now.has(f"no_{system}"):
        return
    taught = now.taught
    salt = COVERING.index(system)
    by_head = now.life.random("head", system).random() < 0.75
    head: list[R] = []
    if now.has(f"head_{system}") and any(device.id == f"前端{system}" for device in now.school.devices):
        yield _front_end(now, system)
    for n, place in enumerate(taught):
        if now.has(f"part_{system}") and n == 0:
            continue
        told = "" if now.has("av_unplaced") and n == len(taught) - 1 else _written(now, place.id)
        of = {"system": system, "place": told}
        wrong = (n + salt) % max(len(taught), 1)
        down = now.hits("av_down", wrong, len(taught) + 2)
        name = f"{system}-{place.id}"
        readings = [r("av_device_up", not down, **of)]
        if by_head:
            head += readings
        elif now.hits("av_silent", wrong, len(taught) + 2):
            yield system, name, "timeout", []
        elif now.hits("av_refuses", wrong, len(taught) + 2):
            yield system, name, "refused", [r("av_device_state", 1, **of, state="authentication_failed")]
        else:
            yield system, name, "ok", readings
            if system == "surveillance" and now.hits("disagree", n, len(taught)):
                yield (
                    "recorder",
                    "NVR",
                    "ok",
                    [r("av_device_up", 0, **of), r("av_device_state", 1, **of, state="fault")],
                )
    if by_head:
        silent = now.hits("av_silent", salt, 5)
        yield f"{system}_head", f"{system}主机", "timeout" if silent else "ok", [] if silent else head


def _front_end(now: Now, system: str) -> Told:
    """What plays or sends, in a room that nobody teaches in."""
    if now.befalls("head_silent"):
        return f"{system}_front", f"前端{system}", "unreachable", []
    working = not now.befalls("head_down")
    return f"{system}_front", f"前端{system}", "ok", [r("av_device_up", working, system=system, place="门卫")]


def _recorder(now: Now) -> Iterator[Told]:
    if now.has("no_recorder") or not now.taught:
        return
    of = {"system": "recording", "place": now.taught[0].id}
    if now.befalls("recorder_silent"):
        yield "recording", "录播1", "timeout", []
    else:
        down = now.befalls("recorder_down")
        state = r("av_device_state", 1, **of, state="fault" if down else "ok")
        yield "recording", "录播1", "ok", [r("av_device_up", not down, **of), state]


def _services(now: Now) -> Iterator[Told]:
    for n, system in enumerate(SERVICES):
        if now.has(f"without_{system}"):
            continue
        of = {"system": system, "service": f"{system}.edu"}
        chance = now.life.random(system, now.day, now.slot)
        weak = now.has("weak_service") and chance.random() < 0.012
        if now.hits("service_mute", n, 5):
            yield "service", system, "refused", []
        elif now.hits("service_down", n, 5) or weak or not now.teaching:
            yield "service", system, "unreachable", [r("service_up", 0, **of)]
        elif now.hits("service_half_day", n, 5) and now.slot >= 12:
            yield "service", system, "timeout", [r("service_up", 0, **of)]
        elif now.hits("portal", n, 5):
            yield "service", system, "malformed", [r("service_up", 0, **of)]
        else:
            yield "service", system, "ok", [r("service_up", 1, **of), *_quality(now, system, n, of)]


def _quality(now: Now, system: str, n: int, of: dict[str, str]) -> list[R]:
    chance = now.life.random("quality", system, now.day, now.slot)
    readings = [r("service_response_seconds", chance.uniform(0.02, 0.4), **of)]
    if system == "video_on_demand":
        readings.append(r("service_sample_stall_seconds", 2.5 if now.befalls("stalls") else 0, **of))
    if system == "live_streaming":
        slow = now.befalls("slow_live")
        flapping = chance.choice((0.999, 1.0, 1.001, 1.01)) if now.has("flaps_live_streaming") else 1.6
        readings.append(r("service_delivery_ratio", 0.8 if slow else flapping, **of))
    if system == "video_conference":
        flapping = chance.uniform(0.009, 0.011) if now.has("flaps_video_conference") else chance.uniform(0, 0.004)
        readings += [
            r("service_round_trip_seconds", 0.6 if now.befalls("far") else chance.uniform(0.005, 0.03), **of),
            r("service_jitter_seconds", 0.09 if now.befalls("jittery") else chance.uniform(0.0005, 0.004), **of),
            r("service_loss_ratio", 0.08 if now.befalls("lossy") else flapping, **of),
        ]
    return readings


def _path(now: Now) -> Iterator[Told]:
    to = {"destination": "城域网核心"}
    chance = now.life.random("path", now.day)
    if now.befalls("switch_silent") and chance.random() < 0.3:
        yield "path", "城域网核心", "unreachable", [r("path_loss_ratio", 1, **to)]
        return
    trip = 0.08 if now.befalls("man_slow") else chance.uniform(0.002, 0.012)
    yield (
        "path",
        "城域网核心",
        "ok",
        [
            r("path_loss_ratio", 0.1 if now.befalls("man_lossy") else 0, **to),
            r("path_round_trip_seconds", trip, **to),
            r("path_jitter_seconds", trip / 10, **to),
        ],
    )


def _throughput(now: Now) -> Iterator[Told]:
    if not now.teaching:
        return
    if now.befalls("test_busy"):
        yield "throughput", "测速", "refused", []
        return
    chance = now.life.random("throughput", now.day)
    down, up = 1000 * MBIT * chance.uniform(0.91, 0.95), 1000 * MBIT * chance.uniform(0.91, 0.95)
    limits = ["path", "path"]
    if now.befalls("path_limits"):
        down, up = 700 * MBIT, 710 * MBIT
    elif now.befalls("nic_limits"):
        down, up, limits = 93 * MBIT, 94 * MBIT, ["nic", chance.choice(("nic", "cpu"))]
    elif now.befalls("one_way_slow"):
        up = 300 * MBIT
    elif now.has("flaps"):
        down = 1000 * MBIT * chance.choice((0.85, 0.899, 0.9, 0.901, 0.93))
    elif now.has("best_apart"):
        down, up = (940 * MBIT, 500 * MBIT) if now.day.day % 2 else (500 * MBIT, 940 * MBIT)
    readings: list[R] = []
    for direction, rate, limit in zip(("download", "upload"), (down, up), limits, strict=True):
        of = {"direction": direction, "method": "http"}
        readings.append(r("uplink_throughput_bytes_per_second", rate, **of))
        readings.append(r("uplink_throughput_limit", 1, **of, limit=limit))
    yield "throughput", "测速", "ok", readings


def _terminals(now: Now) -> Iterator[Told]:
    register = now.school.terminals
    if now.has("no_register") or register is None:
        return
    n = now.life.span.number(now.day)
    share = 0.0 if now.has("unseen") and n < 20 else 0.4 if now.has("few_seen") else min(1.0, 0.7 + 0.02 * n)
    readings = []
    owned: dict[str, int] = {"student": register.student, "teacher": register.teacher, "shared": register.shared}
    for owner, count in owned.items():
        readings.append(r("terminals", count, owner=owner, basis="inventory"))
        readings.append(r("terminals", int(count * share), owner=owner, basis="verified"))
    readings.append(r("terminals", 5, owner="unregistered", basis="seen"))
    readings.append(r("terminals_watched_seconds", min(30.0, n + 0.4) * 86_400))
    readings.append(r("terminals_window_seconds", 30 * 86_400))
    outcome: Outcome = "timeout" if now.befalls("terminals_silent") else "ok"
    yield "terminals", "终端台账", outcome, readings
