"""How the progress is shown: the chart's coordinates, the words, and that nothing of it can be taken for markup."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import collector.pages
from collector.pages.district import HEIGHT, WIDTH, shown
from collector.pages.words import SHAPES, WORDS
from collector.progress import progress, shares_of
from collector.progress_model import ClauseDay, Progress, SchoolDay, Span
from common.text import LANGUAGES, Language

HOSTILE = '<script>alert("x")</script>'
DAYS = [date(2025, 9, 1) + timedelta(days=n) for n in range(90)]
FOLDER = Path(collector.pages.__file__).parent / "templates"


def course() -> Progress:
    rows = [
        SchoolDay(f"s{n}", "wireless_coverage", day, "met" if n < 2 else "unmet", 1.0 if n < 2 else 0.4)
        for n in range(60)
        for day in DAYS
    ]
    clauses = [ClauseDay("equity_primary", day, "unmet", 2.5, 0.6, 2.5, None) for day in DAYS]
    names = {f"s{n}": f"{HOSTILE}{n}" for n in range(60)}
    return progress(shares_of(rows), rows, clauses, names, Span(date(2023, 9, 1), date(2026, 8, 31), DAYS[-1]))


def rendered(found: Progress, language: Language) -> str:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {name: word.in_language(language) for name, word in WORDS.items()}
    template = environment.get_template("_progress.html")
    return template.render(progress=shown(found, language), w=words, shapes=SHAPES, show=SimpleNamespace())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_part_is_well_formed_and_says_each_target(language: Language) -> None:
    text = rendered(course(), language)
    tree = ElementTree.fromstring(text)  # noqa: S314 - our own; would fail on a name that is taken for markup
    assert len(tree.findall(".//svg")) == 2
    assert HOSTILE not in text
    assert "达标学校" in text if language == "zh" else "schools" in text
    assert len(tree.findall(".//li")) == 51
    for svg in tree.findall(".//svg"):
        assert svg.get("aria-label")
        for shape in svg:
            for pair in (shape.get("points") or "").split():
                x, y = map(float, pair.split(","))
                assert 0 <= x <= WIDTH
                assert 0 <= y <= HEIGHT


def test_a_course_that_rises_is_drawn_upwards_and_goes_on_to_the_plans_end() -> None:
    rows = [
        SchoolDay(f"s{n}", "wireless_coverage", day, "met" if n * 3 < number else "unmet", None)
        for n in range(40)
        for number, day in enumerate(DAYS)
    ]
    found = progress(shares_of(rows), [], [], {}, Span(date(2023, 9, 1), date(2026, 8, 31), DAYS[-1]))
    chart = shown(found, "en").rows[0].chart
    heights = [float(pair.split(",")[1]) for pair in chart.line.split()]
    assert heights == sorted(heights, reverse=True)
    assert chart.ahead.split()[1].split(",")[0] == f"{WIDTH - 1:.1f}"


def test_without_any_day_nothing_is_drawn() -> None:
    found = progress([], [], [], {}, Span(date(2023, 9, 1), date(2026, 8, 31), DAYS[-1]))
    assert rendered(found, "zh").strip() == ""
