"""The collector's own configuration: one YAML file."""

from collections import Counter
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

from collector.slots import Bounds, Rules
from common.configfile import load
from common.faults import fault
from common.logs import LogFormat
from common.text import Language
from common.windows import Window

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


class AtOnce(Part):
    """What may run at once over one server or link, by its name."""

    name: str = Field(min_length=1, max_length=120)
    concurrent: PositiveInt = Field(1, le=100)
    mbit_per_second: PositiveFloat | None = None

    @property
    def bounds(self) -> Bounds:
        return bounds(self.concurrent, self.mbit_per_second)


class TestServer(AtOnce):
    """A test server that is not the collector (iperf3, ndt7), with every address by which agents know it."""

    __test__ = False
    addresses: tuple[str, ...] = Field(min_length=1, max_length=20)

    @field_validator("addresses")
    @classmethod
    def _with_port(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            host, _, port = address.rpartition(":")
            if not host or not port.isascii() or not port.isdigit():
                raise fault(
                    f"{address[:60]}：应为 主机:端口，如 speed.example:5201",
                    f"{address[:60]}: HOST:PORT is accepted, such as speed.example:5201",
                )
        return addresses


def bounds(concurrent: int, mbit_per_second: float | None) -> Bounds:
    return Bounds(concurrent, None if mbit_per_second is None else mbit_per_second * 1e6)


class ThroughputSettings(Part):
    """Which throughput tests may run at once, and bounds of the embedded one."""

    concurrent: PositiveInt = Field(1, le=100)
    """Tests at once against one server, the collector's own among them."""
    mbit_per_second: PositiveFloat | None = None
    """What tests against one server may carry together; no bound unless set."""
    link_concurrent: PositiveInt = Field(1, le=100)
    """Tests at once over one aggregation link: of schools with the same `network` in the roster."""
    link_mbit_per_second: PositiveFloat | None = None
    servers: tuple[TestServer, ...] = Field((), max_length=100)
    links: tuple[AtOnce, ...] = Field((), max_length=1000)
    """Links whose bounds differ; `name` is the roster's `network`."""
    windows: tuple[Window, ...] = Field((), max_length=24)
    """When tests may begin, in the policy's time zone; at any time unless set."""
    seconds: PositiveFloat = Field(60, le=300)
    """The longest that one agent may hold its slot, for both directions together."""
    max_bytes: PositiveInt = 20_000_000_000

    @field_validator("servers", "links")
    @classmethod
    def _once(cls, named: tuple[AtOnce, ...]) -> tuple[AtOnce, ...]:
        seen = Counter(one.name for one in named)
        seen.update(address.lower() for one in named if isinstance(one, TestServer) for address in one.addresses)
        if twice := [name for name, times in seen.items() if times > 1]:
            raise fault(f"重复：{twice[0]}", f"{twice[0]} stands here twice")
        return named

    @property
    def rules(self) -> Rules:
        """The bounds as the slots take them."""
        return Rules(
            server=bounds(self.concurrent, self.mbit_per_second),
            link=bounds(self.link_concurrent, self.link_mbit_per_second),
            servers={one.name: one.bounds for one in self.servers},
            links={one.name: one.bounds for one in self.links},
            addresses={address.strip().lower(): one.name for one in self.servers for address in one.addresses},
        )


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
