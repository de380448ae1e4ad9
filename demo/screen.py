"""What a person sees: every verdict of every school, as they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text as Styled

from collector.targets import TARGETS
from common.text import Text, machine_language, say
from demo.district import EXPECTED, SCHOOLS

Verdicts = Mapping[tuple[str, str], Mapping[str, Any]]
"""By school and target, as the API gives them."""

WORDS: dict[str, tuple[str, Text, str]] = {
    "met": ("✔", Text("达标", "met"), "green"),
    "unmet": ("✘", Text("未达标", "unmet"), "red"),
    "unknown": ("?", Text("未知", "unknown"), "yellow"),
}
SHOWN_TARGETS = list(dict.fromkeys(target for _, target in EXPECTED))


@dataclass(frozen=True, slots=True)
class Difference:
    """A verdict that is not the expected one."""

    school: str
    target: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"{self.school} {self.target}"
        return say(
            f"{where}：应为 {self.expected}，实为 {self.found}",
            f"{where}: expected {self.expected}, found {self.found}",
        )


def differences(verdicts: Verdicts) -> list[Difference]:
    """Where verdicts are not the expected ones; one that is missing differs."""
    found = []
    for (school, target), (state, code) in EXPECTED.items():
        verdict = verdicts.get((school, target))
        said = "-" if verdict is None else f"{verdict['state']} ({verdict['reason']['code']})"
        if said != f"{state} ({code})":
            found.append(Difference(school, target, f"{state} ({code})", said))
    return found


def overview(verdicts: Verdicts, url: str) -> Group:
    """Targets down, schools across, each verdict as symbol, word and colour; below, the reasons of those not met."""
    language = machine_language()
    shown = Table(title=say("三所模拟学校", "Three simulated schools"), title_style="bold")
    shown.add_column(say("目标", "target"), style="bold")
    for school in SCHOOLS:
        shown.add_column(school.name)
    reasons = []
    for target in SHOWN_TARGETS:
        name = TARGETS[target].name.in_language(language)
        found = [(school, verdicts.get((school.id, target))) for school in SCHOOLS]
        shown.add_row(name, *(_state(verdict) for _, verdict in found))
        for school, verdict in found:
            if verdict is not None and verdict["state"] != "met":
                symbol, _, colour = WORDS[verdict["state"]]
                line = Styled(f"{symbol} ", style=colour).append(f"{school.name} {name}", style="bold default")
                reasons.append(line.append(f"  {verdict['reason'][language]}", style="not bold default"))
    settled = len(EXPECTED) - len(differences(verdicts))
    foot = say(
        f"网页：{url}/   与预期相符：{settled}/{len(EXPECTED)}   Ctrl-C 结束",
        f"Pages: {url}/   as expected: {settled}/{len(EXPECTED)}   Ctrl-C ends",
    )
    return Group(shown, *reasons, Styled(foot, style="dim"))


def _state(verdict: Mapping[str, Any] | None) -> Styled:
    if verdict is None:
        return Styled("…", style="dim")
    symbol, word, colour = WORDS[verdict["state"]]
    return Styled(f"{symbol} {word.in_language(machine_language())}", style=f"bold {colour}")
