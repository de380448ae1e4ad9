"""The roster: schools, their teaching places and the devices that should be there."""

from collections import Counter
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from common.faults import fault
from common.text import Text
from wire.report import SchoolId

Stage = Literal["kindergarten", "primary", "junior", "senior", "vocational", "nine_year"]
"""学段. `nine_year`: its primary part counts as a primary school, its junior part as a junior high school."""

STAGE_NAMES: dict[str, Text] = {
    "kindergarten": Text("幼儿园", "kindergarten"),
    "primary": Text("小学", "primary school"),
    "junior": Text("初中", "junior high school"),
    "senior": Text("高中", "senior high school"),
    "vocational": Text("职业学校", "vocational school"),
    "nine_year": Text("九年一贯制", "nine-year school"),
}

PlaceKind = Literal[
    "classroom", "laboratory", "computer_room", "library", "gym", "playground", "hall", "office", "other"
]
System = Literal["wireless", "multimedia", "cctv", "surveillance", "broadcast", "recording"]

PlaceId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words20 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)]
Words40 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
Words60 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
Words80 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
Words120 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]


class RosterPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(RosterPart):
    """A room or ground. Only those with `teaching` are teaching places (教育教学场所), which coverage is about."""

    id: PlaceId
    kind: PlaceKind = "classroom"
    name: Words80 = ""
    seats: int = Field(0, ge=0, le=10_000)
    teaching: bool = True
    class_name: Words40 = ""
    """The class that has its lessons here (班级); empty in a room that no class owns."""
    campus: Words60 = ""
    """The campus (校区) of a school that has several."""
    building: Words60 = ""
    floor: Words20 = ""


class ExpectedDevice(RosterPart):
    """A device that should be there. `id` is the name, address or serial by which an agent reports it."""

    id: Name
    system: System
    place: PlaceId


class TerminalRegister(RosterPart):
    """The asset register's terminals (终端台账) by owner."""

    student: int = Field(0, ge=0, le=100_000)
    teacher: int = Field(0, ge=0, le=100_000)
    shared: int = Field(0, ge=0, le=100_000)


class School(RosterPart):
    """One school. Students, teachers and classes are the numbers that ratios are reckoned with."""

    id: SchoolId
    name: Name
    stage: Stage
    students: int = Field(ge=0, le=100_000)
    teachers: int = Field(ge=0, le=20_000)
    classes: int = Field(ge=0, le=2_000)
    primary_students: int | None = Field(None, ge=0, le=100_000)
    """Of the students, those in primary grades, in a school of several stages."""
    junior_students: int | None = Field(None, ge=0, le=100_000)
    """Of the students, those in junior high grades, in a school of several stages."""
    terminals: TerminalRegister | None = None
    """The district's asset register of the school's terminals; None when it has none."""
    network: Words60 = ""
    """The part of the education MAN that the school hangs on, for grouping."""
    contact: Words120 = ""
    places: tuple[Place, ...] = Field((), max_length=5_000)
    devices: tuple[ExpectedDevice, ...] = Field((), max_length=20_000)

    @model_validator(mode="after")
    def _parts(self) -> "School":
        """The students of the parts are some of the school's, and in a nine-year school all of them."""
        primary, junior = self.primary_students, self.junior_students
        together = (primary or 0) + (junior or 0)
        whole = self.stage == "nine_year" and primary is not None and junior is not None
        if together > self.students or (whole and together != self.students):
            zh, en = ("应等于", "must be") if whole else ("应不超过", "must be at most")
            field = "junior_students" if junior is not None else "primary_students"
            raise _wrong(
                field,
                Text(
                    f"学校 {self.id} 的小学部与初中部学生数合计 {together}，{zh}学生数 {self.students}",
                    f"primary and junior students of school {self.id} are {together} together;"
                    f" they {en} its students, {self.students}",
                ),
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> "School":
        ids = [place.id for place in self.places]
        if twice := _repeated(ids):
            raise fault(f"学校 {self.id} 的场所重复：{twice}", f"school {self.id} lists these places twice: {twice}")
        if twice := _repeated([f"{device.system}/{device.id}" for device in self.devices]):
            raise fault(f"学校 {self.id} 的设备重复：{twice}", f"school {self.id} lists these devices twice: {twice}")
        known = set(ids)
        if strange := sorted({device.place for device in self.devices} - known):
            names = ", ".join(strange[:5])
            raise fault(
                f"学校 {self.id} 的设备所在场所不在 places 中：{names}",
                f"devices of school {self.id} stand in places that it does not list: {names}",
            )
        return self

    @property
    def teaching_places(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.teaching)


class Roster(RosterPart):
    """Every school of a district. Its numbers hold from a day on, until a later roster's do."""

    valid_from: date | None = None
    """The first day on which these numbers hold; None where the file does not say."""
    schools: tuple[School, ...] = Field(max_length=20_000)

    @model_validator(mode="after")
    def _schools_once(self) -> "Roster":
        if not self.schools:  # not as min_length, which counts a school with a fault as none
            raise fault("没有任何学校", "there is no school in it")
        if twice := _repeated([school.id for school in self.schools]):
            raise fault(f"学校编号重复：{twice}", f"school ids stand twice: {twice}")
        return self


def _wrong(field: str, what: Text) -> PydanticCustomError:
    """A fault of several fields at once; `field` is the one whose cell a table names."""
    return PydanticCustomError("campus", "{en}", {"zh": what.zh, "en": what.en, "field": field})


def _repeated(names: list[str]) -> str:
    return ", ".join(name for name, times in Counter(names).items() if times > 1)
