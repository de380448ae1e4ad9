"""What the stream probes read is what the targets take: a real head-end, to its verdict."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.probes import PROBES
from agent.probes.base import Context
from agent.runner import observe
from collector.roster.model import Place, System
from collector.targets._av_coverage import ReceiverPolicy
from tests.collector.making import NOW, codes, known, school, verdict
from tests.peers.gst_rtsp import gst_rtsp
from wire.report import Observation

STUDIO = Place(id="机房", kind="office", teaching=False)
SETS: tuple[tuple[System, str, str], ...] = (("cctv", "t1", "101"), ("cctv", "t2", "102"))
SCHOOL = school("101", "102", STUDIO, devices=(*SETS, ("cctv", "电视前端", "机房")))
TRUSTED = ReceiverPolicy(trust_registered_receivers=True)


async def head_end(port: int, path: str, **more: Any) -> Observation:
    """One run, as if it had been half a minute before the tests' own time."""
    stream = {"by": "rtsp", "host": "127.0.0.1", "port": port, "path": path}
    entry = {"probe": "head_end", "device": "电视前端", "place": "机房", "stream": stream, **more}
    probe = PROBES["head_end"]
    seen = await observe(probe, probe.settings.model_validate(entry), Context(Path()))
    return seen.model_copy(update={"started_at": NOW - timedelta(seconds=30)})


async def test_a_head_end_and_the_receivers_that_a_district_trusts() -> None:
    with gst_rtsp() as port:
        sends, does_not = await head_end(port, "/live"), await head_end(port, "/dead")
        vouched = await head_end(port, "/live", serves=["101", "102"])
    trusted = verdict("cctv_coverage", SCHOOL, known(sends), TRUSTED)
    assert trusted.state == "met"
    assert "receivers_trusted" in codes(trusted)
    assert verdict("cctv_coverage", SCHOOL, known(sends)).state == "unknown"  # nobody looked at a receiver
    down = verdict("cctv_coverage", SCHOOL, known(does_not), TRUSTED)
    assert (down.state, down.reason.code) == ("unmet", "head_end_down")
    bare = school("101", "102", STUDIO, devices=(("cctv", "电视前端", "机房"),))
    assert verdict("cctv_coverage", bare, known(vouched)).state == "met"


async def test_a_head_end_that_is_not_heard_is_not_known() -> None:
    with gst_rtsp() as port:
        pass
    gone = await head_end(port, "/live")
    assert gone.outcome == "refused"
    assert verdict("cctv_coverage", SCHOOL, known(gone), TRUSTED).state == "unknown"
