"""Policies of another day: what a stored one has that this version does not know, and how two of them differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from common.faults import known_keys

Change = tuple[str, Any, Any]
"""A path such as targets.student_device_ratio.at_most, the old and the new value; None where there was or is none."""


def without_unknown(model: type[BaseModel], data: Any, path: tuple[str | int, ...] = ()) -> Any:
    """The data less the keys that the model no longer has."""
    if isinstance(data, list):
        return [without_unknown(model, value, (*path, index)) for index, value in enumerate(data)]
    if not isinstance(data, Mapping):
        return data
    known = known_keys(model, path)
    return {key: without_unknown(model, value, (*path, key)) for key, value in data.items() if key in known}


def without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data less the mappings in which nothing stands: they say as much as their absence."""
    kept = {key: without_empty(value) if isinstance(value, Mapping) else value for key, value in data.items()}
    return {key: value for key, value in kept.items() if value != {}}


def changes(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> Iterator[Change]:
    """Each place at which two policies differ, in the order of the file."""
    for key in dict.fromkeys((*before, *after)):
        here = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            yield from changes(old or {}, new or {}, here)
        elif old != new:
            yield here, old, new
