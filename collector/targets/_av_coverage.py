"""Teaching places with a working device of an audio-visual system, with its head-end where it has one."""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.evidence import Evidence
from collector.roster.model import ExpectedDevice, School, System
from collector.roster.names import same, same_device
from collector.targets._coverage import Places, Served, judged
from collector.targets._equipment import SYSTEM_NAMES, Equipment, EquipmentCoveragePolicy, equipment
from collector.targets._missing import Gap
from collector.targets._verdicts import blind
from collector.targets._words import SOMEWHERE, place_words
from collector.targets.base import Moment
from collector.verdict import Reason, Values, Verdict
from common.text import Text

NOT_PROBED = Text("没有被探针检测，请在探针配置中添加", "it is not probed; add it to the agent")


class HeadEndPolicy(EquipmentCoveragePolicy):
    """For a system whose devices have nothing to show without a head-end."""

    head_end_places: tuple[str, ...] = ()
    """Words of which a head-end's place (its id or name) has one; without any, every place that nobody teaches in."""


class ReceiverPolicy(HeadEndPolicy):
    """For a system with receivers that nobody can ask."""

    trust_registered_receivers: bool = False
    """Whether a receiver that is registered and not probed counts while a head-end is really sending."""


def coverage(
    target: str,
    school: School,
    evidence: Evidence,
    system: System,
    policy: EquipmentCoveragePolicy,
    moment: Moment,
    probes: tuple[str, ...],
) -> Verdict:
    """The share of teaching places with a working device of the system, which these probes look at."""
    places = Places.of(school)
    found = equipment(school, evidence, system, policy, moment, probes)
    if places.teaching and not found:
        never = evidence.last_report_at is None and not evidence.latest
        reason = Reason("never_reported") if never else Reason("not_probed", {"probe": SYSTEM_NAMES[system]})
        return blind(target, [Gap(reason)], policy.at_least)
    if places.teaching and all(one.gap for one in found):
        return blind(target, [Gap(one.reason, one.item) for one in found if one.reason], policy.at_least)
    head = _head_end(school, found, system, policy) if isinstance(policy, HeadEndPolicy) else _HeadEnd()
    served = Served(evidence=[one.item for one in found])
    for one in (one for one in found if one not in head.found):
        _add(one, places, served)
    _disagreements(school, found, places, system, served)
    registered = _not_probed(school, found, places, system)
    _add_registered(registered, head, policy, places, served)
    head.limit(served, system)
    code = f"place_without_{system}"
    return judged(target, places, served, policy.at_least, code, head.reason(system) if head.is_down else None)


def _add(one: Equipment, places: Places, served: Served) -> None:
    taught = one.places & places.teaching.keys()
    if one.reason is not None:
        served.findings.append(one.reason)
    if one.strange_place:
        served.findings.append(Reason("place_not_in_roster", {"device": one.device, "place": one.strange_place}))
    if one.state == "working":
        served.covered |= taught
    elif one.state == "unknown" and one.reason is not None:
        for place in sorted(taught):
            served.maybe.setdefault(place, one.reason)
    if not one.places and one.state != "down":
        served.strays.append(Reason("equipment_without_place", {"device": one.device}))


def _disagreements(school: School, found: Iterable[Equipment], places: Places, system: System, served: Served) -> None:
    """A place whose working devices are all called broken by another source, such as a recorder, is unknown."""
    listed = {(same_device(d.id), same(d.place)) for d in school.devices if d.system == system}
    at: dict[str, list[Equipment]] = {}
    for one in found:
        for place in one.places & served.covered:
            at.setdefault(place, []).append(one)
    for place, devices in sorted(at.items()):
        working = [one for one in devices if one.state == "working"]
        down = [one for one in devices if one.state == "down"]
        against = [[no for no in down if _is_same_thing(yes, no, place, listed)] for yes in working]
        if working and all(against):
            yes, no = working[0], against[0][0]
            why = no.reason.text if no.reason else Text("", "")
            values: Values = {"place": place_words(places.teaching[place]), "up": yes.device, "down": no.device}
            reason = Reason("sources_disagree", {**values, "why": why})
            served.covered.discard(place)
            served.maybe[place] = reason
            served.findings.append(reason)


def _is_same_thing(one: Equipment, other: Equipment, place: str, listed: set[tuple[str, str]]) -> bool:
    """Whether two sources may speak of the same device: not two devices that the roster lists at the place."""
    names = same_device(one.device), same_device(other.device)
    if names[0] == names[1]:
        return one.probe != other.probe
    if all((name, place) in listed for name in names):
        return False
    away = any(source.stands_at not in ("", place) for source in (one, other))
    return one.probe != other.probe or one.spread or other.spread or away


def _not_probed(
    school: School, found: Iterable[Equipment], places: Places, system: System
) -> dict[str, list[ExpectedDevice]]:
    """The roster's devices that nobody looks at, by teaching place. What a recorder tells of a place is one of them."""
    found = list(found)
    probed = {same_device(one.device) for one in found}
    missing: dict[str, list[ExpectedDevice]] = {}
    for device in school.devices:
        if device.system == system and same_device(device.id) not in probed and same(device.place) in places.teaching:
            missing.setdefault(same(device.place), []).append(device)
    told = {p: sum(one.spread and one.state != "unknown" and p in one.places for one in found) for p in missing}
    return {place: devices for place, devices in missing.items() if len(devices) > told[place]}


def _add_registered(
    registered: dict[str, list[ExpectedDevice]],
    head: "_HeadEnd",
    policy: EquipmentCoveragePolicy,
    places: Places,
    served: Served,
) -> None:
    receivers = isinstance(policy, ReceiverPolicy)
    if isinstance(policy, ReceiverPolicy) and policy.trust_registered_receivers and head.sending is not None:
        trusted = registered.keys() - served.covered
        served.covered |= trusted
        if trusted:
            values: Values = {"count": len(trusted), "device": head.sending.device}
            served.findings.append(Reason("receivers_trusted", values))
        return
    for place, devices in sorted(registered.items()):
        for device in sorted(devices, key=lambda device: device.id):
            code = "receiver_not_measured" if receivers else "equipment_not_probed"
            reason = Reason(code, {"device": device.id, "place": place_words(places.teaching[place])})
            served.maybe.setdefault(place, reason)
            if place not in served.covered:
                served.findings.append(reason)


@dataclass(frozen=True, slots=True)
class _HeadEnd:
    """A system's head-ends: those that an agent looks at, and those that only the roster has."""

    found: tuple[Equipment, ...] = ()
    registered: tuple[ExpectedDevice, ...] = ()

    @property
    def is_down(self) -> bool:
        return bool(self.found) and not self.registered and all(one.state == "down" for one in self.found)

    @property
    def sending(self) -> Equipment | None:
        """One that says so now."""
        return next((one for one in self.found if one.state == "working" and one.answers), None)

    def reason(self, system: System) -> Reason | None:
        """What is wrong with them; None when one works or there is none."""
        if any(one.state == "working" for one in self.found) or not (self.found or self.registered):
            return None
        name = SYSTEM_NAMES[system]
        if self.is_down:
            return Reason("head_end_down", {"system": name, **_named(self.found[0])})
        for one in self.found:
            if one.state == "unknown" and one.reason is not None:
                return Reason("head_end_unknown", {"system": name, **_named(one), "why": one.reason.text})
        device = self.registered[0]
        values: Values = {"system": name, "device": device.id, "place": device.place, "why": NOT_PROBED}
        return Reason("head_end_unknown", values)

    def limit(self, served: Served, system: System) -> None:
        """No place is served while every head-end is down, and none for certain while nobody knows."""
        served.findings += [one.reason for one in self.found if one.reason is not None]
        reason = self.reason(system)
        if reason is None:
            return
        served.findings.insert(0, reason)
        if self.is_down:
            served.maybe, served.doubts, served.strays = {}, [], []
        else:
            served.maybe |= dict.fromkeys(sorted(served.covered), reason)
        served.covered = set()


def _named(one: Equipment) -> Values:
    return {"device": one.device, "place": ", ".join(sorted(one.places)) or SOMEWHERE}


def _head_end(school: School, found: list[Equipment], system: System, policy: HeadEndPolicy) -> _HeadEnd:
    """A device that stands where nobody teaches. A corridor's device of which a server tells is not one."""
    words = [same(word) for word in policy.head_end_places if same(word)]
    rooms = {
        same(place.id)
        for place in school.places
        if not place.teaching and (not words or any(w in same(place.id) or w in same(place.name) for w in words))
    }
    heads = tuple(
        one for one in found if one.places and one.places <= rooms and (not one.spread or one.stands_at in one.places)
    )
    probed = {same_device(one.device) for one in found}
    told = {place for one in found if one.spread for place in one.places}
    registered = tuple(
        sorted(
            (
                device
                for device in school.devices
                if device.system == system
                and same(device.place) in rooms - told
                and same_device(device.id) not in probed
            ),
            key=lambda device: device.id,
        )
    )
    return _HeadEnd(heads, registered)
