"""`campus-agent`: the command line at a school."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from agent.discover import command as discovery
from agent.version import agent_version
from common.text import LANGUAGES, say

if TYPE_CHECKING:
    from agent.probes.base import ProbeSettings
    from agent.service import Probes
    from agent.settings import AgentSettings

BAD = 1
UNUSABLE = 2
DEFAULT_CONFIG = Path("/etc/campus-agent/agent.yaml")
DEFAULT_TOKEN_FILE = Path("/etc/campus-agent/token")

app = typer.Typer(
    help=say(
        "学校端：只读地探测网络与教学设备，把结果送到教育局的采集端。",
        "The school's side: probes network and teaching devices, read-only, and carries the results to the district.",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help=say("配置文件(YAML)", "configuration file (YAML)"))]


@app.command(
    help=say(
        "按计划探测；采集端确认收到之前，结果保存在磁盘上。",
        "Probe on schedule; what is found stays on disk until the collector has it.",
    )
)
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    log_format: Annotated[str, typer.Option(help=say("日志格式：text 或 json", "log format: text or json"))] = "text",
) -> None:
    _configuration(config)
    if log_format not in ("text", "json"):
        _refuse(say("--log-format 可用：text、json", "--log-format: text or json is accepted"))
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "agent.running", str(config), log_format]
    # One heap for all threads (mallopt(3)): they do little, and each would keep a heap of its own.
    os.execve(sys.executable, command, {"MALLOC_ARENA_MAX": "1", **os.environ})  # noqa: S606


@app.command(
    help=say(
        "现在把每一项探测一次，不需要采集端；有异常时退出码为 1。",
        "One round of every probe now, without a collector; exits 1 when something needs a look.",
    )
)
def probe(
    config: ConfigOption = DEFAULT_CONFIG,
    only: Annotated[
        list[str] | None, typer.Option(help=say("只运行这一种探针（可重复）", "only this kind of probe (repeatable)"))
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help=say("输出一份上报格式的 JSON", "print one report document in the wire format")),
    ] = False,
) -> None:
    settings, probes = _configuration(config)
    entries = _chosen(settings, only or [])
    from agent.findings import is_bad
    from agent.round import as_report, observe_once

    _quiet_logs()
    observations = asyncio.run(observe_once(settings, probes, entries))
    if as_json:
        typer.echo(as_report(settings, probes, observations).model_dump_json())
    else:
        from rich.console import Console

        from agent.table import show

        show(observations, Console())
    raise typer.Exit(BAD if any(map(is_bad, observations)) else 0)


@app.command(
    help=say(
        "检查配置文件；加 --reach 时逐一试连设备。", "Validate the configuration; with --reach also try each device."
    )
)
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    reach: Annotated[
        bool, typer.Option("--reach", help=say("逐一试连每台设备", "try each device and say what answered"))
    ] = False,
) -> None:
    settings, probes = _configuration(config)
    _show_accepted(config, settings)
    failed = not _credential_is_there(settings)
    if not reach:
        raise typer.Exit(BAD if failed else 0)
    from agent.findings import OUTCOME_WORDS
    from agent.round import observe_once
    from common.text import machine_language

    _quiet_logs()
    for seen in asyncio.run(observe_once(settings, probes, settings.devices)):
        failed = failed or seen.outcome != "ok"
        symbol, word = OUTCOME_WORDS[seen.outcome]
        said = seen.detail or say(f"{len(seen.readings)} 个读数", f"{len(seen.readings)} readings")
        typer.echo(f"{symbol} {seen.probe} {seen.device}: {word.in_language(machine_language())} ({said})")
    raise typer.Exit(BAD if failed else 0)


@app.command(
    help=say(
        "用一次性注册码换取本校凭证，存入文件（权限 0600）。",
        "Trade a one-time code for this school's credential; it goes into a file of mode 0600.",
    )
)
def enrol(
    collector: Annotated[str, typer.Option(help=say("采集端网址", "the collector's URL"))],
    code: Annotated[
        str, typer.Option(help=say("一次性注册码；- 表示从标准输入读", "one-time code; - reads it from stdin"))
    ],
    token_file: Annotated[
        Path, typer.Option(help=say("凭证存放的文件", "the file that the credential goes into"))
    ] = DEFAULT_TOKEN_FILE,
    ca_file: Annotated[
        Path | None, typer.Option(help=say("自签证书的 CA 文件(PEM)", "certificate authority (PEM) of the collector"))
    ] = None,
    force: Annotated[bool, typer.Option("--force", help=say("替换已有的文件", "replace an existing file"))] = False,
) -> None:
    from pydantic_core import PydanticCustomError

    from agent.enrol import EnrolFailed, NotPossible
    from agent.enrol import enrol as trade
    from agent.settings import has_userinfo, usable_url

    if has_userinfo(collector):
        _refuse(
            say("--collector:网址里不能写用户名和密码", "--collector: a URL without user name and password is accepted")
        )
    try:
        url = usable_url(collector)
    except PydanticCustomError as error:
        words = error.context or {}
        _refuse(f"--collector ({collector}): {say(str(words.get('zh')), str(words.get('en')))}")
    code = sys.stdin.readline().strip() if code == "-" else code
    try:
        school = asyncio.run(trade(url, code, token_file, ca_file, force))
    except NotPossible as error:
        _refuse(str(error))
    except EnrolFailed as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD) from None
    typer.echo(school)
    typer.echo(
        say(
            f"已注册学校 {school}，凭证在 {token_file}；请在配置中写 school: {school}",
            f"enrolled school {school}; its credential is in {token_file}; write school: {school} in the configuration",
        ),
        err=True,
    )


app.command(help=discovery.HELP)(discovery.discover)


@app.command(help=say("显示版本。", "Show the version."))
def version() -> None:
    typer.echo(agent_version())


@app.command(
    help=say(
        "列出设备包；加 --device 时逐一试问配置中的这台设备，说明哪个适用。",
        "List the device packs; with --device also ask this device of the configuration which of them fits, and why.",
    )
)
def packs(
    config: ConfigOption = DEFAULT_CONFIG,
    device: Annotated[
        str | None,
        typer.Option(
            help=say("配置中一台用 SNMP 的设备的名称或地址", "the name or address of a device that speaks SNMP")
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("输出 JSON", "print JSON"))] = False,
) -> None:
    settings, _ = _configuration(config)
    from agent.errors import ProbeError
    from agent.packs.fit import fits
    from agent.packs.load import packs as load_packs
    from agent.packs_table import show_fits, show_packs

    known = load_packs(settings.packs)
    if device is None:
        show_packs(known, as_json)
        return
    speaking = [entry for entry in settings.devices if hasattr(entry, "snmp")]
    snmp = {entry.snmp.host: entry.snmp for entry in speaking} | {entry.device: entry.snmp for entry in speaking}
    if device not in snmp:
        names = ", ".join(entry.device for entry in speaking)
        _refuse(
            say(f"配置中没有用 SNMP 的设备 {device}；有：{names}", f"no device {device} speaks SNMP; accepted: {names}")
        )
    _quiet_logs()
    try:
        answers = asyncio.run(fits(snmp[device], known))
    except ProbeError as error:
        typer.echo(say(f"{device} 没有应答：{error}", f"{device} did not answer: {error}"), err=True)
        raise typer.Exit(BAD) from None
    raise typer.Exit(0 if show_fits(device, answers, as_json) else BAD)


def _configuration(config: Path) -> "tuple[AgentSettings, Probes]":
    from agent.probes import PROBES
    from agent.settings import load_settings
    from common.configfile import ConfigError

    try:
        settings = load_settings(config)
    except ConfigError as error:
        _refuse(str(error))
    if settings.language in LANGUAGES and "CAMPUS_LANG" not in os.environ:
        os.environ["CAMPUS_LANG"] = settings.language
    return settings, PROBES


def _chosen(settings: "AgentSettings", only: list[str]) -> "list[ProbeSettings]":
    kinds = dict.fromkeys(entry.probe for entry in settings.devices)
    for kind in only:
        if kind not in kinds:
            names = ", ".join(kinds)
            _refuse(
                say(
                    f"--only {kind}：配置中没有这种探针；有：{names}",
                    f"--only {kind}: not configured; accepted: {names}",
                )
            )
    return [entry for entry in settings.devices if not only or entry.probe in only]


def _show_accepted(config: Path, settings: "AgentSettings") -> None:
    counts: dict[str, int] = {}
    for entry in settings.devices:
        counts[entry.probe] = counts.get(entry.probe, 0) + 1
    entries = ", ".join(f"{kind} × {count}" for kind, count in sorted(counts.items()))
    collector = settings.collector.url if settings.collector else say("未配置", "not configured")
    typer.echo(say(f"配置可用：{config}", f"configuration is usable: {config}"))
    typer.echo(say(f"学校：{settings.school}", f"school: {settings.school}"))
    typer.echo(say(f"采集端：{collector}", f"collector: {collector}"))
    typer.echo(say(f"探测项：{entries}", f"entries: {entries}"))


def _credential_is_there(settings: "AgentSettings") -> bool:
    from common.secrets import SecretUnavailable

    if settings.collector is None:
        return True
    try:
        settings.collector.token.read()
    except SecretUnavailable as error:
        typer.echo(say(f"✗ 凭证无法读取：{error}", f"✗ the credential cannot be read: {error}"))
        return False
    return True


def _quiet_logs() -> None:
    """A round by hand says what it found on stdout; only what is wrong with the agent itself goes to stderr."""
    from common import logs

    logs.set_up(level="error")


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNUSABLE)


def main() -> None:
    """The entry point of `campus-agent`."""
    app()


if __name__ == "__main__":
    main()
