"""Panels of the plan's targets: how many schools meet them, which do not, and how far they are."""

from common.text import Text
from dashboards.panels import DISTRICT_PAGE, NAMED, REPORTED, SCHOOL, SCHOOL_ID, AnyPanel, Column, number, rows
from dashboards.words import district_names, states, targets

_SCHOOLS = 'campus_school_info{school=~"$school"}'
_STATE = 'campus_target_state{school=~"$school",target=~"$target",state="%s"}'
_HEARD = f"(count({_SCHOOLS} and on (school) {REPORTED}) or 0 * count({_SCHOOLS}))"


def counts() -> list[AnyPanel]:
    """Large numbers over the whole choice of schools and targets."""
    met, unmet, unknown = (f"sum({_STATE % state})" for state in ("met", "unmet", "unknown"))
    return [
        number(
            Text("学校", "Schools"),
            Text("花名册中的学校数。", "Schools of the roster."),
            {"": f"count({_SCHOOLS})"},
        ),
        number(
            Text("✔ 达标", "✔ met"),
            Text("达标的结论数（学校 × 目标）。", "Verdicts that are met (schools × targets)."),
            {"": met},
            colour="green",
        ),
        number(
            Text("✘ 未达标", "✘ unmet"),
            Text("未达标的结论数（学校 × 目标）。", "Verdicts that are unmet (schools × targets)."),
            {"": unmet},
            colour="red",
        ),
        number(
            Text("? 未知", "? unknown"),
            Text(
                "无法判定的结论数：没有新的、可信的依据。未知既不是达标也不是未达标。",
                "Verdicts without fresh, conclusive evidence: neither met nor unmet.",
            ),
            {"": unknown},
        ),
        number(
            Text("达标率", "Share met"),
            Text("达标 ÷ 全部结论；未知计入分母。", "Met / all verdicts; an unknown one counts below the line."),
            {"": f"{met} / count({_STATE % 'met'})"},
            unit="percentunit",
        ),
        number(
            Text("探针：失联 · 从未上报", "Agents: silent · never heard"),
            Text(
                "失联：超过 5 分钟没有上报。从未上报：花名册里有，但探针从未来过。",
                "Silent: no report for 5 minutes. Never heard: in the roster, but no agent has ever reported.",
            ),
            {
                "失联 silent": f"sum(time() - {REPORTED} > bool 300)",
                "从未 never": f"count({_SCHOOLS}) - {_HEARD}",
            },
            steps=((None, "green"), (1, "red")),
        ),
    ]


def matrix() -> AnyPanel:
    """A row for each school, a column for each target."""

    def one(target: str, state: str) -> str:
        return f'max by (school) (campus_target_state{{school=~"$school",target="{target}",state="{state}"}})'

    queries = {target: f"(2 * {one(target, 'met')} + {one(target, 'unmet')}) * {NAMED}" for target in targets()}
    columns = {target: Column(name, mapping=states()) for target, name in targets().items()}
    return rows(
        Text("各校各目标", "Schools by targets"),
        Text(
            "每格一个结论，符号、文字与颜色都说同一件事；点格子打开学校页面看原因与依据。",
            "One verdict in each cell: shape, word and colour say the same. A cell opens the school's page with "
            "reason and evidence.",
        ),
        queries,
        {"name": SCHOOL, **columns, "school": SCHOOL_ID},
        sort="name",
        width=24,
        height=10,
    )


def by_target() -> AnyPanel:
    """A row for each target."""
    count = {state: f"sum by (target) ({_STATE % state})" for state in ("met", "unmet", "unknown")}
    share = f"{count['met']} / count by (target) ({_STATE % 'met'})"
    return rows(
        Text("各目标的学校数", "Schools by target"),
        Text("每个目标达标、未达标、未知的学校数。", "For each target the schools that are met, unmet and unknown."),
        {**count, "share": share},
        {
            "target": Column(Text("目标", "Target")),
            "met": Column(Text("✔ 达标", "✔ met")),
            "unmet": Column(Text("✘ 未达标", "✘ unmet")),
            "unknown": Column(Text("? 未知", "? unknown")),
            "share": Column(Text("达标率", "Share met"), unit="percentunit"),
        },
        sort="share",
    )


def district() -> AnyPanel:
    """A row for each clause about the district as a whole."""

    def of(name: str, matchers: str = "") -> str:
        return f"max by (target) (campus_district_target_{name}{matchers})"

    met, unmet = (of("state", f'{{state="{state}"}}') for state in ("met", "unmet"))
    return rows(
        Text("全区指标", "Clauses about the district"),
        Text(
            "针对全区的条文；数值在上下界之间，证据齐全时两者相等；未知没有达成度。",
            "What the plan asks of the district as a whole. The value lies between the bounds, equal when nothing is "
            "missing; an unknown one has no attainment.",
        ),
        {
            "state": f"2 * {met} + {unmet}",
            "attainment": of("attainment_ratio"),
            "lowest": of("lowest"),
            "highest": of("highest"),
        },
        {
            "target": Column(Text("条文", "Clause"), mapping=district_names(), page=DISTRICT_PAGE),
            "state": Column(Text("结论", "Verdict"), mapping=states(), page=DISTRICT_PAGE),
            "attainment": Column(Text("达成度", "Attainment"), unit="percentunit"),
            "lowest": Column(Text("至少", "At least")),
            "highest": Column(Text("至多", "At most")),
        },
        sort="state",
        width=24,
        height=6,
    )


def worst() -> AnyPanel:
    """A row for each verdict with a number, the worst first."""
    attainment = 'max by (school, target) (campus_target_attainment_ratio{school=~"$school",target=~"$target"})'
    taken = 'min by (school, target) (campus_target_evidence_timestamp_seconds{school=~"$school",target=~"$target"})'
    return rows(
        Text("离目标最远的在前", "Furthest from target first"),
        Text(
            "达成度 = 已达到 ÷ 要求，100% 为刚好达标；未知的不列。",
            "Attainment = achieved / required, 100% is just met; unknown ones are not listed.",
        ),
        {
            "attainment": f"{attainment} * {NAMED}",
            "age": f"((time() - {taken}) and on (school, target) {attainment}) * {NAMED}",
        },
        {
            "name": SCHOOL,
            "target": Column(Text("目标", "Target")),
            "attainment": Column(Text("达成度", "Attainment"), unit="percentunit", steps=((None, "red"), (1, "green"))),
            "age": Column(Text("依据距今", "Age of evidence"), unit="s"),
            "school": SCHOOL_ID,
        },
        sort="attainment",
    )
