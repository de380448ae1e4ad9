"""What live streaming and video on demand share: where a stream is, and what an error of its client says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from agent.clients import media_http
from agent.clients.hls import Quality, TooSlowToWatch
from agent.clients.media_http import Denied, LedAway, Media, NoRanges, Untrusted
from agent.probes.service.check import Check, NotAdmitted, NotJudged, Told
from common.faults import fault
from wire.measures import SERVICE_CERTIFICATE_EXPIRY


class StreamCheck(Check):
    """A stream over HTTP."""

    url: str = Field(max_length=2000, description="http or https address of the stream")
    hosts: tuple[str, ...] = Field((), max_length=20, description="other hosts on which its pieces may lie")
    quality: Quality = Field("first", description="which of several qualities: first as listed, lowest, highest")
    sample_seconds: float = Field(10, ge=2, le=120, description="seconds of media that are fetched")

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and parts.port != 0 and parts.username is None
        except ValueError:
            usable = False
        if not usable or parts.scheme not in ("http", "https"):
            raise fault(
                "应为网址，如 http://vod.example/a.m3u8", "a URL is accepted, such as http://vod.example/a.m3u8"
            )
        return url

    @property
    def host(self) -> str:
        """For `campus-agent check --reach`."""
        return urlsplit(self.url).hostname or ""


@asynccontextmanager
async def opened(check: StreamCheck, told: Told) -> AsyncIterator[Media]:
    """A session for the stream; at its end the certificate is told. Raises ProbeError, SaysNothing where it is one."""
    try:
        async with media_http.media(check.url, check.hosts) as media:
            try:
                yield media
            finally:
                if media.certificate_ends is not None:
                    told.tell(SERVICE_CERTIFICATE_EXPIRY, media.certificate_ends)
    except (Denied, Untrusted) as error:
        raise NotAdmitted(str(error)) from error
    except (LedAway, NoRanges, TooSlowToWatch) as error:
        raise NotJudged(str(error)) from error
