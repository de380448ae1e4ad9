"""How numbers, times and verdicts are written for a person."""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.pages.words import PROBES
from collector.targets import TARGETS
from collector.units import bit_rate
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

    def time(self, at: datetime) -> str:
        """An instant in the district's zone, to the minute."""
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def stored_time(self, at: str) -> str:
        """An instant of the history, which keeps them in ISO 8601."""
        return self.time(datetime.fromisoformat(at))

    def amount(self, target: str, value: float | None) -> str:
        """A value in the target's unit; an em dash where there is none."""
        if value is None:
            return "—"
        match TARGETS[target].unit:
            case "bits_per_second":
                return bit_rate(value)
            case "ratio":
                return f"{value * 100:.4g} %"
            case "students_per_terminal" | "teachers_per_terminal":
                return f"{value:.3g} : 1"
            case "coefficient":
                return f"{value:.3f}"
            case "places" | "interfaces":
                return f"{value:g}"

    def share(self, ratio: float | None) -> str:
        """A ratio in percent, cut and not rounded: 99.97 % must not read as 100 %."""
        return "—" if ratio is None else f"{int(ratio * 1000) / 10:g} %"

    def has_bounds(self, verdict: Verdict) -> bool:
        """Whether part of the evidence is missing, so that the value lies between two."""
        return verdict.lowest is not None and verdict.highest is not None and verdict.lowest != verdict.highest
