"""ONVIF cameras by SOAP over HTTP, read only: ONVIF Core, Media and Media2 specifications, ver10 and ver20.

Only the configured host is asked: of an address in an answer no more than its path is used.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from agent.clients import xmltree
from agent.clients.device_clock import believable
from agent.clients.device_http import Answer, DeviceHttp, refused_by
from agent.clients.digest import Login
from agent.clients.failures import AuthenticationFailed
from agent.clients.xmltree import Element
from agent.errors import Malformed, Refused

DEVICE_PATH = "/onvif/device_service"
"""Core specification, section 5.1.1: the entry point of every device."""
MAX_PROFILES = 64
MAX_TOKEN_CHARACTERS = 64
"""Of a ReferenceToken (onvif.xsd)."""

_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"


class Declined(Refused):
    """The device answered with a SOAP fault: it does not know the question, or not now."""


@dataclass(frozen=True, slots=True)
class Information:
    maker: str
    model: str


@dataclass(frozen=True, slots=True)
class MediaService:
    """`namespace` is MEDIA or MEDIA2; `elsewhere` whether its address names another host."""

    namespace: str
    path: str
    elsewhere: bool


class Onvif:
    """One camera. Each method asks one question and raises ProbeError."""

    def __init__(self, http: DeviceHttp, host: str, login: Login | None, now: Callable[[], datetime]) -> None:
        self._http, self._host, self._login, self._now = http, host, login, now
        self._offset = timedelta()

    async def clock(self) -> timedelta | None:
        """How far the camera's clock is ahead of ours; None when it does not tell it. Signatures go by it from then on:
        cameras refuse a time that is seconds off their own. Needs no password (Core specification,
        GetSystemDateAndTime); one that wants a password all the same, or lacks the question, shows its clock in the
        header Date of its refusal."""
        name = "GetSystemDateAndTime"
        answer = await self._post(DEVICE_PATH, DEVICE, name, "", signed=False)
        try:
            utc = _told(answer, name).first("SystemDateAndTime", "UTCDateTime")
            moment = None if utc is None else _moment(utc)
        except Refused:
            moment = None if answer.date is None else believable(answer.date)
        if moment is None:
            return None
        self._offset = moment - self._now()
        return self._offset

    async def information(self) -> Information:
        """GetDeviceInformation. On most cameras it needs the password, and so proves it."""
        told = await self._ask(DEVICE_PATH, DEVICE, "GetDeviceInformation")
        return Information(told.value("Manufacturer") or "", told.value("Model") or "")

    async def media(self) -> MediaService:
        """Where its streams are asked for: Media, else Media2, by GetServices, else by GetCapabilities."""
        try:
            told = await self._ask(
                DEVICE_PATH, DEVICE, "GetServices", "<d:IncludeCapability>false</d:IncludeCapability>"
            )
            addresses = {
                (each.value("Namespace") or "").lower(): each.value("XAddr") or "" for each in told.every("Service")
            }
        except Declined:  # GetServices came later than GetCapabilities
            told = await self._ask(DEVICE_PATH, DEVICE, "GetCapabilities", "<d:Category>Media</d:Category>")
            addresses = {MEDIA: told.value("Capabilities", "Media", "XAddr") or ""}
        for namespace in (MEDIA, MEDIA2):
            if address := addresses.get(namespace):
                path, elsewhere = self._here(address)
                return MediaService(namespace, path, elsewhere)
        raise Declined("the camera has no media service")

    async def profiles(self, service: MediaService) -> list[str]:
        """Tokens of its profiles, the main stream's first as cameras list them."""
        told = await self._ask(service.path, service.namespace, "GetProfiles")
        tokens = [each.attributes.get("token", "") for each in told.every("Profiles")]
        if len(tokens) > MAX_PROFILES or not all(0 < len(token) <= MAX_TOKEN_CHARACTERS for token in tokens):
            raise Malformed(f"{len(tokens)} profiles, or a token that none may have")
        return tokens

    async def stream_address(self, service: MediaService, profile: str) -> tuple[str, bool]:
        """The rtsp URL of a profile, and whether it names another host."""
        token = f"<d:ProfileToken>{escape(profile)}</d:ProfileToken>"
        if service.namespace == MEDIA2:
            told = await self._ask(service.path, MEDIA2, "GetStreamUri", f"<d:Protocol>RTSP</d:Protocol>{token}")
            uri = told.value("Uri")
        else:
            setup = (
                '<d:StreamSetup><s:Stream xmlns:s="http://www.onvif.org/ver10/schema">RTP-Unicast</s:Stream>'
                '<s:Transport xmlns:s="http://www.onvif.org/ver10/schema"><s:Protocol>RTSP</s:Protocol></s:Transport>'
                "</d:StreamSetup>"
            )
            told = await self._ask(service.path, MEDIA, "GetStreamUri", setup + token)
            uri = told.value("MediaUri", "Uri")
        if not uri:
            raise Malformed("the camera gives an empty stream address")
        return uri, self._is_elsewhere(uri)

    async def _ask(self, path: str, namespace: str, name: str, inside: str = "") -> Element:
        return _told(await self._post(path, namespace, name, inside, signed=True), name)

    async def _post(self, path: str, namespace: str, name: str, inside: str, *, signed: bool) -> Answer:
        header = f"<e:Header>{self._token()}</e:Header>" if signed and self._login is not None else ""
        envelope = (
            f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{_ENVELOPE}">{header}'
            f'<e:Body><d:{name} xmlns:d="{namespace}">{inside}</d:{name}></e:Body></e:Envelope>'
        )
        return await self._http.post(
            path, envelope.encode(), f'application/soap+xml; charset=utf-8; action="{namespace}/{name}"'
        )

    def _token(self) -> str:
        """A UsernameToken with a digest (WS-Security UsernameToken Profile 1.0), dated by the camera's own clock."""
        if self._login is None:
            return ""
        nonce = secrets.token_bytes(16)
        created = (self._now() + self._offset).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        digest = sha1(nonce + created.encode() + self._login.password.encode()).digest()  # noqa: S324 - the profile's
        return (
            f'<w:Security xmlns:w="{_SECURITY}" xmlns:u="{_UTILITY}"><w:UsernameToken>'
            f"<w:Username>{escape(self._login.user)}</w:Username>"
            f'<w:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
            f'<w:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</w:Nonce>'
            f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
        )

    def _here(self, address: str) -> tuple[str, bool]:
        parts = urlsplit(_url(address))
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), self._is_elsewhere(address)

    def _is_elsewhere(self, address: str) -> bool:
        """Whether an address names another host. A camera that is configured by its name answers with its IP address:
        then only one that no camera has for others tells."""
        host, own = (urlsplit(_url(address)).hostname or "").lower(), self._host.lower()
        ip, own_ip = _ip(host), _ip(own)
        if ip is not None and own_ip is None:
            return ip.is_loopback or ip.is_unspecified or ip.is_multicast
        return (ip or host) != (own_ip or own)


def _told(answer: Answer, name: str) -> Element:
    """The response element. Raises Declined, AuthenticationFailed, Refused or Malformed."""
    if not answer.body or answer.status in (401, 403, 404, 405):
        raise refused_by(answer, name)
    body = xmltree.parse(answer.body).first("Body")
    if body is None:
        raise Malformed(f"the answer to {name} is no SOAP")
    if fault := body.first("Fault"):
        raise _declined(name, fault)
    told = body.first(f"{name}Response")
    if told is None:
        raise Malformed(f"the answer to {name} is one to another question")
    return told


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _url(address: str) -> str:
    """A URL without white space or control characters. Raises Malformed."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    if not host or len(address) > 1000 or not address.isascii() or not address.isprintable() or " " in address:
        raise Malformed("the camera gives an address that is no URL")
    return address


def _moment(utc: Element) -> datetime:
    parts = [utc.whole("Date", part) for part in ("Year", "Month", "Day")]
    parts += [utc.whole("Time", part) for part in ("Hour", "Minute", "Second")]
    year, month, day, hour, minute, second = (-1 if part is None else part for part in parts)
    try:
        # A leap second is a second like others here.
        return believable(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC))
    except (ValueError, OverflowError):
        raise Malformed("the camera's clock shows a time that there is not") from None


def _declined(name: str, fault: Element) -> Refused:
    """A SOAP fault: code and subcodes as qualified names, of which the last says most (Core specification, 5.8.2)."""
    codes = [(code.text.strip().rpartition(":")[2]) for code in _codes(fault)]
    if any(code in ("NotAuthorized", "FailedAuthentication") for code in codes):
        return AuthenticationFailed("the camera does not accept the user and password for ONVIF")
    return Declined(f"{name}: the camera answered with the fault {codes[-1][:40] if codes else 'without a code'!r}")


def _codes(fault: Element) -> list[Element]:
    found: list[Element] = []
    level = fault.first("Code")
    while level is not None:
        found += level.every("Value")
        level = level.first("Subcode")
    return found


def maker(told: str) -> str:
    """One of a few known makers, by what a device says of itself; `other` for the rest."""
    lower = told.lower()
    return next((name for name, words in _MAKERS.items() if any(word in lower for word in words)), "other")


_MAKERS = {
    "hikvision": ("hikvision", "海康"),
    "dahua": ("dahua", "大华"),
    "uniview": ("uniview", "宇视"),
    "tiandy": ("tiandy", "天地伟业"),
    "kedacom": ("kedacom", "科达"),
    "huawei": ("huawei", "华为"),
    "tp-link": ("tp-link", "tplink"),
    "axis": ("axis",),
    "bosch": ("bosch",),
    "hanwha": ("hanwha", "samsung"),
}
