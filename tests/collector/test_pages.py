"""The pages in a real browser, and /metrics, over a collector that knows three schools."""

import subprocess
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from collector.pages.words import GROUPS, SHORT
from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS
from collector.verdict import STATES
from tests.peers.browser import DESKTOP, PHONE, browser_page, overflows
from tests.peers.collector import CollectorProcess, collector
from tests.peers.prometheus import wait_until
from tests.peers.reports import get, observation, post, report

HOSTILE = '<script>alert("x")</script>'
PLACES = [{"id": "101", "class_name": "1.1"}, {"id": "102", "class_name": "1.2"}]
ROSTER = {
    "schools": [
        {"id": id_, "name": name, "stage": "primary", "students": 80, "teachers": 6, "classes": 2, "places": PLACES}
        for id_, name in (("bad", "东山小学"), ("dark", "南湖小学"), ("odd", f"西校 {HOSTILE}"))
    ]
}
RECORDS = (
    ("dark", "planned_outage", "--until", "2099-01-01T00:00"),
    ("bad", "exemption", "--target", "cctv_coverage"),
    ("bad", "disputed", "--target", "desktop_100m"),
)


def access_point(name: str, place: str, up: int) -> list[dict[str, object]]:
    labels = {"ap": name, "ap_id": name.lower(), "place": place}
    return [{"measure": "wireless_access_point_up", "value": up, "labels": labels}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with collector(tmp_path_factory.mktemp("pages"), ROSTER, evaluate_every_seconds=1) as process:
        aps = [*access_point("AP-1", "101", 1), *access_point("AP-2", "102", 0)]
        wireless = observation("wireless", "AC", readings=aps)
        port = {"port": "ge24"}
        ports = observation(
            "ports", "gateway",
            readings=[
                {"measure": "uplink_up", "value": 1, "labels": port},
                {"measure": "uplink_speed_bytes", "value": 12_500_000, "labels": port},
                {"measure": "access_port_speed_bytes", "value": 125e6,
                 "labels": {"port": "ge1", "ifindex": "1", "place": "101"}},
            ],
        )  # fmt: skip
        assert post(process.url, process.token("bad"), report("bad", wireless, ports))[0] == 200
        strange = observation("wireless", HOSTILE, outcome="refused", detail=HOSTILE)
        assert post(process.url, process.token("odd"), report("odd", strange))[0] == 200
        for school, kind, *more in RECORDS:
            added = process.command("correct", "add", school, kind, "--name", "王老师", "--reason", HOSTILE, *more)
            assert added.returncode == 0, added.stderr

        def judged() -> bool:
            found = get(process.url, "/api/v1/verdicts?school=bad&target=gigabit_uplink")["verdicts"]
            recorded = get(process.url, "/api/v1/verdicts?school=bad&target=desktop_100m")["verdicts"]
            return bool(found) and found[0]["state"] == "unmet" and bool(recorded[0]["corrections"])

        wait_until(judged, 20, "the school is judged")
        yield process


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_page_in_each_language(served: CollectorProcess, language: str, size: tuple[int, int]) -> None:
    with browser_page(size) as page:
        for path in ("/", "/schools/bad", "/schools/dark", "/schools/odd", "/targets/gigabit_uplink", "/district"):
            page.goto(f"{served.url}{path}?lang={language}")
            assert page.locator("h1").count() == 1
            assert not overflows(page), path
            words = ("未达标", "未知") if language == "zh" else ("unmet", "unknown")
            assert any(word in page.inner_text("main") for word in words), path


def test_a_red_cell_leads_to_its_reason_and_evidence(served: CollectorProcess) -> None:
    with browser_page() as page:
        page.goto(f"{served.url}/?lang=en")
        page.get_by_role("row", name="东山小学").get_by_role("link", name="unmet").first.click()
        page.wait_for_url("**/schools/bad#gigabit_uplink")
        section = page.locator("#gigabit_uplink")
        assert "ge24" in section.inner_text()
        assert "100 Mbit/s" in section.inner_text()
        assert "uplink_speed_bytes" in section.inner_text()


def test_every_target_has_a_group_and_a_short_name() -> None:
    grouped = [target for _, of_group in GROUPS for target in of_group]
    assert sorted(grouped) == sorted(TARGETS) == sorted(SHORT)
    assert all(len(name.zh) <= 4 for name in SHORT.values())


def test_the_matrix_scrolls_on_a_phone_and_keeps_the_schools_names(served: CollectorProcess) -> None:
    with browser_page(PHONE) as page:
        page.goto(f"{served.url}/?lang=zh")
        table = page.get_by_role("region", name="各校各目标")
        assert table.locator("thead th[scope=col]").count() == 1 + len(TARGETS)
        table.evaluate("region => { region.scrollLeft = 600 }")
        assert table.evaluate("region => region.scrollLeft") == 600
        name, edge = table.get_by_role("link", name="东山小学").bounding_box(), table.bounding_box()
        assert name is not None
        assert edge is not None
        assert edge["x"] <= name["x"] < edge["x"] + 20


def test_what_people_recorded_stands_beside_the_verdict(served: CollectorProcess) -> None:
    with browser_page() as page:
        page.goto(f"{served.url}/?lang=en")
        assert "outage" in page.get_by_role("row", name="南湖小学").locator("th").inner_text()
        cell = page.get_by_role("row", name="东山小学").locator('a[href="/schools/bad#cctv_coverage"]')
        assert "exempt" in cell.inner_text()
        page.goto(f"{served.url}/schools/bad?lang=zh")
        section = page.locator("#desktop_100m").inner_text()
        assert "有异议" in section
        assert "王老师" in section
        assert HOSTILE in section
        assert "达标" in section  # the verdict itself is not changed
        assert "政策第 1 版，花名册第 1 版" in section
        page.goto(f"{served.url}/schools/dark?lang=zh")
        assert "计划停机" in page.get_by_role("region", name="人工记录").inner_text()


def test_the_clauses_about_the_district_are_on_the_overview_and_on_a_page_of_their_own(
    served: CollectorProcess,
) -> None:
    with browser_page() as page:
        page.goto(f"{served.url}/?lang=en")
        for target in DISTRICT_TARGETS.values():
            card = page.locator(f'a[href="/district#{target.id}"]')
            assert any(state in card.inner_text() for state in STATES), target.id
        page.locator('a[href="/district#smart_campus_share"]').click()
        page.wait_for_url("**/district#smart_campus_share")
        assert DISTRICT_TARGETS["smart_campus_share"].clause in page.locator("#smart_campus_share").inner_text()


def test_search_and_filter_narrow_the_matrix(served: CollectorProcess) -> None:
    with browser_page(locale="zh-CN") as page:
        page.goto(served.url)
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        rows = page.locator("tr[data-name]")
        page.get_by_label("查找学校").fill("南湖")
        assert [row.inner_text().split()[0] for row in rows.all() if row.is_visible()] == ["南湖小学"]
        page.get_by_label("查找学校").fill("")
        page.get_by_label("结论").select_option("unmet")
        assert [row.inner_text().split()[0] for row in rows.all() if row.is_visible()] == ["东山小学"]


def test_what_a_school_or_device_calls_itself_is_text(served: CollectorProcess) -> None:
    with browser_page() as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for path in ("/", "/schools/odd"):
            page.goto(f"{served.url}{path}")
            assert HOSTILE in page.inner_text("main")


def test_an_unknown_page_says_so_and_leads_back(served: CollectorProcess) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{served.url}/schools/none?lang=en", timeout=10)
    with error.value as answer:
        assert (answer.code, "Back to the overview" in answer.read().decode()) == (404, True)


def metrics(served: CollectorProcess, accept: str) -> str:
    request = urllib.request.Request(f"{served.url}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_promtool_finds_nothing_in_the_metrics(served: CollectorProcess) -> None:
    page = metrics(served, "text/plain")
    found = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=20)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert 'campus_target_state{school="bad",state="unmet",target="gigabit_uplink"} 1.0' in page
    assert 'campus_target_attainment_ratio{school="bad",target="gigabit_uplink"} 0.1' in page
    assert 'campus_target_attainment_ratio{school="dark"' not in page  # unknown has no attainment
    assert 'campus_uplink_speed_bytes{device="gateway",port="ge24",school="bad"} 1.25e+07' in page
    assert 'campus_access_ports{school="bad",speed="1G"} 1.0' in page
    assert 'campus_probe_success{device="AC",probe="wireless",school="bad"} 1.0' in page
    assert 'campus_correction_active{kind="planned_outage",school="dark",target=""} 1.0' in page
    assert 'campus_correction_active{kind="exemption",school="bad",target="cctv_coverage"} 1.0' in page


def test_openmetrics_for_who_asks(served: CollectorProcess) -> None:
    page = metrics(served, "application/openmetrics-text; version=1.0.0")
    families = list(text_string_to_metric_families(page))  # type: ignore[no-untyped-call]
    assert "campus_target_state" in {family.name for family in families}


def test_every_school_and_target_has_exactly_one_state(served: CollectorProcess) -> None:
    lines = [line for line in metrics(served, "text/plain").splitlines() if line.startswith("campus_target_state{")]
    assert len(lines) == 3 * len(TARGETS) * len(STATES)
    assert sum(line.endswith(" 1.0") for line in lines) == 3 * len(TARGETS)


def test_every_district_clause_has_exactly_one_state(served: CollectorProcess) -> None:
    found = [line for line in metrics(served, "text/plain").splitlines() if "campus_district_target_state{" in line]
    assert sum(line.endswith(" 1.0") for line in found) == len(DISTRICT_TARGETS) == 5
