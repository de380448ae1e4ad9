"""Reports as an agent would send them, and sending them to a collector."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


def observation(probe: str = "host", device: str = "box", **more: Any) -> dict[str, Any]:
    """One observation as JSON; `readings` may be given as {measure: value}."""
    readings = more.pop("readings", {})
    if isinstance(readings, dict):
        readings = [{"measure": name, "value": value} for name, value in readings.items()]
    return {
        "id": str(uuid4()),
        "probe": probe,
        "device": device,
        "started_at": datetime.now(UTC).isoformat(),
        "duration_seconds": 0.01,
        "every_seconds": 60,
        "outcome": "ok",
        "readings": readings,
        **more,
    }


def report(school: str, *observations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "school": school,
        "sent_at": datetime.now(UTC).isoformat(),
        "agent": {"version": "0.1.0", "spooled_reports": 0, "dropped_observations": 0},
        "observations": list(observations),
        **more,
    }


def post(url: str, token: str | None, body: Any, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """POST a report; returns status, the JSON answer and the headers."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{url}/api/v1/reports", data=raw, headers=sent, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read()), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), dict(error.headers)


def get(url: str, path: str) -> Any:
    """GET a JSON document."""
    with urllib.request.urlopen(f"{url}{path}", timeout=20) as answer:
        return json.loads(answer.read())
