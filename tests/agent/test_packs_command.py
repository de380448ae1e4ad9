"""`campus-agent packs`: the list, and which pack fits a device, over real UDP."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.recording import recordings

HUAWEI = """1.3.6.1.2.1.1.1.0|4|Huawei AC6605
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2011.2.240.1
1.3.6.1.2.1.1.3.0|67|100
1.3.6.1.4.1.2011.6.139.12.1.2.1.0|2|1
1.3.6.1.4.1.2011.6.139.13.3.3.1.4.0.37.158.0.0.1|4|AP-1
1.3.6.1.4.1.2011.6.139.13.3.3.1.6.0.37.158.0.0.1|2|8
"""
SWITCH = "1.3.6.1.2.1.1.1.0|4|Some switch\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1\n1.3.6.1.2.1.1.3.0|67|100\n"
NEW = HUAWEI.split("1.3.6.1.4.1.2011.6.139")[0] + "1.3.6.1.4.1.2011.6.139.99.1.0|2|1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("packs")
    (folder / "ac.snmprec").write_text(HUAWEI)
    (folder / "sw.snmprec").write_text(SWITCH)
    (folder / "new.snmprec").write_text(NEW)
    with recordings({name: folder / f"{name}.snmprec" for name in ("ac", "new", "sw")}) as port:
        lines = ["school: east", "state_dir: state", "devices:", "  - {probe: host, device: box}"]
        for name in ("ac", "new", "sw"):
            (folder / name).write_text(name)
            snmp = f"{{host: 127.0.0.1, port: {port}, community: {{file: {name}}}}}"
            lines.append(f"  - {{probe: wireless, device: {name}, snmp: {snmp}}}")
        (folder / "agent.yaml").write_text("\n".join(lines) + "\n")
        yield folder


def packs(folder: Path, *arguments: str, language: str = "en") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", "packs", "--config", str(folder / "agent.yaml"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "CAMPUS_LANG": language, "COLUMNS": "120"},
    )


def test_the_list(folder: Path) -> None:
    listed = packs(folder, language="zh")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "huawei-ac" in listed.stdout
    assert "华为" in listed.stdout
    assert "huawei-ac" in {pack["id"] for pack in json.loads(packs(folder, "--json").stdout)}


def test_a_device_that_fits(folder: Path) -> None:
    shown = packs(folder, "--device", "ac")
    assert (shown.returncode, shown.stderr) == (0, "")
    (line,) = (line for line in shown.stdout.splitlines() if "✔" in line)
    assert "huawei-ac" in line
    assert "sysObjectID matches, 1 access points" in line
    document = json.loads(packs(folder, "--device", "ac", "--json").stdout)
    assert (document["fits"], document["sysDescr"]) == ("huawei-ac", "Huawei AC6605")
    why = {pack["id"]: pack["why"] for pack in document["packs"]}
    assert why["ruijie-ac"] == "nothing under 1.3.6.1.4.1.4881.1.1.10.2.56"
    assert set(why) == {pack["id"] for pack in json.loads(packs(folder, "--json").stdout)}


def test_a_device_by_its_address(folder: Path) -> None:
    # Both have one address here; the later one of the configuration counts.
    assert "99999" in packs(folder, "--device", "127.0.0.1").stdout


def test_a_tree_without_access_points_is_named(folder: Path) -> None:
    shown = packs(folder, "--device", "new", language="zh")
    assert shown.returncode == 1
    (line,) = (line for line in shown.stdout.splitlines() if "huawei-ac" in line)
    assert "sysObjectID 相符" in line
    assert "AP 表为空" in " ".join(shown.stdout.split())


def test_a_device_that_no_pack_fits(folder: Path) -> None:
    shown = packs(folder, "--device", "sw")
    assert shown.returncode == 1
    assert "no pack fits" in shown.stdout
    assert "1.3.6.1.4.1.99999.1" in shown.stdout


def test_a_device_that_the_configuration_does_not_have(folder: Path) -> None:
    refused = packs(folder, "--device", "box")
    assert (refused.returncode, refused.stderr) == (2, "no device box speaks SNMP; accepted: ac, new, sw\n")


def test_a_device_that_does_not_answer(folder: Path) -> None:
    (folder / "sw").write_text("nobody")
    try:
        failed = packs(folder, "--device", "sw")
    finally:
        (folder / "sw").write_text("sw")
    assert failed.returncode == 1
    assert "did not answer" in failed.stderr
    assert "nobody" not in failed.stderr
