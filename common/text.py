"""Everything a person reads exists in Chinese and English; this is the one way to say so."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages. `{name}` fields are filled by `filled`."""

    zh: str
    en: str

    def filled(self, values: Mapping[str, object]) -> "Text":
        """The same sentence with its fields replaced. Raises KeyError when a field has no value."""
        return Text(self.zh.format_map(values), self.en.format_map(values))

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def machine_language() -> Language:
    """The language of the person at this machine: CAMPUS_LANG, else the POSIX locale variables, else English."""
    for variable in ("CAMPUS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(zh: str, en: str) -> str:
    """One of two sentences, in the language of this machine."""
    return zh if machine_language() == "zh" else en
