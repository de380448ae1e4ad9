"""Every verdict as a table, for a data platform or a spreadsheet."""

import csv
import io
from collections.abc import Iterable

from collector.roster.model import School
from collector.store.verdicts import Standing
from collector.targets import TARGETS

HEADINGS = (
    "school", "school_name", "stage", "target", "target_zh", "target_en", "state", "value", "threshold", "attainment",
    "lowest", "highest", "reason", "reason_zh", "reason_en", "since", "evaluated_at", "evidence_at", "policy_version",
    "roster_version",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def verdict_rows(rows: Iterable[tuple[School, Standing]]) -> bytes:
    """Comma-separated in UTF-8 with the mark by which Excel knows it; no text is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for school, standing in rows:
        verdict = standing.verdict
        name, reason, taken = TARGETS[verdict.target].name, verdict.reason, verdict.evidence_at
        writer.writerow(
            (
                _text(school.id), _text(school.name), school.stage, verdict.target, name.zh, name.en, verdict.state,
                *(_number(n) for n in (verdict.value, verdict.threshold, verdict.attainment, verdict.lowest,
                                       verdict.highest)),
                reason.code, _text(reason.text.zh), _text(reason.text.en), standing.since.isoformat(),
                standing.at.isoformat(), taken.isoformat() if taken else "", standing.versions.policy,
                standing.versions.roster,
            )
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


def _text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)
