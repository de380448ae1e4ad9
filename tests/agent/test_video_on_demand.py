"""Video on demand, against nginx with films by ffmpeg, over links of known rate, and where nothing is heard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from agent.clients import media_http, tcp
from agent.probes.base import CollectorLink, Context
from agent.probes.service import video_on_demand
from agent.probes.service.probe import PROBE
from tests.agent.services import values, vod
from tests.peers.far_side import FarSide, far_side
from tests.peers.pages import closed_port, garbage, silent, tcp_server
from tests.peers.streams import Server, make_films, streaming_server


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_films(folder)
    return folder


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("near")
    (folder / "films").symlink_to(films)
    with streaming_server(folder) as server:
        yield server


@pytest.fixture
def side() -> Iterator[FarSide]:
    with far_side() as made:
        yield made


@pytest.fixture
def far(tmp_path: Path, films: Path, side: FarSide) -> Iterator[Server]:
    (tmp_path / "films").symlink_to(films)
    with streaming_server(tmp_path, side) as server:
        yield server


@pytest.mark.parametrize(
    ("kind", "name"),
    [("hls", "film.m3u8"), ("hls", "parts.m3u8"), ("mp4", "film.mp4"), ("mp4", "late.mp4")],
)
async def test_a_film_plays(near: Server, kind: str, name: str) -> None:
    seen = await vod(f"{near.http}/films/{name}", kind=kind, sample_seconds=4)
    told = values(seen)
    assert (seen.outcome, seen.detail, told["up"], told["sample_stall_seconds"]) == ("ok", "", 1, 0)
    assert 3.9 < told["sample_played_seconds"] < 6.1  # it comes in chunks of any size
    assert 0 < told["response_seconds"] <= told["sample_start_seconds"]


async def test_a_sample_longer_than_the_film_is_the_film(near: Server) -> None:
    told = values(await vod(f"{near.http}/films/film.m3u8", sample_seconds=60))
    assert told["up"] == 1
    assert told["sample_played_seconds"] == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize(("kind", "name"), [("hls", "film.m3u8"), ("mp4", "film.mp4")])
async def test_a_film_stalls_on_a_slow_link(far: Server, side: FarSide, kind: str, name: str) -> None:
    """2 Mbit/s of film over 1 Mbit/s: half of the time that it takes to come is stalled, after the start."""
    side.limit("1mbit")
    seen = await vod(f"{far.http}/films/{name}", kind=kind, sample_seconds=2, start_seconds=0.2)
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("ok", 1)
    assert 1.0 < told["sample_stall_seconds"] < 3.5
    assert told["sample_played_seconds"] >= 1.9


async def test_a_film_that_comes_much_too_slowly_tells_what_it_stalled(
    far: Server, side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_on_demand, "PATIENCE", 2)
    side.limit("400kbit")
    seen = await vod(f"{far.http}/films/film.m3u8", sample_seconds=2, start_seconds=0.2)
    told = values(seen)
    assert (seen.outcome, told["up"]) == ("ok", 1)
    assert told["sample_played_seconds"] < 2  # ended after twice its length
    assert told["sample_stall_seconds"] > 1.5


@pytest.mark.parametrize(
    ("path", "outcome", "up"),
    [
        ("/films/none.m3u8", "refused", None),  # something on the way may have said so, and there is no reference
        ("/broken", "refused", None),
        ("/locked", "refused", None),  # the agent is not let in: nothing is known of the service
        ("/away", "malformed", None),  # `hosts` does not name it
        ("/round", "malformed", 0),
        ("/moved", "ok", 1),
        ("/films/film.mp4", "malformed", 0),
        ("/films/film0.ts", "malformed", None),  # as a captive portal would answer
    ],
)
async def test_answers_of_the_server(near: Server, path: str, outcome: str, up: float | None) -> None:
    seen = await vod(near.http + path, sample_seconds=2)
    assert (seen.outcome, values(seen).get("up")) == (outcome, up)


async def test_garbage_is_down() -> None:
    async with tcp_server(garbage) as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("malformed", {"up": 0})


async def test_a_closed_port_is_down() -> None:
    with closed_port() as port:
        seen = await vod(f"http://127.0.0.1:{port}/a.m3u8")
    assert (seen.outcome, values(seen)) == ("refused", {"up": 0})


# Not heard: down, or not known


async def test_silence_is_down_only_where_the_reference_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_http, "READ_SECONDS", 0.3)
    async with tcp_server(silent) as port:
        url = f"http://127.0.0.1:{port}/a.m3u8"
        alone = await vod(url)
        beside = await vod(url, reference=port)
        with closed_port() as closed:
            cut_off = await vod(url, reference=closed)
        link = CollectorLink(f"http://127.0.0.1:{port}", lambda: SecretStr(""))
        by_collector = await vod(url, context=Context(Path(), link))
    assert {one.outcome for one in (alone, beside, cut_off, by_collector)} == {"timeout"}
    assert [values(one) for one in (alone, beside, cut_off, by_collector)] == [{}, {"up": 0}, {}, {"up": 0}]


async def test_a_link_that_is_cut_says_nothing_of_the_service(
    far: Server, side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (media_http, tcp):
        monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    side.cut()
    url = f"{far.http}/films/film.m3u8"
    async with tcp_server(silent) as reachable:
        seen, beside = await vod(url), await vod(url, reference=reachable)
    assert (seen.outcome, values(seen)) == ("unreachable", {})
    assert (beside.outcome, values(beside)) == ("unreachable", {"up": 0})


async def test_a_name_that_does_not_resolve() -> None:
    seen = await vod("http://vod.invalid/a.m3u8")
    assert (seen.outcome, values(seen)) == ("unreachable", {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "rtsp://vod.example/a"},
        {"url": "http://"},
        {"url": "http://user:secret@vod.example/"},
        {"url": "http://[::1"},
        {"url": "http://a/", "sample_seconds": 100},  # longer than timeout_seconds allows
        {"url": "http://a/", "more": 1},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PROBE.settings.model_validate(
            {"probe": "service", "device": "d", "check": {"system": "video_on_demand", **wrong}}
        )
