"""WS-Discovery 1.0 as ONVIF's core specification (7.3) has it: a Probe by multicast and by unicast, UDP 3702."""

import re
from urllib.parse import unquote, urlsplit
from uuid import uuid4
from xml.parsers import expat

from agent.discover.datagrams import survey
from agent.discover.networks import address_of
from agent.discover.search import Search
from agent.discover.ways import Way
from agent.probes.found import Clue, clean
from common.text import Text

PORT, GROUP = 3702, "239.255.255.250"
MAX_DEPTH = 24
MAX_ELEMENTS = 2000
MAX_TEXT = 8 * 1024
_TAKEN = frozenset({"RelatesTo", "Types", "Scopes", "XAddrs"})
_PROBE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:n="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
    "<a:MessageID>urn:uuid:{id}</a:MessageID>"
    "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
    "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>"
    "<s:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
)


class BadXml(ValueError):
    """An answer that is no XML, or more of it than an answer has, or one with a document type (SOAP 1.2, 5: none)."""


async def run(search: Search) -> None:
    identity = str(uuid4())
    probe = _PROBE.format(id=identity).encode()
    for address, heard in (await survey(search, PORT, lambda address: probe, group=GROUP)).items():
        for answer in heard:
            try:
                said = parse(answer)
            except BadXml:
                continue
            if identity in said.get("RelatesTo", "") and "NetworkVideoTransmitter" in said.get("Types", ""):
                search.add(address, _clue(search, address, said))


def parse(answer: bytes) -> dict[str, str]:
    """The texts of a ProbeMatches message by their element's name, each the first of its name. Raises BadXml."""
    found: dict[str, str] = {}
    path: list[str] = []
    elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        path.append(name.rpartition(" ")[2])
        if len(path) > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise BadXml("too deep or too long")
        if path[-1] in _TAKEN:
            path[-1] += "" if path[-1] not in found else " again"
            found.setdefault(path[-1], "")

    def characters(text: str) -> None:
        if path and path[-1] in found:
            found[path[-1]] = (found[path[-1]] + text)[:MAX_TEXT]

    def no_document_type(*_: object) -> None:
        raise BadXml("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: path.pop()
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = no_document_type
    try:
        parser.Parse(answer, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that there is not
        raise BadXml(str(error)) from None
    return found


def _clue(search: Search, address: str, said: dict[str, str]) -> Clue:
    """ONVIF scopes hold the name and hardware; XAddrs are where it says that it serves, which may be elsewhere."""
    facts = {
        fact: clean(unquote(found[1]))
        for fact, scope in (("name", "name"), ("model", "hardware"), ("location", "location"))
        if (found := re.search(rf"onvif://www\.onvif\.org/{scope}/(\S+)", said.get("Scopes", "")))
    }
    for url in said.get("XAddrs", "").split()[:8]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            continue
        ip = address_of(host)
        if ip is not None and str(ip) == address:
            facts.setdefault("port", str(port))
            facts.setdefault("path", parts.path[:200])
            facts.setdefault("scheme", "https" if parts.scheme == "https" else "http")
        elif ip is not None:
            search.name(str(ip), f"ONVIF {address}")
    what = clean(" ".join(facts.get(key, "") for key in ("model", "name")))
    return Clue("ws_discovery", PORT, Text("是 ONVIF 摄像设备", "is an ONVIF video device"), what, facts)


WAY = Way(Text("ONVIF 设备（WS-Discovery）", "ONVIF devices (WS-Discovery)"), run)
