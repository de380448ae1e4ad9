"""Finds the packs: ours beside this file, the school's own in a folder of its own."""

from functools import lru_cache
from pathlib import Path

from agent.packs.model import Pack
from common.configfile import ConfigError, Fault, load
from common.text import Text


@lru_cache(maxsize=8)
def packs(folder: Path | None = None) -> dict[str, Pack]:
    """Every pack by its id; one in `folder` replaces ours of the same id. Raises ConfigError with every fault."""
    found = _of(Path(__file__).parent)
    if folder is not None:
        found.update(_of(folder))
    return dict(sorted(found.items()))


def _of(folder: Path) -> dict[str, Pack]:
    found: dict[str, Pack] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            pack = load(path, Pack)
        except ConfigError as error:
            faults.extend(error.faults)
            continue
        if pack.id in found:
            what = Text("同一文件夹中已有这个编号的设备包", "another pack in this folder has this id")
            faults.append(Fault(str(path), None, "id", repr(pack.id), what))
        found[pack.id] = pack
    if faults:
        raise ConfigError(faults)
    return found
