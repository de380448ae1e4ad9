"""The policy's stages, calendar, smart campus and profiles; its stored form, its digest, differences and schema."""

import json
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.calendar import SchoolCalendar, announced_until
from collector.policy import STAGES, Policy, difference, load_policy
from collector.policy_profiles import over, profiles
from collector.policy_schema import policy_schema, text
from collector.roster.model import Stage
from collector.targets import TARGETS
from collector.targets._coverage import CoveragePolicy
from collector.targets.district import DISTRICT_TARGETS
from common.configfile import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"
TERMS = "calendar:\n  terms:\n    - {name: a, first: 2026-03-01, last: 2026-07-01}\n"


def loaded(tmp_path: Path, written: str) -> Policy:
    file = tmp_path / "policy.yaml"
    file.write_text(written, encoding="utf-8")
    return load_policy(file)


def made(**parts: Any) -> Policy:
    return Policy.model_validate(parts)


# Stages


def test_a_stage_overrides_what_it_writes_and_no_more() -> None:
    policy = made(
        targets={"wireless_coverage": {"at_least": 0.95, "fresh_seconds": 600}},
        stages={"kindergarten": {"targets": {"wireless_coverage": {"at_least": 0.8}}}},
    )
    for stage in (None, *STAGES):
        part = policy.of("wireless_coverage", stage)
        assert isinstance(part, CoveragePolicy)
        assert part.fresh_seconds == 600
        assert part.at_least == (0.8 if stage == "kindergarten" else 0.95)


def test_a_stage_may_write_the_default_where_the_district_has_another_value() -> None:
    policy = made(
        targets={"desktop_100m": {"enabled": False}},
        stages={"senior": {"targets": {"desktop_100m": {"enabled": True}}}},
    )
    assert "desktop_100m" not in policy.enabled
    assert "desktop_100m" in policy.enabled_for("senior")
    assert "desktop_100m" not in policy.enabled_for("junior")


def test_rules_between_keys_hold_for_what_results_and_not_for_the_part(tmp_path: Path) -> None:
    """A stage may write one of two keys that fit together only with the district's value of the other."""
    policy = loaded(
        tmp_path,
        "targets: {exam_marking: {recovery_margin: 0}}\nstages: {senior: {targets: {exam_marking: {at_least: 1}}}}\n",
    )
    assert policy.of("exam_marking", "senior").model_dump(include={"recovery_margin", "at_least"}) == {
        "recovery_margin": 0,
        "at_least": 1,
    }


def test_kindergartens_hold_no_exams() -> None:
    assert set(Policy().enabled) - set(Policy().enabled_for("kindergarten")) == {"exam_marking"}
    assert "exam_marking" not in Policy().smart_campus_for("kindergarten")
    again = made(stages={"kindergarten": {"targets": {"exam_marking": {"enabled": True}}}})
    assert "exam_marking" in again.enabled_for("kindergarten")


def test_what_is_switched_off_for_a_stage_is_not_asked_of_its_smart_campuses() -> None:
    policy = made(stages={"kindergarten": {"targets": {"desktop_100m": {"enabled": False}}}})
    assert policy.smart_campus_for("kindergarten") == set(policy.enabled_for("kindergarten"))
    assert "desktop_100m" not in policy.smart_campus_for("kindergarten")
    assert "desktop_100m" in policy.smart_campus_for("primary")


def test_a_smart_campus_by_default_meets_every_target_of_the_plan() -> None:
    assert Policy().smart_campus == tuple(TARGETS)
    assert Policy().smart_campus_for("primary") == set(Policy().enabled_for("primary"))


def test_a_smart_campus_is_what_the_district_says_and_a_stage_may_say_otherwise() -> None:
    few = ["wireless_coverage", "gigabit_uplink"]
    policy = made(smart_campus=few, stages={"vocational": {"smart_campus": ["desktop_100m"]}})
    assert policy.smart_campus_for("primary") == set(few)
    assert policy.smart_campus_for("vocational") == {"desktop_100m"}


def test_every_stage_of_the_roster_has_its_policy() -> None:
    policy = Policy()
    for stage in STAGES:
        assert set(policy.enabled_for(stage)) <= set(TARGETS)
        for name in TARGETS:
            assert type(policy.of(name, stage)) is TARGETS[name].policy


def test_targets_that_there_are_not() -> None:
    with pytest.raises(KeyError):
        Policy().of("nonsense")
    with pytest.raises(KeyError):
        Policy().of("nonsense", "primary")
    with pytest.raises(KeyError):
        Policy().of_district("nonsense")


def test_the_districts_own_targets() -> None:
    policy = Policy()
    assert policy.enabled_district == tuple(DISTRICT_TARGETS)
    for name, target in DISTRICT_TARGETS.items():
        assert policy.of_district(name) == target.policy()
        off = made(district={name: {"enabled": False}})
        assert set(DISTRICT_TARGETS) - set(off.enabled_district) == {name}


def test_a_copy_with_other_parts_forgets_what_it_had_reckoned() -> None:
    policy = Policy()
    assert "desktop_100m" in policy.enabled
    other = made(targets={"desktop_100m": {"enabled": False}})
    copied = policy.model_copy(update={"targets": other.targets})
    assert "desktop_100m" not in copied.enabled
    assert copied.digest == other.digest


# Calendar


def test_without_a_word_the_calendar_is_the_default() -> None:
    assert Policy().calendar_for(None) == SchoolCalendar(holidays_until=announced_until())
    assert Policy().calendar_for("junior") == Policy().calendar_for(None)


def test_a_stored_policy_knows_the_holidays_of_its_day_and_a_newer_package_is_a_change() -> None:
    stored = Policy.from_canonical(made(holidays_until=2025).canonical())
    assert stored.calendar_for("primary").kind(date(2026, 3, 2)) == "unknown"
    assert Policy().calendar_for("primary").kind(date(2026, 3, 2)) == "school"
    assert difference(stored, Policy()) == [("holidays_until", 2025, announced_until())]


def test_a_stage_has_its_own_hours_and_days() -> None:
    policy = made(
        zone="Asia/Urumqi",
        calendar={"days_off": ["2026-11-05"], "opens": "09:30", "closes": "19:30"},
        stages={"kindergarten": {"calendar": {"closes": "17:00"}}, "senior": {"calendar": {"days_off": []}}},
    )
    assert policy.calendar_for("primary").zone == "Asia/Urumqi"
    assert policy.calendar_for("primary").closes == time(19, 30)
    assert policy.calendar_for("kindergarten").closes == time(17)
    assert policy.calendar_for("kindergarten").opens == time(9, 30)
    assert policy.calendar_for("kindergarten").kind(date(2026, 11, 5)) == "off"
    assert policy.calendar_for("senior").kind(date(2026, 11, 5)) == "school"


def test_a_calendar_stays_the_same_object_since_it_remembers() -> None:
    policy = Policy()
    assert policy.calendar_for("primary") is policy.calendar_for("primary")


def test_terms_exams_and_own_days_reach_the_calendar() -> None:
    policy = made(
        calendar={
            "terms": [
                {"name": "秋", "first": "2026-09-01", "last": "2027-01-22"},
                {"name": "春", "first": "2026-03-02", "last": "2026-07-03"},
            ],
            "school_days": ["2026-08-29"],
            "exam_days": ["2026-11-14", "2026-11-14"],
        }
    )
    calendar = policy.calendar_for("primary")
    assert [term.name for term in calendar.terms] == ["春", "秋"]
    assert calendar.kind(date(2026, 8, 28)) == "off"
    assert calendar.kind(date(2026, 8, 29)) == "school"
    assert calendar.is_exam(date(2026, 11, 14))


@pytest.mark.parametrize(
    ("written", "line", "says"),
    [
        ("calendar:\n  opens: 730\n", 2, "07:30"),
        ("calendar:\n  opens: 24:00\n", 2, "07:30"),
        ("calendar:\n  closes: '7:30'\n", 2, "07:30"),
        ("calendar:\n  closes: 07:30:15\n", 2, "07:30"),
        ("calendar:\n  closes: 07:00\n", 1, "later than opens"),
        ("calendar:\n  lessons: [{begins: '08:40', ends: '08:00'}]\n", 2, "later than begins"),
        ("calendar:\n  lessons: [{begins: '08:00', ends: '08:40'}, {begins: '08:30', ends: '09:00'}]\n", 1, "overlaps"),
        ("calendar:\n  lessons: [{begins: '17:00', ends: '17:40'}]\n", 1, "between opens and closes"),
        ("calendar:\n  lessons: [{begins: '07:00', ends: '07:40'}]\n", 1, "between opens and closes"),
        ("calendar:\n  days_off:\n    - 2026-02-28\n    - 2026-02-30\n", 4, "2026-09-01"),
        ("calendar:\n  days_off: [20260228]\n", 2, "2026-09-01"),
        ("calendar:\n  days_off: [２０２６-02-28]\n", 2, "2026-09-01"),
        ("calendar:\n  days_off: 2026-02-28\n", 2, "a list is accepted"),
        ("calendar:\n  days_off: [2026-03-03]\n  exam_days: [2026-03-03]\n", 1, "2026-03-03"),
        ("calendar:\n  days_off: [2026-03-03]\n  school_days: [2026-03-03]\n", 1, "keep one"),
        ("calendar:\n  terms:\n    - {name: a, first: 2026-03-01, last: 2026-02-01}\n", 3, "before its first"),
        ("calendar:\n  terms:\n    - {name: a, first: 2026-03-01}\n", 3, "required"),
        (TERMS + "    - {name: b, first: 2026-07-01, last: 2026-08-01}\n", 1, "'a' and 'b' overlap"),
        ("smart_campus: []\n", 1, "at least 1"),
        ("smart_campus:\n  - wireless_coverage\n  - wireless\n", 3, "there is no such target"),
        ("smart_campus:\n  - wireless_coverage\n  - wireless_coverage\n", 1, "more than once"),
        ("stages:\n  kindergarden: {}\n", 2, "did you mean kindergarten?"),
        ("stages:\n  primary:\n    targets:\n      nonsense: {}\n", 4, "there is no such key"),
        ("stages:\n  primary:\n    targets:\n      wireless_coverage:\n        at_least: 2\n", 5, "at most 1"),
        ("stages:\n  primary:\n    targets:\n      desktop_100m: {at_least: 1}\n", 4, "window_days"),
        ("stages:\n  primary:\n    calendar:\n      opens: 18:00\n", 3, "later than opens"),
        ("stages:\n  primary:\n    smart_campus:\n      - x\n", 4, "there is no such target"),
        (
            "stages:\n  primary:\n    targets:\n      teacher_device_ratio:\n        shared_for: teachers\n",
            3,
            "shared_for",
        ),
        ("stages:\n  senior:\n    targets:\n      exam_marking:\n        at_least: 1\n", 4, "never be met again"),
        (
            "calendar: {school_days: [2026-03-03]}\nstages:\n  senior:\n    calendar:\n      days_off: [2026-03-03]\n",
            4,
            "2026-03-03",
        ),
    ],
)
def test_a_wrong_calendar_stage_or_smart_campus_is_refused(tmp_path: Path, written: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, written)
    (fault,) = refused.value.faults
    assert fault.line == line
    assert says in fault.in_language("en")
    assert fault.in_language("zh") != fault.in_language("en")


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, "version: 0\ncalendar: {opens: 8}\nstages: {junior: {targets: {desktop_100m: {x: 1}}}}\n")
    assert [fault.line for fault in refused.value.faults] == [1, 2, 3]


# Profiles


@pytest.mark.parametrize("name", profiles())
def test_a_profile_cites_its_document_and_is_a_policy(name: str) -> None:
    profile = profiles()[name]
    assert profile.text.zh != profile.text.en
    assert profile.document
    assert name == "plan" or profile.source.startswith("http")
    policy = made(profile=name)
    assert policy.profile == name
    assert name == "plan" or difference(Policy(), policy)[1:], "it sets nothing"


@pytest.mark.parametrize("name", profiles())
def test_a_profile_keeps_what_the_plan_says_of_stages(name: str) -> None:
    assert "exam_marking" not in made(profile=name).enabled_for("kindergarten")


@pytest.mark.parametrize("name", profiles())
def test_the_district_writes_over_its_profile(name: str) -> None:
    for path, plan, _ in difference(Policy(), made(profile=name)):
        if path != "profile" and plan is not None:
            kept = Policy.model_validate({"profile": name} | nested(path, plan))
            assert path not in [changed for changed, _, _ in difference(Policy(), kept)]


def nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def test_laying_over_merges_mappings_and_replaces_the_rest() -> None:
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert over(below, {"a": {"y": [3]}, "b": {"z": 1}}) == {"a": {"x": 1, "y": [3]}, "b": {"z": 1}}
    assert below == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


# The stored form

STAGE_PART = st.fixed_dictionaries(
    {},
    optional={
        "targets": st.fixed_dictionaries(
            {},
            optional={
                "wireless_coverage": st.fixed_dictionaries({}, optional={"at_least": st.floats(0.1, 1)}),
                "desktop_100m": st.fixed_dictionaries({}, optional={"enabled": st.booleans()}),
            },
        ),
        "calendar": st.fixed_dictionaries({}, optional={"opens": st.sampled_from(["07:00", "08:15"])}),
        "smart_campus": st.lists(st.sampled_from(list(TARGETS)), min_size=1, unique=True),
    },
)
POLICIES = st.fixed_dictionaries(
    {"version": st.integers(1, 99), "profile": st.sampled_from(list(profiles()))},
    optional={
        "zone": st.sampled_from(["Asia/Shanghai", "Asia/Urumqi"]),
        "agent_silent_after_seconds": st.floats(1, 1e6),
        "smart_campus": st.lists(st.sampled_from(list(TARGETS)), min_size=1, unique=True),
        "stages": st.dictionaries(st.sampled_from(STAGES), STAGE_PART),
        "calendar": st.fixed_dictionaries(
            {}, optional={"days_off": st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(str), max_size=5)}
        ),
    },
)


@given(POLICIES)
def test_a_stored_policy_comes_back_as_it_was(data: dict[str, Any]) -> None:
    policy = Policy.model_validate(data)
    again = Policy.from_canonical(policy.canonical())
    assert again.canonical() == policy.canonical()
    assert again.digest == policy.digest
    assert difference(policy, again) == []
    for stage in (None, *STAGES):
        assert again.enabled_for(stage) == policy.enabled_for(stage)
        assert again.calendar_for(stage) == policy.calendar_for(stage)
        assert again.smart_campus_for(stage) == policy.smart_campus_for(stage)
        assert all(again.of(name, stage) == policy.of(name, stage) for name in TARGETS)


@given(POLICIES, POLICIES)
def test_the_digest_changes_with_every_change_and_with_nothing_else(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = Policy.model_validate(one), Policy.model_validate(other)
    assert (before.digest == after.digest) == (difference(before, after) == [])
    there, back = difference(before, after), difference(after, before)
    assert sorted((path, repr(old), repr(new)) for path, old, new in there) == sorted(
        (path, repr(old), repr(new)) for path, new, old in back
    )


def test_the_canonical_form_writes_defaults_out_and_does_not_mind_order() -> None:
    data = json.loads(Policy().canonical())
    assert data["targets"]["student_device_ratio"]["at_most"] == 6
    assert data["calendar"]["opens"] == "07:30"
    one = made(smart_campus=["desktop_100m", "gigabit_uplink"], calendar={"days_off": ["2026-05-06", "2026-05-05"]})
    other = made(smart_campus=["gigabit_uplink", "desktop_100m"], calendar={"days_off": ["2026-05-05", "2026-05-06"]})
    assert one.canonical() == other.canonical()
    assert made(stages={"primary": {"targets": {"desktop_100m": {}}}}).digest == Policy().digest


def test_an_older_policy_lacks_what_came_since_and_has_what_went() -> None:
    data = json.loads(made(targets={"student_device_ratio": {"at_most": 5}}).canonical())
    del data["targets"]["desktop_100m"]
    del data["calendar"]
    data["targets"]["telegraph"] = {"at_least": 1}
    data["targets"]["gigabit_uplink"]["colour"] = "green"
    data["calendar"] = {"terms": [{"name": "a", "first": "2026-03-01", "last": "2026-07-01", "colour": "green"}]}
    data["smart_campus"] = ["telegraph", "gigabit_uplink"]
    data["profile"] = "of_another_age"
    data["stages"] = {
        "primary": {"targets": {"telegraph": {"enabled": False}}, "smart_campus": ["telegraph", "gigabit_uplink"]},
        "academy": {},
    }
    policy = Policy.from_canonical(json.dumps(data))
    assert policy.of("desktop_100m") == TARGETS["desktop_100m"].policy()
    assert policy.smart_campus_for("primary") == {"gigabit_uplink"}
    assert [term.name for term in policy.calendar.terms] == ["a"]
    assert ("targets.student_device_ratio.at_most", 6, 5) in difference(Policy(), policy)


@pytest.mark.parametrize("stored", ["", "3", "[]", '{"version": 0}', '{"targets": 3}', '{"stages": 3}'])
def test_what_is_no_policy_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Policy.from_canonical(stored)


def test_a_difference_names_the_key_the_old_and_the_new_value() -> None:
    stage: Stage = "kindergarten"
    before = made(calendar={"days_off": ["2026-05-05"]})
    after = made(
        version=2,
        targets={"student_device_ratio": {"at_most": 5}},
        stages={stage: {"targets": {"wireless_coverage": {"at_least": 0.8}}}},
    )
    changed = [change for change in difference(before, after) if not change[0].startswith("stages.kindergarten.c")]
    assert changed == [
        ("version", 1, 2),
        ("calendar.days_off", ["2026-05-05"], []),
        ("targets.student_device_ratio.at_most", 6, 5),
        ("stages.kindergarten.targets.wireless_coverage.at_least", None, 0.8),
    ]


# The schema


def test_the_committed_schema_is_current() -> None:
    """Written by `python -m collector.policy_schema configs/policy.schema.json`."""
    assert (CONFIGS / "policy.schema.json").read_text(encoding="utf-8") == text()


def test_the_schema_has_every_key_and_refuses_others() -> None:
    schema = policy_schema()
    assert set(schema["properties"]) == set(Policy.model_fields)
    assert schema["additionalProperties"] is False
    assert schema["properties"]["profile"]["enum"] == list(profiles())
    targets = schema["$defs"]["Targets"]
    assert set(targets["properties"]) == set(TARGETS)
    assert all(part.get("additionalProperties") is False for part in schema["$defs"].values() if "properties" in part)
