"""SNMP notifications as hints: a trap has the device that sent it probed at once, and is never evidence.

SNMPv1 traps (RFC 1157, 4.1.6) and SNMPv2c traps (RFC 3416, 4.2.6). pysnmp decodes; it is imported only when configured.
"""

import hmac
from collections.abc import Callable, Iterable

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

from agent.clock import Clock
from agent.hints import GAP_SECONDS, HintListener
from agent.probes.base import ProbeSettings


class TrapListener(HintListener):
    """Traps with the right community."""

    max_datagram_bytes = 8 * 1024

    def __init__(
        self,
        entries: Iterable[ProbeSettings],
        community: str,
        ask: Callable[[str], object],
        clock: Clock,
        gap: float = GAP_SECONDS,
    ) -> None:
        super().__init__(entries, ask, clock, gap)
        self._community = community.encode()

    def is_hint(self, data: bytes) -> bool:
        try:
            version = int(api.decodeMessageVersion(data))
            module = api.PROTOCOL_MODULES.get(version)
            if module is None:
                return False
            message, _ = decoder.decode(data, asn1Spec=module.Message())
            community = bytes(module.apiMessage.get_community(message))
            kind = module.apiMessage.get_pdu(message).__class__
        except (PyAsn1Error, ProtocolError, ValueError, TypeError, IndexError, KeyError, AttributeError):
            return False
        return kind is module.TrapPDU and hmac.compare_digest(community, self._community)
