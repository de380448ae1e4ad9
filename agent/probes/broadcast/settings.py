"""Settings of the broadcast probe."""

from math import ceil
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, StringConstraints, model_validator

from agent.clients.sip import PORT, Transport
from agent.clients.tcp import CONNECT_SECONDS
from agent.probes.base import ProbeSettings, Settings
from common.faults import fault
from common.secrets import Secret

PlaceId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
SipUser = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,64}$")]
"""What may stand before the @ of a SIP address (RFC 3261, 25.1)."""
Domain = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]

IN_FLIGHT = 16
"""Terminals that a server is asked for at the same time."""
ECHO_INTERVAL = 0.2
ECHOES = 5


class Terminal(Settings):
    """A terminal that the server is asked for. `user` is its number there."""

    user: SipUser
    place: PlaceId
    name: str = Field("", max_length=80, description="name in the results; its number unless set")


class BroadcastSettings(ProbeSettings):
    """One broadcast server, with the terminals that it tells of, or one terminal."""

    probe: Literal["broadcast"]
    every_seconds: PositiveFloat = Field(300, description="seconds from one run to the next")
    timeout_seconds: PositiveFloat = Field(60, le=3600, description="a run that takes longer is ended")
    host: str = Field(min_length=1, max_length=253, description="name or address of the server or terminal")
    port: int | None = Field(None, ge=1, le=65535, description="5060 for SIP; must be set for check: tcp")
    check: Literal["sip", "tcp", "icmp"] = Field(
        "sip", description="tcp, icmp: for what speaks no SIP; they show that it answers, not that it can play"
    )
    transport: Transport = Field("udp", description="how SIP travels")
    user: SipUser | None = Field(None, description="number that is asked for; the machine itself unless set")
    domain: Domain | None = Field(None, description="SIP domain, where it is not the host")
    place: str = Field("", max_length=80, description="the teaching place that it serves, or where the server stands")
    terminals: tuple[Terminal, ...] = Field((), max_length=1000, description="terminals that the server is asked for")
    ask: Literal["terminals", "registrar"] = Field(
        "terminals",
        description="terminals: OPTIONS to each through the server; registrar: the server's list of registrations",
    )
    username: str | None = Field(None, min_length=1, max_length=80, description="user name, where the server wants one")
    password: Secret | None = None
    wait_seconds: float = Field(4, gt=0, le=60, description="how long one answer is waited for")

    @property
    def longest_seconds(self) -> float:
        """How long a run can take: each question may be challenged once, and an answer is followed by a second one."""
        if self.check == "tcp":
            return CONNECT_SECONDS
        if self.check == "icmp":
            return ECHOES * (ECHO_INTERVAL + self.wait_seconds)
        challenged = 1 if self.password is None else 2
        rounds = 1 + ceil(len(self.terminals) / IN_FLIGHT) * (2 if self.ask == "terminals" else 1)
        return CONNECT_SECONDS + rounds * challenged * self.wait_seconds

    @property
    def sip_port(self) -> int:
        return PORT if self.port is None else self.port

    @model_validator(mode="after")
    def _makes_sense(self) -> "BroadcastSettings":
        if self.check == "tcp" and self.port is None:
            raise fault("check: tcp 时请写 port", "port is required with check: tcp")
        if self.check != "sip" and self.terminals:
            raise fault("terminals 只用于 check: sip", "terminals are asked for with check: sip only")
        if (self.username is None) != (self.password is None):
            raise fault("username 与 password 应同时写", "username and password belong together")
        names = [terminal.name or terminal.user for terminal in self.terminals]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise fault(f"terminals 中重名：{twice[0]}", f"two terminals are called {twice[0]}; give one another name")
        if self.timeout_seconds <= self.longest_seconds:
            raise fault(
                f"timeout_seconds 应大于 {self.longest_seconds:g}：无人应答时最长要用这么久",
                f"timeout_seconds above {self.longest_seconds:g} is accepted: without answers it takes that long",
            )
        return self
