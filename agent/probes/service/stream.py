"""What live streaming and video on demand share: where a stream is, and what an error of its client says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from pydantic import Field

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
from agent.probes.service.check import EndedEarly, NotAdmitted, NotJudged, SaidNo, Told, UrlCheck
from wire.measures import SERVICE_CERTIFICATE_EXPIRY


class StreamCheck(UrlCheck):
    """A stream over HTTP."""

    EXAMPLE = "http://vod.example/a.m3u8"

    hosts: tuple[str, ...] = Field((), max_length=20, description="other hosts on which its pieces may lie")
    quality: Quality = Field("first", description="which of several qualities: first as listed, lowest, highest")
    sample_seconds: float = Field(10, ge=2, le=120, description="seconds of media that are fetched")


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
