"""What a person says beside a verdict: added, listed, withdrawn; never changed."""

import json
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from collector.cli._base import DEFAULT_CONFIG, ConfigOption, JsonOption, configuration, instant, refuse, store
from collector.corrections import EVERY_TARGET, KIND_NAMES, KINDS, Correction
from collector.store.corrections import add_correction, load_corrections, withdraw_correction
from collector.store.rosters import load_roster, newest_version
from collector.targets import TARGETS
from common.text import machine_language, say

app = typer.Typer(
    help=say(
        "人工记录：豁免、计划停机、对测量的异议；显示在结论旁，不改变结论。",
        "Records by people (exemption, planned outage, dispute), shown beside a verdict and changing none.",
    ),
    no_args_is_help=True,
)

NameOption = Annotated[str, typer.Option("--name", help=say("谁说的", "who says so"))]
FromOption = Annotated[str | None, typer.Option("--from", help=say("自何时起，默认现在", "from when; else now"))]
UntilOption = Annotated[str | None, typer.Option("--until", help=say("至何时，默认不限", "until when; else open"))]
MAX_REASON = 500
MAX_NAME = 120


@app.command(help=say("添加一条记录。", "Add a record."))
def add(
    school: str,
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    name: NameOption,
    reason: Annotated[str, typer.Option("--reason", help=say("为什么", "why"))],
    target: Annotated[
        str, typer.Option("--target", help=say("哪个目标（默认全部）", "which target; all of them by default"))
    ] = EVERY_TARGET,
    begins: Annotated[
        str | None, typer.Option("--from", help=say("自何时起（默认现在）", "from when; else now"))
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--until", help=say("至何时（默认不限）", "until when; else open"))
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    settings, policy = configuration(config)
    now = datetime.now(UTC)
    begins_at, ends_at = instant(begins, policy.zone, "--from") or now, instant(ends, policy.zone, "--until")
    chosen = next((known for known in KINDS if known == kind), None)
    if chosen is None:
        refuse(say(f"没有种类 {kind}，可用：{', '.join(KINDS)}", f"no kind {kind!r}; accepted: {', '.join(KINDS)}"))
    if target != EVERY_TARGET and target not in TARGETS:
        refuse(
            say(
                f"没有目标 {target}，可用：{', '.join(TARGETS)}",
                f"no target {target!r}; accepted: {', '.join(TARGETS)}",
            )
        )
    if ends_at is not None and ends_at <= begins_at:
        refuse(say("--until 应晚于 --from", "--until must be later than --from"))
    if chosen == "planned_outage" and ends_at is None:
        refuse(
            say(
                "计划停机须写 --until，否则告警会一直不响",
                "a planned outage needs --until, else no alert would ever ring",
            )
        )
    for option, text, limit in (("--name", name, MAX_NAME), ("--reason", reason, MAX_REASON)):
        if not text.strip() or len(text) > limit:
            refuse(say(f"{option} 应有 1 至 {limit} 个字", f"{option} takes 1 to {limit} characters"))
    with store(settings) as database:
        version = database.read_now(newest_version)
        known = {s.id for s in database.read_now(lambda c: load_roster(c, version)).schools} if version else set()
        if school not in known:
            refuse(say(f"花名册中没有学校 {school}", f"the roster has no school {school}"))
        added = database.write_now(
            lambda connection: add_correction(
                connection,
                school=school,
                target=target,
                kind=chosen,
                begins_at=begins_at,
                ends_at=ends_at,
                name=name.strip(),
                reason=reason.strip(),
                now=now,
            )
        )
    typer.echo(say(f"已添加第 {added.id} 号记录", f"added as record {added.id}"))


@app.command(help=say("撤回一条记录；它仍会留存。", "Withdraw a record; it is kept all the same."))
def withdraw(
    number: int,
    name: NameOption,
    reason: Annotated[str, typer.Option("--reason", help=say("为什么撤回", "why it is withdrawn"))],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    settings, _ = configuration(config)
    for option, text, limit in (("--name", name, MAX_NAME), ("--reason", reason, MAX_REASON)):
        if not text.strip() or len(text) > limit:
            refuse(say(f"{option} 应有 1 至 {limit} 个字", f"{option} takes 1 to {limit} characters"))
    with store(settings) as database:
        found = database.write_now(
            lambda c: withdraw_correction(c, number, name=name.strip(), why=reason.strip(), now=datetime.now(UTC))
        )
    if found is None:
        refuse(say(f"没有未撤回的第 {number} 号记录", f"there is no record {number} that is not withdrawn already"))
    typer.echo(say(f"已撤回第 {number} 号记录", f"withdrew record {number}"))


@app.command("list", help=say("列出记录，含已撤回的。", "List the records, withdrawn ones too."))
def show(
    school: Annotated[str | None, typer.Argument(help=say("只看一所学校", "of one school only"))] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    settings, policy = configuration(config)
    with store(settings) as database:
        found = database.read_now(lambda connection: load_corrections(connection, school))
    if as_json:
        typer.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        typer.echo(_line(one, ZoneInfo(policy.zone)))


def _line(one: Correction, zone: ZoneInfo) -> str:
    def clock(at: datetime | None) -> str:
        return "…" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    about = one.target or say("全部目标", "every target")
    kind = KIND_NAMES[one.kind].in_language(machine_language())
    line = (
        f"#{one.id} {one.school} {about} {kind} {clock(one.begins_at)} – {clock(one.ends_at)} {one.name}: {one.reason}"
    )
    if one.withdrawn_at is not None:
        when = f"{clock(one.withdrawn_at)} {one.withdrawn_by}: {one.withdrawn_why}"
        line += say(f"（已撤回 {when}）", f" (withdrawn {when})")
    return line
