"""Each sub-folder is one probe; the folder's name is the probe's name everywhere. There is no list to edit."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from agent.probes.base import AnyProbe


class _Probes(Mapping[str, AnyProbe]):
    """By name. One is loaded when it is first asked for: an agent carries only those that its school uses."""

    def __init__(self) -> None:
        self._names = tuple(found.name for found in iter_modules(__path__) if found.ispkg)
        self._loaded: dict[str, AnyProbe] = {}

    def __getitem__(self, name: str) -> AnyProbe:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = import_module(f"{__name__}.{name}.probe").PROBE
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


PROBES: Mapping[str, AnyProbe] = _Probes()
