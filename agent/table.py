"""One round of every probe as a table for a person."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from agent.findings import findings, is_bad, outcome_of
from common.text import machine_language, say
from wire.report import Observation


def show(observations: Sequence[Observation], console: Console) -> None:
    """Print the table, and one line that says how many need a look."""
    language = machine_language()
    table = Table(show_lines=False, pad_edge=False)
    table.add_column(say("设备", "device"), overflow="fold")
    table.add_column(say("探针", "probe"), no_wrap=True)
    table.add_column(say("结果", "outcome"), no_wrap=True)
    table.add_column(say("所见", "found"), overflow="fold")
    separator = say("；", "; ")
    for observation in observations:
        symbol, word = outcome_of(observation)
        style = "red" if observation.outcome != "ok" else "yellow" if is_bad(observation) else "green"
        table.add_row(
            # Names and details come from outside: as Styled they are never read as markup.
            Styled(_printable(observation.device)),
            Styled(observation.probe),
            Styled(f"{symbol} {word.in_language(language)}", style=style),
            Styled(_printable(separator.join(text.in_language(language) for text in findings(observation)))),
        )
    console.print(table)
    bad, total = sum(map(is_bad, observations)), len(observations)
    if bad:
        console.print(say(f"{total} 项中 {bad} 项需要查看", f"{bad} of {total} need a look"))
    else:
        console.print(say(f"{total} 项全部正常", f"all {total} are ok"))


def _printable(text: str) -> str:
    """A device's words could hold what a terminal obeys."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
