"""docker-compose.yml as Compose itself reads it, and the demo school's scripts run without containers.

There is no container engine here: that the images build and start is not proven.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.catalogue import ROOT
from tests.peers.free import free_port
from tests.peers.prometheus import wait_until
from tests.peers.reports import get

BIN = Path(sys.executable).parent
FILE = ROOT / "docker-compose.yml"
RAW = yaml.safe_load(FILE.read_text())


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """The file as Compose resolves it, with the demo's services."""
    command = [str(BIN / "docker-compose"), "-f", str(FILE), "--profile", "demo", "config", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_compose_accepts_it_with_and_without_the_demo() -> None:
    for profile in ([], ["--profile", "demo"]):
        done = subprocess.run(
            [BIN / "docker-compose", "-f", FILE, *profile, "config", "-q"], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_every_image_has_a_version(composed: dict[str, Any]) -> None:
    images = [service["image"] for service in composed["services"].values()]
    images += re.findall(r"(?m)^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text())
    assert len(images) == 8
    for image in images:
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+[\w.-]*", image), image


def test_every_service_that_stays_has_a_health_check(composed: dict[str, Any]) -> None:
    services = composed["services"]
    ends = {
        name
        for service in services.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert ends == {"demo-setup"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == ends


def test_every_service_is_confined(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert not service.get("privileged"), name
        for port in service.get("ports", ()):
            assert port["host_ip"] == "127.0.0.1", name
        for volume in service["volumes"]:
            assert volume["type"] == "volume" or volume["read_only"], f"{name} may write {volume['target']}"
            assert volume["type"] == "volume" or Path(volume["source"]).exists(), volume["source"]


def test_grafana_has_no_default_password(composed: dict[str, Any]) -> None:
    environment = composed["services"]["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"
    assert not any(name in environment for name in ("GF_SECURITY_ADMIN_PASSWORD", "GF_AUTH_ANONYMOUS_ORG_ROLE"))
    assert not Path(composed["secrets"]["grafana_admin_password"]["file"]).is_relative_to(ROOT / "configs")


def test_prometheus_finds_the_services_by_the_names_they_have() -> None:
    config = (ROOT / "configs/prometheus/prometheus.yml").read_text()
    for host in re.findall(r"targets: \[([a-z]+):\d+\]", config):
        assert host == "localhost" or host in RAW["services"], host
    provisioned = (ROOT / "configs/grafana/provisioning/datasources/prometheus.yml").read_text()
    assert "http://prometheus:9090" in provisioned


def test_the_image_holds_every_package_that_is_installed() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    let_through = (ROOT / ".dockerignore").read_text().split()
    for package in ("agent", "collector", "common", "wire"):
        assert f"COPY {package} {package}\n" in dockerfile
        assert f"!{package}" in let_through
    assert "--require-hashes" in dockerfile


def test_the_demo_school_enrols_itself_and_reports(tmp_path: Path) -> None:
    port = free_port()
    moves = {
        "/etc/campus-agent": tmp_path / "etc-agent",
        "/etc/campus": tmp_path / "etc",
        "/var/lib/campus-collector": tmp_path / "state",
        "/var/lib/campus-agent": tmp_path / "agent",
        "/var/lib/campus-enrol": tmp_path / "enrol",
        "127.0.0.1:8600": f"127.0.0.1:{port}",
        "0.0.0.0:8600": f"127.0.0.1:{port}",
    }

    def moved(text: str) -> str:
        for old, new in moves.items():
            text = text.replace(old, str(new))
        return text.replace("$$", "$")

    for service in RAW["services"].values():
        for source, target, *_ in (str(volume).split(":") for volume in service["volumes"]):
            if target.startswith("/etc/campus"):
                put = Path(moved(target))
                put.parent.mkdir(exist_ok=True)
                put.write_text(moved((ROOT / source).read_text()))
    agent = tmp_path / "etc-agent/agent.yaml"
    district = tmp_path / "etc/collector.yaml"
    district.write_text(district.read_text() + "evaluate_every_seconds: 1\n")
    hurried = re.sub(r"every_seconds: (30|60)", "every_seconds: 1", agent.read_text())
    agent.write_text(f"{hurried}metrics: {{listen: '127.0.0.1:{free_port()}'}}\n")
    for folder in ("state", "agent", "enrol"):
        (tmp_path / folder).mkdir()

    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("agent", "collector"):
        (programs / f"campus-{name}").write_text(f'#!/bin/sh\nexec {sys.executable} -m {name}.cli "$@"\n')
        (programs / f"campus-{name}").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "CAMPUS_LANG": "en"}

    def command(service: str) -> list[str]:
        described = RAW["services"][service]
        entrypoint = described.get("entrypoint", [str(programs / "campus-collector")])
        return [moved(part) for part in (*entrypoint, *described["command"])]

    running: list[subprocess.Popen[bytes]] = []
    with (tmp_path / "log").open("wb") as log:
        try:
            running.append(subprocess.Popen(command("collector"), env=environment, stderr=log))
            wait_until(lambda: _answers(port), what="the collector answers")
            for _ in range(2):  # a second start changes nothing
                setup = subprocess.run(command("demo-setup"), env=environment, capture_output=True, timeout=60)
                assert setup.returncode == 0, setup.stderr
            running.append(subprocess.Popen(command("demo-agent"), env=environment, stderr=log, stdout=log))

            def probes() -> bool:
                seen = get(f"http://127.0.0.1:{port}", "/api/v1/observations")["observations"]
                return {each["probe"] for each in seen if each["school"] == "demo-school"} >= {"host", "path"}

            wait_until(probes, 30, "the demo school reports")
        except AssertionError as error:
            raise AssertionError(f"{error}: {(tmp_path / 'log').read_text()[-3000:]}") from None
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(20)


def _answers(port: int) -> bool:
    try:
        return "schools" in get(f"http://127.0.0.1:{port}", "/api/v1/schools")
    except OSError:
        return False
