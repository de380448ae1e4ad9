"""Each file is one way of looking for devices: it has WAY. There is no list to edit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from agent.discover.search import Search
from common.text import Text


@dataclass(frozen=True, slots=True)
class Way:
    """`run` asks every address of a search, calls `search.step` once for each, and adds clues under the way's name."""

    title: Text
    run: Callable[[Search], Awaitable[None]]


def ways() -> dict[str, Way]:
    """Every way by its name, which is its file's."""
    return {found.name: import_module(f"{__name__}.{found.name}").WAY for found in iter_modules(__path__)}
