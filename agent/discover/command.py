"""`campus-agent discover`: options, progress, and what is printed."""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from common.text import say

if TYPE_CHECKING:
    from agent.discover.search import Search

NOTHING = 1
UNUSABLE = 2

HELP = say(
    "在给定的网段里只读地寻找设备，输出建议的配置（标准输出）；什么都没有应答时退出码为 1。",
    "Look for devices on the given networks, read-only, and print a proposed configuration; exits 1 if none answers.",
)


def discover(
    networks: Annotated[
        list[str],
        typer.Argument(metavar="CIDR", help=say("网段，如 192.168.1.0/24", "networks, such as 192.168.1.0/24")),
    ],
    community: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "SNMP v2c 团体名：env:变量名、file:文件，或直接写（可重复；默认取变量 SNMP_COMMUNITY，再取 public）",
                "SNMP v2c community: env:NAME, file:PATH, or itself (repeatable; $SNMP_COMMUNITY, else public)",
            )
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            help=say("YAML 文件，snmp 下列出要试的凭证，含 v3", "YAML file: `snmp` lists what to try, also v3")
        ),
    ] = None,
    school: Annotated[str, typer.Option(help=say("学校编号", "the school's id in the roster"))] = "my-school",
    as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "print JSON"))] = False,
    rate: Annotated[
        float, typer.Option(min=1, max=5000, help=say("每秒最多发多少个包", "packets a second at most"))
    ] = 200,
    wait: Annotated[
        float, typer.Option(min=0.2, max=60, help=say("等待应答的秒数", "seconds that an answer is waited for"))
    ] = 3,
    at_most: Annotated[
        int, typer.Option(min=1, max=65536, help=say("最多多少个地址", "addresses in all that are accepted"))
    ] = 4096,
    multicast: Annotated[
        bool,
        typer.Option(
            help=say(
                "在完全属于所给网段的本机链路上也用组播（TTL 1）与广播",
                "also by multicast (TTL 1) and broadcast, on this machine's links that lie wholly in the networks",
            )
        ),
    ] = True,
) -> None:
    from pydantic import TypeAdapter, ValidationError

    from agent.discover.credentials import credentials as read_credentials
    from agent.discover.networks import BadNetwork
    from agent.discover.networks import networks as read_networks
    from agent.discover.proposed import document, in_order
    from agent.discover.search import Gate, Search
    from common.configfile import ConfigError
    from wire.report import SchoolId

    try:
        scope = read_networks(networks, at_most)
        to_try, needed = read_credentials(community or [], credentials)
        TypeAdapter(SchoolId).validate_python(school)
    except (BadNetwork, ConfigError) as error:
        _refuse(str(error))
    except ValidationError:
        _refuse(say("--school：应为字母、数字、点、横线", "--school: letters, digits, dots and hyphens are accepted"))
    search = Search(scope, Gate(scope, rate), to_try, wait, multicast)
    _go(search)
    found = in_order(search)
    if as_json:
        typer.echo(json.dumps(_as_json(search, found), ensure_ascii=False, indent=2))
    else:
        typer.echo(document(search, found, school, needed), nl=False)
    if not found:
        typer.echo(say("没有任何应答", "nothing answered"), err=True)
        raise typer.Exit(NOTHING)


async def look(search: "Search") -> None:
    """Go every way at the same time. A way that cannot open its sockets is noted in `search.failed`."""
    from agent.discover.ways import Way, ways
    from common.text import Text

    async def go(way: Way) -> None:
        try:
            await way.run(search)
        except OSError as error:
            reason = error.strerror or str(error)
            search.failed.append(Text(f"{way.title.zh}：{reason}", f"{way.title.en}: {reason}"))

    async with asyncio.TaskGroup() as group:
        for way in ways().values():
            group.create_task(go(way))


def _go(search: "Search") -> None:
    from agent.discover.ways import ways

    with _progress(len(search.scope) * len(ways())) as step:
        search.step = step
        asyncio.run(look(search))


@contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar on stderr when a person looks at it, else nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(say("寻找设备", "looking"), total=total)
        yield lambda: progress.advance(task)


def _as_json(search: "Search", found: Sequence[Any]) -> dict[str, Any]:
    from agent.discover.proposed import entries

    return {
        "networks": [str(each) for each in search.scope.networks],
        "found": [
            {
                "address": each.address,
                "name": each.name,
                "recognised_by": [
                    {
                        "way": clue.way,
                        "port": clue.port,
                        "words": clue.words.en,
                        "said": clue.said,
                        "facts": dict(clue.facts),
                    }
                    for clue in each.clues.values()
                ],
                "named_by": each.neighbours,
            }
            for each in found
        ],
        "entries": [
            {
                "address": entry.proposal.address,
                "because": entry.proposal.because.en,
                "first": entry.proposal.first.en if entry.proposal.first else None,
                "entry": {"probe": entry.probe, **entry.proposal.entry},
            }
            for entry in entries(found)
        ],
        "not_asked": search.outside,
        "failed": [text.en for text in search.failed],
    }


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)
