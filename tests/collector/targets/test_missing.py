"""What is missing is said the same way by every target."""

import string

import pytest

from collector.reasons import REASONS
from collector.verdict import Reason, Verdict, reason_json
from common.text import Text
from tests.collector.equipment import ANY_SCHOOL, PROBES
from tests.collector.making import GIGABIT, known, r, seen, verdict
from wire.report import Outcome


def test_reasons_have_both_languages_and_the_same_fields() -> None:
    for code, text in REASONS.items():
        fields = [
            sorted(str(name) for _, name, _, _ in string.Formatter().parse(sentence) if name)
            for sentence in (text.zh, text.en)
        ]
        assert text.zh, code
        assert text.en, code
        assert text.zh != text.en or not text.en.replace("{what}", ""), code
        assert fields[0] == fields[1], code
        assert any("\u4e00" <= character <= "\u9fff" for character in text.zh), code
        assert not any("\u4e00" <= character <= "\u9fff" for character in text.en), code


def test_a_reason_speaks_each_language_and_refuses_a_missing_value() -> None:
    reason = Reason("roster_missing", {"what": Text("班级数", "the number of classes")})
    assert "班级数" in reason.text.zh
    assert "the number of classes" in reason.text.en
    assert reason_json(reason)["values"] == {"what": {"zh": "班级数", "en": "the number of classes"}}
    with pytest.raises(KeyError):
        Reason("stale", {"device": "x"})
    with pytest.raises(KeyError):
        Reason("no_such_code")


def test_unknown_has_no_value() -> None:
    with pytest.raises(ValueError, match="only bounds"):
        Verdict("x", "unknown", Reason("never_reported"), value=1.0)


@pytest.mark.parametrize("target", PROBES)
@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        pytest.param(lambda probe: known(reported=None), "never_reported", id="never"),
        pytest.param(lambda probe: known(seen("host", "box")), "not_probed", id="not-probed"),
        pytest.param(lambda probe: known(), "not_probed", id="nothing-seen"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400)), "stale", id="stale"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400), reported=301), "agent_silent", id="silent"),
        pytest.param(lambda probe: known(seen(probe, "x", ago=4 * 86400), reported=299), "stale", id="not-silent-yet"),
    ],
)
def test_missing_evidence_is_unknown(target: str, evidence: object, code: str) -> None:
    found = verdict(target, ANY_SCHOOL, evidence(PROBES[target]))  # type: ignore[operator]
    assert (found.state, found.reason.code, found.attainment) == ("unknown", code, None)


@pytest.mark.parametrize("target", PROBES)
@pytest.mark.parametrize("outcome", ["timeout", "unreachable", "refused", "malformed", "crashed"])
def test_a_failing_device_is_unknown_and_named(target: str, outcome: Outcome) -> None:
    failing = seen(PROBES[target], "core switch", outcome=outcome, detail="no {answer} in 10 s")
    found = verdict(target, ANY_SCHOOL, known(failing))
    assert (found.state, found.reason.code) == ("unknown", f"device_{outcome}")
    assert "core switch" in found.reason.text.zh
    assert "no {answer} in 10 s" in found.reason.text.en


def test_a_silent_agent_says_since_when_in_the_districts_zone() -> None:
    found = verdict("desktop_100m", ANY_SCHOOL, known(seen("ports", "sw", ago=7200), reported=3600))
    assert "2026-09-10 09:00" in found.reason.text.zh


def test_fresh_data_speaks_although_the_agent_fell_silent() -> None:
    table = seen("ports", "sw", r("access_port_speed_bytes", GIGABIT, port="1", ifindex="1"), ago=400)
    assert verdict("desktop_100m", ANY_SCHOOL, known(table, reported=390)).state == "met"


@pytest.mark.parametrize(("ago", "state"), [(900, "met"), (901, "unknown"), (-5, "met")])
def test_the_edge_of_freshness(ago: float, state: str) -> None:
    table = seen("ports", "sw", r("access_port_speed_bytes", GIGABIT, port="1", ifindex="1"), ago=ago)
    assert verdict("desktop_100m", ANY_SCHOOL, known(table)).state == state
