"""What a verdict was made from, as it is kept beside each change of it, so that it can be made again years later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import zstandard

from collector.evidence import Daily, Evidence
from collector.targets.district.base import DistrictFacts, Interface
from collector.verdict import Reason, State, Verdict
from common.text import Text
from wire.report import Observation

_OBSERVATION = {"id", "probe", "device", "started_at", "duration_seconds", "every_seconds", "outcome", "detail"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """A school target's: when, what was seen, and the state that hysteresis started from."""

    now: datetime
    decided: State | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DistrictInputs:
    """A district target's: when, what the schools' verdicts were. The schools' numbers are in the roster."""

    now: datetime
    decided: State | None
    facts: DistrictFacts


def pack(inputs: Inputs) -> bytes:
    """Compressed JSON; `unpack` gives equal inputs."""
    evidence = inputs.evidence
    return _packed(
        {
            "now": inputs.now.timestamp(),
            "decided": inputs.decided,
            "first": _stamp(evidence.first_report_at),
            "last": _stamp(evidence.last_report_at),
            "latest": [_observation_json(observation) for observation in evidence.latest],
            "daily": [_daily_json(row) for row in evidence.daily],
        }
    )


def unpack(packed: bytes) -> Inputs:
    """Inputs as they were packed."""
    found = _unpacked(packed)
    latest = tuple(Observation.model_validate(observation) for observation in found["latest"])
    daily = tuple(map(_daily, found["daily"]))
    evidence = Evidence(latest, daily, _instant(found["first"]), _instant(found["last"]))
    return Inputs(datetime.fromtimestamp(found["now"], UTC), found["decided"], evidence)


def pack_district(inputs: DistrictInputs) -> bytes:
    """Compressed JSON without the schools, which the roster's version gives."""
    facts = inputs.facts
    return _packed(
        {
            "now": inputs.now.timestamp(),
            "decided": inputs.decided,
            "verdicts": {s: [verdict_json(v) for v in of.values()] for s, of in facts.verdicts.items()},
            "required": {school: sorted(targets) for school, targets in facts.required.items()},
            "exempt": {school: sorted(targets) for school, targets in facts.exempt.items()},
            "interfaces": [[i.name, i.ok, i.at.timestamp(), i.detail] for i in facts.interfaces],
        }
    )


def unpack_district(packed: bytes, facts_of: DistrictFacts) -> DistrictInputs:
    """Inputs as they were packed; the schools are those of `facts_of`."""
    found = _unpacked(packed)
    verdicts = {s: {v["target"]: verdict_of(v) for v in of} for s, of in found["verdicts"].items()}
    facts = DistrictFacts(
        facts_of.schools,
        verdicts,
        {school: frozenset(targets) for school, targets in found["required"].items()},
        {school: frozenset(targets) for school, targets in found["exempt"].items()},
        tuple(
            Interface(name, ok, datetime.fromtimestamp(at, UTC), detail) for name, ok, at, detail in found["interfaces"]
        ),
    )
    return DistrictInputs(datetime.fromtimestamp(found["now"], UTC), found["decided"], facts)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """What a district target may look at of a school's verdict: its findings and evidence stay with the school."""
    values = {n: [v.zh, v.en] if isinstance(v, Text) else v for n, v in verdict.reason.values.items()}
    return {
        "target": verdict.target,
        "state": verdict.state,
        "value": verdict.value,
        "threshold": verdict.threshold,
        "attainment": verdict.attainment,
        "lowest": verdict.lowest,
        "highest": verdict.highest,
        "reason": [verdict.reason.code, values],
    }


def verdict_of(found: Mapping[str, Any]) -> Verdict:
    """The verdict that `verdict_json` wrote, without findings and evidence."""
    code, values = found["reason"]
    return Verdict(
        found["target"],
        found["state"],
        Reason(code, {n: Text(*v) if isinstance(v, list) else v for n, v in values.items()}),
        found["value"],
        found["threshold"],
        found["attainment"],
        found["lowest"],
        found["highest"],
    )


def _packed(content: dict[str, Any]) -> bytes:
    return zstandard.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def _unpacked(packed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zstandard.decompress(packed))
    return found


def _observation_json(observation: Observation) -> dict[str, Any]:
    return {
        **observation.model_dump(mode="json", include=_OBSERVATION),
        "readings": [
            {"measure": reading.measure, "value": reading.value, "labels": reading.labels}
            for reading in observation.readings
        ],
    }


def _daily_json(row: Daily) -> list[Any]:
    return [
        row.day.isoformat(), row.probe, row.device, row.measure, row.labels, row.count, row.minimum, row.maximum,
        row.total, row.last, row.last_at.timestamp(), row.last_id, row.maximum_at.timestamp(), row.maximum_id,
    ]  # fmt: skip


def _daily(found: list[Any]) -> Daily:
    day, probe, device, measure, labels, count, low, high, total, last, last_at, last_id, high_at, high_id = found
    return Daily(
        date.fromisoformat(day), probe, device, measure, labels, count, low, high, total, last,
        datetime.fromtimestamp(last_at, UTC), last_id, datetime.fromtimestamp(high_at, UTC), high_id,
    )  # fmt: skip


def _stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _instant(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
