"""What the systems of a service share: how a check is configured, what it tells, and what an error says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from agent.errors import Malformed, Refused
from agent.probes.base import Settings
from common.faults import fault
from wire.report import Measure, Reading


class Check(Settings):
    """Base of every system's part of the configuration; each narrows `system` to a Literal of its file's name."""

    system: str

    @property
    def longest_seconds(self) -> float:
        """How long a look can take at most, by the deadlines of its clients."""
        raise NotImplementedError


class UrlCheck(Check):
    """A check of something at a web address. `EXAMPLE` is shown where an address cannot be used."""

    EXAMPLE: ClassVar[str]

    url: str = Field(max_length=2000, description="http or https address of what is asked for")
    ca_file: Path | None = Field(None, description="PEM file of a district's own certificate authority")

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        except ValueError:
            usable = False
        if not usable or parts.scheme not in ("http", "https"):
            raise fault(f"应为网址，如 {cls.EXAMPLE}", f"a URL is accepted, such as {cls.EXAMPLE}")
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


@dataclass
class Told:
    """What a service told so far: it stands, whatever ends the look."""

    system: str
    service: str
    readings: list[Reading] = field(default_factory=list)

    def tell(self, measure: Measure, value: float, **labels: str) -> None:
        """Add a reading of this service, beside whose name it may have labels of its own."""
        self.readings.append(
            Reading(
                measure=measure.name, value=value, labels={"system": self.system, "service": self.service, **labels}
            )
        )


class SaysNothing:
    """Mixed into an error after which nothing is known of the service itself, so that it is neither up nor down."""


class NotAdmitted(SaysNothing, Refused):
    """The agent's own credentials or settings were not taken."""


class NotJudged(SaysNothing, Malformed):
    """The answer is a fair one that this check is not made for."""


class MaybeAnother:
    """Mixed into an error that something on the way may have given in the service's place: whether the school's own way
    into the district works decides, as for a service that is not heard."""


class SaidNo(MaybeAnother, Refused):
    """An answer that it is not there, or cannot."""


class EndedEarly(MaybeAnother, Malformed):
    """A connection that ended in the middle."""
