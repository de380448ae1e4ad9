"""The district at a glance: which school falls short of which target, and what its network looks like now."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.models import dashboard

from common.text import Text
from dashboards.network import agents, inside, uplink
from dashboards.panels import SOURCE, build, row
from dashboards.verdicts import by_target, counts, district, matrix, worst
from dashboards.words import both

UID = "campus-overview"


def board() -> dashboard.Dashboard:
    """The whole board."""
    head = (
        builder.Dashboard("校园总览 / Campus overview")
        .uid(UID)
        .description(
            "哪所学校的哪项规划目标没有达到，网络现在怎样。"
            " / Which school falls short of which target, and its network now."
        )
        .tags(["campus"])
        .refresh("1m")
        .time("now-24h", "now")
        .timezone("browser")
        .link(
            builder.DashboardLink(both(Text("监测网页", "Collector pages")))
            .type(dashboard.DashboardLinkType.LINK)
            .icon("external link")
            .url("${collector}/")
            .target_blank(True)
        )
        .with_variable(_school())
        .with_variable(_target())
        .with_variable(
            builder.TextBoxVariable("collector")
            .label(both(Text("网页地址", "Collector address")))
            .description(
                "浏览器打开 collector 网页所用的地址 / the address by which a browser opens the collector's pages"
            )
            .default_value("http://127.0.0.1:8600")
        )
    )
    parts = [
        row(Text("规划目标", "The plan's targets")),
        *counts(),
        district(),
        matrix(),
        by_target(),
        worst(),
        row(Text("出口与路径", "Uplink and path")),
        *uplink(),
        row(Text("校内网络与终端", "Inside the school")),
        *inside(),
        row(Text("探针与设备", "Agents and devices")),
        *agents(),
    ]
    return build(head, parts)


def _choice(name: str, label: Text, query: str, regex: str) -> builder.QueryVariable:
    return (
        builder.QueryVariable(name)
        .label(both(label))
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .regex(regex)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(dashboard.VariableOption(selected=True, text="All", value="$__all"))
    )


def _school() -> builder.QueryVariable:
    shown = '/[{,]\\s*name="(?<text>[^"]+)".*school="(?<value>[^"]+)"/'
    return _choice("school", Text("学校", "School"), "query_result(campus_school_info)", shown)


def _target() -> builder.QueryVariable:
    shown = '/target="(?<value>[^"]+)".*zh="(?<text>[^"]+)"/'
    return _choice("target", Text("目标", "Target"), "query_result(campus:target_name:info)", shown)
