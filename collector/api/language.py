"""The language that a request asks for."""

from aiohttp import web

from common.text import Language

_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}


def as_language(code: str) -> Language | None:
    """The language of a code; None for any other."""
    return _LANGUAGES.get(code)


def asked_language(request: web.Request) -> Language | None:
    """The one in the address (`lang`)."""
    return as_language(request.query.get("lang", ""))


def browser_language(request: web.Request) -> Language | None:
    """The first of `Accept-Language` that there is."""
    for part in request.headers.get("Accept-Language", "").split(","):
        if (found := as_language(part.split(";")[0].strip()[:2].lower())) is not None:
            return found
    return None
