"""The policy: the plan's numbers as a district sets them. Without a file, the plan's own hold."""

from pathlib import Path
from typing import Any, Literal, Self, cast
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, create_model, field_validator, model_validator

from collector.targets import TARGETS
from collector.targets._terminals import RatioPolicy
from collector.targets.base import TargetPolicy
from common.configfile import load
from common.faults import fault


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_FIELDS: dict[str, Any] = {name: (target.policy, target.policy()) for name, target in TARGETS.items()}
Targets: type[BaseModel] = create_model("Targets", __base__=_Part, **_FIELDS)
"""One key for each target that there is, each of that target's own policy; what is left out has its defaults."""


class Policy(_Part):
    """Everything that a district may set of its targets."""

    version: int = Field(1, ge=1)
    """Raised by the district with each change, so that a report can say under which policy it was made."""
    profile: Literal["plan"] = "plan"
    """The standard whose numbers are the defaults."""
    zone: str = "Asia/Shanghai"
    """The IANA time zone of the district's days."""
    agent_silent_after_seconds: PositiveFloat = 300
    targets: Targets = Field(default_factory=Targets)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise fault("应为 IANA 时区名，如 Asia/Shanghai", "an IANA time zone is accepted, such as Asia/Shanghai")
        return zone

    @model_validator(mode="after")
    def _shared_once(self) -> Self:
        ratios = [part for part in (self.of(name) for name in TARGETS) if isinstance(part, RatioPolicy)]
        if len({ratio.shared_for for ratio in ratios if ratio.enabled}) > 1:
            raise fault(
                "各终端比目标的 shared_for 应相同，否则共用终端会被重复计算或漏算",
                "the terminal ratios must agree on shared_for, else shared terminals count twice or not at all",
            )
        return self

    def of(self, target: str) -> TargetPolicy:
        """One target's part. Raises AttributeError for a target that there is not."""
        return cast(TargetPolicy, getattr(self.targets, target))

    @property
    def enabled(self) -> tuple[str, ...]:
        """The ids of the targets that are judged."""
        return tuple(name for name in TARGETS if self.of(name).enabled)


def load_policy(path: Path) -> Policy:
    """The policy in `path`. Raises common.configfile.ConfigError with every fault."""
    return load(path, Policy)
