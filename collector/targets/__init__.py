"""Each module with a TARGET is one clause of the plan; there is no list to edit."""

from importlib import import_module
from pkgutil import iter_modules

from collector.targets.base import AnyTarget

_MODULES = (
    import_module(f"{__name__}.{found.name}")
    for found in iter_modules(__path__)
    if not found.ispkg and not found.name.startswith("_")
)
_FOUND: list[AnyTarget] = [module.TARGET for module in _MODULES if hasattr(module, "TARGET")]
TARGETS: dict[str, AnyTarget] = {target.id: target for target in sorted(_FOUND, key=lambda target: target.plan_row)}
"""In the plan's order."""
