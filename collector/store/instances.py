"""The agent programs that report with a school's credential. Two at once are a copied machine: the same identity on two
boxes, which a backup restored elsewhere or a cloned disk image makes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select, text

from collector.store.schema import AGENT_INSTANCES

TOGETHER = timedelta(minutes=1)
"""A report that was on its way while its agent was started anew is no second machine."""
STILL = timedelta(hours=1)
"""How long after they last were seen together two machines count as two."""
REMEMBERED = 8
"""Of each school; an agent that starts again and again fills no disk."""

_SEEN = text("""
    INSERT INTO agent_instances (school, instance, host, address, first_at, last_at)
    VALUES (:school, :instance, :host, :address, :at, :at)
    ON CONFLICT (school, instance) DO UPDATE SET
        host = excluded.host, address = excluded.address, last_at = max(agent_instances.last_at, excluded.last_at)
""")


@dataclass(frozen=True, slots=True)
class Instance:
    """One run of an agent's program, as it reported."""

    host: str
    """What its machine calls itself."""
    address: str
    """Where its reports came from: of the last one."""
    first_at: datetime
    last_at: datetime


def saw_instance(connection: Connection, school: str, instance: str, host: str, address: str, at: datetime) -> None:
    """Note that this program reported. One that gives no name of its run is not noted."""
    if not instance:
        return
    row = {"school": school, "instance": instance, "host": host, "address": address, "at": at.timestamp()}
    connection.execute(_SEEN, row)
    older = (
        select(AGENT_INSTANCES.c.instance)
        .where(AGENT_INSTANCES.c.school == school)
        .order_by(AGENT_INSTANCES.c.last_at.desc(), AGENT_INSTANCES.c.instance)
        .offset(REMEMBERED)
    )
    for name in connection.execute(older).scalars().all():
        connection.execute(
            delete(AGENT_INSTANCES).where(AGENT_INSTANCES.c.school == school, AGENT_INSTANCES.c.instance == name)
        )


def load_instances(connection: Connection, schools: Collection[str] | None = None) -> dict[str, tuple[Instance, ...]]:
    """The remembered programs of these schools, or of all, by school, the first seen first."""
    wanted = select(AGENT_INSTANCES).order_by(AGENT_INSTANCES.c.school, AGENT_INSTANCES.c.first_at)
    if schools is not None:
        wanted = wanted.where(AGENT_INSTANCES.c.school.in_(sorted(schools)))
    found: dict[str, list[Instance]] = {}
    for row in connection.execute(wanted):
        first, last = (datetime.fromtimestamp(at, UTC) for at in (row.first_at, row.last_at))
        found.setdefault(row.school, []).append(Instance(row.host, row.address, first, last))
    return {school: tuple(instances) for school, instances in found.items()}


def copies(instances: Iterable[Instance], now: datetime) -> tuple[Instance, ...]:
    """Those that lately reported while another did, too; none when one only came after the other."""
    all_ = list(instances)
    return tuple(one for one in all_ if any(_together(one, other, now) for other in all_ if other is not one))


def _together(one: Instance, other: Instance, now: datetime) -> bool:
    begun, ended = max(one.first_at, other.first_at), min(one.last_at, other.last_at)
    return ended - begun > TOGETHER and now - ended < STILL
