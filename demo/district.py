"""The three schools: who is there, what hangs where, how it fares, and the verdicts that must come of it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["met", "unmet", "unknown"]

GIGABIT, FAST, SLOW = 1_000_000_000, 100_000_000, 10_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """A teaching place. `class_name` is the class that owns it, if one does."""

    id: str
    kind: str
    name: str = ""
    class_name: str = ""
    seats: int = 0


@dataclass(frozen=True, slots=True)
class School:
    """One school and how it fares; everything that is not said is well.

    `student_terminals` and `teacher_terminals` are (in the register, seen on the network).
    """

    id: str
    name: str
    stage: str
    network: str
    students: int
    teachers: int
    places: tuple[Place, ...]
    maker: Literal["huawei", "h3c"]
    student_terminals: tuple[int, int]
    teacher_terminals: tuple[int, int]
    parts: tuple[int, int] | None = None
    """Of the students of a nine-year school, those in primary and in junior grades."""
    uplink_bits: int = GIGABIT
    slow_ports: frozenset[str] = frozenset()
    """Places whose port negotiated 10 Mbit/s."""
    dead_access_points: frozenset[str] = frozenset()
    """Places whose access point is down."""
    broken_lamps: frozenset[str] = frozenset()
    """Places whose projector reports a lamp fault."""
    is_controller_silent: bool = False
    is_password_wrong: bool = False
    """Whether the agent has another password than the projectors."""

    @property
    def classrooms(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.class_name)


def _classrooms(grades: str, classes: int, seats: int) -> tuple[Place, ...]:
    """One room for each class: room 203 is the third of the second grade."""
    return tuple(
        Place(f"{number}{room:02}", "classroom", f"{grade}（{room}）班教室", f"{grade}（{room}）班", seats)
        for number, grade in enumerate(grades.split(), start=1)
        for room in range(1, classes + 1)
    )


XIWANG = School(
    id="xiwang-primary",
    name="希望小学",
    stage="primary",
    network="城东汇聚",
    students=468,
    teachers=30,
    places=(
        *_classrooms("一年级 二年级 三年级 四年级 五年级 六年级", 2, 40),
        Place("科学实验室", "laboratory", seats=40),
        Place("计算机教室", "computer_room", seats=45),
        Place("音乐教室", "other", seats=40),
        Place("图书馆", "library", seats=60),
        Place("体育馆", "gym"),
        Place("操场", "playground"),
    ),
    maker="huawei",
    student_terminals=(84, 82),
    teacher_terminals=(32, 31),
)

DONGSHAN = School(
    id="dongshan-junior",
    name="东山初中",
    stage="junior",
    network="城东汇聚",
    students=690,
    teachers=58,
    places=(
        *_classrooms("初一 初二 初三", 5, 48),
        Place("物理实验室", "laboratory", seats=48),
        Place("化学实验室", "laboratory", seats=48),
        Place("生物实验室", "laboratory", seats=48),
        Place("计算机教室", "computer_room", seats=50),
        Place("图书馆", "library", seats=80),
        Place("体育馆", "gym"),
        Place("操场", "playground"),
    ),
    maker="h3c",
    student_terminals=(96, 90),
    teacher_terminals=(60, 59),
    uplink_bits=FAST,
    slow_ports=frozenset({"203"}),
    dead_access_points=frozenset({"体育馆"}),
    broken_lamps=frozenset({"304"}),
)

NANHU = School(
    id="nanhu-nine-year",
    name="南湖九年一贯制学校",
    stage="nine_year",
    network="城南汇聚",
    students=396,
    parts=(270, 126),
    teachers=34,
    places=(
        *_classrooms("一年级 二年级 三年级 四年级 五年级 六年级 七年级 八年级 九年级", 1, 45),
        Place("科学实验室", "laboratory", seats=45),
        Place("计算机教室", "computer_room", seats=45),
        Place("图书馆", "library", seats=50),
        Place("礼堂", "hall", seats=300),
        Place("操场", "playground"),
    ),
    maker="huawei",
    student_terminals=(70, 21),
    teacher_terminals=(36, 12),
    is_controller_silent=True,
    is_password_wrong=True,
)

SCHOOLS = (XIWANG, DONGSHAN, NANHU)

EXPECTED: dict[tuple[str, str], tuple[State, str]] = {
    # Everything as the plan asks.
    (XIWANG.id, "gigabit_uplink"): ("met", "uplink_fast"),
    (XIWANG.id, "desktop_100m"): ("met", "ports_fast"),
    (XIWANG.id, "wireless_coverage"): ("met", "places_served"),
    (XIWANG.id, "network_coverage"): ("met", "places_served"),
    (XIWANG.id, "student_device_ratio"): ("met", "terminals_enough"),
    (XIWANG.id, "teacher_device_ratio"): ("met", "terminals_enough"),
    (XIWANG.id, "multimedia_classroom"): ("met", "classes_equipped"),
    # A slow uplink, a slow port, a dead access point, too few terminals for students, a broken lamp.
    (DONGSHAN.id, "gigabit_uplink"): ("unmet", "uplink_speed_low"),
    (DONGSHAN.id, "desktop_100m"): ("unmet", "ports_slow"),
    (DONGSHAN.id, "wireless_coverage"): ("unmet", "places_not_served"),
    (DONGSHAN.id, "network_coverage"): ("met", "places_served"),
    (DONGSHAN.id, "student_device_ratio"): ("unmet", "register_too_small"),
    (DONGSHAN.id, "teacher_device_ratio"): ("met", "terminals_enough"),
    (DONGSHAN.id, "multimedia_classroom"): ("unmet", "classes_not_equipped"),
    # A silent controller, projectors that refuse the agent, a register that has not been watched for long.
    (NANHU.id, "gigabit_uplink"): ("met", "uplink_fast"),
    (NANHU.id, "desktop_100m"): ("met", "ports_fast"),
    (NANHU.id, "wireless_coverage"): ("unknown", "device_timeout"),
    (NANHU.id, "network_coverage"): ("met", "places_served"),
    (NANHU.id, "student_device_ratio"): ("unknown", "terminals_watching"),
    (NANHU.id, "teacher_device_ratio"): ("unknown", "terminals_watching"),
    (NANHU.id, "multimedia_classroom"): ("unknown", "device_refused"),
}
"""The state and the reason's code that each school and target must get."""
