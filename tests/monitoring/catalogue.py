"""Every metric that Prometheus can know, with its labels; and the metrics and labels that an expression asks for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from collector.district import District
from collector.intake import Intake
from collector.metrics import CampusMetrics
from collector.policy import Policy
from collector.store.database import Database
from wire.measures import CATALOGUE

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "configs/prometheus/rules").glob("*.yml"))
_PROMETHEUS = {"up": frozenset({"job", "instance"})}
_SCRAPED = frozenset({"job", "instance"})


def rules() -> list[dict[str, Any]]:
    """Every shipped rule, alerts and recorded ones."""
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def known(folder: Path) -> dict[str, frozenset[str]]:
    """Metric name -> labels: the collector's own families as it makes them, the measures' and the recorded ones."""
    found = dict(_PROMETHEUS)
    for measure in CATALOGUE.values():
        if measure.exported:
            device = {"device"} if measure.devices == "label" else set()
            found[f"campus_{measure.name}"] = frozenset({"school", *device, *measure.labels}) | _SCRAPED
    database = Database(f"sqlite:///{folder / 'empty.sqlite'}")
    try:
        district = District(database, Policy())
        for family in CampusMetrics(district.snapshot(), Intake(district)).collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = frozenset(getattr(family, "_labelnames", ())) | _SCRAPED
    finally:
        database.close()
    # Exported only after the first round of verdicts, which an empty district has not had.
    found["campus_collector_evaluation_timestamp_seconds"] = _SCRAPED
    for rule in rules():
        if "record" in rule:
            found[rule["record"]] = found.get(rule["record"], frozenset()) | frozenset(rule.get("labels", {}))
    return found


def asked(expr: str) -> Iterator[tuple[str, frozenset[str]]]:
    """(metric, labels it is matched by) of each selector in an expression. Raises ValueError when it does not parse."""
    yield from _selectors(promql.parse(expr))


def grouped(expr: str) -> frozenset[str]:
    """The labels that an expression groups, joins or matches series by."""
    return frozenset(_grouping(promql.parse(expr)))


def _children(node: Any) -> list[Any]:
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.AggregateExpr():
            return [node.expr] if node.param is None else [node.expr, node.param]
        case promql.SubqueryExpr() | promql.ParenExpr() | promql.UnaryExpr():
            return [node.expr]
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.VectorSelector() | promql.NumberLiteral() | promql.StringLiteral():
            return []
    raise AssertionError(f"an expression that this test does not know: {node!r}")


def _selectors(node: Any) -> Iterator[tuple[str, frozenset[str]]]:
    if isinstance(node, promql.VectorSelector):
        assert node.name is not None, "a selector without a metric's name"
        yield node.name, frozenset(matcher.name for matcher in node.matchers.matchers)
    for child in _children(node):
        yield from _selectors(child)


def _grouping(node: Any) -> Iterator[str]:
    if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
        yield from node.modifier.labels
    if isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
        yield from node.modifier.matching.labels
    for child in _children(node):
        yield from _grouping(child)
