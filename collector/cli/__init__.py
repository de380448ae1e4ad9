"""`campus-collector`: the command line of the network office."""

import typer

from collector.cli import backup, corrections, policy, progress, roster, run, verdicts
from common.text import say

app = typer.Typer(
    help=say(
        "教育局端：接收各校探针的上报并判定规划目标。",
        "The district's side: takes the schools' reports and judges the plan's targets.",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for commands in (run.app, verdicts.app, progress.app, backup.app):
    app.add_typer(commands)
app.add_typer(roster.app, name="roster")
app.add_typer(policy.app, name="policy")
app.add_typer(corrections.app, name="correct")


def main() -> None:
    """The entry point of `campus-collector`."""
    app()
