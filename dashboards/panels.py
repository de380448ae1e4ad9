"""The kinds of panel that boards are made of; each has both languages, a unit and words for when there is no data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import dashboard as dashboard_builder
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from common.text import Text
from dashboards.words import NO_DATA, both, named

SOURCE = common.DataSourceRef(type_val="prometheus", uid="prometheus")
SCHOOL_PAGE = "${collector}/schools/${__data.fields.school}"
DISTRICT_PAGE = "${collector}/district"
_PAGES = {
    SCHOOL_PAGE: Text("打开学校页面", "Open the school's page"),
    DISTRICT_PAGE: Text("打开全区指标页面", "Open the page of the district's clauses"),
}
NAMED = 'on (school) group_left (name) campus_school_info{school=~"$school"}'
"""Multiply by it to give each series its school's name; campus_school_info is always 1."""

REPORTED = 'campus_agent_last_report_timestamp_seconds{school=~"$school"}'

AnyPanel = stat.Panel | table.Panel | timeseries.Panel
P = TypeVar("P", stat.Panel, table.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading and, for a number, its unit, words and limits."""

    title: Text
    unit: str = ""
    mapping: dashboard.ValueMap | None = None
    steps: tuple[tuple[float | None, str], ...] = ()
    page: str = SCHOOL_PAGE
    """Where a cell with a mapping of its own leads."""


SCHOOL = Column(Text("学校", "School"))
SCHOOL_ID = Column(Text("学校编号", "School id"))


def number(
    title: Text,
    about: Text,
    queries: Mapping[str, str],
    *,
    unit: str = "short",
    colour: str = "text",
    steps: tuple[tuple[float | None, str], ...] = (),
    width: int = 4,
) -> stat.Panel:
    """A few large numbers; `queries` maps a legend to an expression."""
    panel = _panel(stat.Panel(), title, about, unit, width, 4).reduce_options(
        common_builder.ReduceDataOptions().calcs(["lastNotNull"])
    )
    panel.thresholds(_thresholds(steps or ((None, colour),)))
    panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.NONE)
    panel.text_mode(common.BigValueTextMode.VALUE if len(queries) == 1 else common.BigValueTextMode.VALUE_AND_NAME)
    for index, (legend, expr) in enumerate(queries.items()):
        panel.with_target(_query(expr, chr(ord("A") + index)).instant().legend_format(legend))
    return panel


def lines(
    title: Text,
    about: Text,
    queries: Mapping[str, str],
    *,
    unit: str,
    width: int = 12,
    least: float | None = 0,
) -> timeseries.Panel:
    """Lines over time; `queries` maps a legend to an expression. A gap stays a gap."""
    panel = _panel(timeseries.Panel(), title, about, unit, width, 8).span_nulls(False)
    panel.tooltip(common_builder.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    if least is not None:
        panel.min(least)
    for index, (legend, expr) in enumerate(queries.items()):
        panel.with_target(_query(expr, chr(ord("A") + index)).range().legend_format(legend))
    return panel


def rows(
    title: Text,
    about: Text,
    queries: Mapping[str, str],
    columns: Mapping[str, Column],
    *,
    sort: str,
    direction: Literal["up", "down"] = "up",
    width: int = 12,
    height: int = 8,
) -> table.Panel:
    """A table with a row for each set of labels.

    `queries` maps a value column to an expression; all must have the same labels. `columns` names every column from the
    left: labels, and the keys of `queries`. A row leads to its school's page.
    """
    panel = _panel(table.Panel(), title, about, "short", width, height)
    only = len(queries) == 1
    fields = {key: ("Value" if only else f"Value #{key}") if key in queries else key for key in columns}
    for key, expr in queries.items():
        panel.with_target(_query(expr, key).instant().format(PromQueryFormat.TABLE))
    if not only:
        panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    order = {field: index for index, field in enumerate(fields.values())}
    panel.with_transformation(
        dashboard.DataTransformerConfig(
            id_val="organize", options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": {}}
        )
    )
    for key, column in columns.items():
        panel.override_by_name(fields[key], _properties(key, column))
    panel.sort_by(
        [common_builder.TableSortByFieldState().display_name(both(columns[sort].title)).desc(direction == "down")]
    )
    return panel


def _properties(key: str, column: Column) -> list[dashboard.DynamicConfigValue]:
    say = dashboard.DynamicConfigValue
    properties = [say("displayName", both(column.title))]
    mapping = column.mapping or named(key)
    if column.unit:
        properties.append(say("unit", column.unit))
    if mapping is not None:
        properties.append(say("mappings", [mapping]))
    if column.steps:
        properties.append(say("thresholds", _thresholds(column.steps).build()))
        properties.append(say("custom.cellOptions", {"type": "color-text"}))
        properties.append(say("color", {"mode": "thresholds"}))
    elif column.mapping is not None:
        properties.append(say("custom.cellOptions", {"type": "color-background", "mode": "basic"}))
    if key in ("name", "school") or column.mapping is not None:
        link = {"title": both(_PAGES[column.page]), "url": column.page, "targetBlank": True}
        properties.append(say("links", [link]))
    return properties


def _panel(panel: P, title: Text, about: Text, unit: str, width: int, height: int) -> P:
    panel.title(both(title)).description(f"{about.zh}\n\n{about.en}").unit(unit).no_value(both(NO_DATA))
    panel.datasource(SOURCE).span(width).height(height)
    return panel


def _query(expr: str, ref_id: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).ref_id(ref_id).datasource(SOURCE)


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> dashboard_builder.ThresholdsConfig:
    return (
        dashboard_builder.ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=colour) for value, colour in steps])
    )


def row(title: Text) -> dashboard_builder.Row:
    """A heading over the panels that follow."""
    return dashboard_builder.Row(both(title))


def build(board: dashboard_builder.Dashboard, parts: Sequence[Any]) -> dashboard.Dashboard:
    """The board with its parts from the top, each panel numbered in that order."""
    for part in parts:
        if isinstance(part, dashboard_builder.Row):
            board.with_row(part)
        else:
            board.with_panel(part)
    built = board.build()
    for number_, panel in enumerate(built.panels or (), start=1):
        panel.id_val = number_
    return built
