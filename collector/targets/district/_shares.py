"""Shares of schools, with the denominator and the unknown shown."""

from collections.abc import Sequence

from collector.verdict import Reason, State, Values, Verdict


def share(
    target: str, counts: tuple[int, int, int], at_least: float, codes: tuple[str, str, str], findings: Sequence[Reason]
) -> Verdict:
    """The verdict on how many schools meet something: `counts` are met, unmet and unknown, `codes` a reason for each.

    Unknown where there is no school at all.
    """
    met, unmet, unknown = counts
    total = met + unmet + unknown
    if total == 0:
        return Verdict(target, "unknown", Reason("district_empty"), threshold=at_least)
    values: Values = {"met": met, "total": total, "unknown": unknown, "required": f"{at_least * 100:g} %"}
    lowest, highest = met / total, (met + unknown) / total
    state: State = "met" if lowest >= at_least else "unmet" if highest < at_least else "unknown"
    code = dict(zip(("met", "unmet", "unknown"), codes, strict=True))[state]
    known = state != "unknown"
    return Verdict(
        target,
        state,
        Reason(code, values),
        value=lowest if known else None,
        threshold=at_least,
        attainment=lowest / at_least if known else None,
        lowest=lowest,
        highest=highest,
        findings=tuple(findings),
    )
