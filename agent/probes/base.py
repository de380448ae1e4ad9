"""What a probe is: one coroutine and two declarations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, SecretStr

from agent.line import Line
from wire.report import DeviceName, Measure, Reading


class Settings(BaseModel):
    """Base of every part of a configuration: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeSettings(Settings):
    """What every probe takes. Each probe narrows `probe` to a Literal of its folder's name."""

    probe: str
    device: DeviceName = Field(description="the device's name, as people at the school call it")
    every_seconds: PositiveFloat = Field(60, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(10, le=3600, description="a run that takes longer is ended")


@dataclass(frozen=True, slots=True)
class CollectorLink:
    """Where the collector is and this school's credential, for probes that measure the way to it."""

    url: str
    token: Callable[[], SecretStr]
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a probe may use besides its settings. It does not hold the school."""

    state_dir: Path
    collector: CollectorLink | None = None
    packs_dir: Path | None = None
    """The school's own device packs, beside those of agent/packs."""
    line: Line = field(default_factory=Line)
    """What this process knows of the way to the MAN: its load, and the tests that run on it."""


S = TypeVar("S", bound=ProbeSettings)


@dataclass(frozen=True, slots=True)
class Probe(Generic[S]):
    """`run` returns what it read or raises an error of agent/errors.py; it never times, retries or logs."""

    settings: type[S]
    measures: tuple[Measure, ...]
    run: Callable[[S, Context], Awaitable[Sequence[Reading]]]


AnyProbe = Probe[Any]
