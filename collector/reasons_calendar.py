"""Reasons that come from the school calendar."""

from common.text import Text

REASONS: dict[str, Text] = {
    "calendar_unknown": Text(
        "{year} 年有 {days} 天尚不知是否上课：软件所带的节假日安排未收录该年，或该日不在所列学期之内；"
        "请更新软件，或在 policy.yaml 的 calendar 中写明学期（terms）、上课日（school_days）与休息日（days_off）",
        "{days} days of {year} are not known to be school days or free: that year's holidays are not in the software "
        "yet, or the days lie outside of the terms given; update the software, or write the terms, school_days and "
        "days_off under calendar in policy.yaml",
    ),
}
