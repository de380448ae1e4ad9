"""What a school's devices are, and running them: one switch, one wireless controller, a projector for each class."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from demo.devices.controller import AccessPoint, H3CController, HuaweiController
from demo.devices.projector import LAMP_FAULT, NO_ERRORS, Projector
from demo.devices.switch import Port, Station, Switch
from demo.district import FAST, GIGABIT, SLOW, School

WAN_PORT = 24
TRUNK_PORT = 23
"""Leads to the switch that powers the access points; students' tablets are learned there."""
TRUNK_ALIAS = "to-PoE"
WAN_ALIAS = "to-MAN"
PROJECTOR_PASSWORD = "JBMIAProjectorLink"
TERMINAL_MAKER, ACCESS_POINT_MAKER = bytes.fromhex("3c970e"), bytes.fromhex("00259e")


def access_point_name(place: str) -> str:
    return f"AP-{place}"


def projector_name(place: str) -> str:
    return f"{place}投影机"


def community(school: School) -> str:
    return f"{school.id}-read"


def terminal_mac(owner: str, number: int) -> bytes:
    """The address of the nth terminal of an owner, `student` or `teacher`."""
    return TERMINAL_MAKER + bytes([1 if owner == "student" else 2, *divmod(number, 256)])


@dataclass
class Equipment:
    """A school's running devices."""

    school: School
    switch: Switch
    controller: HuaweiController | H3CController
    projectors: dict[str, Projector]
    """By place."""

    @classmethod
    def of(cls, school: School) -> Self:
        switch = Switch("核心交换机", community(school), list(_ports(school)))
        switch.learn(list(_stations(school)))
        kind = HuaweiController if school.maker == "huawei" else H3CController
        controller = kind(
            "无线控制器", community(school), list(_access_points(school)), silent=school.is_controller_silent
        )
        projectors = {
            place.id: Projector(
                place.id,
                password=PROJECTOR_PASSWORD,
                errors=LAMP_FAULT if place.id in school.broken_lamps else NO_ERRORS,
                lamps=((700 + 97 * number, place.id not in school.broken_lamps),),
                laser=number % 4 == 3,
            )
            for number, place in enumerate(school.classrooms)
        }
        return cls(school, switch, controller, projectors)

    @property
    def writes(self) -> int:
        """How often anything tried to change a device."""
        return self.switch.writes + self.controller.writes + sum(one.writes for one in self.projectors.values())

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for device in (self.switch, self.controller, *self.projectors.values()):
                await stack.enter_async_context(device)
            self._running = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()


def _ports(school: School) -> Iterator[Port]:
    """A port for each place, spare ones without a link, the trunk, and the uplink last."""
    for number in range(1, WAN_PORT + 1):
        name = f"GigabitEthernet0/0/{number}"
        if number == WAN_PORT:
            yield Port(name, school.uplink_bits, WAN_ALIAS, load=900_000)
        elif number == TRUNK_PORT:
            yield Port(name, GIGABIT, TRUNK_ALIAS, load=600_000)
        elif number <= len(school.places):
            place = school.places[number - 1].id
            usual = FAST if number % 3 == 0 else GIGABIT
            yield Port(name, SLOW if place in school.slow_ports else usual, f"room {place}")
        else:
            yield Port(name, 0)


def _access_points(school: School) -> Iterator[AccessPoint]:
    for number, place in enumerate(school.places, start=1):
        yield AccessPoint(
            access_point_name(place.id),
            ACCESS_POINT_MAKER + bytes([0, 0, number]),
            f"210235A0RXC1220{number:05}",
            IPv4Address(f"10.20.9.{number}"),
            serving=place.id not in school.dead_access_points,
            stations=3 + number * 5 % 17,
        )


def _stations(school: School) -> Iterator[Station]:
    """Teachers' computers on the ports of rooms, students' tablets behind the trunk."""
    for number in range(school.teacher_terminals[1]):
        port = number % len(school.places) + 1
        yield Station(terminal_mac("teacher", number), IPv4Address("10.20.1.0") + number + 1, port)
    for number in range(school.student_terminals[1]):
        yield Station(terminal_mac("student", number), IPv4Address("10.20.2.0") + number + 1, TRUNK_PORT)
