"""The program that stays: `python -m agent.running CONFIG LOG-FORMAT`, which `campus-agent run` becomes.

It carries no command line: what parses one takes six megabytes that a small box lacks.
"""

import asyncio
import ctypes
import gc
import sys
from pathlib import Path

from agent.probes import PROBES
from agent.service import Unusable, run
from agent.settings import load_settings
from common import logs
from common.configfile import ConfigError

UNUSABLE = 2


def main(config: str, log_format: str) -> int:
    """The exit code: 0 when a signal ended it, 2 when it cannot start as configured."""
    logs.set_up(log_format="json" if log_format == "json" else "text")
    try:
        settings = load_settings(Path(config), PROBES)
        _give_back()
        asyncio.run(run(settings, PROBES))
    except (ConfigError, Unusable) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    return 0


def _give_back() -> None:
    """Return what loading needed and running does not (malloc_trim(3); there is none outside of glibc)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
