"""Who is told what: the shipped Alertmanager configuration in a real Alertmanager, with a webhook at its end."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.catalogue import ROOT
from tests.monitoring.test_rules import ALERTS
from tests.peers.alertmanager import alertmanager, held, post, sending_to
from tests.peers.prometheus import wait_until
from tests.peers.webhook import webhook

FOLDER = ROOT / "configs/alertmanager"
CONFIG = (FOLDER / "alertmanager.yml").read_text()


def alert(name: str, school: str = "", **labels: str) -> dict[str, Any]:
    rule = ALERTS[name]
    where = {"school": school} if school else {}
    return {
        "labels": {"alertname": name, "severity": rule["labels"]["severity"], **where, **labels},
        "annotations": {"summary_zh": name},
    }


def check(config: str, folder: Path) -> None:
    (folder / "alertmanager.yml").write_text(config)
    done = subprocess.run(
        ["amtool", "check-config", str(folder / "alertmanager.yml")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_amtool_accepts_it_and_its_email_example(tmp_path: Path) -> None:
    check(CONFIG, tmp_path)
    block = re.search(r"    # email_configs:\n(?:    # .*\n)+?(?=    # wechat_configs)", CONFIG)
    assert block is not None
    uncommented = re.sub(r"(?m)^    # ", "    ", block[0])
    check(CONFIG.replace(block[0], uncommented), tmp_path)


def test_it_holds_no_secret() -> None:
    for line in CONFIG.splitlines():
        assert not re.match(r"[\s#]*[a-z_]*(password|secret|token):", line), line


@pytest.mark.parametrize("template", ["campus.title", "campus.text"])
def test_the_templates_say_it_in_both_languages(template: str, tmp_path: Path) -> None:
    data = {
        "status": "firing",
        "alerts": [
            {
                "status": status,
                "startsAt": "2026-01-05T01:02:03Z",
                "endsAt": "2026-01-05T02:02:03Z",
                "annotations": {"summary_zh": "甲", "summary_en": "alpha", "page": "/schools/a"},
            }
            for status in ("firing", "resolved")
        ],
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    done = subprocess.run(
        [
            "amtool", "template", "render", f"--template.glob={FOLDER}/templates/*.tmpl",
            f"--template.text={{{{ template {template!r} . }}}}".replace("'", '"'),
            f"--template.data={tmp_path / 'data.json'}",
        ],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "甲" in done.stdout
    if template == "campus.text":
        assert "alpha" in done.stdout
        assert "2026-01-05" in done.stdout
        assert "【已恢复】" in done.stdout


def told(*alerts: dict[str, Any]) -> tuple[set[tuple[str, str]], list[dict[str, Any]]]:
    """Hand Alertmanager these alerts together: (alertname, school) of those delivered, and the notifications."""
    with webhook() as hook, alertmanager(sending_to(CONFIG, hook.url)) as base:
        post(base, list(alerts))
        wait_until(lambda: len(held(base)) == len(alerts))

        def delivered() -> set[tuple[str, str]]:
            return {(a["labels"]["alertname"], a["labels"].get("school", "")) for a in hook.alerts}

        def settled() -> bool:
            active = [a for a in held(base) if a["status"]["state"] == "active"]
            wanted = {(a["labels"]["alertname"], a["labels"].get("school", "")) for a in active}
            return bool(wanted) and delivered() >= wanted

        wait_until(settled, what="the delivery of what is not inhibited")
        return delivered(), hook.notifications


EVERYTHING = [name for name, rule in ALERTS.items() if "school" in rule["annotations"]["page"]]


def test_an_unreachable_school_is_one_alert_and_others_are_told_of() -> None:
    east = [alert(name, "east") for name in EVERYTHING if name != "CampusAgentNeverReported"]
    east += [alert("CampusTargetUnmet", "east", target=target) for target in ("desktop_100m", "wireless_coverage")]
    delivered, notifications = told(*east, alert("CampusTargetUnmet", "west", target="gigabit_uplink"))
    assert delivered == {("CampusAgentSilent", "east"), ("CampusTargetUnmet", "west")}
    assert all(notification["groupLabels"].keys() == {"school"} for notification in notifications)


def test_a_cut_uplink_mutes_its_school_but_never_the_silent_agent() -> None:
    delivered, _ = told(
        alert("CampusUplinkDown", "east"),
        alert("CampusTargetUnmet", "east", target="gigabit_uplink"),
        alert("CampusAccessPointsDown", "east"),
        alert("CampusDeviceSilent", "east", probe="wireless", device="ac"),
        alert("CampusUplinkDown", "west"),
        alert("CampusAgentSilent", "west"),
    )
    assert delivered == {("CampusUplinkDown", "east"), ("CampusAgentSilent", "west")}


def test_without_the_collector_only_that_is_told() -> None:
    everything = [alert(name, "east") for name in EVERYTHING]
    delivered, _ = told(alert("CampusCollectorDown"), alert("CampusCollectorNotJudging"), *everything)
    assert delivered == {("CampusCollectorDown", "")}


def test_a_school_that_never_reported_is_not_told_of_target_by_target() -> None:
    unknown = [alert("CampusTargetUnknown", "new", target=target) for target in ("a", "b", "c")]
    delivered, _ = told(alert("CampusAgentNeverReported", "new"), *unknown)
    assert delivered == {("CampusAgentNeverReported", "new")}


def test_forty_devices_of_a_school_are_one_notification() -> None:
    silent = [alert("CampusDeviceSilent", "east", probe="camera", device=f"c{number}") for number in range(40)]
    _, notifications = told(*silent)
    assert [len(notification["alerts"]) for notification in notifications] == [40]


def test_a_display_without_power_is_told_of_in_school_hours_only() -> None:
    (route,) = [route for route in yaml.safe_load(CONFIG)["route"]["routes"] if "active_time_intervals" in route]
    assert route["matchers"] == ['alertname="CampusDeviceSilent"', 'probe=~"display|panel|recording"']
    for probe in ("display", "wireless"):
        done = subprocess.run(
            [
                "amtool", "config", "routes", "test", "--tree", f"--config.file={FOLDER / 'alertmanager.yml'}",
                "alertname=CampusDeviceSilent", "severity=warning", "school=east", f"probe={probe}",
            ],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert ("probe=~" in done.stdout) == (probe == "display"), done.stdout + done.stderr
