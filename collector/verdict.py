"""What a target says of a school: met, unmet or unknown, with everything that a person needs to believe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from collector.reasons import REASONS
from common.text import Text
from wire.report import Observation

State = Literal["met", "unmet", "unknown"]
STATES: tuple[State, ...] = ("met", "unmet", "unknown")
STATE_NAMES: dict[str, Text] = {
    "met": Text("达标", "met"),
    "unmet": Text("未达标", "unmet"),
    "unknown": Text("未知", "unknown"),
}
Values = Mapping[str, str | int | float | Text]


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of collector/reasons.py and the values of its sentence."""

    code: str
    values: Values = field(default_factory=dict)
    """A Text is a word of our own, which differs by language; a name or a number does not."""

    def __post_init__(self) -> None:
        _ = self.text  # an unknown code or a missing value is our own bug: fail where it is made

    @property
    def text(self) -> Text:
        sentence = REASONS[self.code]
        zh = {name: value.zh if isinstance(value, Text) else value for name, value in self.values.items()}
        en = {name: value.en if isinstance(value, Text) else value for name, value in self.values.items()}
        return Text(sentence.zh.format_map(zh), sentence.en.format_map(en))


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One observation that a verdict rests on."""

    observation: str
    probe: str
    device: str
    at: datetime
    note: str = ""
    """The reading that counted, such as `uplink_speed_bytes=125000000`."""

    @classmethod
    def of(cls, observation: Observation, note: str = "") -> "EvidenceItem":
        return cls(str(observation.id), observation.probe, observation.device, observation.started_at, note)


MAX_EVIDENCE = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """One school and target. `value` and `threshold` are in the target's unit; `attainment` = achieved / required.

    `lowest` and `highest` bound the value where part of the evidence is missing.
    """

    target: str
    state: State
    reason: Reason
    value: float | None = None
    threshold: float | None = None
    attainment: float | None = None
    lowest: float | None = None
    highest: float | None = None
    evidence: tuple[EvidenceItem, ...] = ()
    findings: tuple[Reason, ...] = ()
    """What a person should act on: each fault or gap that the verdict counts, at most MAX_FINDINGS of them."""

    def __post_init__(self) -> None:
        if self.state == "unknown" and (self.attainment is not None or self.value is not None):
            raise ValueError(f"{self.target}: what is unknown has no value and no attainment, only bounds")

    @property
    def evidence_at(self) -> datetime | None:
        """When the oldest evidence was taken."""
        return min((item.at for item in self.evidence), default=None)

    def as_json(self) -> dict[str, Any]:
        """The form of the API and of the store."""
        return {
            "target": self.target,
            "state": self.state,
            "value": self.value,
            "threshold": self.threshold,
            "attainment": self.attainment,
            "lowest": self.lowest,
            "highest": self.highest,
            "reason": reason_json(self.reason),
            "findings": [reason_json(finding) for finding in self.findings],
            "evidence": [
                {
                    "observation": i.observation,
                    "probe": i.probe,
                    "device": i.device,
                    "at": i.at.isoformat(),
                    "note": i.note,
                }
                for i in self.evidence[:MAX_EVIDENCE]
            ],
            "evidence_items": len(self.evidence),
            "evidence_at": self.evidence_at.isoformat() if self.evidence_at else None,
        }


MAX_FINDINGS = 100


def reason_json(reason: Reason) -> dict[str, Any]:
    """A reason with its code, its values and its sentence in both languages."""
    values = {n: {"zh": v.zh, "en": v.en} if isinstance(v, Text) else v for n, v in reason.values.items()}
    return {"code": reason.code, "values": values, "zh": reason.text.zh, "en": reason.text.en}
