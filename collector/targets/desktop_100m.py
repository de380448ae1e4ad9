"""100 Mbit/s or more at every desktop: every access port that had a link in the window, by its best speed in it."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field, PositiveFloat

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.targets._missing import Gap, absent, incomplete, look, old
from collector.targets._switches import DAILY, MEASURES, PROBE, AccessPort, access_ports, best_speeds, switches
from collector.targets._verdicts import blind, by_bounds, listed, once
from collector.targets._words import SOMEWHERE
from collector.targets.base import Moment, Target, WindowPolicy
from collector.units import bit_rate
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import ACCESS_PORT_SPEED
from wire.report import Observation

ID = "desktop_100m"
GIGABIT, FAST, ASLEEP = 1e9, 1e8, 1e7


class DesktopPolicy(WindowPolicy):
    """What a district may set of the desktop. A sleeping computer negotiates 10 Mbit/s, and one that is off has no
    link: a port's best of the window counts, so that the verdict of the night is that of the day."""

    required_bits_per_second: PositiveFloat = 100_000_000
    history_days: int = Field(30, ge=1, le=92)
    """How far back a port's own best tells that it has fallen."""

    @property
    def look_back_days(self) -> int:
        return max(self.window_days, self.history_days)

    @property
    def horizons(self) -> tuple[float, ...]:
        return (*super().horizons, self.history_days * 86400)


def evaluate(school: School, evidence: Evidence, policy: DesktopPolicy, moment: Moment) -> Verdict:
    """The share of access ports that have the speed. Every switch must answer now for it to be met.

    A switch that fails now still speaks by what its ports did in the window: one that was slow is slow.
    """
    latest = switches(evidence, moment.now - timedelta(days=policy.window_days), moment.zone)
    if not latest:
        return blind(ID, [absent(evidence, PROBE)], 1.0)
    sight = look(latest, evidence, policy.fresh_seconds, moment)
    gaps = [*sight.gaps, *(gap for gap in map(incomplete, sight.good) if gap)]
    fresh = [o for o in latest if old(o, evidence, policy.fresh_seconds, moment) is None]
    ports = access_ports(fresh, evidence, policy.window_days, moment)
    required = policy.required_bits_per_second
    short = [port for port in ports if port.best < required]
    silent = [port for port in short if port.mute]
    slow = [port for port in short if not port.mute]
    items = [EvidenceItem.of(o, _note(o)) for o in fresh] + [gap.item for gap in gaps if gap.item]
    items += [port.item for port in ports if port.item is not None]
    if not ports:
        return blind(ID, gaps or [Gap(Reason("no_access_ports"))], 1.0, items)
    total, fast = len(ports), len(ports) - len(short)
    once_best = best_speeds(fresh, evidence, policy.look_back_days, moment)
    fell = [_fell(port, *fall) for port in ports if (fall := _fall(port, once_best)) is not None]
    findings = [*(_short(port) for port in (*slow, *silent)), *(gap.reason for gap in gaps), *fell]
    unmet = Reason("ports_slow", {"count": len(slow), "total": total, "required": bit_rate(required)})
    if gaps and slow:  # one slow port is enough; how many more there are is not known, so there are no bounds
        share = fast / total
        return Verdict(ID, "unmet", unmet, share, 1.0, share, evidence=once(items), findings=listed(findings))
    if gaps:
        return blind(ID, [*gaps, *(Gap(_short(port)) for port in silent), *map(Gap, fell)], 1.0, items)
    return by_bounds(
        ID,
        lowest=fast / total,
        highest=(fast + len(silent)) / total,
        at_least=1.0,
        met=Reason("ports_fast", {"total": total, "required": bit_rate(required)}),
        unmet=unmet,
        unknown=Reason("ports_without_speed", {"count": len(silent)}),
        evidence=items,
        findings=findings,
    )


def _short(port: AccessPort) -> Reason:
    if port.mute:
        return Reason("port_without_speed", _words(port))
    return Reason("port_slow", {**_words(port), "speed": bit_rate(port.best)})


def _fall(port: AccessPort, once_best: Mapping[tuple[str, str, str], float]) -> tuple[float, float] | None:
    """The gigabit that a port once had and the 100 Mbit/s that it has: a cable or a plug, and no sleep.

    What it has is its speed now, and of one that sleeps or is off the best of the window, so that the finding of the
    night is that of the day.
    """
    once = max(port.best, once_best.get((port.device, port.name, port.ifindex), 0.0))
    now = port.now or 0.0
    speed = now if ASLEEP < now <= FAST else port.best
    return (once, speed) if once >= GIGABIT and ASLEEP < speed <= FAST else None


def _fell(port: AccessPort, once: float, speed: float) -> Reason:
    return Reason("port_fell", {**_words(port), "speed": bit_rate(speed), "best": bit_rate(once)})


def _words(port: AccessPort) -> Values:
    return {"device": port.device, "port": port.name, "place": port.place or SOMEWHERE}


def _note(observation: Observation) -> str:
    count = sum(1 for _ in readings(observation, ACCESS_PORT_SPEED.name))
    return f"{ACCESS_PORT_SPEED.name}: {count}"


TARGET = Target(
    id=ID,
    name=Text("百兆到桌面", "100 Mbit/s at the desktop"),
    clause="百兆以上带宽到桌面",
    plan_row=2,
    unit="ratio",
    policy=DesktopPolicy,
    evaluate=evaluate,
    probes=(PROBE,),
    measures=MEASURES,
    daily=DAILY,
)
