"""What the collector takes and what it refuses, over HTTP against the real process."""

import gzip
import json
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import zstandard

from tests.peers.collector import CollectorProcess, collector
from tests.peers.reports import get, observation, post, report

ROSTER = {
    "schools": [
        {"id": "east", "name": "东校", "stage": "primary", "students": 60, "teachers": 5, "classes": 2, "places": []},
        {"id": "west", "name": "西校", "stage": "junior", "students": 90, "teachers": 9, "classes": 3, "places": []},
    ]
}


@dataclass
class Served:
    process: CollectorProcess
    east: str

    def post(self, body: Any, token: str | None = "east", **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        return post(self.process.url, self.east if token == "east" else token, body, **headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with collector(tmp_path_factory.mktemp("collector"), ROSTER) as process:
        yield Served(process, process.token("east"))


def test_receipt_names_what_is_kept_and_a_repeat_changes_nothing(served: Served) -> None:
    one = observation(device="once", readings={"host_cpu_ratio": 0.25})
    for _ in range(3):
        status, receipt, _ = served.post(report("east", one))
        assert (status, receipt["kept"], receipt["refused"]) == (200, [one["id"]], [])
    today = get(served.process.url, f"/api/v1/observations?school=east&since={one['started_at'][:10]}")["daily"]
    assert [row["count"] for row in today if row["device"] == "once"] == [1]


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_each_encoding_is_understood(served: Served, encoding: str) -> None:
    plain = json.dumps([report("east", observation(device=encoding))]).encode()
    packed = {"identity": lambda b: b, "gzip": gzip.compress, "zstd": zstandard.compress}[encoding](plain)
    assert served.post(packed, **{"Content-Encoding": encoding})[0] == 200


def test_older_data_does_not_replace_the_latest(served: Served) -> None:
    new = observation(device="late", readings={"host_cpu_ratio": 0.9})
    old = observation(device="late", started_at="2026-01-05T08:00:00+00:00", readings={"host_cpu_ratio": 0.1})
    served.post(report("east", new))
    served.post(report("east", old))
    latest = get(served.process.url, "/api/v1/observations?school=east&kind=host")["observations"]
    assert [o["id"] for o in latest if o["device"] == "late"] == [new["id"]]


BAD_OUTCOME = observation(outcome="perfect")
NOT_A_NUMBER = observation(readings=[{"measure": "host_cpu_ratio", "value": "much"}])
NAIVE_TIME = observation(started_at="2026-11-24T08:00:00")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(b"{not json", 422, "Invalid JSON", id="no-json"),
        pytest.param(report("east", BAD_OUTCOME), 422, "observations.0.outcome", id="outcome-out-of-the-set"),
        pytest.param(report("east", NOT_A_NUMBER), 422, "observations.0.readings.0.value", id="value-is-no-number"),
        pytest.param(report("east", NAIVE_TIME), 422, "observations.0.started_at", id="time-without-zone"),
        pytest.param({"school": "east"}, 422, "observations: Field required", id="field-missing"),
        pytest.param(
            report("east", *[observation() for _ in range(501)]), 422, "at most 500 items", id="too-many-observations"
        ),
        pytest.param(report("west", observation()), 403, "credential is for school east", id="another-school"),
        pytest.param(b"\x1f\x8bgarbage", 400, "not gzip", id="broken-gzip"),
        pytest.param(gzip.compress(b" " * (65 * 1024 * 1024)), 413, "unpacks to more", id="gzip-bomb"),
    ],
)
def test_a_malformed_report_is_refused_whole_with_its_fault(served: Served, body: Any, status: int, says: str) -> None:
    headers = {"Content-Encoding": "gzip"} if isinstance(body, bytes) and body[:2] == b"\x1f\x8b" else {}
    before = get(served.process.url, "/api/v1/observations?school=east")
    got, problem, answered = served.post(body, **headers)
    assert got == status
    assert says in problem["detail"] + " ".join(problem["errors"])
    assert answered["Content-Type"].startswith("application/problem+json")
    assert get(served.process.url, "/api/v1/observations?school=east") == before


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_without_a_known_credential_nothing_is_taken(served: Served, token: str | None) -> None:
    status, problem, answered = served.post(report("east", observation()), token=token)
    assert (status, problem["status"]) == (401, 401)
    assert answered["WWW-Authenticate"].startswith("Bearer")


def test_a_code_works_once(served: Served) -> None:
    code = served.process.command("enrol", "west").stdout.split()[0]
    request = urllib.request.Request(f"{served.process.url}/api/v1/enrol", data=json.dumps({"code": code}).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        token = json.loads(answer.read())["token"]
    assert served.post(report("west", observation()), token=token)[0] == 200
    with pytest.raises(urllib.error.HTTPError) as again:
        urllib.request.urlopen(request, timeout=10)
    with again.value as refusal:
        assert (refusal.code, "was used" in json.loads(refusal.read())["detail"]) == (403, True)


def test_a_school_that_the_roster_lacks_gets_no_code(served: Served) -> None:
    result = served.process.command("enrol", "nowhere")
    assert (result.returncode, "nowhere" in result.stderr) == (2, True)


def test_credentials_are_stored_as_hashes_only(served: Served) -> None:
    stored = served.process.store.read_bytes() + served.process.store.with_suffix(".sqlite-wal").read_bytes()
    assert served.east.encode() not in stored


def test_broken_deflate_stream_is_a_400(served: Served) -> None:
    cut = gzip.compress(json.dumps(report("east", observation())).encode())[:-9]
    assert served.post(cut, **{"Content-Encoding": "gzip"})[0] == 400
    assert served.post(zlib.compress(b"{}"), **{"Content-Encoding": "br"})[0] == 415
