"""The reasons of district clauses."""

from common.text import Text

REASONS: dict[str, Text] = {
    "district_empty": Text("花名册中没有可判定的学校", "the roster has no school that could be judged"),
    "smart_campuses_enough": Text(
        "{total} 所学校中有 {met} 所是智慧校园（{unknown} 所未知），要求 {required}",
        "{met} of {total} schools are smart campuses ({unknown} unknown), {required} required",
    ),
    "smart_campuses_few": Text(
        "{total} 所学校中只有 {met} 所是智慧校园，{unknown} 所未知的即使全部达标也不到 {required}",
        "{met} of {total} schools are smart campuses; even with all {unknown} unknown ones it is less than {required}",
    ),
    "smart_campuses_open": Text(
        "{total} 所学校中已知 {met} 所是智慧校园，{unknown} 所未知，能否达到 {required} 取决于后者",
        "{met} of {total} schools are smart campuses for certain; {unknown} unknown ones decide about {required}",
    ),
    "school_short_of_smart": Text(
        "{school}：未达标 {unmet}；未知 {unknown}", "{school}: unmet {unmet}; unknown {unknown}"
    ),
    "school_without_required": Text(
        "{school} 没有任何必须达到的目标，不算智慧校园，请检查政策",
        "nothing is required of {school}, so it is no smart campus; check the policy",
    ),
    "smart_campus_exemptions": Text(
        "{count} 所学校有豁免的目标，不作要求：{names}",
        "{count} schools are exempted from targets, which are not asked of them: {names}",
    ),
    "equity_even": Text(
        "{schools} 所学校每百名学生的{resource}差异系数为 {most}，低于 {limit}",
        "{resource} per 100 students vary by {most} between {schools} schools, below {limit}",
    ),
    "equity_even_at_most": Text(
        "{schools} 所学校每百名学生的{resource}差异系数至多为 {most}，低于 {limit}",
        "{resource} per 100 students vary by at most {most} between {schools} schools, below {limit}",
    ),
    "equity_uneven": Text(
        "{schools} 所学校每百名学生的{resource}差异系数至少为 {least}，不低于 {limit}，请补足最少的学校",
        "{resource} per 100 students vary by at least {least} between {schools} schools, not below {limit}; add to "
        "those that have least",
    ),
    "equity_open": Text(
        "{schools} 所学校每百名学生的{resource}差异系数在 {least} 与 {most} 之间，有 {count} 所学校的数量未知，"
        "能否低于 {limit} 尚不能断定：{names}",
        "{resource} per 100 students vary by {least} to {most} between {schools} schools; {count} schools are not "
        "known well enough to say whether it is below {limit}: {names}",
    ),
    "equity_is": Text("{resource}：差异系数为 {least}", "{resource}: the coefficient is {least}"),
    "equity_of": Text(
        "{resource}：差异系数在 {least} 与 {most} 之间", "{resource}: the coefficient is between {least} and {most}"
    ),
    "equity_school": Text(
        "{school}：每百名学生的{resource}只有 {amount}，低于平均，应优先补足",
        "{school} has just {amount} {resource} per 100 students, less than the mean: add here first",
    ),
    "equity_too_few": Text(
        "只有 {schools} 所学校或都没有{resource}，差异系数无从谈起",
        "with {schools} schools, or none with any {resource}, there is nothing that could vary",
    ),
    "part_students_missing": Text(
        "{count} 所九年一贯制学校没有分小学、初中的学生数，请在花名册中补充：{schools}",
        "{count} nine-year schools lack the students of each part; add them to the roster: {schools}",
    ),
    "man_good": Text(
        "{total} 所学校中 {met} 所的城域网路径合格（{unknown} 所未知），要求 {required}",
        "{met} of {total} schools have a good path over the MAN ({unknown} unknown), {required} required",
    ),
    "man_bad": Text(
        "{total} 所学校中只有 {met} 所的城域网路径合格，{unknown} 所未知，不到 {required}",
        "only {met} of {total} schools have a good path over the MAN, {unknown} unknown: less than {required}",
    ),
    "man_open": Text(
        "{total} 所学校中已知 {met} 所的城域网路径合格，{unknown} 所未知，要求 {required}",
        "{met} of {total} schools have a good path over the MAN for certain, {unknown} unknown, {required} required",
    ),
    "school_on_a_bad_path": Text("{school} 的城域网路径不合格", "the path of {school} over the MAN is not good"),
    "interfaces_work": Text("{total} 种数据接口均可用", "all {total} ways to take the data work"),
    "interface_broken": Text(
        "数据接口 {name} 不可用（{detail}），请查看教育局端日志",
        "the interface {name} does not work ({detail}); look at the collector's log",
    ),
    "interfaces_not_tried": Text(
        "最近没有试过全部数据接口，稍后再看", "not every interface was tried lately; look again soon"
    ),
}
