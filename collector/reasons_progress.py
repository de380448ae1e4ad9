"""The sentences of the progress against the plan."""

from common.text import Text

REASONS: dict[str, Text] = {
    "progress_forecast": Text(
        "照过去 {weeks} 周的走势，到 {end} 达标学校约占 {point}（可能在 {least} 至 {most} 之间）",
        "as the last {weeks} weeks went, about {point} of the schools will meet it by {end} ({least} to {most})",
    ),
    "progress_forecast_value": Text(
        "照过去 {weeks} 周的走势，到 {end} 约为 {point}（可能在 {least} 至 {most} 之间），要求 {required}",
        "as the last {weeks} weeks went, it will be about {point} by {end} ({least} to {most}); {required} is required",
    ),
    "progress_unknown": Text("没有任何已知的结论，无从预测", "no verdict is known, so nothing can be forecast"),
    "progress_too_little": Text(
        "历史太短，暂不预测：只有 {days} 个上课日有结论，前后 {span} 天；"
        "至少要 {least_days} 个上课日，前后 {least_span} 天",
        "too little history for a forecast: verdicts on {days} school days over {span} days; at least {least_days}"
        " school days over {least_span} days are needed",
    ),
    "progress_ended": Text(
        "规划已于 {end} 结束，当时达标学校占 {point}（未知的算上，在 {least} 至 {most} 之间）",
        "the plan ended on {end}, when {point} of the schools met it ({least} to {most} with the unknown ones)",
    ),
    "progress_ended_value": Text(
        "规划已于 {end} 结束，当时为 {point}（在 {least} 至 {most} 之间），要求 {required}",
        "the plan ended on {end}, when it was {point} ({least} to {most}); {required} was required",
    ),
    "progress_ended_unknown": Text(
        "规划已于 {end} 结束，当时的结论未知", "the plan ended on {end}; how it stood then is not known"
    ),
    "school_stuck": Text(
        "{school}：{target}未达标（达成度 {attainment}），{weeks} 周来没有好转，照此到 {end} 达不到",
        "{school}: {target} is unmet (attainment {attainment}) and did not improve in {weeks} weeks; so it will not be"
        " met by {end}",
    ),
    "school_late": Text(
        "{school}：{target}未达标（达成度 {attainment}），照目前的进度约在 {day} 达标，晚于 {end}",
        "{school}: {target} is unmet (attainment {attainment}); as it goes it will be met about {day}, after {end}",
    ),
    "school_short_history": Text(
        "{school}：{target}未达标（达成度 {attainment}），历史太短，看不出走势",
        "{school}: {target} is unmet (attainment {attainment}), with too little history to see where it goes",
    ),
    "school_missed": Text(
        "{school}：{target}到规划结束（{end}）未达标（达成度 {attainment}）",
        "{school}: {target} was unmet (attainment {attainment}) when the plan ended on {end}",
    ),
}
