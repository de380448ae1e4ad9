"""One per school: probes its devices and carries what it measured to the collector. Never writes to a device."""

import sys

if "structlog" not in sys.modules:
    # structlog loads these where they are there, for what the agent never does: six megabytes that a small box lacks.
    _kept_out = [name for name in ("rich", "greenlet") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(_kept_out))  # type: ignore[arg-type]
    try:
        import structlog  # noqa: F401
    finally:
        for _name in _kept_out:
            del sys.modules[_name]
