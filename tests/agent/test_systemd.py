"""The units, read by systemd itself; it exits 0 on bad units, so what it prints counts."""

import subprocess
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parents[2] / "configs" / "systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    lines = unit.read_text().splitlines()
    start = next(line for line in lines if line.startswith("ExecStart="))
    user = ("User=", "Group=")
    kept = [line for line in lines if not line.startswith(user)]
    copy = tmp_path / unit.name
    copy.write_text("\n".join(kept).replace(start.split()[0], f"ExecStart={program}"))
    verified = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=30)
    ours = [line for line in (verified.stdout + verified.stderr).splitlines() if unit.name in line]
    assert ours == []
    assert any(line.startswith(user) for line in lines)
    assert "NoNewPrivileges=yes" in lines
    assert "ProtectSystem=strict" in lines


def test_there_are_two() -> None:
    assert [unit.name for unit in UNITS] == ["campus-agent.service", "campus-collector.service"]
