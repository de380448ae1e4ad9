"""The slots of throughput tests: two never meet where they must not, whatever agents and their clocks do."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.clients.throughput_http import SLOT_SHARE
from collector.settings import ThroughputSettings
from collector.slots import Bounds, Lease, Resource, Rules, SlotBook, Wait

SECONDS = 60.0
SCHOOLS = [f"s{n}" for n in range(8)]
SERVERS = ["", "iperf.example:5201", "10.0.0.9:5201", "ndt.example:443"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def granted(answer: Lease | Wait) -> Lease:
    assert isinstance(answer, Lease), answer
    return answer


def told(answer: Lease | Wait) -> Wait:
    assert isinstance(answer, Wait)
    return answer


# Any district, any agents


@dataclass
class Agent:
    """A school's agent. Its clock shows any time at all, and a second of it lasts `drift` real ones."""

    school: str
    link: str
    drift: float
    lease: Lease | None = None
    begun: float = 0.0

    def runs_until(self) -> float:
        """When the test is over by the agent's own clock: it counts the granted seconds from before it asked."""
        return self.begun + SECONDS * SLOT_SHARE * self.drift


@dataclass
class World:
    """The collector's book, the agents, and what really runs on the wires."""

    book: SlotBook
    clock: Clock
    agents: list[Agent]
    running: dict[str, tuple[Agent, Lease]] = field(default_factory=dict)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        for school, (agent, _) in list(self.running.items()):
            if agent.runs_until() <= self.clock.now:
                del self.running[school]  # it stops by itself, and may have crashed before it could say so

    def check(self) -> None:
        """Bounds hold for what really runs, which is what the district's wires see."""
        used: dict[Resource, list[Lease]] = {}
        for agent, lease in self.running.values():
            resources: list[Resource] = [("school", agent.school), *lease.resources]
            for resource in dict.fromkeys(resources):
                used.setdefault(resource, []).append(lease)
        for resource, leases in used.items():
            bounds = self.book.rules.of(resource)
            assert len(leases) <= bounds.concurrent, resource
            if bounds.bits_per_second is not None:
                assert sum(lease.bits for lease in leases) <= bounds.bits_per_second * (1 + 1e-9), resource


bounds = st.builds(Bounds, st.integers(1, 3), st.none() | st.sampled_from([0.5e9, 1e9, 2.5e9]))
rules = st.builds(
    Rules,
    server=bounds,
    link=bounds,
    servers=st.dictionaries(st.sampled_from(["", "district"]), bounds),
    links=st.dictionaries(st.sampled_from(["east", "west"]), bounds),
    addresses=st.just({"iperf.example:5201": "district", "10.0.0.9:5201": "district"}),
)
agents = st.lists(
    st.tuples(st.sampled_from(["", "east", "west", "north"]), st.sampled_from([0.95, 1.0, 1.05])),
    min_size=2,
    max_size=len(SCHOOLS),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "ask", "ask", "give back", "crash", "crash before it knows", "wait", "wait for a slot"]
        ),
        st.integers(0, len(SCHOOLS) - 1),
        st.sampled_from(SERVERS),
        st.sampled_from([0.0, 1e8, 1e9, 1e10]),
        st.floats(0, 90),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(rules, agents, steps)
@example(  # a slow clock at the very end of a slot
    Rules(),
    [("", 1.05), ("", 1.0)],
    [("ask", 0, "", 0.0, 0.0), ("wait for a slot", 0, "", 0.0, 0.0), ("ask", 1, "", 0.0, 0.0)],
)
def test_no_two_tests_meet_in_any_district(
    given_rules: Rules,
    given_agents: list[tuple[str, float]],
    given_steps: list[tuple[str, int, str, float, float]],
) -> None:
    clock = Clock()
    book = SlotBook(given_rules, SECONDS, clock)
    district = [Agent(school, link, drift) for school, (link, drift) in zip(SCHOOLS, given_agents, strict=False)]
    world = World(book, clock, district)
    for what, who, server, bits, seconds in given_steps:
        agent = district[who % len(district)]
        if what == "wait":
            world.pass_time(seconds)
        elif what == "wait for a slot" and book.live():
            world.pass_time(min(lease.ends_at for lease in book.live()) - clock.now)
        elif what == "ask" and agent.school not in world.running:
            begun = clock.now
            world.pass_time(seconds / 90)  # the request takes a while
            answer = book.ask(agent.school, agent.link, server, bits)
            if isinstance(answer, Lease):
                agent.lease, agent.begun = answer, begun
                world.running[agent.school] = agent, answer
            else:
                assert answer.seconds > 0
        elif what == "crash before it knows":
            book.ask(agent.school, agent.link, server, bits)  # the answer never arrives
        elif what == "crash":
            world.running.pop(agent.school, None)
            agent.lease = None
        elif what == "give back" and agent.lease is not None:
            world.running.pop(agent.school, None)
            book.release(agent.lease.slot, agent.school)
            agent.lease = None
        world.check()
    world.pass_time(SECONDS)
    assert book.live() == ()
    for agent in district:  # whatever happened, everyone has a turn once the slots have ended
        lease = granted(book.ask(agent.school, agent.link))
        assert book.release(lease.slot, agent.school)


@given(st.integers(2, 30), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_who_comes_when_told_is_served_in_turn(schools: int, concurrent: int) -> None:
    """All ask at once and come back when they were told: each is served, and none waits longer than its place says."""
    clock = Clock()
    book = SlotBook(Rules(Bounds(concurrent)), SECONDS, clock)
    due = {f"s{n:02}": 0.0 for n in range(schools)}
    while due:
        school = min(due, key=lambda one: (due[one], one))
        clock.now = max(clock.now, 1000.0 + due[school])
        answer = book.ask(school)
        if isinstance(answer, Lease):
            del due[school]
        else:
            due[school] = clock.now - 1000.0 + answer.seconds
        assert clock.now - 1000.0 <= SECONDS * (schools // concurrent + 1)
    assert book.granted == schools


# By example


def make(given_rules: Rules | None = None, **more: Callable[[], float] | float) -> tuple[SlotBook, Clock]:
    clock = Clock()
    return SlotBook(given_rules or Rules(), SECONDS, clock, **more), clock  # type: ignore[arg-type]


def test_one_at_a_time_on_a_server_by_whatever_address() -> None:
    book, clock = make(Rules(addresses={"iperf.example:5201": "district", "10.0.0.9:5201": "district"}))
    first = granted(book.ask("s1", server="iperf.example:5201"))
    assert told(book.ask("s2", server="10.0.0.9:5201")).why == "server"
    assert told(book.ask("s2", server="IPERF.example:5201")).why == "server"
    granted(book.ask("s3", server="other.example:5201"))
    granted(book.ask("s4"))
    clock.now += 10
    assert book.release(first.slot, "s1")
    granted(book.ask("s2", server="10.0.0.9:5201"))


def test_one_at_a_time_on_an_aggregation_link() -> None:
    book, clock = make(Rules(Bounds(10), links={"west": Bounds(2)}))
    granted(book.ask("s1", "east"))
    answer = told(book.ask("s2", "east", "elsewhere:5201"))
    assert (answer.why, answer.seconds) == ("link", SECONDS)
    granted(book.ask("s3", "west"))
    granted(book.ask("s4", "west"))
    assert told(book.ask("s5", "west")).why == "link"
    granted(book.ask("s6", ""))  # the roster names no link
    clock.now += SECONDS
    granted(book.ask("s2", "east"))  # s1 is dead: its slot ended by itself
    assert book.expired == 4


def test_a_school_has_one_test_at_a_time() -> None:
    book, _ = make(Rules(Bounds(10), Bounds(10)))
    granted(book.ask("s1", server="a:1"))
    assert told(book.ask("s1", server="b:1")).why == "school"


def test_rates_add_up() -> None:
    book, _ = make(Rules(Bounds(10, 2.5e9), Bounds(10)))
    for school in ("s1", "s2"):
        lease = granted(book.ask(school, bits_per_second=1e9))
        assert (lease.bits, lease.paced) == (1e9, True)
    assert told(book.ask("s3", bits_per_second=1e9)).why == "server"
    granted(book.ask("s4", bits_per_second=0.5e9))


def test_more_than_there_is_gets_all_there_is_alone() -> None:
    book, _ = make(Rules(Bounds(10, 1e9)))
    lease = granted(book.ask("s1", bits_per_second=1e10))
    assert (lease.bits, lease.paced) == (1e9, True)
    assert told(book.ask("s2", bits_per_second=1e6)).seconds == SECONDS
    unknown, _ = make(Rules(Bounds(10, 1e9)))
    assert granted(unknown.ask("s1")).bits == 1e9


def test_without_a_bound_nobody_is_paced() -> None:
    book, _ = make()
    lease = granted(book.ask("s1", bits_per_second=1e9))
    assert not lease.paced


def test_who_asked_first_is_told_the_earlier_time() -> None:
    book, clock = make()
    granted(book.ask("s1"))
    assert [told(book.ask(school)).seconds for school in ("s2", "s3", "s4")] == [60, 120, 180]
    clock.now += 30
    assert [told(book.ask(school)).seconds for school in ("s4", "s2", "s3")] == [150, 30, 90]
    assert book.waiting() == 3
    clock.now += 1000
    assert book.waiting() == 0  # none of them came


def test_only_the_holder_gives_back() -> None:
    book, clock = make()
    lease = granted(book.ask("s1"))
    assert not book.release(lease.slot, "s2")
    assert book.held(lease.slot, "s2") is None
    assert book.held(lease.slot, "s1") is lease
    clock.now += SECONDS
    assert book.held(lease.slot, "s1") is None
    assert not book.release(lease.slot, "s1")


def test_outside_of_the_windows_nothing_is_granted() -> None:
    wait = 3600.0
    book, _ = make(opens_in=lambda: wait)
    assert told(book.ask("s1")) == Wait(3600.0, "closed")
    wait = 0.0
    granted(book.ask("s1"))


def test_a_collector_that_was_started_again_waits_for_the_tests_of_its_last_run() -> None:
    book, clock = make(opens_at=1060.0)
    assert told(book.ask("s1")) == Wait(60.0, "starting")
    clock.now += 60
    granted(book.ask("s1"))
    assert book.put_off == {"starting": 1}


# Settings


def test_settings_become_rules() -> None:
    found = ThroughputSettings.model_validate(
        {
            "concurrent": 2,
            "mbit_per_second": 2000,
            "link_concurrent": 3,
            "links": [{"name": "东片", "concurrent": 4, "mbit_per_second": 1000}],
            "servers": [{"name": "iperf", "addresses": ["Speed.example:5201", "10.0.0.9:5201"]}],
            "windows": ["17:30-07:00"],
        }
    ).rules
    assert found.of(("server", "")) == Bounds(2, 2e9)
    assert found.of(("server", found.server_of("speed.EXAMPLE:5201"))) == Bounds(1, None)
    assert found.of(("link", "东片")) == Bounds(4, 1e9)
    assert found.of(("link", "西片")) == Bounds(3, None)
    assert found.of(("school", "s1")) == Bounds(1, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrent": 0},
        {"mbit_per_second": 0},
        {"servers": [{"name": "a", "addresses": []}]},
        {"servers": [{"name": "a", "addresses": ["speed.example"]}]},
        {"servers": [{"name": "a", "addresses": ["a:1"]}, {"name": "b", "addresses": ["A:1"]}]},
        {"links": [{"name": "a"}, {"name": "a"}]},
        {"windows": ["25:00-07:00"]},
        {"windows": ["07:00-07:00"]},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        ThroughputSettings.model_validate(wrong)
