"""Compares the display probe with a PJLink emulator that others wrote: python -m tests.check_pjlink_emulator PYTHON

PYTHON is an interpreter of 3.13 or newer that has the package pjlink-advance; this project's own may be older, so that
the emulator is no peer of the tests. Each case is played on real sockets. Exits 1 when anything differs.
"""

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.clients import pjlink
from agent.hints import listen
from agent.notices import NoticeListener
from agent.probes.base import Context
from agent.probes.display.probe import PROBE
from agent.probes.display.settings import DisplaySettings
from agent.runner import observe
from common.secrets import Secret
from tests.agent.clocks import ManualClock
from wire.report import Observation, Outcome

_PASSWORD = "CAMPUS_CHECK_PJLINK"
EMULATOR = textwrap.dedent(
    """
    import asyncio, json, sys
    from dataclasses import replace
    from pjlink_advance.emulator import EmulatorState, PJLinkEmulator
    from pjlink_advance.models import ErrorLevel, Lamp, PowerState

    async def main(case):
        state = EmulatorState(power=PowerState[case.get("power", "ON")])
        if "lamps" in case:
            state.lamps = [Lamp(hours, True) for hours in case["lamps"]]
        errors = {part: ErrorLevel[level] for part, level in case.get("errors", {}).items()}
        state.errors = replace(state.errors, **errors)
        peer = PJLinkEmulator(state, pj_class=case.get("class", 2), password=case.get("password"))
        for name in ("silent", "drop_after_greeting", "fail_next"):
            if name in case:
                setattr(peer, name, case[name])
        peer.unsupported |= set(case.get("unsupported", ()))
        peer.unavailable |= set(case.get("unavailable", ()))
        async with peer:
            print(json.dumps([peer.port, peer.udp_port]), flush=True)
            loop = asyncio.get_running_loop()
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                command, value, port = json.loads(line)
                await peer.notify(command, value, ("127.0.0.1", port))

    asyncio.run(main(json.loads(sys.argv[1])))
    """
)


@dataclass(frozen=True)
class Case:
    """What the emulator is told to be, and what the probe must make of it."""

    name: str
    state: str
    outcome: Outcome = "ok"
    is_: dict[str, Any] = field(default_factory=dict)
    password: str | None = None
    measures: dict[str, float] = field(default_factory=dict)
    """Some of the readings, by measure and last label."""


CASES = [
    Case("on", "ok", measures={"display_lamp_used_seconds 1": 1200 * 3600, "display_source digital 1": 1}),
    Case("standby", "standby", is_={"power": "OFF"}, measures={"display_filter_used_seconds ": 300 * 3600}),
    Case("warming", "warming", is_={"power": "WARMING"}),
    Case("cooling", "cooling", is_={"power": "COOLING"}),
    Case("class 1", "ok", is_={"class": 1}),
    Case("laser without a lamp", "ok", is_={"lamps": []}),
    Case("fan error", "fault", is_={"errors": {"fan": "ERROR"}}, measures={"display_fault fan": 1}),
    Case("filter warning", "ok", is_={"errors": {"filter": "WARNING"}}, measures={"display_warning filter": 1}),
    Case("error in standby", "fault", is_={"power": "OFF", "errors": {"lamp": "ERROR"}}),
    Case("ERR3 in standby", "standby", is_={"power": "OFF", "unavailable": ["ERST", "LAMP", "FILT"]}),
    Case("ERR1 to class 2", "ok", is_={"unsupported": ["FILT"]}),
    Case("ERR4", "fault", is_={"fail_next": "ERR4"}),
    Case("ERR3 to power", "unknown", is_={"fail_next": "ERR3"}),
    Case("password", "ok", is_={"password": "JBMIA"}, password="JBMIA"),
    Case("wrong password", "authentication_failed", "refused", {"password": "JBMIA"}, "other"),
    Case("no password", "authentication_failed", "refused", {"password": "JBMIA"}),
    Case("silent", "unknown", "timeout", {"silent": True}),
    Case("hangs up", "unknown", "malformed", {"drop_after_greeting": True}),
]


def main() -> int:
    python = sys.argv[1]
    pjlink.EXCHANGE_SECONDS = 1.0
    wrong = 0
    for case in CASES:
        with emulator(python, case.is_) as (port, _):
            seen = asyncio.run(_look(port, case.password))
        difference = _difference(case, seen)
        wrong += difference != ""
        print(f"{case.name:22} {seen.outcome:10} {difference or 'agrees'}")
    with emulator(python, {}) as (_, process):
        held = asyncio.run(_heard(process))
        wrong += not held
        print(f"{'notices':22} {'':10} {'agrees' if held else 'differs'}")
    return 1 if wrong else 0


@contextmanager
def emulator(python: str, is_: dict[str, Any]) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A running emulator: its TCP port, and the process, which takes notices to send on its input."""
    process = subprocess.Popen(
        [python, "-c", EMULATOR, json.dumps(is_)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port, _ = json.loads(process.stdout.readline())
        yield port, process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


async def _look(port: int, password: str | None) -> Observation:
    os.environ[_PASSWORD] = password or ""
    secret = None if password is None else Secret(env=_PASSWORD)
    settings = DisplaySettings(probe="display", device="p1", host="127.0.0.1", port=port, password=secret)
    return await observe(PROBE, settings, Context(Path()))


def _difference(case: Case, seen: Observation) -> str:
    told = {f"{r.measure} {(list(r.labels.values()) or [''])[-1]}": r.value for r in seen.readings}
    expected = {f"av_device_state {case.state}": 1.0, **case.measures}
    missing = {name: value for name, value in expected.items() if told.get(name) != value}
    if missing or seen.outcome != case.outcome:
        return f"differs: expected {case.outcome} {missing}; {seen.detail}"
    return ""


async def _heard(process: "subprocess.Popen[str]") -> bool:
    settings = DisplaySettings(probe="display", device="p1", host="127.0.0.1")
    asked: list[str] = []
    listener = NoticeListener([settings], asked.append, ManualClock(), gap=0)
    transport = await listen(listener, "127.0.0.1", 0)
    port = transport.get_extra_info("sockname")[1]
    notices = (("POWR", "1"), ("ERST", "000200"), ("INPT", "31"), ("LKUP", "00:26:ab:00:00:01"))
    assert process.stdin is not None
    for command, value in notices:
        process.stdin.write(json.dumps([command, value, port]) + "\n")
    process.stdin.flush()
    try:
        async with asyncio.timeout(5):
            while len(asked) < len(notices):
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    finally:
        transport.close()
    return listener.counts.ignored == 0


if __name__ == "__main__":
    sys.exit(main())
