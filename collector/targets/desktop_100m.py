"""100 Mbit/s or more at every desktop: every access port that has a link."""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import PositiveFloat

from collector.evidence import Evidence, readings
from collector.roster.model import School
from collector.targets._missing import Gap, absent, incomplete, look
from collector.targets._verdicts import blind, by_bounds, listed, once
from collector.targets._words import SOMEWHERE
from collector.targets.base import Moment, Target, WindowPolicy
from collector.units import bit_rate
from collector.verdict import EvidenceItem, Reason, Values, Verdict
from common.text import Text
from wire.measures import ACCESS_PORT_SPEED, ACCESS_PORT_WITHOUT_SPEED
from wire.report import Observation, Reading

ID = "desktop_100m"
PROBE = "ports"


class DesktopPolicy(WindowPolicy):
    """What a district may set of the desktop. A sleeping computer negotiates 10 Mbit/s: a port's best counts."""

    required_bits_per_second: PositiveFloat = 100_000_000


@dataclass(slots=True)
class _Port:
    """An access port that has a link. `best` is in bit/s."""

    device: str
    name: str
    place: str
    speed_now: float | None
    best: float = field(init=False)

    def __post_init__(self) -> None:
        self.best = self.speed_now or 0.0

    def reason(self) -> Reason:
        values: Values = {"device": self.device, "port": self.name, "place": self.place or SOMEWHERE}
        if self.speed_now is None:
            return Reason("port_without_speed", values)
        return Reason("port_slow", {**values, "speed": bit_rate(self.best)})


def evaluate(school: School, evidence: Evidence, policy: DesktopPolicy, moment: Moment) -> Verdict:
    """The share of linked access ports that have the speed. Every switch must have answered for it to be met."""
    switches = evidence.of(PROBE)
    if not switches:
        return blind(ID, [absent(evidence, PROBE)], 1.0)
    sight = look(switches, evidence, policy.fresh_seconds, moment)
    gaps = [*sight.gaps, *(gap for gap in map(incomplete, sight.good) if gap)]
    ports = [port for observation in sight.good for port in _ports(observation, evidence, policy, moment)]
    required = policy.required_bits_per_second
    slow = [port for port in ports if port.speed_now is not None and port.best < required]
    silent = [port for port in ports if port.speed_now is None and port.best < required]
    items = [EvidenceItem.of(o, _note(o)) for o in sight.good] + [gap.item for gap in gaps if gap.item]
    if not ports:
        return blind(ID, gaps or [Gap(Reason("no_access_ports"))], 1.0, items)
    total, fast = len(ports), len(ports) - len(slow) - len(silent)
    findings = [*(port.reason() for port in (*slow, *silent)), *(gap.reason for gap in gaps)]
    unmet = Reason("ports_slow", {"count": len(slow), "total": total, "required": bit_rate(required)})
    if gaps and slow:  # one slow port is enough; how many more there are is not known, so there are no bounds
        share = fast / total
        return Verdict(ID, "unmet", unmet, share, 1.0, share, evidence=once(items), findings=listed(findings))
    if gaps:
        return blind(ID, [*gaps, *(Gap(port.reason()) for port in silent)], 1.0, items)
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


def _ports(observation: Observation, evidence: Evidence, policy: DesktopPolicy, moment: Moment) -> list[_Port]:
    """The switch's linked access ports, each with its best speed of the window."""
    ports = {_key(r): _port(observation, r, r.value * 8) for r in readings(observation, ACCESS_PORT_SPEED.name)}
    for reading in readings(observation, ACCESS_PORT_WITHOUT_SPEED.name):
        if reading.value == 1:
            ports.setdefault(_key(reading), _port(observation, reading, None))
    since = moment.now - timedelta(days=policy.window_days)
    for row in evidence.rolled(ACCESS_PORT_SPEED.name, since.astimezone(ZoneInfo(moment.zone)).date()):
        key = (row.labels.get("port", ""), row.labels.get("ifindex", ""))
        if (
            (row.probe, row.device) == (observation.probe, observation.device)
            and row.maximum_at >= since
            and key in ports
        ):
            ports[key].best = max(ports[key].best, row.maximum * 8)
    return [ports[key] for key in sorted(ports)]


def _key(reading: Reading) -> tuple[str, str]:
    return reading.labels.get("port", ""), reading.labels.get("ifindex", "")


def _port(observation: Observation, reading: Reading, speed: float | None) -> _Port:
    return _Port(observation.device, reading.labels.get("port", ""), reading.labels.get("place", ""), speed)


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
    daily=(ACCESS_PORT_SPEED.name,),
)
