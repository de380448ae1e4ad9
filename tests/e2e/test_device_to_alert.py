"""From a device to an alert with no mock on the way: snmpd, iperf3, agent, collector, Prometheus, Alertmanager."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.school_device import SchoolDevice
from tests.peers.agent import AgentProcess, start_agent, write_config
from tests.peers.alertmanager import alertmanager, sending_to
from tests.peers.collector import CollectorProcess, collector
from tests.peers.free import free_port
from tests.peers.prometheus import hastened, prometheus, scraping, wait_until
from tests.peers.reports import get
from tests.peers.snmpd import snmpd
from tests.peers.webhook import Webhook, webhook

CONFIGS = Path(__file__).parents[2] / "configs"
SCHOOL = "xiwang"
ROSTER = {
    "schools": [
        {
            "id": SCHOOL,
            "name": "希望小学",
            "stage": "primary",
            "students": 80,
            "teachers": 6,
            "classes": 2,
            "places": [{"id": "101", "class_name": "1.1"}, {"id": "102", "class_name": "1.2"}],
            "devices": [
                {"id": "AP-101", "system": "wireless", "place": "101"},
                {"id": "AP-102", "system": "wireless", "place": "102"},
            ],
        }
    ]
}
FRESH = 12
POLICY = {
    "version": 1,
    "agent_silent_after_seconds": 6,
    "targets": {name: {"fresh_seconds": FRESH} for name in ("gigabit_uplink", "desktop_100m", "wireless_coverage")},
}
WAIT = 40.0


@dataclass
class Stage:
    device: SchoolDevice
    collector: CollectorProcess
    agent_config: Path
    webhook: Webhook
    agent: AgentProcess

    def verdict(self, target: str) -> dict[str, Any]:
        found = get(self.collector.url, f"/api/v1/verdicts?school={SCHOOL}&target={target}")["verdicts"]
        return dict(found[0]) if found else {"state": "", "reason": {"code": ""}}

    def wait_for(self, target: str, state: str, code: str | None = None) -> dict[str, Any]:
        """The verdict once it has this state (and reason). Says what it was instead."""
        seen: dict[str, Any] = {}

        def holds() -> bool:
            seen.update(self.verdict(target))
            return seen["state"] == state and code in (None, seen["reason"]["code"])

        try:
            wait_until(holds, WAIT, f"{target} is {state} {code or ''}")
        except AssertionError as error:
            raise AssertionError(
                f"{error}; it is {seen['state']}: {seen['reason']}; agent: {self.agent.log()[-1500:]}"
            ) from None
        return seen

    def fired(self) -> set[tuple[str, str]]:
        """Every alert that arrived so far, as (name, target)."""
        labels = [alert["labels"] for alert in self.webhook.alerts if alert["status"] == "firing"]
        return {(each["alertname"], each.get("target", "")) for each in labels}

    def alert(self, status: str, name: str, **labels: str) -> dict[str, Any]:
        wanted = {"alertname": name, "school": SCHOOL, **labels}
        return self.webhook.wait_for(
            lambda alert: alert["status"] == status and wanted.items() <= alert["labels"].items(), WAIT
        )


@contextmanager
def iperf3_server() -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen(
        ["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(10)


def devices(snmp_port: int, iperf3_port: int) -> list[dict[str, Any]]:
    snmp = {"host": "127.0.0.1", "port": snmp_port, "community": {"file": "community"}}
    return [
        {
            "probe": "ports", "device": "gateway", "every_seconds": 1, "timeout_seconds": 5, "snmp": snmp,
            "wan": {"aliases": ["to-MAN"]},
        },
        {"probe": "wireless", "device": "ac", "every_seconds": 1, "timeout_seconds": 5, "snmp": snmp},
        {
            "probe": "throughput", "device": "man", "every_seconds": 20, "timeout_seconds": 24, "method": "iperf3",
            "host": "127.0.0.1", "port": iperf3_port, "seconds": 2,
        },
    ]  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        device = SchoolDevice(tmp_path / "rows")
        device.write()
        hook = stack.enter_context(webhook())
        snmp_port = stack.enter_context(snmpd(device.snmpd_conf()))
        iperf3_port = stack.enter_context(iperf3_server())
        served = stack.enter_context(collector(tmp_path / "collector", ROSTER, POLICY, evaluate_every_seconds=1))
        alerting = stack.enter_context(
            alertmanager(sending_to((CONFIGS / "alertmanager" / "alertmanager.yml").read_text(), hook.url))
        )
        rules = {path.name: hastened(path.read_text()) for path in (CONFIGS / "prometheus" / "rules").glob("*.yml")}
        stack.enter_context(prometheus(scraping(served.url, alertmanager=alerting, rule_files=sorted(rules)), rules))
        config = write_config(
            tmp_path / "agent", SCHOOL, served.token(SCHOOL), served.url, devices(snmp_port, iperf3_port)
        )
        (config.parent / "community").write_text("public")
        running = start_agent(config)
        found = Stage(device, served, config, hook, running)
        stack.callback(lambda stage: stage.agent.stop(), found)
        yield found


def test_each_fault_gives_its_verdict_its_alert_and_its_all_clear(stage: Stage) -> None:
    stage.wait_for("gigabit_uplink", "met")
    stage.wait_for("desktop_100m", "met")
    stage.wait_for("wireless_coverage", "met")

    # The uplink renegotiates to 100 Mbit/s.
    stage.device.wan_bits = 100_000_000
    stage.device.write()
    slow = stage.wait_for("gigabit_uplink", "unmet", "uplink_speed_low")
    assert (slow["value"], slow["threshold"]) == (100e6, 1e9)
    assert "GigabitEthernet0/0/1" in slow["reason"]["en"]
    assert "GigabitEthernet0/0/1" in slow["reason"]["zh"]
    assert slow["evidence"][0]["device"] == "gateway"
    stage.alert("firing", "CampusTargetUnmet", target="gigabit_uplink")
    stage.device.wan_bits = 1_000_000_000
    stage.device.write()
    stage.wait_for("gigabit_uplink", "met")
    stage.alert("resolved", "CampusTargetUnmet", target="gigabit_uplink")

    # An access point dies.
    stage.device.dead_access_points = {"AP-102"}
    stage.device.write()
    dark = stage.wait_for("wireless_coverage", "unmet")
    assert dark["value"] == 0.5
    assert any("102" in finding["en"] for finding in dark["findings"])
    assert stage.verdict("gigabit_uplink")["state"] == "met"
    stage.alert("firing", "CampusTargetUnmet", target="wireless_coverage")
    stage.device.dead_access_points = set()
    stage.device.write()
    stage.wait_for("wireless_coverage", "met")
    stage.alert("resolved", "CampusTargetUnmet", target="wireless_coverage")

    # The agent is stopped: nothing is known any more, which is one alert and never "unmet".
    before = stage.fired()
    stage.agent.stop()
    for target in ("gigabit_uplink", "desktop_100m", "wireless_coverage"):
        stage.wait_for(target, "unknown", "agent_silent")
    stage.alert("firing", "CampusAgentSilent")
    assert stage.fired() - before == {("CampusAgentSilent", "")}

    stage.agent = start_agent(stage.agent_config)
    for target in ("gigabit_uplink", "desktop_100m", "wireless_coverage"):
        stage.wait_for(target, "met")
    stage.alert("resolved", "CampusAgentSilent")
