"""What a person says of a verdict: a dated record with name and reason, shown beside it and never written over it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from common.text import Text

CorrectionKind = Literal["exemption", "planned_outage", "disputed"]
KINDS: tuple[CorrectionKind, ...] = get_args(CorrectionKind)
KIND_NAMES: dict[str, Text] = {
    "exemption": Text("豁免", "exemption"),
    "planned_outage": Text("计划停机", "planned outage"),
    "disputed": Text("有异议", "disputed measurement"),
}
EVERY_TARGET = ""
"""The target of a record that is about the whole school."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One record. An exempted target is not required of a smart campus; a planned outage raises no alert; a disputed
    measurement is only shown. None of them changes a verdict."""

    id: int
    school: str
    target: str
    kind: CorrectionKind
    begins_at: datetime
    ends_at: datetime | None
    name: str
    """Who says so."""
    reason: str
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""

    def is_about(self, school: str, target: str) -> bool:
        return self.school == school and self.target in (EVERY_TARGET, target)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it holds at a moment; a withdrawn one no longer does, but did until then."""
        ends = min((end for end in (self.ends_at, self.withdrawn_at) if end is not None), default=None)
        return self.begins_at <= at and (ends is None or at < ends)

    def as_json(self) -> dict[str, Any]:
        """The API's form of it."""
        return {
            "id": self.id,
            "school": self.school,
            "target": self.target or None,
            "kind": self.kind,
            "begins_at": self.begins_at.isoformat(),
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "name": self.name,
            "reason": self.reason,
            "created_at": self.created_at.isoformat(),
            "withdrawn_at": self.withdrawn_at.isoformat() if self.withdrawn_at else None,
            "withdrawn_by": self.withdrawn_by or None,
            "withdrawn_why": self.withdrawn_why or None,
        }


def exempted(corrections: Iterable[Correction], at: datetime) -> dict[str, frozenset[str]]:
    """school -> the targets that it is exempted from at a moment; EVERY_TARGET stands for all of them."""
    found: dict[str, set[str]] = {}
    for correction in corrections:
        if correction.kind == "exemption" and correction.is_in_force(at):
            found.setdefault(correction.school, set()).add(correction.target)
    return {school: frozenset(targets) for school, targets in found.items()}
