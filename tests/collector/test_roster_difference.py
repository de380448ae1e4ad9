"""What a dry run says."""

import json
from datetime import date

from collector.roster.difference import LISTED, difference
from collector.roster.model import ExpectedDevice, Place, Roster, School, TerminalRegister


def school(id_: str = "s1", **more: object) -> School:
    return School.model_validate(
        {"id": id_, "name": f"School {id_}", "stage": "primary", "students": 100, "teachers": 8, "classes": 3, **more}
    )


PLACES = (Place(id="101"), Place(id="102", seats=40))
DEVICES = (ExpectedDevice(id="ap", system="wireless", place="101"),)


def test_the_same_is_no_difference() -> None:
    before, after = Roster(schools=(school("a"), school("b"))), Roster(schools=(school("b"), school("a")))
    found = difference(before, after)
    assert (bool(found), found.unchanged) == (False, 2)
    assert found.lines("zh") == ["学校：新增 0 所，减少 0 所，改变 0 所，不变 2 所"]


def test_all_is_new_where_there_was_none() -> None:
    found = difference(None, Roster(schools=(school(places=PLACES, devices=DEVICES),)))
    assert found.lines("en") == [
        "schools: 1 added, 0 removed, 0 changed, 0 unchanged",
        "+ s1 School s1 (100 students, 2 places, 1 devices)",
    ]


def test_each_field_place_and_device_that_changes() -> None:
    before = Roster(schools=(school("gone"), school(places=PLACES, devices=DEVICES), school("same")))
    moved = (ExpectedDevice(id="ap", system="wireless", place="103"),)
    places = (Place(id="１０２", seats=45), Place(id="103"))
    changes: dict[str, object] = {
        "students": 120,
        "stage": "nine_year",
        "terminals": TerminalRegister(student=9),
        "contact": "王",
    }
    after = Roster(
        valid_from=date(2026, 9, 1),
        schools=(school("new"), school("s1", **changes, places=places, devices=moved), school("same")),
    )
    found = difference(before, after)
    assert found.as_json() == {
        "before_valid_from": None,
        "after_valid_from": "2026-09-01",
        "added": [{"id": "new", "name": "School new"}],
        "removed": [{"id": "gone", "name": "School gone"}],
        "changed": [
            {
                "id": "s1",
                "name": "School s1",
                "fields": {
                    "stage": {"before": "primary", "after": "nine_year"},
                    "students": {"before": 100, "after": 120},
                    "student_terminals": {"before": None, "after": 9},
                    "teacher_terminals": {"before": None, "after": 0},
                    "shared_terminals": {"before": None, "after": 0},
                    "contact": {"before": "", "after": "王"},
                },
                "places": {
                    "added": {"count": 1, "listed": ["103"]},
                    "removed": {"count": 1, "listed": ["101"]},
                    "changed": {"count": 1, "listed": ["１０２"]},
                },
                "devices": {
                    "added": {"count": 0, "listed": []},
                    "removed": {"count": 0, "listed": []},
                    "changed": {"count": 1, "listed": ["ap"]},
                },
            }
        ],
        "unchanged": 1,
    }
    json.dumps(found.as_json())
    assert found.lines("zh")[3:] == [
        "~ s1 School s1",
        "    学段：小学 → 九年一贯制",
        "    学生数：100 → 120",
        "    学生终端数：（空） → 9",
        "    教师终端数：（空） → 0",
        "    共用终端数：（空） → 0",
        "    联系人：（空） → 王",
        "    场所：增加 1（103），减少 1（101），改变 1（１０２）",
        "    设备：改变 1（ap）",
    ]


def test_long_lists_are_counted_and_cut() -> None:
    many = Roster(schools=tuple(school(f"s{number}") for number in range(LISTED + 5)))
    lines = difference(None, many).lines("en")
    assert len(lines) == LISTED + 2
    assert lines[-1] == "  and 5 more"
    places = tuple(Place(id=str(number)) for number in range(30))
    found = difference(Roster(schools=(school(),)), Roster(schools=(school(places=places),))).as_json()
    assert found["changed"][0]["places"]["added"]["count"] == 30
    assert len(found["changed"][0]["places"]["added"]["listed"]) == LISTED
