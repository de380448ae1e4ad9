"""Whose a terminal is: by the school's register, else by the network it was seen on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, model_validator

from agent.register import OWNERS, Owner
from common.faults import fault

Ruled = Literal["student", "teacher", "shared", "visitor"]
"""What a rule may say. `visitor`: surely none of the school's terminals, such as on a network for guests."""
RULED: tuple[Ruled, ...] = (*OWNERS, "visitor")
Network = IPv4Network | IPv6Network


def _subnet(value: Any) -> Network:
    try:
        return ip_network(value)
    except ValueError:
        raise fault("应为网段，如 10.20.0.0/16", "a subnet is accepted, such as 10.20.0.0/16") from None


Subnet = Annotated[Network, PlainValidator(_subnet)]
Vlan = Annotated[int, Field(ge=1, le=4094)]
Ssid = Annotated[str, StringConstraints(min_length=1, max_length=64)]


@dataclass(slots=True)
class Trace:
    """Where a terminal was seen: IP addresses, VLANs, wireless networks; and when (None: now)."""

    addresses: set[str] = field(default_factory=set)
    vlans: set[int] = field(default_factory=set)
    ssids: set[str] = field(default_factory=set)
    at: float | None = None
    """Unix time in seconds."""

    def join(self, other: "Trace") -> None:
        self.addresses |= other.addresses
        self.vlans |= other.vlans
        self.ssids |= other.ssids
        self.at = None if self.at is None or other.at is None else max(self.at, other.at)


class OwnerRule(BaseModel):
    """A terminal seen in any of these is this owner's, unless the register has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: Ruled = Field(description="student, teacher, shared; visitor: none of the school's")
    subnets: tuple[Subnet, ...] = Field((), max_length=1000)
    vlans: tuple[Vlan, ...] = Field((), max_length=4094)
    ssids: tuple[Ssid, ...] = Field((), max_length=1000, description="names of wireless networks, written exactly")

    @model_validator(mode="after")
    def _one(self) -> "OwnerRule":
        if not (self.subnets or self.vlans or self.ssids):
            raise fault("请写 subnets、vlans 或 ssids", "write subnets, vlans or ssids")
        return self

    def fits(self, trace: Trace) -> bool:
        if not trace.vlans.isdisjoint(self.vlans) or not trace.ssids.isdisjoint(self.ssids):
            return True
        return bool(self.subnets) and any(
            address.version == subnet.version and address in subnet
            for address in map(ip_address, trace.addresses)
            for subnet in self.subnets
        )


def owner_of(mac: str, trace: Trace, register: Mapping[str, Owner], rules: Sequence[OwnerRule]) -> Ruled | None:
    """By the register, else by the first rule that fits; None when neither knows."""
    return register.get(mac) or next((rule.owner for rule in rules if rule.fits(trace)), None)


def named(rules: Sequence[OwnerRule]) -> tuple[Ruled, ...]:
    """The owners that any rule names, in their usual order."""
    return tuple(owner for owner in RULED if any(rule.owner == owner for rule in rules))
