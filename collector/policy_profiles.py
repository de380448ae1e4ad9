"""Profiles: the numbers of a published standard as a policy's defaults. Each is a file in collector/profiles."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.configfile import load
from common.text import Text

_FOLDER = Path(__file__).parent / "profiles"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Bilingual(_Part):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class _Profile(_Part):
    title: _Bilingual
    document: str = Field(min_length=1)
    """The document that the numbers are from: its name, number and date."""
    source: str = ""
    """Where it can be read."""
    policy: dict[str, Any]
    """Only what the document says, in the form of a policy file."""


class Profile(_Profile):
    """A published standard and what it sets."""

    name: str

    @property
    def text(self) -> Text:
        return Text(self.title.zh, self.title.en)


@cache
def profiles() -> dict[str, Profile]:
    """Every profile by its name, which is its file's. Raises ConfigError for a broken one."""
    files = sorted(_FOLDER.glob("*.yaml"))
    return {file.stem: Profile(name=file.stem, **load(file, _Profile).model_dump()) for file in files}


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: mappings are merged key by key, anything else replaces what was there."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged
