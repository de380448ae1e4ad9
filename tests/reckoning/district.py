"""A district of 120 small schools: its rosters before and after a day in mid-term, and what befalls each school.

Everything follows from the seed. What happens is a list of scripted facts, so that agents.py only acts them out.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from collector.roster.model import ExpectedDevice, Place, Roster, School, Stage, System, TerminalRegister
from tests.reckoning.calendar import DAYS, SCHOOL_DAYS

SCHOOLS = 120
CHANGES_ON = date(2026, 10, 12)
"""From this day on the schools have other numbers."""

PARTS_MISSING_AT = 3
"""A nine-year school of which the second roster does not tell how many are in its primary grades."""

SERVICES = ("exam_marking", "lecture_recording", "video_on_demand", "video_conference", "live_streaming")
COVERING: tuple[System, ...] = ("cctv", "surveillance", "broadcast")
_STAGES: tuple[Stage, ...] = (
    "primary", "junior", "primary", "nine_year", "primary", "junior", "kindergarten", "primary", "junior", "senior",
    "primary", "nine_year", "primary", "junior", "primary", "vocational", "primary", "junior", "kindergarten",
    "nine_year",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The days that a district lives through, those of them on which there is school, and when its roster changes."""

    days: tuple[date, ...]
    teaching: frozenset[date]
    changes_on: date

    def number(self, day: date) -> int:
        return (day - self.days[0]).days


TERM = Span(DAYS, frozenset(SCHOOL_DAYS), CHANGES_ON)


@dataclass(frozen=True)
class Fact:
    """Something that is so from one day (by its place in the span) to another, both included."""

    kind: str
    first: int
    last: int
    arg: int = 0


@dataclass(frozen=True)
class Life:
    """One school: its roster before and after the change, what it always is, and what befalls it."""

    number: int
    before: School
    after: School
    traits: frozenset[str]
    facts: tuple[Fact, ...]
    seed: str
    span: Span

    @property
    def id(self) -> str:
        return self.before.id

    def on(self, day: date) -> School:
        return self.after if day >= self.span.changes_on else self.before

    def befalls(self, kind: str, day: date) -> Fact | None:
        """The fact of a kind that holds on a day."""
        n = self.span.number(day)
        return next((fact for fact in self.facts if fact.kind == kind and fact.first <= n <= fact.last), None)

    def random(self, *what: object) -> Random:
        """Chances of its own for each matter, so that one more draw in one of them moves no other."""
        return Random(f"{self.seed}/{self.id}/{what}")


# kind, weight, shortest and longest in days
_BEFALLS: tuple[tuple[str, int, int, int], ...] = (
    ("ap_down", 5, 1, 9), ("ap_gone", 2, 1, 6), ("ap_standby", 2, 1, 5), ("controller_timeout", 3, 1, 4),
    ("controller_truncated", 2, 1, 4), ("switch_refused", 3, 1, 4), ("switch_silent", 2, 1, 3),
    ("uplink_slow", 3, 1, 8),
    ("uplink_down", 1, 1, 3), ("path_limits", 4, 3, 14), ("nic_limits", 3, 5, 14), ("test_busy", 3, 3, 12),
    ("one_way_slow", 2, 3, 12), ("port_slow", 4, 1, 10), ("port_asleep", 3, 1, 5), ("port_without_speed", 2, 1, 6),
    ("port_without_link", 3, 2, 14), ("no_links", 1, 1, 4), ("agent_off", 3, 1, 4), ("agent_late", 6, 1, 5),
    ("agent_lost", 3, 1, 4), ("display_off", 5, 1, 8), ("display_fault", 3, 1, 6), ("display_refuses", 2, 1, 4),
    ("display_just_gone", 3, 1, 1), ("av_down", 8, 1, 7), ("av_silent", 6, 1, 5), ("av_refuses", 3, 1, 3),
    ("head_down", 6, 1, 4), ("head_silent", 5, 1, 4), ("recorder_down", 3, 1, 5), ("recorder_silent", 2, 1, 4),
    ("disagree", 3, 1, 6), ("service_down", 12, 1, 3),
    ("service_half_day", 8, 1, 1), ("portal", 3, 1, 3), ("service_mute", 6, 1, 5), ("stalls", 4, 1, 5),
    ("slow_live", 4, 1, 5), ("lossy", 4, 1, 6), ("far", 3, 1, 6), ("jittery", 3, 1, 6), ("man_slow", 4, 1, 10),
    ("man_lossy", 3, 1, 7), ("loaded", 3, 1, 7), ("terminals_silent", 3, 1, 5), ("probe_skips", 6, 1, 3),
)  # fmt: skip
_KINDS = tuple(kind for kind, weight, _, _ in _BEFALLS for _ in range(weight))
_LASTS = {kind: (shortest, longest) for kind, _, shortest, longest in _BEFALLS}


def lives(seed: int, schools: int = SCHOOLS, span: Span = TERM) -> tuple[Life, ...]:
    """Every school of the district."""
    return tuple(_life(seed, number, span) for number in range(schools))


def rosters(of: tuple[Life, ...]) -> tuple[Roster, Roster]:
    """The roster before and after the change."""
    return (
        Roster(valid_from=of[0].span.days[0], schools=tuple(life.before for life in of)),
        Roster(valid_from=of[0].span.changes_on, schools=tuple(life.after for life in of)),
    )


def _life(seed: int, number: int, span: Span) -> Life:
    chance = Random(f"{seed}/{number}")
    traits = _traits(chance, number)
    before = _school(chance, number, traits)
    return Life(number, before, _changed(before, chance), traits, _facts(chance, len(span.days)), str(seed), span)


def _traits(chance: Random, number: int) -> frozenset[str]:
    """What a school is all term long."""
    often = {
        "spare_room": 0.12, "few_rooms": 0.08, "class_names": 0.6, "yard": 0.7, "office": 0.5, "two_switches": 0.15,
        "two_uplinks": 0.1, "no_uplink": 0.04, "aps_by_roster": 0.4, "ap_unlisted": 0.06, "aps_by_serial": 0.2,
        "flaps": 0.15, "best_apart": 0.08, "no_register": 0.1, "small_register": 0.2, "unseen": 0.25,
        "few_seen": 0.12, "no_wireless": 0.06, "no_ports": 0.03, "no_displays": 0.04, "display_lost": 0.06,
        "display_unplaced": 0.05, "one_to_one": 0.5, "by_roster": 0.2, "poor": 0.1, "sturdy": 0.25, "many_runs": 0.05,
        "head_cctv": 0.4, "head_broadcast": 0.4, "no_cctv": 0.25, "no_surveillance": 0.08, "no_broadcast": 0.2,
        "part_cctv": 0.15, "part_surveillance": 0.15,
        "part_broadcast": 0.15, "av_unplaced": 0.05, "no_recorder": 0.3,
        "displays_twice": 0.3, "goes_home_early": 0.15, "wide_names": 0.1, "weak_service": 0.15,
    }  # fmt: skip
    found = {trait for trait, share in often.items() if chance.random() < share}
    found |= {f"without_{system}" for system in SERVICES if chance.random() < 0.5}
    found |= {f"flaps_{system}" for system in SERVICES if chance.random() < 0.06}
    if number % 40 == 7:
        found.add("never")
    if number % 30 == 11:
        found.add("bare_roster")
    return frozenset(found)


def _school(chance: Random, number: int, traits: frozenset[str]) -> School:
    stage = _STAGES[number % len(_STAGES)]
    rooms = chance.choice((2, 2, 3, 3, 4))
    places = [
        Place(
            id=f"{101 + room}",
            seats=chance.choice((30, 36, 40)),
            class_name=f"{room + 1}班" if "class_names" in traits else "",
        )
        for room in range(rooms)
    ]
    classes = rooms
    if "spare_room" in traits:
        places.append(Place(id="备用教室", seats=40))
    if "few_rooms" in traits:
        classes += 1
    if "yard" in traits:
        places.append(Place(id="操场", kind="playground"))
    if "office" in traits:
        places.append(Place(id="门卫", kind="office", teaching=False))
    if "bare_roster" in traits:
        places, classes = [], 0
    students = chance.randint(80, 220) if "bare_roster" not in traits else 0
    parts = stage == "nine_year"
    return School(
        id=f"s{number:03}",
        name=f"第{number}学校",
        stage=stage,
        students=students,
        teachers=0 if "bare_roster" in traits else chance.randint(8, 24),
        classes=classes,
        primary_students=students * 2 // 3 if parts else None,
        junior_students=students - students * 2 // 3 if parts else None,
        terminals=_register(chance, students, traits),
        places=tuple(places),
        devices=tuple(_devices(places, traits)),
    )


def _register(chance: Random, students: int, traits: frozenset[str]) -> TerminalRegister | None:
    if "no_register" in traits:
        return None
    share = 12 if "small_register" in traits else chance.choice((4, 5, 5.5))
    return TerminalRegister(
        student=int(students / share), teacher=chance.randint(8, 30), shared=chance.choice((0, 0, 3))
    )


def _devices(places: list[Place], traits: frozenset[str]) -> list[ExpectedDevice]:
    taught = [place for place in places if place.teaching]
    found: list[ExpectedDevice] = []
    for n, place in enumerate(taught):
        if "aps_by_roster" in traits:
            name = f"SN{place.id}" if "aps_by_serial" in traits else f"AP-{place.id}"
            found.append(ExpectedDevice(system="wireless", id=name, place=place.id))
        if place.kind == "classroom" and place.id != "备用教室" and not ("poor" in traits and n == 0):
            found.append(ExpectedDevice(system="multimedia", id=f"投影{place.id}", place=place.id))
        found += [
            ExpectedDevice(system=system, id=f"{system}-{place.id}", place=place.id)
            for system in COVERING
            if f"no_{system}" not in traits and not (f"part_{system}" in traits and n == 0)
        ]
    if taught and len(taught) < len(places):
        found += [
            ExpectedDevice(system=system, id=f"前端{system}", place="门卫")
            for system in COVERING
            if f"head_{system}" in traits and f"no_{system}" not in traits
        ]
    if taught and "no_recorder" not in traits:
        found.append(ExpectedDevice(system="recording", id="录播1", place=taught[0].id))
    return found


def _changed(before: School, chance: Random) -> School:
    """The same school with the numbers of after the change; a few have one teaching place more."""
    students = int(before.students * chance.uniform(0.9, 1.25))
    parts = before.stage == "nine_year" and before.id != f"s{PARTS_MISSING_AT:03}"
    places = before.places
    if places and chance.random() < 0.1:
        places = (*places, Place(id="新实验室", kind="laboratory", seats=30))
    return School.model_validate(
        before.model_dump()
        | {
            "students": students,
            "teachers": int(before.teachers * chance.choice((1, 1, 1.2))),
            "primary_students": students // 2 if parts else None,
            "junior_students": students - students // 2 if parts else None,
            "places": [place.model_dump() for place in places],
        }
    )


def _facts(chance: Random, days: int) -> tuple[Fact, ...]:
    """Some 5 to 16 in each 60 days."""
    found: list[Fact] = []
    for kind in [chance.choice(_KINDS) for _ in range(chance.randint(5 * days // 60, 16 * days // 60))]:
        first = chance.randrange(days)
        found.append(Fact(kind, first, first + chance.randint(*_LASTS[kind]) - 1, chance.randrange(60)))
    return tuple(found)
