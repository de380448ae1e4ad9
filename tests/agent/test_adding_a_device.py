"""docs/adding-a-device.md, followed word for word on a device that no pack of ours knows."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.made import Objects, mac_index, system, write
from tests.peers.recording import recordings

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-device.md").read_text(encoding="utf-8")
ROOT = "1.3.6.1.4.1.99999.2"
APS = {
    "08:c0:21:00:00:01": ("三年二班-1", 1, 7),
    "08:c0:21:00:00:02": ("图书馆-1", 2, 0),
    "08:c0:21:00:00:03": ("操场-1", 3, 0),
}


def device() -> Objects:
    made = system("1.3.6.1.4.1.99999.1.5", descr="Example AC") | {
        f"{ROOT}.1.1.0": 1,
        f"{ROOT}.1.2.0": 3,
        f"{ROOT}.1.3.0": 7,
        f"{ROOT}.1.4.0": 3,
        f"{ROOT}.1.5.0": 4,
    }
    for mac, (name, state, clients) in APS.items():
        for column, value in (
            (3, name),
            (6, f"SN{mac[-1]}"),
            (13, "AP-1"),
            (19, state),
            (24, 1000),
            (34, "1.0"),
            (44, clients),
        ):
            made[f"{ROOT}.4.1.{column}.{mac_index(mac)}"] = value
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with recordings({"readonly": write(tmp_path, "readonly", device())}) as port:
        (tmp_path / "agent.yaml").write_text(
            "school: east\nstate_dir: state\npacks: mine\n"
            "devices:\n  - {probe: wireless, device: ac, snmp: "
            f"{{host: 127.0.0.1, port: {port}, community: {{file: community}}}}}}\n"
        )
        (tmp_path / "community").write_text("readonly")
        (tmp_path / "port").write_text(str(port))
        (tmp_path / "mine").mkdir()
        yield tmp_path


def agent(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", *arguments, "--config", str(folder / "agent.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "CAMPUS_LANG": "en", "COLUMNS": "160"},
    )


def test_the_page_takes_a_reader_through_it(folder: Path) -> None:
    before = agent(folder, "packs", "--device", "ac")
    assert before.returncode == 1
    assert "1.3.6.1.4.1.99999.1.5" in before.stdout

    command = next(line for line in re.findall(r"`(snmpbulkwalk [^`]*) > walk\.txt`", PAGE) if "ADDRESS" in line)
    address = f"udp:127.0.0.1:{(folder / 'port').read_text()}"
    words = command.replace("READ_COMMUNITY", "readonly").replace("ADDRESS", address).split()
    walk = subprocess.run(
        words, capture_output=True, check=True, timeout=30, env={**os.environ, "MIBS": ""}
    ).stdout.decode()
    assert f".{ROOT}.4.1.19.8.192.33.0.0.2 = INTEGER: 2" in walk  # the column that tells on line from off line

    (folder / "mine" / "example.yaml").write_text(PAGE.split("```yaml\n", 1)[1].split("```", 1)[0], encoding="utf-8")
    tried = agent(folder, "packs", "--device", "ac")
    assert (tried.returncode, tried.stderr) == (0, "")
    first = next(line for line in tried.stdout.splitlines() if "example-ac" in line or "huawei-ac" in line)
    assert "✔ example-ac" in first
    assert "sysObjectID matches, 3 access points" in first

    report = json.loads(agent(folder, "probe", "--only", "wireless", "--json").stdout)
    (seen,) = report["observations"]
    assert (seen["outcome"], seen["detail"]) == ("ok", "")
    states = {
        r["labels"]["ap"]: r["labels"]["state"] for r in seen["readings"] if r["measure"].endswith("_point_state")
    }
    assert states == {"三年二班-1": "online", "图书馆-1": "offline", "操场-1": "standby"}
    clients = {r["labels"]["band"]: r["value"] for r in seen["readings"] if r["measure"] == "wireless_clients"}
    assert clients == {"all": 7, "2.4GHz": 3, "5GHz": 4}
