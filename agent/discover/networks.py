"""The networks that may be asked: read, bounded, and the one place that says whether an address is in them."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

import psutil

from common.text import say

Network = IPv4Network | IPv6Network
AT_MOST = 4096
"""Addresses in all, a /20, unless a person says otherwise."""


class BadNetwork(ValueError):
    """A network that cannot be searched; the text says why, in the language of this machine."""


@dataclass(frozen=True, slots=True)
class Link:
    """An interface of this machine whose own network lies wholly in the given ones."""

    address: IPv4Address
    network: IPv4Network


class Scope:
    """The given networks, which `networks` bounds. Nothing is sent to an address that is not `in` it."""

    def __init__(self, networks: Sequence[Network]) -> None:
        v4 = collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
        v6 = collapse_addresses(each for each in networks if isinstance(each, IPv6Network))
        self.networks: tuple[Network, ...] = (*v4, *v6)
        # By network as given: the ends of each are no hosts, even where two of them lie side by side.
        hosts = {ip for network in networks for ip in network if _is_host(ip, network)}
        self._hosts = dict.fromkeys(map(str, sorted(hosts, key=lambda ip: (ip.version, int(ip)))))

    def __contains__(self, address: str) -> bool:
        return address in self._hosts or str(address_of(address)) in self._hosts

    def __iter__(self) -> Iterator[str]:
        """Every address that may be asked, once, in order."""
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def links(self) -> list[Link]:
        """This machine's links on which a multicast reaches no other network, by the addresses that it has there."""
        found = []
        for addresses in psutil.net_if_addrs().values():
            for each in addresses:
                if each.family != socket.AF_INET or not each.netmask:
                    continue
                own = IPv4Interface(f"{each.address}/{each.netmask}")
                lies_within = any(own.network.subnet_of(n) for n in self.networks if isinstance(n, IPv4Network))
                if lies_within and own.network.prefixlen < 31 and not own.is_loopback:
                    found.append(Link(own.ip, own.network))
        return found


def networks(texts: Sequence[str], at_most: int = AT_MOST) -> Scope:
    """The networks as a scope. Raises BadNetwork: not a network, one without hosts, or too many addresses in all."""
    given = [_network(text) for text in texts]
    total = sum(each.num_addresses for each in given)
    if total > at_most:
        raise BadNetwork(
            say(
                f"共 {total} 个地址，最多 {at_most} 个；请写小一些的网段，或用 --at-most 放宽",
                f"{total} addresses in all, at most {at_most}: give smaller networks, or raise it by --at-most",
            )
        )
    return Scope(given)


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address, an IPv4 one inside of IPv6 as IPv4; None for what is none. A scope id is left out."""
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def _network(text: str) -> Network:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise BadNetwork(
            say(
                f"{text!r} 不是网段；应为 192.168.1.0/24 这样的写法",
                f"{text!r} is no network; one such as 192.168.1.0/24 is accepted",
            )
        ) from None
    if network.is_multicast or network.is_unspecified or network.network_address == IPv4Address("255.255.255.255"):
        raise BadNetwork(say(f"{text!r} 中没有设备的地址", f"{text!r} holds no address of a device"))
    return network


def _is_host(ip: IPv4Address | IPv6Address, network: Network) -> bool:
    """The first and last address of an IPv4 network are its name and its broadcast (RFC 919; a /31: RFC 3021)."""
    if isinstance(network, IPv6Network) or network.prefixlen >= 31:
        return True
    return ip not in (network.network_address, network.broadcast_address)
