"""The collector's own configuration: one YAML file."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from common.configfile import load
from common.faults import fault
from common.logs import LogFormat
from common.text import Language

SQLITE = "sqlite:///"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoreSettings(Part):
    """Where the collector keeps what it knows. `sqlite:///FILE` is relative to the configuration's folder."""

    url: str = Field("sqlite:///campus.sqlite", validate_default=True)

    @field_validator("url")
    @classmethod
    def _known_engine(cls, url: str, info: ValidationInfo) -> str:
        if not url.startswith(SQLITE) or url == SQLITE:
            raise fault("可用：sqlite:///文件名", "accepted: sqlite:///FILE")
        path = Path(url.removeprefix(SQLITE))
        folder = (info.context or {}).get("folder")
        return url if folder is None else f"{SQLITE}{Path(folder) / path}"


class ThroughputSettings(Part):
    """Bounds of the embedded throughput test."""

    concurrent: PositiveInt = Field(1, le=100)
    seconds: PositiveFloat = Field(60, le=300)
    """The longest that one agent may hold its slot, for both directions together."""
    max_bytes: PositiveInt = 20_000_000_000


class CollectorSettings(Part):
    """Everything that `campus-collector serve` takes."""

    listen: str = "127.0.0.1:8600"
    public_url: str = "http://127.0.0.1:8600"
    """The address by which people and alerts open the pages."""
    store: StoreSettings = StoreSettings()
    policy: Path | None = None
    """The district's policy file; without one the plan's own numbers hold."""
    language: Language = "zh"
    """The pages' language for a browser that asks for neither Chinese nor English."""
    evaluate_every_seconds: PositiveFloat = 15
    """How often verdicts are looked at again where nothing new arrived: data grows old."""
    throughput: ThroughputSettings = ThroughputSettings()
    log_format: LogFormat = "text"

    @model_validator(mode="before")
    @classmethod
    def _store_beside_the_file(cls, value: Any) -> Any:
        """A default is relative to the configuration's folder too, so it is validated like one that was written."""
        return {"store": {}, **value} if isinstance(value, dict) else value

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        try:
            ip_address(host.strip("[]"))
            good = 0 <= int(port) <= 65535
        except ValueError:
            good = False
        if not good:
            raise fault("应为 IP地址:端口，如 127.0.0.1:8600", "IP-ADDRESS:PORT is accepted, such as 127.0.0.1:8600")
        return listen

    @field_validator("policy")
    @classmethod
    def _beside(cls, policy: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        return policy if policy is None or folder is None else Path(folder) / policy

    @property
    def host_and_port(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.host_and_port[0]).is_loopback


def load_settings(path: Path, context: dict[str, Any] | None = None) -> CollectorSettings:
    """The configuration in `path`. Raises common.configfile.ConfigError with every fault."""
    return load(path, CollectorSettings, context)
