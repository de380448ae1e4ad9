"""The policy: the plan's numbers as a district sets them. Without a file, the plan's own hold."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self, cast, get_args
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PositiveFloat,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from collector.calendar import SchoolCalendar, announced_until
from collector.policy_calendar import CalendarPolicy, Day
from collector.policy_overrides import Part, laid_over, misplaced, override_of, overrides_of
from collector.policy_profiles import over, profiles
from collector.policy_stored import Change, changes, without_empty, without_unknown
from collector.roster.model import Stage
from collector.targets import TARGETS
from collector.targets._terminals import RatioPolicy
from collector.targets.base import PolicyPart, TargetPolicy
from collector.targets.district import DISTRICT_TARGETS
from common.configfile import load
from common.faults import fault

__all__ = ["STAGES", "Policy", "difference", "load_policy"]

STAGES: tuple[Stage, ...] = get_args(Stage)

_TARGETS: dict[str, Any] = {name: (target.policy, target.policy()) for name, target in TARGETS.items()}
_DISTRICT: dict[str, Any] = {name: (target.policy, target.policy()) for name, target in DISTRICT_TARGETS.items()}
Targets: type[BaseModel] = create_model("Targets", __base__=Part, **_TARGETS)
"""One key for each target that there is, each of that target's own policy; what is left out has its defaults."""
DistrictTargets: type[BaseModel] = create_model("DistrictTargets", __base__=Part, **_DISTRICT)
"""The same for the targets of the district as a whole."""


def _known_target(name: str) -> str:
    if name not in TARGETS:
        names = ", ".join(TARGETS)
        raise fault(f"没有这个目标；可用：{names}", f"there is no such target; accepted: {names}")
    return name


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise fault(f"{', '.join(twice)} 写了不止一次", f"{', '.join(twice)}: written more than once")
    return tuple(name for name in TARGETS if name in names)


Required = Annotated[
    tuple[Annotated[str, AfterValidator(_known_target), Field(json_schema_extra={"enum": list(TARGETS)})], ...],
    Field(min_length=1),
    AfterValidator(_once),
]


class StagePart(Part):
    """What is otherwise for the schools of one stage. What is left out is as for all schools."""

    targets: BaseModel = Field(default_factory=Part)
    calendar: BaseModel = Field(default_factory=Part)
    smart_campus: Required | None = None


_StageTargets = overrides_of("StageTargets", {name: target.policy for name, target in TARGETS.items()})
_StageCalendar = override_of(CalendarPolicy)
_StagePolicy = create_model(
    "StagePolicy",
    __base__=StagePart,
    targets=(_StageTargets, Field(default_factory=_StageTargets)),
    calendar=(_StageCalendar, Field(default_factory=_StageCalendar)),
)
_STAGES: dict[str, Any] = {stage: (_StagePolicy, _StagePolicy()) for stage in STAGES}
Stages: type[BaseModel] = create_model("Stages", __base__=Part, **_STAGES)
"""One key for each stage of the roster."""


class Plan(Part):
    """The time that the plan runs."""

    begins: Day = date(2023, 9, 1)
    ends: Day = date(2026, 8, 31)
    """Its last day."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.begins:
            raise fault("规划的结束日应晚于开始日", "the plan's end must be later than its beginning")
        return self


def _is_stored(info: ValidationInfo) -> bool:
    return bool((info.context or {}).get("stored"))


class Policy(Part):
    """Everything that a district may set of its targets."""

    version: int = Field(1, ge=1)
    """Raised by the district with each change, so that a report can say under which policy it was made."""
    profile: Annotated[str, Field(json_schema_extra={"enum": list(profiles())})] = "plan"
    """The standard whose numbers are the defaults."""
    zone: str = "Asia/Shanghai"
    """The IANA time zone of the district's days."""
    agent_silent_after_seconds: PositiveFloat = 300
    plan: Plan = Field(default_factory=Plan)
    calendar: CalendarPolicy = Field(default_factory=CalendarPolicy)
    targets: Targets = Field(default_factory=Targets)
    district: DistrictTargets = Field(default_factory=DistrictTargets)
    smart_campus: Required = tuple(TARGETS)
    """The targets that a smart campus meets, as far as they are judged in its stage."""
    stages: Stages = Field(default_factory=Stages)
    holidays_until: int = Field(default_factory=announced_until, ge=2000, le=2200)
    """The last year whose holidays are known. A district leaves it out; a stored policy has that of its day."""

    @model_validator(mode="before")
    @classmethod
    def _over_the_profile(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict) or _is_stored(info):
            return data
        profile = data.get("profile", "plan")
        found = profiles().get(profile) if isinstance(profile, str) else None
        return data if found is None else over(over(profiles()["plan"].policy, found.policy), data)

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, profile: str, info: ValidationInfo) -> str:
        if profile not in profiles() and not _is_stored(info):
            names = ", ".join(f"'{name}'" for name in profiles())
            raise fault(f"可用的值：{names}", f"accepted: {names}")
        return profile

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise fault("应为 IANA 时区名，如 Asia/Shanghai", "an IANA time zone is accepted, such as Asia/Shanghai")
        return zone

    @model_validator(mode="after")
    def _stages_hold(self) -> Self:
        """What a stage's parts make of the whole is held to the same rules."""
        for stage in STAGES:
            own = self._own(stage)
            for name in own.targets.model_fields_set:
                with misplaced("stages", stage, "targets", name):
                    laid_over(getattr(self.targets, name), getattr(own.targets, name))
            with misplaced("stages", stage, "calendar"):
                laid_over(self.calendar, own.calendar)
        return self

    @model_validator(mode="after")
    def _shared_once(self) -> Self:
        for stage in (None, *STAGES):
            ratios = [part for part in self._school_parts[stage].values() if isinstance(part, RatioPolicy)]
            if len({ratio.shared_for for ratio in ratios if ratio.enabled}) > 1:
                with misplaced(*(("stages", stage, "targets") if stage else ())):
                    raise fault(
                        "各终端比目标的 shared_for 应相同，否则共用终端会被重复计算或漏算",
                        "the terminal ratios must agree on shared_for, else shared terminals count twice or not at all",
                    )
        return self

    def of(self, target: str, stage: Stage | None = None) -> TargetPolicy:
        """One target's part, in a stage where one is given. Raises KeyError for a target that there is not."""
        return self._school_parts[stage][target]

    def of_district(self, target: str) -> PolicyPart:
        """The part of a target of the whole district. Raises KeyError for a target that there is not."""
        return self._district_parts[target]

    @property
    def enabled(self) -> tuple[str, ...]:
        """The ids of the targets that are judged where a stage says nothing else, in the plan's order."""
        return self.enabled_for(None)

    def enabled_for(self, stage: Stage | None) -> tuple[str, ...]:
        """The ids of the targets that are judged in a stage, in the plan's order."""
        return self._enabled[stage]

    @property
    def enabled_district(self) -> tuple[str, ...]:
        """The ids of the judged targets of the whole district, in the plan's order."""
        return tuple(name for name, part in self._district_parts.items() if part.enabled)

    def calendar_for(self, stage: Stage | None) -> SchoolCalendar:
        """The calendar of a stage; the same object each time, since it remembers what it reckoned."""
        return self._calendars[stage]

    def smart_campus_for(self, stage: Stage | None) -> frozenset[str]:
        """The targets that a smart campus of a stage meets. One that is not judged there is not asked for."""
        own = None if stage is None else self._own(stage).smart_campus
        return frozenset(self.smart_campus if own is None else own) & frozenset(self.enabled_for(stage))

    def canonical(self) -> str:
        """Everything that is in force as JSON, defaults written out, the same text for the same policy."""
        return json.dumps(self.written_out(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text, in hexadecimal; it changes when anything in force does."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @classmethod
    def from_canonical(cls, text: str) -> "Policy":
        """A policy as it was stored. Keys that there are no longer are left out, and new ones have their defaults.

        A profile is not asked again, since what it set then is in the text. Raises ValueError when that is no policy.
        """
        data = without_unknown(cls, json.loads(text))
        stages = data.get("stages") if isinstance(data, dict) else None
        for part in (data, *(stages.values() if isinstance(stages, dict) else ())):
            if isinstance(part, dict) and isinstance(names := part.get("smart_campus"), list):
                part["smart_campus"] = [name for name in names if name in TARGETS]
        return cls.model_validate(data, context={"stored": True})

    def written_out(self) -> dict[str, Any]:
        """The policy as plain data with its defaults; of the stages only what they change."""
        whole = self.model_dump(mode="json", exclude={"stages"})
        return {**whole, "stages": without_empty(self.stages.model_dump(mode="json", exclude_unset=True))}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        copied = super().model_copy(update=update, deep=deep)
        for name in ("_school_parts", "_district_parts", "_enabled", "_calendars", "digest"):
            copied.__dict__.pop(name, None)
        return copied

    def _own(self, stage: Stage) -> StagePart:
        return cast(StagePart, getattr(self.stages, stage))

    @cached_property
    def _school_parts(self) -> dict[Stage | None, dict[str, TargetPolicy]]:
        base: dict[str, TargetPolicy] = {name: getattr(self.targets, name) for name in TARGETS}
        parts: dict[Stage | None, dict[str, TargetPolicy]] = {None: base}
        for stage in STAGES:
            own = self._own(stage).targets
            parts[stage] = {name: laid_over(part, getattr(own, name)) for name, part in base.items()}
        return parts

    @cached_property
    def _district_parts(self) -> dict[str, PolicyPart]:
        return {name: getattr(self.district, name) for name in DISTRICT_TARGETS}

    @cached_property
    def _enabled(self) -> dict[Stage | None, tuple[str, ...]]:
        return {
            stage: tuple(name for name, part in parts.items() if part.enabled)
            for stage, parts in self._school_parts.items()
        }

    @cached_property
    def _calendars(self) -> dict[Stage | None, SchoolCalendar]:
        base = self.calendar.calendar(self.zone, self.holidays_until)
        return {None: base} | {
            stage: laid_over(self.calendar, self._own(stage).calendar).calendar(self.zone, self.holidays_until)
            for stage in STAGES
        }


def difference(before: Policy, after: Policy) -> list[Change]:
    """What changed from one policy to another: path, old and new value, in the order of the file."""
    return list(changes(before.written_out(), after.written_out()))


def load_policy(path: Path) -> Policy:
    """The policy in `path`. Raises common.configfile.ConfigError with every fault."""
    return load(path, Policy)
