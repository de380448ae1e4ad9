"""A target of several conditions: met when all of them are, unmet when one is not, whatever else is unknown."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from collector.evidence import Evidence, Hours
from collector.targets._missing import Gap
from collector.targets._outages import calendar_unknown
from collector.targets._school_window import SchoolWindow, Share, Told, next_school_day, share_of, today
from collector.targets._verdicts import foremost, listed, once
from collector.targets._words import clock
from collector.targets.base import Moment
from collector.verdict import EvidenceItem, Reason, State, Values, Verdict
from common.text import Text


@dataclass(frozen=True, slots=True)
class Part:
    """One condition. Without an attainment it limits nothing while it is met: a count that cannot be exceeded."""

    state: State
    reason: Reason
    attainment: float | None = None
    lowest: float | None = None
    highest: float | None = None
    evidence: tuple[EvidenceItem, ...] = ()
    findings: tuple[Reason, ...] = ()


NOT_KNOWN = Text("校历尚未给出", "not in the calendar yet")
_NOT_SET_UP = ("not_probed", "limit_not_measured", "path_destination_missing", "roster_missing")
"""Named only when nothing else is missing."""
_UNWATCHED = ("service_half_watched", "limit_half_watched", "limit_not_measured")


def combined(
    target: str,
    parts: Sequence[Part],
    at_least: float,
    evidence: Evidence,
    moment: Moment,
    *,
    bounds: tuple[float, float] | None = None,
    met: Reason | None = None,
) -> Verdict:
    """The verdict of all parts. Its value is what is proven: the lower one of `bounds`, else of the first part's.

    `met` is the reason when all hold, in place of the parts' own.
    """
    first = parts[0]
    lowest, highest = bounds or (first.lowest, first.highest)
    is_valued = bounds is not None or first.state != "unknown"
    unmet = [part for part in parts if part.state == "unmet"]
    unknown = [part for part in parts if part.state == "unknown"]
    reason, attainment = met or _all_hold(parts), None
    state: State = "met"
    if unmet:
        worst = min(unmet, key=lambda part: part.attainment or 0.0)
        state, reason, attainment = "unmet", worst.reason, worst.attainment or 0.0
    elif unknown:
        gaps = [Gap(part.reason) for part in unknown if part.reason.code not in _NOT_SET_UP]
        gaps = gaps or [Gap(unknown[0].reason)]
        if (
            any(part.reason.code in _UNWATCHED for part in unknown)
            and (silent := _silent(evidence, moment)) is not None
        ):
            gaps.append(Gap(silent))
        state, reason = "unknown", foremost(gaps)
    else:
        attainment = min((part.attainment for part in parts if part.attainment is not None), default=1.0)
    said = [part.reason for part in (*unmet, *unknown)]
    return Verdict(
        target,
        state,
        reason,
        value=lowest if state != "unknown" and is_valued else None,
        threshold=at_least,
        attainment=attainment,
        lowest=lowest,
        highest=highest,
        evidence=once(item for part in parts for item in part.evidence),
        findings=listed((*said, *(finding for part in parts for finding in part.findings))),
    )


def _silent(evidence: Evidence, moment: Moment) -> Reason | None:
    last = evidence.last_report_at
    if last is None or (moment.now - last).total_seconds() <= moment.agent_silent_after_seconds:
        return None
    return Reason("agent_silent", {"since": clock(last, moment)})


def _all_hold(parts: Sequence[Part]) -> Reason:
    if len(parts) == 1:
        return parts[0].reason
    texts = [part.reason.text for part in parts]
    what = Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts))
    return Reason("all_parts_hold", {"what": what})


@dataclass(frozen=True, slots=True)
class Limit:
    """What a day's mean of a measure must keep. `broken` is the reason's code when it does not."""

    measure: str
    what: Text
    words: Text
    """The limit, as in 'at most 30 ms'."""
    fits: Callable[[float], bool]
    shown: Callable[[float], str]
    broken: str
    best: float = 0.0
    """The best that hours can have been that nobody watched."""


def kept(limit: Limit, rows: Iterable[Hours], window: SchoolWindow, at_least: float, subject: str | Text) -> Part:
    """Whether the days whose mean keeps the limit make up enough of the school hours.

    Of a day that keeps it the watched hours count as good. A day that does not is bad when it would not even if
    the hours that nobody watched had been the best; else nothing is said of it.
    """
    told: list[Told] = []
    items: list[EvidenceItem] = []
    broken: list[Reason] = []
    for row in sorted(rows, key=lambda row: (row.day, row.probe, row.device, sorted(row.labels.items()))):
        if row.day not in window.seconds or row.seconds <= 0:
            continue
        whole, mean = window.seconds[row.day], row.total / row.seconds
        seen = min(row.seconds, whole)
        fits, could_fit = limit.fits(mean), limit.fits((mean * seen + limit.best * (whole - seen)) / whole)
        told.append(Told(row.day, seen, seen if fits else 0.0, 0.0 if fits or could_fit else whole))
        note = f"{limit.measure} {row.day}: mean {mean:.6g} over {row.seconds:.0f} s"
        items.append(EvidenceItem(row.last_id, row.probe, row.device, row.last_at, note))
        if not fits:
            values: Values = {"what": limit.what, "subject": subject, "day": f"{row.day}", "value": limit.shown(mean)}
            broken.append(Reason("limit_broken_on_day", {**values, "limit": limit.words}))
    share = share_of(window, told)
    if share is None or not told:
        missing = Reason("limit_not_measured", {"what": limit.what, "subject": subject})
        return Part("unknown", missing if window.seconds or not window.unknown else calendar_unknown(window.unknown))
    return _by_share(limit, share, window, at_least, subject, items, broken)


def _by_share(
    limit: Limit,
    share: Share,
    window: SchoolWindow,
    at_least: float,
    subject: str | Text,
    items: list[EvidenceItem],
    findings: list[Reason],
) -> Part:
    values: Values = {"what": limit.what, "subject": subject, "limit": limit.words, "required": percent(at_least)}
    state: State
    if share.lowest >= at_least:
        state, reason = "met", Reason("limit_kept", {**values, "share": percent(share.lowest)})
    elif share.highest < at_least:
        state, reason = "unmet", Reason(limit.broken, {**values, "share": percent(share.highest)})
    elif window.unknown:
        state, reason = "unknown", calendar_unknown(window.unknown)
    else:
        hours: Values = {"watched": hours_text(share.watched), "hours": hours_text(window.known_seconds)}
        state, reason = "unknown", Reason("limit_half_watched", {**values, **hours})
    attainment = None if state == "unknown" else share.lowest / at_least
    return Part(state, reason, attainment, share.lowest, share.highest, tuple(items), tuple(findings))


def no_school_hours(window: SchoolWindow, moment: Moment) -> Part:
    """That the window has none: vacation."""
    at = next_school_day(moment)
    values: Values = {"days": (today(moment) - window.first).days, "next": NOT_KNOWN if at is None else f"{at}"}
    return Part("unknown", Reason("no_school_hours", values))


def percent(ratio: float) -> str:
    """A ratio in percent, cut and not rounded, so that what is short never reads as enough."""
    return f"{int(ratio * 100_000 + 1e-6) / 1000:g} %"


def hours_text(seconds: float) -> str:
    """Hours with one decimal, cut."""
    return f"{int(seconds / 360 + 1e-6) / 10:g}"
