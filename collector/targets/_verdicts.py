"""Putting a verdict together, the same way for every target."""

from collections.abc import Iterable, Sequence

from collector.targets._missing import Gap
from collector.verdict import MAX_FINDINGS, EvidenceItem, Reason, State, Verdict

_RANKS = {"never_reported": 0, "agent_silent": 1, "not_probed": 3}
"""What explains everything else comes first; what nobody set up comes after what broke."""


def foremost(gaps: Sequence[Gap]) -> Reason:
    """The one reason to name first; `gaps` is not empty."""
    return min(gaps, key=lambda gap: _RANKS.get(gap.reason.code, 2)).reason


def blind(target: str, gaps: Sequence[Gap], threshold: float, evidence: Iterable[EvidenceItem] = ()) -> Verdict:
    """Unknown, for these gaps."""
    items = (*evidence, *(gap.item for gap in gaps if gap.item is not None))
    return Verdict(
        target,
        "unknown",
        foremost(gaps),
        threshold=threshold,
        evidence=once(items),
        findings=listed(gap.reason for gap in gaps),
    )


def by_bounds(
    target: str,
    *,
    lowest: float,
    highest: float,
    at_least: float,
    met: Reason,
    unmet: Reason,
    unknown: Reason,
    evidence: Iterable[EvidenceItem],
    findings: Iterable[Reason],
) -> Verdict:
    """Met when the least that the share can be is enough, unmet when the most is not, else unknown.

    The value of a verdict is the least: what is proven.
    """
    known = True
    state: State
    if lowest >= at_least:
        state, reason = "met", met
    elif highest < at_least:
        state, reason = "unmet", unmet
    else:
        state, reason, known = "unknown", unknown, False
    return Verdict(
        target,
        state,
        reason,
        value=lowest if known else None,
        threshold=at_least,
        attainment=lowest / at_least if known else None,
        lowest=lowest,
        highest=highest,
        evidence=once(evidence),
        findings=listed(findings),
    )


def listed(findings: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each finding once, in their order; those above the limit become a number."""
    kept: list[Reason] = []
    seen: set[str] = set()
    for finding in findings:
        if finding.text.en not in seen:
            seen.add(finding.text.en)
            kept.append(finding)
    if len(kept) <= MAX_FINDINGS:
        return tuple(kept)
    more = len(kept) - (MAX_FINDINGS - 1)
    return (*kept[: MAX_FINDINGS - 1], Reason("and_more", {"count": more}))


def once(evidence: Iterable[EvidenceItem]) -> tuple[EvidenceItem, ...]:
    """Each item once, in an order that does not hang on the order of the observations."""
    return tuple(sorted(set(evidence), key=lambda item: (item.probe, item.device, item.at, item.note)))
