"""How numbers, times and verdicts are written for a person."""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.corrections import KIND_NAMES, Correction, CorrectionKind
from collector.pages.words import MARKS, PROBES, SHORT, WORDS
from collector.targets.base import AnyTarget
from collector.targets.district.base import AnyDistrictTarget
from collector.units import in_unit
from collector.verdict import Reason, Verdict
from common.text import Language, Text


class Show:
    """The pages' filters, for one language and time zone."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self._language = language
        self._zone = zone

    def text(self, text: Text) -> str:
        """A sentence in the page's language."""
        return text.in_language(self._language)

    def short(self, target: AnyTarget) -> str:
        """A target's name for the head of a narrow column."""
        return self.text(SHORT.get(target.id, target.name))

    def reason(self, reason: Reason) -> str:
        """A reason's sentence in the page's language."""
        return reason.text.in_language(self._language)

    def findings(self, verdict: Verdict) -> list[str]:
        """What to act on, without a sentence that only repeats the reason."""
        found = [self.reason(finding) for finding in verdict.findings]
        return [] if found == [self.reason(verdict.reason)] else found

    def probe(self, probe: str) -> str:
        """A probe's kind in words; one that an agent brought along keeps its own name."""
        word = PROBES.get(probe)
        return probe if word is None else self.text(word)

    def kind(self, correction: Correction) -> str:
        """What kind of record it is, in words."""
        return self.text(KIND_NAMES[correction.kind])

    def mark(self, kind: CorrectionKind) -> str:
        """The same in one short word."""
        return self.text(MARKS[kind])

    def time(self, at: datetime) -> str:
        """An instant in the district's zone, to the minute."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def stored_time(self, at: str) -> str:
        """An instant of the history, which keeps them in ISO 8601."""
        return self.time(datetime.fromisoformat(at))

    def amount(self, target: AnyTarget | AnyDistrictTarget, value: float | None) -> str:
        """A value in the target's unit; an em dash where there is none."""
        return "—" if value is None else in_unit(target.unit, value)

    def share(self, ratio: float | None) -> str:
        """A ratio in percent, cut and not rounded: 99.97 % must not read as 100 %."""
        return "—" if ratio is None else f"{int(ratio * 1000) / 10:g} %"

    def bounds(self, target: AnyTarget | AnyDistrictTarget, verdict: Verdict) -> str:
        """What the value lies between where part of the evidence is missing; empty where it is known or unbounded."""
        low, high = verdict.lowest, verdict.highest
        if low is not None and high is not None:
            return "" if low == high else f"{self.amount(target, low)} – {self.amount(target, high)}"
        if low is not None:
            return f"{self._word('at_least')} {self.amount(target, low)}"
        if high is not None:
            return f"{self._word('at_most')} {self.amount(target, high)}"
        return ""

    def _word(self, name: str) -> str:
        return self.text(WORDS[name])
