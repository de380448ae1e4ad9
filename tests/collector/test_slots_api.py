"""Slots of throughput tests by a real collector: its roster's links, its configuration, its metrics, a restart."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.peers.collector import CollectorProcess, collector
from tests.peers.reports import observation, post, report

SCHOOLS = {"east-1": "东片", "east-2": "东片", "west": "西片"}
ROSTER = {
    "schools": [
        {
            "id": school, "name": school, "stage": "primary", "students": 60, "teachers": 5, "classes": 2,
            "network": network, "places": [],
        }
        for school, network in SCHOOLS.items()
    ]
}  # fmt: skip
THROUGHPUT = {
    "concurrent": 2,
    "mbit_per_second": 1500,
    "seconds": 60,
    "servers": [{"name": "iperf", "addresses": ["speed.example:5201", "10.0.0.9:5201"]}],
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CollectorProcess, dict[str, str]]]:
    with collector(tmp_path_factory.mktemp("collector"), ROSTER, throughput=THROUGHPUT) as process:
        yield process, {school: process.token(school) for school in SCHOOLS}


def call(
    process: CollectorProcess, token: str, slot: str = "", *, method: str = "POST", **body: Any
) -> tuple[int, Any, Any]:
    path = f"{process.url}/api/v1/throughput/slots" + (f"/{slot}" if slot else "")
    raw = json.dumps(body).encode() if body else None
    request = urllib.request.Request(path, raw, {"Authorization": f"Bearer {token}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def metrics(process: CollectorProcess) -> str:
    with urllib.request.urlopen(f"{process.url}/metrics", timeout=20) as answer:
        return str(answer.read().decode())


def test_schools_on_one_link_and_tests_on_one_server(served: tuple[CollectorProcess, dict[str, str]]) -> None:
    process, tokens = served
    status, first, _ = call(process, tokens["east-1"], server="speed.example:5201", bits_per_second=1e9)
    assert (status, first["seconds"], first["bits_per_second"]) == (201, 60, None)  # its own bounds name no rate
    status, problem, headers = call(process, tokens["east-2"], bits_per_second=1e9)
    assert (status, headers["Content-Type"]) == (503, "application/problem+json; charset=utf-8")
    assert problem["title"].startswith("汇聚链路正忙")
    assert 1 <= int(headers["Retry-After"]) <= 60
    status, problem, _ = call(process, tokens["west"], server="10.0.0.9:5201")
    assert (status, problem["title"]) == (503, "测速服务正忙 / the test server is busy")
    status, second, _ = call(process, tokens["west"], bits_per_second=1e9)
    assert (status, second["bits_per_second"]) == (201, 1e9)
    page = metrics(process)
    assert "campus_throughput_slots_held 2.0" in page
    assert "campus_throughput_schools_waiting 1.0" in page  # west has come back since
    assert 'campus_throughput_slots_put_off_total{why="link"} 1.0' in page
    found = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=20)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    for school, grant in (("east-1", first), ("west", second)):
        assert call(process, tokens[school], grant["slot"], method="GET")[1] == {"limited": []}
        assert call(process, tokens[school], grant["slot"], method="DELETE")[0] == 204
    assert "campus_throughput_slots_held 0.0" in metrics(process)


def test_a_restart_waits_for_the_tests_that_may_still_run(served: tuple[CollectorProcess, dict[str, str]]) -> None:
    process, tokens = served
    status, _, _ = post(process.url, tokens["west"], report("west", observation("throughput", "man")))
    assert status == 200
    assert call(process, tokens["west"])[0] == 201
    process.kill()
    process.start()
    status, problem, headers = call(process, tokens["east-1"])
    assert (status, problem["title"]) == (503, "现在不测速 / no tests now")
    assert 50 <= int(headers["Retry-After"]) <= 60
    assert 'campus_throughput_slots_put_off_total{why="starting"} 1.0' in metrics(process)
