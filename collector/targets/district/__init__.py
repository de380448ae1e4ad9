"""Each module with a TARGET is one clause about the whole district; there is no list to edit."""

from importlib import import_module
from pkgutil import iter_modules

from collector.targets.district.base import AnyDistrictTarget

_MODULES = (
    import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if not found.name.startswith("_")
)
_FOUND: list[AnyDistrictTarget] = [module.TARGET for module in _MODULES if hasattr(module, "TARGET")]
DISTRICT_TARGETS: dict[str, AnyDistrictTarget] = {t.id: t for t in sorted(_FOUND, key=lambda target: target.plan_row)}
"""In the plan's order."""
