"""Each sub-folder is one probe; the folder's name is the probe's name everywhere. There is no list to edit."""

from importlib import import_module
from pkgutil import iter_modules

from agent.probes.base import AnyProbe

PROBES: dict[str, AnyProbe] = {
    found.name: import_module(f"{__name__}.{found.name}.probe").PROBE for found in iter_modules(__path__) if found.ispkg
}
