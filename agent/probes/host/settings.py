"""Settings of the host probe."""

from typing import Literal

from pydantic import Field

from agent.probes.base import ProbeSettings


class HostSettings(ProbeSettings):
    """The agent's own machine; nothing has to be set."""

    probe: Literal["host"]
    cpu_seconds: float = Field(1.0, ge=0.1, le=5, description="how long the processors are watched")
    skip_nics: tuple[str, ...] = Field(
        ("veth*", "docker*", "br-*", "virbr*", "cni*", "flannel*"),
        description="network cards that are left out; * stands for any characters",
    )
