"""What live streaming and video on demand share: where a stream is, and what an error of its client says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from agent.clients import media_http
from agent.clients.hls import NoMedia, Quality, TooSlowToWatch
from agent.clients.m3u8 import NoPlaylist
from agent.clients.media_http import (
    BrokeOff,
    Denied,
    GatewayFault,
    LedAway,
    Media,
    NotThere,
    ServerFault,
    Unasked,
    Untrusted,
)
from agent.probes.service.check import Check, EndedEarly, NotAdmitted, NotJudged, SaidNo, Told
from common.faults import fault
from wire.measures import SERVICE_CERTIFICATE_EXPIRY


class StreamCheck(Check):
    """A stream over HTTP."""

    url: str = Field(max_length=2000, description="http or https address of the stream")
    hosts: tuple[str, ...] = Field((), max_length=20, description="other hosts on which its pieces may lie")
    quality: Quality = Field("first", description="which of several qualities: first as listed, lowest, highest")
    ca_file: Path | None = Field(None, description="PEM file of a district's own certificate authority")
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

    @field_validator("ca_file")
    @classmethod
    def _exists(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        if path is None or folder is None:
            return path
        path = Path(folder) / path
        if not path.is_file():
            raise fault("没有这个文件；应为 PEM 证书文件", "there is no such file; a PEM certificate file is accepted")
        return path

    @property
    def host(self) -> str:
        """For `campus-agent check --reach`."""
        return urlsplit(self.url).hostname or ""


@asynccontextmanager
async def opened(check: StreamCheck, told: Told) -> AsyncIterator[Media]:
    """A session for the stream; at its end the certificate is told. Raises ProbeError.

    Without a trusted certificate a captive portal or a proxy may have answered: a page in a playlist's place then says
    nothing, and a refusal only what the reference makes of it.
    """
    is_trusted = urlsplit(check.url).scheme == "https"
    try:
        async with media_http.media(check.url, check.hosts, ca_file=check.ca_file) as media:
            try:
                yield media
            finally:
                if media.certificate_ends is not None:
                    told.tell(SERVICE_CERTIFICATE_EXPIRY, media.certificate_ends)
    except (Denied, Untrusted) as error:
        raise NotAdmitted(str(error)) from error
    except (LedAway, Unasked, TooSlowToWatch) as error:
        raise NotJudged(str(error)) from error
    except (NoPlaylist, NoMedia) as error:
        if is_trusted:
            raise
        raise NotJudged(f"not known to be the service, and maybe a captive portal: {error}") from error
    except BrokeOff as error:
        raise EndedEarly(str(error)) from error
    except (NotThere, ServerFault) as error:
        if is_trusted and not isinstance(error, GatewayFault):
            raise
        raise SaidNo(str(error)) from error
