"""multimedia_classroom: panels that can only be reached, and displays that are left on."""

from datetime import date, datetime, timedelta

import pytest

from collector.calendar import SchoolCalendar, Term
from collector.evidence import Daily, Evidence
from collector.targets import TARGETS
from collector.targets.base import Moment
from collector.targets.multimedia_classroom import MultimediaPolicy
from collector.verdict import Verdict
from tests.collector.av import runs
from tests.collector.equipment import P1, ROOMS, display
from tests.collector.hours import ZONE
from tests.collector.making import NOW, known, r, rolled, seen, verdict
from wire.report import Observation, Outcome

ID = "multimedia_classroom"
REFUSED = MultimediaPolicy(count_reachable_only=False)


def panel(name: str, by: str = "", place: str = "", *, outcome: Outcome = "ok") -> Observation:
    """What the lesser check tells: with `by` that it answers, without that it does not."""
    told = [r("av_device_reachable", 1, system="multimedia", place=place, by=by)] if by else []
    state = "unknown" if by or outcome == "refused" else "unreachable"
    told.append(r("av_device_state", 1, system="multimedia", place=place, state=state))
    return seen("panel", name, *told, outcome=outcome, every=300, detail="x")


def answered(name: str, hours_ago: float, by: str = "icmp") -> tuple[Daily, ...]:
    reading = r("av_device_reachable", 1, system="multimedia", place="", by=by)
    return (rolled("panel", name, reading, hours_ago=hours_ago),)


def test_an_answer_counts_and_the_verdict_says_what_it_is_worth() -> None:
    found = verdict(ID, ROOMS, known(P1, panel("p2", "icmp")))
    assert (found.state, found.lowest) == ("met", 1)
    assert found.reason.text.zh == "2 个班级均有可用的多媒体设备，其中 1 个班级的设备只知道能应答，是否显示画面不明"
    assert "that of 1 is known only to answer, not to show a picture" in found.reason.text.en
    assert [(f.code, f.values["device"]) for f in found.findings] == [("display_reachable_only", "p2")]
    assert "av_device_reachable=1" in {item.note for item in found.evidence}


def test_a_district_that_refuses_it_knows_nothing_of_the_room() -> None:
    found = verdict(ID, ROOMS, known(P1, panel("p2", "tcp")), REFUSED)
    assert (found.state, found.lowest, found.highest) == ("unknown", 0.5, 1)
    assert found.reason.code == "display_reachable_refused"
    only = verdict(ID, ROOMS, known(panel("p1", "tcp"), panel("p2", "arp")), REFUSED)
    assert (only.state, only.reason.code) == ("unknown", "display_reachable_refused")


def test_a_room_with_a_proven_display_too_rests_on_that() -> None:
    found = verdict(ID, ROOMS, known(P1, display("p2", 1), panel("p3", "icmp", "102")))
    assert found.reason.code == "classes_equipped"


@pytest.mark.parametrize(
    ("evidence", "policy", "state", "code"),
    [
        pytest.param(
            known(P1, panel("p2", outcome="unreachable"), daily=answered("p2", 12)),
            MultimediaPolicy(),
            "met",
            "classes_equipped_reachable",
            id="off-the-mains-and-answered-yesterday",
        ),
        pytest.param(
            known(P1, panel("p2", outcome="unreachable"), daily=answered("p2", 12)),
            REFUSED,
            "unknown",
            "device_unreachable",
            id="an-answer-of-yesterday-is-refused-too",
        ),
        pytest.param(
            known(P1, panel("p2", outcome="unreachable"), daily=runs("panel", "p2", date(2026, 9, 9), 30)),
            MultimediaPolicy(),
            "unmet",
            "classes_not_equipped",
            id="silent-for-hours-of-school",
        ),
        pytest.param(
            known(P1, panel("p2", outcome="refused")),
            MultimediaPolicy(),
            "unknown",
            "device_refused",
            id="a-closed-port",
        ),
        pytest.param(
            known(P1, seen("panel", "p2", outcome="timeout", every=300, detail="x")),
            MultimediaPolicy(),
            "unknown",
            "device_timeout",
            id="no-word-at-all",
        ),
    ],
)
def test_panels(evidence: Evidence, policy: MultimediaPolicy, state: str, code: str) -> None:
    found = verdict(ID, ROOMS, evidence, policy)
    assert (found.state, found.reason.code) == (state, code)


# Left on


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def on(when: datetime, state: str = "ok", name: str = "p1") -> Observation:
    labels = {"system": "multimedia", "place": "101"}
    told = [r("av_device_up", 1, **labels), r("av_device_state", 1, **labels, state=state)]
    return seen("display", name, *told, every=300).model_copy(update={"started_at": when})


def was(state: str, when: datetime, name: str = "p1") -> Daily:
    reading = r("av_device_state", 1, system="multimedia", place="101", state=state)
    return rolled("display", name, reading, hours_ago=(NOW - when).total_seconds() / 3600)


def left_on(
    now: datetime, *latest: Observation, daily: tuple[Daily, ...] = (), calendar: SchoolCalendar | None = None
) -> list[str]:
    """Since when the displays are said to be on."""
    evidence = known(*latest, daily=daily)
    moment = Moment(now, calendar=calendar or SchoolCalendar())
    found: Verdict = TARGETS[ID].evaluate(ROOMS, evidence, MultimediaPolicy(), moment)
    return [str(f.values["since"]) for f in found.findings if f.code == "display_left_on"]


@pytest.mark.parametrize(
    ("now", "state", "since"),
    [
        ("2026-09-10T22:00", "ok", ["2026-09-10 17:30"]),
        ("2026-09-10T22:00", "warming", ["2026-09-10 17:30"]),
        ("2026-09-10T22:00", "standby", []),
        ("2026-09-10T22:00", "cooling", []),
        ("2026-09-10T12:00", "ok", []),
        ("2026-09-10T17:45", "ok", []),  # half an hour is nobody's fault
        ("2026-09-11T02:00", "ok", ["2026-09-10 17:30"]),
        ("2026-09-12T10:00", "ok", ["2026-09-11 17:30"]),  # a Saturday
        ("2026-10-04T10:00", "ok", ["2026-09-30 17:30"]),  # National Day
    ],
)
def test_on_outside_of_school_hours_is_waste(now: str, state: str, since: list[str]) -> None:
    assert left_on(at(now), on(at(now), state), display("p2", 1)) == since


def test_since_is_when_it_was_last_seen_off() -> None:
    now = at("2026-09-10T22:00")
    off = (was("standby", at("2026-09-10T19:10")), was("unreachable", at("2026-09-10T18:00")))
    assert left_on(now, on(now), daily=off) == ["2026-09-10 19:10"]
    assert left_on(now, on(now), daily=(was("standby", at("2026-09-10T09:00")),)) == ["2026-09-10 17:30"]
    assert left_on(now, on(now), daily=(was("standby", at("2026-09-10T19:10"), "p2"),)) == ["2026-09-10 17:30"]
    assert left_on(now, on(now), daily=(was("ok", at("2026-09-10T19:10")),)) == ["2026-09-10 17:30"]
    assert left_on(now, on(now), daily=(was("standby", at("2026-09-10T21:45")),)) == []


def test_nothing_is_said_where_nobody_knows() -> None:
    now = at("2026-09-10T22:00")
    assert left_on(now, on(now), calendar=SchoolCalendar(holidays_until=2025)) == []
    assert left_on(now + timedelta(hours=1), on(now)) == [], "stale"
    assert left_on(now, on(at("2026-09-10T17:20"))) == [], "seen in school hours"
    later = SchoolCalendar(terms=(Term("a", date(2026, 9, 12), date(2027, 1, 22)),))
    assert left_on(at("2026-09-12T10:00"), on(at("2026-09-12T10:00")), calendar=later) == ["2026-09-12 00:00"]


def test_a_panel_is_never_called_on() -> None:
    now = at("2026-09-10T22:00")
    assert left_on(now, panel("p1", "icmp").model_copy(update={"started_at": now})) == []
