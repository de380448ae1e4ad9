"""lecture_recording: the platform, and the school's own hosts, by table."""

from dataclasses import replace
from datetime import date

import pytest

from collector.calendar import DEFAULT_CALENDAR
from collector.evidence import Daily
from collector.judge import reaching, settled
from collector.roster.model import School
from collector.targets import TARGETS
from collector.targets.lecture_recording import ID, LectureRecordingPolicy
from tests.collector.hours import judged, reported, school_days, up, week, without
from tests.collector.making import codes, r, rolled, school, seen
from wire.report import Observation, Outcome

WEEK = week(ID)
TWO = school("101", "录播室", devices=(("recording", "host-1", "101"), ("recording", "host-2", "录播室")))


def host(
    name: str, value: float | None, place: str = "", *, probe: str = "recording", outcome: Outcome = "ok"
) -> Observation:
    told = [] if value is None else [r("av_device_up", value, system="recording", place=place)]
    return seen(probe, name, *told, outcome=outcome, detail="x")


ONE, OTHER = host("host-1", 1), host("host-2", 1)


@pytest.mark.parametrize(
    ("of", "rows", "latest", "state", "code"),
    [
        pytest.param(TWO, WEEK, (ONE, OTHER), "met", "all_parts_hold", id="met"),
        pytest.param(school("101"), WEEK, (ONE,), "met", "all_parts_hold", id="the-agent-alone-knows-it"),
        pytest.param(TWO, WEEK, (ONE, host("host-2", 0)), "unmet", "recording_hosts_down", id="a-host-with-a-fault"),
        pytest.param(TWO, WEEK, (ONE,), "unknown", "equipment_not_probed", id="one-is-not-probed"),
        pytest.param(
            TWO, WEEK, (ONE, host("host-2", None, outcome="refused")), "unknown", "device_refused", id="password"
        ),
        pytest.param(
            TWO, WEEK, (ONE, host("host-2", None, outcome="timeout")), "unknown", "device_timeout", id="just-gone"
        ),
        pytest.param(
            TWO,
            WEEK,
            (ONE, OTHER, host("host-2", 0, probe="onvif")),
            "unknown",
            "recording_host_disputed",
            id="two-probes-disagree",
        ),
        pytest.param(school("101"), WEEK, (), "unknown", "roster_missing", id="none-known"),
        pytest.param(TWO, (), (ONE, OTHER), "unknown", "not_probed", id="the-platform-is-not-probed"),
        pytest.param(
            TWO, without(WEEK, date(2026, 9, 7)), (ONE, OTHER), "unknown", "service_half_watched", id="half-watched"
        ),
        pytest.param(
            TWO,
            tuple(row for day in school_days() for row in up(ID, day, 0)),
            (ONE, OTHER),
            "unmet",
            "service_unavailable",
            id="the-platform-is-down",
        ),
        pytest.param(
            TWO, (), (ONE, host("host-2", 0)), "unmet", "recording_hosts_down", id="a-fault-decides-without-platform"
        ),
        pytest.param(
            TWO,
            WEEK,
            (
                seen(
                    "recording",
                    "platform",
                    *(r("av_device_up", 1, system="recording", place=p) for p in ("101", "录播室")),
                ),
            ),
            "met",
            "all_parts_hold",
            id="a-platform-tells-of-the-hosts",
        ),
    ],
)
def test_recording(of: School, rows: tuple[Daily, ...], latest: tuple[Observation, ...], state: str, code: str) -> None:
    found = judged(ID, reported(rows, latest=latest), of=of)
    assert (found.state, found.reason.code) == (state, code), [f.text.en for f in found.findings]
    assert found.threshold == 0.99
    assert (found.attainment is None) == (state == "unknown")
    if found.attainment is not None:
        assert (found.attainment >= 1) == (state == "met")
    assert state == "met" or found.findings
    assert state == "unknown" or found.evidence


def test_attainment_is_the_worse_of_both() -> None:
    found = judged(ID, reported(WEEK, latest=(ONE, host("host-2", 0))), of=TWO)
    assert (found.attainment, found.value) == (0.5, 1)
    assert {"recording_hosts_down", "equipment_fault"} == codes(found)


def test_whole_hosts_do_not_hinder_recovery() -> None:
    found = judged(ID, reported(WEEK, latest=(ONE, OTHER)), of=TWO)
    assert found.attainment == pytest.approx(1 / 0.99)
    assert settled(found, "unmet", LectureRecordingPolicy()).state == "met"


def test_a_school_that_needs_no_host_is_judged_by_the_platform() -> None:
    found = judged(ID, reported(WEEK), policy=LectureRecordingPolicy(hosts_required=0))
    assert (found.state, found.reason.code) == ("met", "service_available")
    more = judged(ID, reported(WEEK, latest=(ONE, OTHER)), of=TWO, policy=LectureRecordingPolicy(hosts_required=3))
    assert (more.state, more.reason.code) == ("unknown", "roster_missing")


def test_a_host_that_was_up_lately_and_has_only_just_gone_still_counts() -> None:
    was_up = rolled("recording", "host-2", r("av_device_up", 1, system="recording", place=""), hours_ago=1)
    gone = host("host-2", None, outcome="timeout")
    assert judged(ID, reported(WEEK, (was_up,), latest=(ONE, gone)), of=TWO).state == "met"


def test_it_reads_nothing_that_it_did_not_declare() -> None:
    runs = rolled("recording", "host-2", r("probe_success", 0), hours_ago=1, count=50)
    other = replace(runs, device="display-1", probe="display")
    evidence = reported(WEEK, week("exam_marking"), (runs, other), latest=(ONE, OTHER, seen("ports", "sw")))
    narrowed = reaching(TARGETS[ID], TWO, evidence, DEFAULT_CALENDAR)
    assert len(narrowed.daily) < len(evidence.daily)
    assert judged(ID, narrowed, of=TWO) == judged(ID, evidence, of=TWO)
