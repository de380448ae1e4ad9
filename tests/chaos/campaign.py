"""The faults, one after the other, and what is left of the data after each."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.district import SCHOOLS, District, free_space

CUT_HOURS = 72
FAULT_HOURS = (20, 30)
"""When the projectors had failed, of those hours."""
FAST_SECONDS = 1.0
DRAIN_SECONDS = 90.0
DAY = 86_400
LOSS_PERCENT = 30
DELAY_SECONDS = 2


@dataclass(frozen=True)
class Scale:
    """How long a campaign is. Seconds of this machine, save where the name says otherwise."""

    cut: float
    slow_every: float
    """Period of each entry while hours pass in seconds, in the agents' own time."""
    each: float
    """Of a fault of the line, a disk or a clock."""
    kills: int


SHORT = Scale(cut=30, slow_every=900, each=8, kills=8)
LONG = Scale(cut=90, slow_every=300, each=45, kills=50)


@dataclass
class Phase:
    """One fault and what came of it."""

    fault: str
    count: int
    seconds: float = 0
    made: int = 0
    stored: int = 0
    recovered_seconds: float | None = None
    """From the fault's end until everything made was at the collector."""
    current_seconds: float | None = None
    """From the fault's end until each school's projector had been seen anew."""
    past_alerts: int = 0


@dataclass
class Campaign:
    """Runs each fault; `phases` say what happened."""

    district: District
    scale: Scale
    chance: random.Random
    phases: list[Phase] = field(default_factory=list)
    memory: dict[str, list[int]] = field(default_factory=dict)

    def run(self) -> None:
        self.phase(f"line cut, {CUT_HOURS} simulated hours", 1, self.cut)
        self.phase(f"{LOSS_PERCENT} % of packets lost, each way", 1, self.loss)
        self.phase(f"{DELAY_SECONDS} s of delay, each way", 1, lambda: self.relayed(f"delay {DELAY_SECONDS}"))
        self.phase("half-open connections", 1, lambda: self.relayed("swallow"))
        self.phase("the collector's name cannot be resolved", 1, self.nameless)
        self.phase("collector killed", self.scale.kills, self.kill_collector)
        self.phase("agents killed", self.scale.kills, self.kill_agents)
        self.phase("disk full at the agents", 1, lambda: self.full("agents"))
        self.phase("disk full at the collector", 1, lambda: self.full("district"))
        self.phase("agents' clocks jump by a day, back and forth", 2 * len(SCHOOLS), self.jump)

    def phase(self, fault: str, count: int, work: Callable[[], None]) -> None:
        before, start = self.made(), time.monotonic()
        phase = Phase(fault, count)
        self.phases.append(phase)
        work()
        phase.seconds = time.monotonic() - start
        made = self.made() - before
        self.recover(phase)
        phase.made, phase.stored = len(made), len(made & self.district.stored())
        self.remember_memory()

    def made(self) -> set[str]:
        return set().union(*(self.district.journal(school)[1] for school in SCHOOLS))

    def recover(self, phase: Phase) -> None:
        """Wait until everything that was on the agents' disks at the fault's end is stored, and watch what is said."""
        ended = time.monotonic()
        asked, now = self.made(), time.time()
        while time.monotonic() - ended < DRAIN_SECONDS:
            samples = self.district.metrics() or {}
            for (name, labels), value in samples.items():
                of = dict(labels)
                said = (name == "campus_av_device_up" and value == 0) or (
                    name == "campus_target_state"
                    and (of["target"], of["state"], value) == ("multimedia_classroom", "unmet", 1)
                )
                phase.past_alerts += said
            seen = {dict(labels)["school"]: value for (name, labels), value in samples.items()
                    if name == "campus_target_evidence_timestamp_seconds"
                    and dict(labels)["target"] == "multimedia_classroom"}  # fmt: skip
            elapsed = time.monotonic() - ended
            if phase.current_seconds is None and len(seen) == len(SCHOOLS) and min(seen.values()) >= now:
                phase.current_seconds = elapsed
            if phase.recovered_seconds is None and asked <= self.district.stored():
                phase.recovered_seconds = elapsed
            if phase.recovered_seconds is not None and phase.current_seconds is not None:
                return
            time.sleep(0.25)

    def remember_memory(self) -> None:
        for name, program in {"collector": self.district.collector, **self.district.agents}.items():
            self.memory.setdefault(name, []).append(program.rss)

    def clocks(self, speed: float = 1, start: float | None = None) -> None:
        """Set every school's time, by a time service of its own."""
        now = time.time()
        simulated = now if start is None else start
        for school in SCHOOLS:
            self.district.set_clock(school, real=now, simulated=simulated, speed=speed, off=0, synchronised=True)

    def cut(self) -> None:
        """Days pass in the agents' time, which ends at this machine's; projectors fail and are mended meanwhile."""
        district, scale = self.district, self.scale
        district.link.cut()
        speed = CUT_HOURS * 3600 / scale.cut
        begun = time.time()
        for school in SCHOOLS:
            district.configure(school, scale.slow_every)
        self.clocks(speed=speed, start=begun - (speed - 1) * scale.cut)
        for program in district.agents.values():
            program.start()
        hour = scale.cut / CUT_HOURS
        for until, mode in ((FAULT_HOURS[0], "fault"), (FAULT_HOURS[1], "ok"), (CUT_HOURS, "ok")):
            time.sleep(max(0.0, begun + until * hour - time.time()))
            district.projector_mode.write_text(mode)
        self.clocks()
        for school, program in district.agents.items():
            program.stop()
            district.configure(school, FAST_SECONDS)
            program.start()
        district.link.mend()

    def loss(self) -> None:
        self.district.link.lose(LOSS_PERCENT)
        time.sleep(self.scale.each)
        self.district.link.lose(0)

    def relayed(self, mode: str) -> None:
        self.district.relay_mode.write_text(mode)
        time.sleep(self.scale.each)
        self.district.relay_mode.write_text("pass")

    def nameless(self) -> None:
        self.district.link.forget_the_name()
        time.sleep(self.scale.each)
        self.district.link.know_the_name()

    def kill_collector(self) -> None:
        for _ in range(self.scale.kills):
            time.sleep(self.chance.uniform(0.05, 1.0))
            self.district.collector.kill()
            self.district.start_collector()

    def kill_agents(self) -> None:
        for _ in range(self.scale.kills):
            program = self.district.agents[self.chance.choice(SCHOOLS)]
            time.sleep(self.chance.uniform(0.05, 2.0))
            program.kill()
            program.start()

    def full(self, side: str) -> None:
        with _ballast(self.district.folder / side):
            time.sleep(self.scale.each)

    def jump(self) -> None:
        """Machines without a time service, whose clock is set wrong by a day, and later right again."""
        for off in (self.chance.choice((-DAY, DAY)), 0):
            for school in SCHOOLS:
                now = time.time()
                self.district.set_clock(school, real=now, simulated=now, speed=1, off=off, synchronised=False)
                time.sleep(self.scale.each / 2 / len(SCHOOLS))


@contextmanager
def _ballast(folder: Path) -> Iterator[None]:
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        try:
            file.write(b"\0" * free_space(folder))
            file.flush()
        except OSError:
            pass  # as full as it gets
    try:
        yield
    finally:
        ballast.unlink()
