"""The policy: the committed file is the plan, and a wrong one is refused with the line and what is accepted."""

from pathlib import Path

import pytest

from collector.judge import judge
from collector.policy import Plan, Policy, load_policy
from collector.policy_calendar import CalendarPolicy
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from common.configfile import ConfigError, read
from tests.collector.making import NOW, known, school

COMMITTED = Path(__file__).parents[2] / "configs" / "policy.yaml"


def test_the_committed_file_is_the_default_and_writes_out_every_number() -> None:
    assert load_policy(COMMITTED) == Policy()
    assert load_policy(COMMITTED).digest == Policy().digest
    written = read(COMMITTED).data
    assert set(written) == set(Policy.model_fields) - {"holidays_until"}
    assert list(written["targets"]) == list(TARGETS)
    for name, target in TARGETS.items():
        assert set(written["targets"][name]) == set(target.policy.model_fields), name
    assert list(written["district"]) == list(DISTRICT_TARGETS)
    for name, of_district in DISTRICT_TARGETS.items():
        assert set(written["district"][name]) == set(of_district.policy.model_fields), name
    assert set(written["calendar"]) == set(CalendarPolicy.model_fields)
    assert set(written["plan"]) == set(Plan.model_fields)
    assert written["smart_campus"] == list(TARGETS)


def test_the_plans_own_numbers() -> None:
    written = read(COMMITTED).data["targets"]
    assert written["gigabit_uplink"]["required_bits_per_second"] == 1e9
    assert written["gigabit_uplink"]["throughput_share"] == 0.9
    assert written["gigabit_uplink"]["window_days"] == 7
    assert written["desktop_100m"]["required_bits_per_second"] == 1e8
    assert written["student_device_ratio"]["at_most"] == 6
    assert written["teacher_device_ratio"]["at_most"] == 1
    for service in ("exam_marking", "lecture_recording", "video_on_demand", "video_conference", "live_streaming"):
        assert (written[service]["at_least"], written[service]["window_days"]) == (0.99, 7)
    for coverage in ("wireless_coverage", "multimedia_classroom", "network_coverage"):
        assert written[coverage]["at_least"] == 1


def loaded(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return load_policy(file)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    policy = loaded(tmp_path, "targets:\n  student_device_ratio:\n    at_most: 5\n")
    assert policy.of("student_device_ratio").model_dump() == {
        "enabled": True,
        "recovery_margin": 0.0,
        "fresh_seconds": 172800,
        "at_most": 5,
        "shared_for": "students",
    }
    assert policy.of("gigabit_uplink") == Policy().of("gigabit_uplink")


def test_a_target_that_is_switched_off_is_not_judged(tmp_path: Path) -> None:
    policy = loaded(tmp_path, "targets:\n  gigabit_uplink: {enabled: false}\n  desktop_100m: {enabled: false}\n")
    assert set(TARGETS) - set(policy.enabled) == {"gigabit_uplink", "desktop_100m"}
    assert set(judge(school("101"), known(), policy, NOW)) == set(policy.enabled)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("version: 1\ntargets:\n  gigabit_uplnk: {}\n", 3, "did you mean gigabit_uplink?"),
        ("targets:\n  nonsense: {}\n", 2, "wireless_coverage"),
        ("targets:\n  gigabit_uplink:\n    at_least: 1\n", 3, "throughput_share"),
        ("targets:\n  gigabit_uplink:\n    statistic: mean\n", 3, "'best' or 'latest'"),
        ("targets:\n  gigabit_uplink:\n    throughput_share: 1.1\n", 3, "at most 1"),
        ("targets:\n  desktop_100m:\n    window_days: 0\n", 3, "at least 1"),
        ("targets:\n  wireless_coverage:\n    fresh_seconds: -1\n", 3, "above 0"),
        ("zone: Asia/Peking\n", 1, "Asia/Shanghai"),
        ("zone: Asia\n", 1, "Asia/Shanghai"),
        ("profile: iso\n", 1, "'plan'"),
        ("profile: 3\n", 1, "text is accepted"),
        ("version: 0\n", 1, "at least 1"),
        ("targets: 3\n", 1, "pairs are accepted"),
        ("district:\n  nonsense: {}\n", 2, "there is no such key"),
        ("plan: {begins: 2026-01-01, ends: 2025-01-01}\n", 1, "later than its beginning"),
        ("targets:\n  desktop_100m:\n    recovery_margin: 1\n", 3, "below 1"),
        ("agent_silent_after: 300\n", 1, "agent_silent_after_seconds"),
        ("targets:\n  teacher_device_ratio:\n    shared_for: teachers\n", 1, "must agree on shared_for"),
    ],
)
def test_a_wrong_policy_is_refused(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, text)
    (fault,) = refused.value.faults
    assert fault.line == line
    assert says in fault.in_language("en")
    assert fault.in_language("zh") != fault.in_language("en")
