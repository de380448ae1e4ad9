"""A page of the application itself: what exam marking and the platform for recorded lectures are looked at by."""

import json
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from agent.clients import http
from agent.clients.certificate import untrusted_end
from agent.clients.pattern import SEARCH_SECONDS, is_found, is_pattern
from agent.clients.tcp import CONNECT_SECONDS
from agent.errors import Malformed, ProbeError, Refused
from agent.probes.base import Settings
from agent.probes.service.check import EndedEarly, NotAdmitted, NotJudged, SaidNo, Told, UrlCheck
from common.faults import fault
from wire.measures import SERVICE_CERTIFICATE_EXPIRY, SERVICE_RESPONSE

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$", to_lower=True)]
MAX_KEY_DEPTH = 10
MAX_MARKED = 64 * 1024
"""Characters in which a title and a password field are looked for."""

_PASSWORD_FIELD = re.compile(r"<input\b[^>]{0,500}?\btype\s*=\s*[\"']?password", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_GATEWAY = (502, 504)
"""A proxy that gets no good answer, or none in time, from what is behind it (RFC 9110, 15.6.3 and 15.6.5)."""


class Expected(Settings):
    """What only the application's own page has: one of these."""

    text: str | None = Field(None, min_length=1, max_length=500, description="text on the page")
    pattern: str | None = Field(None, min_length=1, max_length=500, description="regular expression (Python's re)")
    json_key: str | None = Field(None, min_length=1, max_length=200, description="key in a JSON answer, as a.b.c")
    json_value: str | int | float | bool | None = Field(None, description="its value; any unless set")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None and not is_pattern(pattern):
            raise fault("不是正则表达式", "a regular expression is accepted")
        return pattern

    @model_validator(mode="after")
    def _one(self) -> "Expected":
        if sum(way is not None for way in (self.text, self.pattern, self.json_key)) != 1:
            raise fault("请写 text、pattern、json_key 之一", "write one of text, pattern, json_key")
        if self.json_value is not None and self.json_key is None:
            raise fault("json_value 须与 json_key 同写", "json_value belongs to json_key")
        return self

    def __str__(self) -> str:
        """What is missing, for a sentence."""
        if self.text is not None:
            return f"the text {self.text[:40]!r}"
        if self.pattern is not None:
            return f"the pattern {self.pattern[:40]!r}"
        return f"the JSON key {str(self.json_key)[:40]!r}"


class PageCheck(UrlCheck):
    """One page, and how the application is told from whatever may stand in front of it."""

    EXAMPLE = "https://marking.example/"

    expect: Expected
    hosts: tuple[Host, ...] = Field(
        (), max_length=20, description="other hosts that it may redirect to, such as a single sign-on"
    )
    verify: bool = Field(True, description="off: any certificate is taken, and then shows nothing")
    wait_seconds: float = Field(15, ge=0.5, le=120, description="how long the whole page may take")

    @property
    def longest_seconds(self) -> float:
        return self.wait_seconds + 2 * CONNECT_SECONDS + SEARCH_SECONDS


async def look_at_page(check: PageCheck, told: Told) -> None:
    """Tells when the certificate ends, and how long the application's page took. Raises ProbeError."""
    try:
        page = await http.fetch(
            check.url,
            wait=check.wait_seconds,
            trust=http.Trust(check.ca_file, check.verify),
            hosts=frozenset(check.hosts),
        )
    except http.Untrusted as error:
        if error.ends is not None:
            told.tell(SERVICE_CERTIFICATE_EXPIRY, error.ends)
        if error.is_expired:
            raise
        raise NotAdmitted(str(error)) from error
    except http.Elsewhere as error:
        raise NotJudged(f"not the application: {error}; a captive portal, a proxy's login or a sign-on page") from error
    except http.Unasked as error:
        raise NotJudged(str(error)) from error
    except http.BrokeOff as error:
        raise EndedEarly(str(error)) from error
    parts = urlsplit(page.url)
    ends = page.certificate_ends
    if ends is None and parts.scheme == "https":
        ends = await untrusted_end(parts.hostname or "", parts.port or 443)
    if ends is not None:
        told.tell(SERVICE_CERTIFICATE_EXPIRY, ends)
    await _is_application(page, check.expect)
    told.tell(SERVICE_RESPONSE, page.seconds)


async def _is_application(page: http.Page, expect: Expected) -> None:
    """Raises what the answer is, where it is not the application's page."""
    status = page.status
    if status == 511:
        raise NotJudged("not the application: a captive portal wants a login (511, RFC 6585, 6)")
    if status == 407:
        raise NotJudged("not the application: a proxy on the way wants credentials (407)")
    if status in (401, 403):
        raise NotAdmitted(f"it does not let the agent in ({status})")
    if status in _GATEWAY:
        raise SaidNo(f"a proxy answers in the application's place: {status}, nothing good comes from behind it")
    if not 200 <= status < 300:
        raise _wrong(page, f"it answers {status}{_titled(page)}")
    found = await _has(page, expect)
    if found is True:
        return
    if found is False:  # the key is there, so that the application has spoken
        raise Refused(f"it answers with another value of {expect} than {expect.json_value!r}")
    if _PASSWORD_FIELD.search(page.text[:MAX_MARKED]):
        raise NotJudged(f"not the application: a login page{_titled(page)} in its place, without {expect}")
    if page.is_trusted:
        raise Malformed(f"it answers {status} without {expect}{_titled(page)}")
    raise NotJudged(
        f"not known to be the application: {status} without {expect}{_titled(page)}; it may be a captive portal"
    )


def _wrong(page: http.Page, what: str) -> ProbeError:
    """An error status is the service's own where its certificate shows that; else something on the way may have given
    it."""
    return Refused(what) if page.is_trusted else SaidNo(what)


async def _has(page: http.Page, expect: Expected) -> bool | None:
    """Whether the page has what is expected; False for a wrong value, None for what is not there."""
    if expect.json_key is not None:
        return _json(page, expect.json_key, expect.json_value)
    if expect.pattern is not None:
        return await is_found(expect.pattern, page.text) or None
    return str(expect.text) in page.text or None


def _json(page: http.Page, key: str, value: Any) -> bool | None:
    try:
        at = json.loads(page.text)
    except (ValueError, RecursionError):
        return None
    for name in key.split(".")[:MAX_KEY_DEPTH]:
        if not isinstance(at, dict) or name not in at:
            return None
        at = at[name]
    return value is None or at == value


def _titled(page: http.Page) -> str:
    """The page's title, which often names a portal."""
    found = _TITLE.search(page.text[:MAX_MARKED])
    title = " ".join(found[1].split())[:60] if found else ""
    return f', titled "{title}"' if title.isprintable() and title else ""
