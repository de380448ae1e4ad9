"""What pydantic found wrong, said to a person who is no programmer, in both languages."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails, PydanticCustomError

from common.text import Text

_TEXTS: dict[str, Text] = {
    "missing": Text("缺少这一项", "this is required"),
    "int_parsing": Text("应为整数", "a whole number is accepted"),
    "int_type": Text("应为整数", "a whole number is accepted"),
    "int_from_float": Text("应为整数", "a whole number is accepted"),
    "float_parsing": Text("应为数字", "a number is accepted"),
    "float_type": Text("应为数字", "a number is accepted"),
    "finite_number": Text("应为有限的数字", "a finite number is accepted"),
    "bool_parsing": Text("应为 true 或 false", "true or false is accepted"),
    "bool_type": Text("应为 true 或 false", "true or false is accepted"),
    "string_type": Text("应为文字；若是数字请加引号", "text is accepted; put quotes around a number"),
    "string_too_short": Text("至少 {min_length} 个字符", "at least {min_length} characters are accepted"),
    "string_too_long": Text("至多 {max_length} 个字符", "at most {max_length} characters are accepted"),
    "string_pattern_mismatch": Text("应符合格式 {pattern}", "text of the form {pattern} is accepted"),
    "literal_error": Text("可用的值：{expected}", "accepted: {expected}"),
    "enum": Text("可用的值：{expected}", "accepted: {expected}"),
    "union_tag_invalid": Text("可用的值：{expected_tags}", "accepted: {expected_tags}"),
    "union_tag_not_found": Text("缺少 {discriminator}", "{discriminator} is required"),
    "greater_than": Text("应大于 {gt}", "a number above {gt} is accepted"),
    "greater_than_equal": Text("应不小于 {ge}", "a number of at least {ge} is accepted"),
    "less_than": Text("应小于 {lt}", "a number below {lt} is accepted"),
    "less_than_equal": Text("应不大于 {le}", "a number of at most {le} is accepted"),
    "list_type": Text("应为列表（以“- ”开头的若干行）", "a list is accepted (lines that begin with '- ')"),
    "tuple_type": Text("应为列表（以“- ”开头的若干行）", "a list is accepted (lines that begin with '- ')"),
    "dict_type": Text("应为“键: 值”", "'key: value' pairs are accepted"),
    "model_type": Text("应为“键: 值”", "'key: value' pairs are accepted"),
    "model_attributes_type": Text("应为“键: 值”", "'key: value' pairs are accepted"),
    "too_short": Text("至少 {min_length} 项", "at least {min_length} entries are accepted"),
    "too_long": Text("至多 {max_length} 项", "at most {max_length} entries are accepted"),
    "url_parsing": Text(
        "应为网址，如 https://collector.example:8600", "a URL is accepted, such as https://collector.example:8600"
    ),
    "url_scheme": Text("网址应以 {expected_schemes} 开头", "a URL that begins with {expected_schemes} is accepted"),
    "date_from_datetime_parsing": Text("应为日期，如 2026-09-01", "a date is accepted, such as 2026-09-01"),
    "date_parsing": Text("应为日期，如 2026-09-01", "a date is accepted, such as 2026-09-01"),
    "ip_any_address": Text("应为 IP 地址", "an IP address is accepted"),
}


def fault(zh: str, en: str) -> PydanticCustomError:
    """An error for a validator to raise, in both languages."""
    return PydanticCustomError("campus", "{en}", {"zh": zh, "en": en})


def accepted(detail: ErrorDetails) -> Text:
    """One pydantic error as a sentence of what is accepted. An unlisted kind keeps pydantic's own English."""
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "campus":
        return Text(str(context["zh"]), str(context["en"]))
    text = _TEXTS.get(detail["type"])
    if text is None:
        return Text(f"不被接受：{detail['msg']}", detail["msg"])
    return text.filled(context)


def known_keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys accepted at a place in a model; `loc` is pydantic's path, in which union tags stand too."""
    candidates: list[Any] = [model]
    for part in loc:
        following = [step for candidate in candidates for step in _step(candidate, part)]
        tagged = [c for c in candidates if isinstance(part, str) and _has_tag(c, part)]
        candidates = following or tagged or candidates
    keys: dict[str, None] = {}
    for candidate in candidates:
        keys.update(dict.fromkeys(field.alias or name for name, field in candidate.model_fields.items()))
    return list(keys)


def _step(model: type[BaseModel], part: str | int) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return _models(field.annotation)
    return [model] if isinstance(part, int) else []


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Every model inside of an annotation: optional, list, tuple, mapping, union or annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    inner = get_args(annotation)
    if origin is Annotated:
        inner = inner[:1]
    elif origin not in (Union, types.UnionType, list, tuple, dict):
        return []
    return [model for part in inner for model in _models(part)]
