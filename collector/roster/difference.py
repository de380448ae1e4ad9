"""What a roster changes of another: for a person who is about to import it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from collector.roster.columns import SCHOOLS, Column
from collector.roster.model import ExpectedDevice, Place, Roster, School
from collector.roster.names import same
from collector.roster.rows import shown
from common.text import Language, Text

LISTED = 20
"""How many entries of a kind are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One number or word of a school. `before` and `after` are as the model has them; None is not known."""

    field: str
    before: str | int | None
    after: str | int | None


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """Places or devices of a school, by id."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def as_json(self) -> dict[str, Any]:
        kinds = {"added": self.added, "removed": self.removed, "changed": self.changed}
        return {kind: {"count": len(ids), "listed": list(ids[:LISTED])} for kind, ids in kinds.items()}

    def line(self, what: Text) -> Text | None:
        """One sentence; None when nothing changed."""
        kinds = (
            (Text("增加", "added"), self.added),
            (Text("减少", "removed"), self.removed),
            (Text("改变", "changed"), self.changed),
        )
        zh = "，".join(f"{kind.zh} {len(ids)}（{_some(ids, '、')}）" for kind, ids in kinds if ids)
        en = ", ".join(f"{len(ids)} {kind.en} ({_some(ids, ', ')})" for kind, ids in kinds if ids)
        return Text(f"{what.zh}：{zh}", f"{what.en}: {en}") if zh else None


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """A school that both rosters have, with what differs."""

    id: str
    name: str
    fields: tuple[FieldChange, ...]
    places: ItemChanges
    devices: ItemChanges


@dataclass(frozen=True, slots=True)
class RosterDifference:
    """What importing `after` would change. `before_from` and `after_from` are the days from which each holds."""

    before_from: date | None
    after_from: date | None
    added: tuple[School, ...]
    removed: tuple[School, ...]
    changed: tuple[SchoolChange, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def lines(self, language: Language) -> list[str]:
        """For a person: counts first, then at most LISTED schools of each kind."""
        return [text.in_language(language) for text in self._texts()]

    def _texts(self) -> list[Text]:
        count = (len(self.added), len(self.removed), len(self.changed), self.unchanged)
        texts = [
            Text(
                "学校：新增 {} 所，减少 {} 所，改变 {} 所，不变 {} 所".format(*count),
                "schools: {} added, {} removed, {} changed, {} unchanged".format(*count),
            )
        ]
        for sign, schools in (("+", self.added), ("-", self.removed)):
            for school in schools[:LISTED]:
                sizes = (school.students, len(school.places), len(school.devices))
                zh = "（学生 {}，场所 {}，设备 {}）".format(*sizes)
                en = " ({} students, {} places, {} devices)".format(*sizes)
                texts.append(Text(f"{sign} {school.id} {school.name}{zh}", f"{sign} {school.id} {school.name}{en}"))
            texts += _more(len(schools))
        for change in self.changed[:LISTED]:
            texts.append(Text(f"~ {change.id} {change.name}", f"~ {change.id} {change.name}"))
            texts += [_indented(_field_text(field)) for field in change.fields]
            items = (change.places.line(Text("场所", "places")), change.devices.line(Text("设备", "devices")))
            texts += [_indented(item) for item in items if item is not None]
        return texts + _more(len(self.changed))

    def as_json(self) -> dict[str, Any]:
        """Plain data: every school by id, and field by field what changes; places and devices counted, some listed."""
        return {
            "before_valid_from": self.before_from.isoformat() if self.before_from else None,
            "after_valid_from": self.after_from.isoformat() if self.after_from else None,
            "added": [{"id": school.id, "name": school.name} for school in self.added],
            "removed": [{"id": school.id, "name": school.name} for school in self.removed],
            "changed": [
                {
                    "id": change.id,
                    "name": change.name,
                    "fields": {f.field: {"before": f.before, "after": f.after} for f in change.fields},
                    "places": change.places.as_json(),
                    "devices": change.devices.as_json(),
                }
                for change in self.changed
            ],
            "unchanged": self.unchanged,
        }


def difference(before: Roster | None, after: Roster) -> RosterDifference:
    """What `after` changes of `before`; all of it is new when there was none. The order of schools does not matter."""
    old = {school.id: school for school in before.schools} if before else {}
    new = {school.id: school for school in after.schools}
    both = [(old[id_], new[id_]) for id_ in new if id_ in old]
    changes = [change for change in (_change(was, is_) for was, is_ in both) if change is not None]
    return RosterDifference(
        before.valid_from if before else None,
        after.valid_from,
        tuple(school for id_, school in new.items() if id_ not in old),
        tuple(school for id_, school in old.items() if id_ not in new),
        tuple(changes),
        len(both) - len(changes),
    )


def _change(was: School, is_: School) -> SchoolChange | None:
    fields = tuple(
        FieldChange(column.name, _value(was, column), _value(is_, column))
        for column in _FIELDS
        if _value(was, column) != _value(is_, column)
    )
    places = _items(was.places, is_.places, lambda place: same(place.id))
    devices = _items(was.devices, is_.devices, lambda device: (device.system, device.id))
    if not fields and not places and not devices:
        return None
    return SchoolChange(is_.id, is_.name, fields, places, devices)


_FIELDS = tuple(column for column in SCHOOLS if column.name not in ("id", "valid_from"))


def _value(school: School, column: Column) -> str | int | None:
    value: Any = school
    for part in column.where:
        value = None if value is None else getattr(value, part)
    found: str | int | None = value
    return found


Item = TypeVar("Item", Place, ExpectedDevice)


def _items(was: Sequence[Item], is_: Sequence[Item], key: Callable[[Item], Hashable]) -> ItemChanges:
    old: Mapping[Hashable, Item] = {key(item): item for item in was}
    new: Mapping[Hashable, Item] = {key(item): item for item in is_}
    return ItemChanges(
        tuple(item.id for at, item in new.items() if at not in old),
        tuple(item.id for at, item in old.items() if at not in new),
        tuple(item.id for at, item in new.items() if at in old and old[at] != item),
    )


def _field_text(change: FieldChange) -> Text:
    column = next(column for column in _FIELDS if column.name == change.field)
    none = Text("（空）", "(none)")

    def said(value: str | int | None, language: Language) -> str:
        return shown(column, value, language) or none.in_language(language)

    zh = f"{column.heading.zh}：{said(change.before, 'zh')} → {said(change.after, 'zh')}"
    en = f"{column.heading.en}: {said(change.before, 'en')} → {said(change.after, 'en')}"
    return Text(zh, en)


def _indented(text: Text) -> Text:
    return Text(f"    {text.zh}", f"    {text.en}")


def _some(ids: Sequence[str], comma: str) -> str:
    return comma.join(ids[:LISTED]) + ("…" if len(ids) > LISTED else "")


def _more(count: int) -> list[Text]:
    rest = count - LISTED
    return [Text(f"  另有 {rest} 所", f"  and {rest} more")] if rest > 0 else []
