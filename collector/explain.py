"""How a verdict came about, for a person: what it says, by which rules, and everything that it was made from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from collector.corrections import KIND_NAMES, Correction
from collector.eras import Eras
from collector.evidence import Evidence
from collector.inputs import Inputs
from collector.judge import decide, moment_of, needed, reaching
from collector.policy import Policy
from collector.replay import NotKept, Past, change_at, told
from collector.roster.model import School
from collector.store.corrections import load_corrections
from collector.store.observations import load_agents, load_daily, load_latest_of
from collector.store.schema import VERDICTS
from collector.store.verdicts import DISTRICT, Versions
from collector.targets import TARGETS
from collector.targets.base import AnyTarget, PolicyPart
from collector.targets.district import DISTRICT_TARGETS
from collector.targets.district.base import AnyDistrictTarget
from collector.units import in_unit
from collector.verdict import STATE_NAMES, State
from common.text import Language

MAX_LISTED = 40
"""Observations and roll-ups that are written out for a person; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One verdict with everything around it. `verdict` is in the API's form."""

    school: str
    target: str
    at: datetime
    """When it was made."""
    verdict: Mapping[str, Any]
    versions: Versions
    zone: ZoneInfo
    policy: PolicyPart | None = None
    facts: School | None = None
    inputs: Inputs | None = None
    is_same: bool | None = None
    """Whether making it again gives the same; None where that was not tried or nothing was kept."""
    corrections: tuple[Correction, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything, observations and roll-ups included."""
        seen = self.inputs.evidence if self.inputs is not None else Evidence()
        return {
            "school": self.school,
            **self.verdict,
            "made_at": self.at.isoformat(),
            "policy_version": self.versions.policy,
            "policy": dict(self.rules),
            "roster_version": self.versions.roster,
            "roster": None if self.facts is None else _facts_json(self.facts),
            "decided_before": self.inputs.decided if self.inputs is not None else None,
            "observations": [observation.model_dump(mode="json") for observation in seen.latest],
            "daily": [
                {
                    "day": row.day.isoformat(), "probe": row.probe, "device": row.device, "measure": row.measure,
                    "labels": row.labels, "count": row.count, "minimum": row.minimum, "maximum": row.maximum,
                    "total": row.total, "last": row.last, "last_at": row.last_at.isoformat(),
                }
                for row in seen.daily
            ],
            "made_again_is_same": self.is_same,
            "corrections": [correction.as_json() for correction in self.corrections],
        }  # fmt: skip

    def lines(self, language: Language) -> Iterator[str]:
        """The same for a person, a line each."""

        def word(zh: str, en: str) -> str:
            return zh if language == "zh" else en

        verdict = self.verdict
        target: AnyTarget | AnyDistrictTarget | None = (
            DISTRICT_TARGETS.get(self.target) if self.school == DISTRICT else TARGETS.get(self.target)
        )
        name = target.name.in_language(language) if target is not None else self.target
        school = self.facts.name if self.facts is not None else word("全区", "the district")
        yield f"{school} · {name} ({self.target})"
        if target is not None:
            yield f"  {target.clause}"
        yield f"{STATE_NAMES[verdict['state']].in_language(language)} · {self._clock(self.at)}"
        yield f"  {verdict['reason'][language]}"
        unit = target.unit if target is not None else "ratio"
        for key, zh, en in (
            ("value", "数值", "value"),
            ("threshold", "要求", "required"),
            ("lowest", "下界", "at least"),
            ("highest", "上界", "at most"),
        ):
            if verdict[key] is not None:
                yield f"  {word(zh, en)}: {in_unit(unit, verdict[key])}"
        if verdict["attainment"] is not None:
            yield f"  {word('达成度', 'attainment')}: {verdict['attainment'] * 100:.4g} %"
        if others := [f for f in verdict["findings"] if f[language] != verdict["reason"][language]]:
            yield word("发现的问题", "findings")
            yield from (f"  - {finding[language]}" for finding in others)
        if self.corrections:
            yield word("人工记录（不改变结论）", "records by people (they change no verdict)")
            yield from (f"  - {self._correction(correction, language)}" for correction in self.corrections)
        yield word("依据", "by")
        yield f"  {word('政策版本', 'policy version')} {self.versions.policy}: {_rules(self.rules)}"
        if self.facts is not None:
            yield f"  {word('花名册版本', 'roster version')} {self.versions.roster}: {_numbers(self.facts, language)}"
        yield from self._evidence_lines(language)
        if self.is_same is not None:
            yield (
                word("由所存证据重新计算：结论相同", "made again from what was kept: the same")
                if self.is_same
                else word("由所存证据重新计算：结论不同", "made again from what was kept: NOT the same")
            )

    def _evidence_lines(self, language: Language) -> Iterator[str]:
        items = self.verdict["evidence"]
        if items:
            yield "证据" if language == "zh" else "evidence"
        for item in items[:MAX_LISTED]:
            at = self._clock(datetime.fromisoformat(item["at"]))
            yield f"  {at}  {item['probe']}  {item['device']}  {item['note']}"
        if (more := self.verdict["evidence_items"] - MAX_LISTED) > 0:
            yield f"  … +{more}"
        if self.inputs is None:
            return
        seen = self.inputs.evidence
        if self.inputs.decided is not None:
            before = STATE_NAMES[self.inputs.decided].in_language(language)
            yield f"此前结论：{before}" if language == "zh" else f"decided before: {before}"
        counts = len(seen.latest), len(seen.daily)
        yield (
            f"共用到 {counts[0]} 次检测、{counts[1]} 条每日汇总（--json 可全部列出）"
            if language == "zh"
            else f"from {counts[0]} observations and {counts[1]} daily roll-ups (--json lists them all)"
        )

    def _clock(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def _correction(self, one: Correction, language: Language) -> str:
        ends = self._clock(one.ends_at) if one.ends_at is not None else "…"
        text = f"#{one.id} {KIND_NAMES[one.kind].in_language(language)} {self._clock(one.begins_at)} – {ends} "
        text += f"{one.name}: {one.reason}"
        if one.withdrawn_at is None:
            return text
        when = f"{self._clock(one.withdrawn_at)} {one.withdrawn_by}: {one.withdrawn_why}"
        return f"{text} (已撤回 {when})" if language == "zh" else f"{text} (withdrawn {when})"


class NothingKnown(Exception):
    """There is no such school, target or verdict."""


def explain_past(connection: Connection, school: str, target: str, at: datetime | None, zone: ZoneInfo) -> Explanation:
    """The verdict that stood at a moment (or stands), as it was made then, and whether it comes out the same today.

    Raises NothingKnown when there was none yet.
    """
    row = change_at(connection, school, target, at)
    if row is None:
        raise NothingKnown
    past = Past(connection)
    verdict, moment = json.loads(row.body), datetime.fromtimestamp(row.at, UTC)
    about = _about(connection, row, past, at or moment)
    try:
        again = past.made_again(row)
    except NotKept:
        return Explanation(school, target, moment, verdict, zone=zone, **about)
    same = told(again.verdict.as_json()) == told(verdict)
    return Explanation(school, target, moment, verdict, zone=zone, inputs=again.inputs, is_same=same, **about)


def _about(connection: Connection, row: Row[Any], past: Past, at: datetime) -> dict[str, Any]:
    policy = past.policy(row.policy) if row.policy else None
    facts = past.schools(row.roster).get(row.school) if row.roster else None
    part: PolicyPart | None = None
    if policy is not None and row.target in DISTRICT_TARGETS and row.school == DISTRICT:
        part = policy.of_district(row.target)
    elif policy is not None and row.target in TARGETS:
        part = policy.of(row.target, facts.stage if facts is not None else None)
    return {
        "versions": Versions(row.policy, row.roster),
        "policy": part,
        "rules": part.model_dump(mode="json") if part is not None else {},
        "facts": facts,
        "corrections": _beside(connection, row.school, row.target, at),
    }


def _beside(connection: Connection, school: str, target: str, at: datetime) -> tuple[Correction, ...]:
    return tuple(c for c in load_corrections(connection, school) if c.is_about(school, target) and c.begins_at <= at)


def explain_now(
    connection: Connection, school: str, target: str, policy: Policy, eras: Eras, now: datetime
) -> Explanation:
    """A school target's verdict by what the store has now, made afresh. Raises NothingKnown."""
    zone = ZoneInfo(policy.zone)
    today = now.astimezone(zone).date()
    version = eras.roster_version(today)
    facts = eras.schools(connection, version).get(school) if version else None
    if facts is None or target not in policy.enabled_for(facts.stage):
        raise NothingKnown
    daily = load_daily(connection, school, needed(policy).since([target], today))
    agent = load_agents(connection, {school}).get(school)
    evidence = Evidence(
        load_latest_of(connection, school),
        daily,
        agent.first_report_at if agent else None,
        agent.last_report_at if agent else None,
    )
    moment = moment_of(facts, policy, now)
    seen = reaching(TARGETS[target], facts, evidence, moment.calendar)
    decided: State | None = connection.execute(
        select(VERDICTS.c.decided).where(VERDICTS.c.school == school, VERDICTS.c.target == target)
    ).scalar()
    part = policy.of(target, facts.stage)
    verdict = decide(TARGETS[target], facts, seen, policy, moment, decided)
    return Explanation(
        school,
        target,
        now,
        verdict.as_json(),
        Versions(eras.at(connection)(today).versions.policy, version),
        zone,
        part,
        facts,
        Inputs(now, decided, seen),
        None,
        _beside(connection, school, target, now),
        part.model_dump(mode="json"),
    )


def _rules(rules: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in rules.items() if name != "enabled")


def _numbers(school: School, language: Language) -> str:
    people = school.students, school.teachers, school.classes, len(school.teaching_places)
    if language == "zh":
        return "学生 {} 人，教师 {} 人，班级 {} 个，教学场所 {} 处".format(*people)
    return "{} students, {} teachers, {} classes, {} teaching places".format(*people)


def _facts_json(school: School) -> dict[str, Any]:
    return {
        **school.model_dump(mode="json", exclude={"places", "devices"}),
        "teaching_places": len(school.teaching_places),
    }
