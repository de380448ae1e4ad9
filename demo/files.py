"""The files that a district and its schools would write: roster, policy, configurations, registers, secrets."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from common.text import machine_language
from demo.district import SCHOOLS, School
from demo.equipment import (
    PROJECTOR_PASSWORD,
    TRUNK_ALIAS,
    WAN_ALIAS,
    Equipment,
    access_point_name,
    community,
    projector_name,
    terminal_mac,
)

PLAN: dict[str, dict[str, float]] = {
    "gigabit_uplink": {"required_bits_per_second": 1_000_000_000, "throughput_share": 0.9, "window_days": 7},
    "desktop_100m": {"required_bits_per_second": 100_000_000},
    "wireless_coverage": {"at_least": 1.0},
    "network_coverage": {"at_least": 1.0},
    "student_device_ratio": {"at_most": 6},
    "teacher_device_ratio": {"at_most": 1},
    "multimedia_classroom": {"at_least": 1.0},
}
"""The plan's own numbers."""


THROUGHPUT_NAME = "测速"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a simulated school's agent looks, in seconds. Real ones take minutes, and hours for throughput.

    Throughput periods without a common divisor keep two schools from meeting at a busy test server for ever. When in
    its period an agent tests follows from the school's and the device's name: with this name the three are apart.
    """

    look: float
    throughput: tuple[float, ...]


QUICK = Pace(look=4, throughput=(13, 29, 11))
STEADY = Pace(look=10, throughput=(59, 97, 43))


def write_district(folder: Path, port: int) -> Path:
    """Roster, policy and the collector's configuration in `folder`; returns the last."""
    write_yaml(folder / "roster.yaml", {"schools": [_roster(school) for school in SCHOOLS]})
    write_yaml(
        folder / "policy.yaml", {"version": 1, "profile": "plan", "agent_silent_after_seconds": 60, "targets": PLAN}
    )
    config = folder / "collector.yaml"
    write_yaml(
        config,
        {
            "listen": f"127.0.0.1:{port}",
            "public_url": f"http://127.0.0.1:{port}",
            "store": {"url": "sqlite:///district.sqlite"},
            "policy": "policy.yaml",
            "language": machine_language(),
            "evaluate_every_seconds": 2,
            "throughput": {"concurrent": 1, "seconds": 20},
        },
    )
    return config


def write_school(folder: Path, equipment: Equipment, url: str, pace: Pace) -> Path:
    """An agent's configuration, register and secrets in a new `folder`; returns the configuration."""
    school = equipment.school
    folder.mkdir(mode=0o700)
    write_secret(folder / "community", community(school))
    write_secret(folder / "projectors", PROJECTOR_PASSWORD if not school.is_password_wrong else "old-password")
    _write_register(folder / "register.csv", school)
    config = folder / "agent.yaml"
    write_yaml(
        config,
        {
            "school": school.id,
            "collector": {"url": url, "token": {"file": "token"}, "every_seconds": 1, "retry_at_most_seconds": 5},
            "state_dir": "state",
            "metrics": {"listen": "127.0.0.1:0"},
            "devices": _devices(equipment, pace),
        },
    )
    return config


def write_yaml(path: Path, document: Any) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def write_secret(path: Path, secret: str) -> None:
    """Readable by nobody else from its first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")


def _roster(school: School) -> dict[str, Any]:
    places: list[dict[str, Any]] = [
        {"id": p.id, "kind": p.kind, "name": p.name, "class_name": p.class_name, "seats": p.seats}
        for p in school.places
    ]
    places.append({"id": "教师办公室", "kind": "office", "teaching": False})
    wireless = [{"id": access_point_name(p.id), "system": "wireless", "place": p.id} for p in school.places]
    displays = [{"id": projector_name(p.id), "system": "multimedia", "place": p.id} for p in school.classrooms]
    return {
        "id": school.id,
        "name": school.name,
        "stage": school.stage,
        "students": school.students,
        **(dict(zip(("primary_students", "junior_students"), school.parts, strict=True)) if school.parts else {}),
        "teachers": school.teachers,
        "classes": len(school.classrooms),
        "network": school.network,
        "places": places,
        "devices": wireless + displays,
    }


def _devices(equipment: Equipment, pace: Pace) -> list[dict[str, Any]]:
    school = equipment.school
    switch, controller = _snmp(equipment.switch.port), _snmp(equipment.controller.port)
    every: dict[str, Any] = {"every_seconds": pace.look, "timeout_seconds": 8}
    throughput = pace.throughput[SCHOOLS.index(school)]
    return [
        {
            "probe": "ports",
            "device": "核心交换机",
            **every,
            "snmp": switch,
            "wan": {"aliases": [WAN_ALIAS]},
            "trunks": {"aliases": [TRUNK_ALIAS]},
            "place_pattern": "^room (?P<place>.+)$",
        },
        {
            "probe": "wireless",
            "device": "无线控制器",
            **every,
            "snmp": controller,
            "place_pattern": "^AP-(?P<place>.+)$",
        },
        {
            "probe": "terminals",
            "device": "终端台账",
            **every,
            "register": "register.csv",
            "sources": [{"kind": kind, "snmp": switch} for kind in ("arp", "fdb")],
        },
        *(
            {
                "probe": "display",
                "device": projector_name(place),
                **every,
                "host": "127.0.0.1",
                "port": projector.port,
                "password": {"file": "projectors"},
                "place": place,
            }
            for place, projector in equipment.projectors.items()
        ),
        {
            "probe": "throughput",
            "device": THROUGHPUT_NAME,
            "every_seconds": throughput,
            "timeout_seconds": 30,
            "seconds": 2,
        },
        # Where this user may send no ICMP, the probe says so and nothing else changes.
        {"probe": "path", "device": "城域网核心", "host": "127.0.0.1", "count": 5, **every},
        {"probe": "host", "device": "探针主机", **every, "cpu_seconds": 0.2},
    ]


def _snmp(port: int) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "community": {"file": "community"},
        "request_timeout_seconds": 1,
        "retries": 1,
    }


def _write_register(path: Path, school: School) -> None:
    rows: list[Sequence[str]] = [("MAC地址", "归属", "备注")]
    for owner, word, count in (
        ("student", "学生", school.student_terminals[0]),
        ("teacher", "教师", school.teacher_terminals[0]),
    ):
        rows += [(terminal_mac(owner, number).hex(":"), word, f"{word}{number + 1:03}") for number in range(count)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
