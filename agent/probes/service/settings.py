"""Settings of the service probe."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from agent.clients.tcp import CONNECT_SECONDS
from agent.probes.base import ProbeSettings, Settings
from agent.probes.service.exam_marking import ExamMarkingCheck
from agent.probes.service.lecture_recording import LectureRecordingCheck
from agent.probes.service.live_streaming import LiveStreamingCheck
from agent.probes.service.video_conference import VideoConferenceCheck
from agent.probes.service.video_on_demand import VideoOnDemandCheck
from common.faults import fault

AnyCheck = Annotated[
    ExamMarkingCheck | LectureRecordingCheck | LiveStreamingCheck | VideoConferenceCheck | VideoOnDemandCheck,
    Field(discriminator="system"),
]


class Reference(Settings):
    """A machine of the district that is there whenever the school's own way into the district works."""

    host: str = Field(min_length=1, max_length=253, description="name or address")
    port: int = Field(ge=1, le=65535, description="a TCP port that is open on it")


class ServiceSettings(ProbeSettings):
    """One service of the district. What is looked at, and how, is `check`, by its system."""

    probe: Literal["service"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(90, le=3600, description="a run that takes longer is ended")
    service: str = Field("", max_length=80, description="name in the results; the device's name unless set")
    check: AnyCheck
    reference: Reference | None = Field(
        None, description="asked when the service cannot be reached; the collector unless set"
    )

    @model_validator(mode="after")
    def _fits(self) -> "ServiceSettings":
        least = self.check.longest_seconds + CONNECT_SECONDS
        if self.timeout_seconds <= least:
            raise fault(
                f"timeout_seconds 应大于 {least:g}：这样的检查最长要用这么久",
                f"timeout_seconds above {least:g} is accepted: such a check can take that long",
            )
        return self
