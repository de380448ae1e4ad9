"""The agent's configuration: one YAML file, refused whole with every fault and its line."""

import difflib
from collections.abc import Iterator, Mapping
from functools import reduce
from ipaddress import ip_address
from operator import or_
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, create_model, field_validator, model_validator

from agent.clients.snmp_settings import SnmpAuth
from agent.probes.base import AnyProbe, ProbeSettings, Settings
from common.configfile import USERINFO, ConfigError, Document, Fault, read, validated
from common.faults import fault
from common.secrets import Secret
from common.text import Language, Text
from wire.limits import MAX_ENTRIES
from wire.report import SchoolId

MAX_SHOWN = 5
"""Faults of another file that are shown within one of this."""


class CollectorSettings(Settings):
    """Where reports go, and how."""

    url: str
    token: Secret
    ca_file: Path | None = None
    """The certificate authority of a district that signs for itself; without it the machine's own list holds."""
    every_seconds: PositiveFloat = 10
    """How long observations gather before they are sent together."""
    timeout_seconds: PositiveFloat = Field(30, le=600)
    retry_at_most_seconds: PositiveFloat = Field(60, le=3600)
    """The longest pause between two tries while the collector cannot be reached."""

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        if has_userinfo(url):
            return url  # refused by load_settings, which can do so without showing it
        return usable_url(url)

    @field_validator("ca_file")
    @classmethod
    def _exists(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        path = _beside(path, info)
        if not path.is_file():
            raise fault("没有这个文件；应为 PEM 证书文件", "there is no such file; a PEM certificate file is accepted")
        return path


class MetricsSettings(Settings):
    """The agent's own /metrics and /healthz."""

    listen: str = "127.0.0.1:8601"

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host_and_port(listen)
        return listen


class LimitsSettings(Settings):
    """What the agent may take of this machine."""

    concurrency: PositiveInt = Field(32, le=1024)
    """Probes that run at the same time."""
    spool_bytes: int = Field(256 * 1024 * 1024, ge=1024 * 1024)
    spool_days: PositiveFloat = 30


class TrapUser(Settings):
    """A v3 user that devices send notifications as."""

    user: str = Field(min_length=1, max_length=32)
    auth: SnmpAuth | None = None
    """Absent: taken at its word (noAuthNoPriv). Whether the device also encrypts does not matter here."""


class TrapSettings(Settings):
    """A listener for SNMP notifications: one makes its device be probed at once, and proves nothing."""

    listen: str = "127.0.0.1:162"
    community: Secret | None = None
    """For v1 and v2c."""
    users: tuple[TrapUser, ...] = Field((), max_length=100)
    """For v3."""

    @model_validator(mode="after")
    def _somebody(self) -> "TrapSettings":
        if self.community is None and not self.users:
            raise fault("请写 community（v1、v2c）或 users（v3）", "write community (v1, v2c) or users (v3)")
        return self

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host_and_port(listen)
        return listen


class NoticeSettings(Settings):
    """A listener for PJLink class 2 notices: one makes its display be probed at once, and proves nothing."""

    listen: str = "0.0.0.0:4352"
    """Displays send to port 4352; where they announce themselves by broadcast, only 0.0.0.0 hears it."""

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host_and_port(listen)
        return listen


class AgentSettings(Settings):
    """Everything that an agent takes. `settings_model` narrows `devices` to the probes that there are."""

    school: SchoolId
    language: Language | None = None
    collector: CollectorSettings | None = None
    """Absent: `probe` and `check` work, and `run` keeps what it measures until there is one."""
    state_dir: Path = Path("/var/lib/campus-agent")
    metrics: MetricsSettings | None = MetricsSettings()
    limits: LimitsSettings = LimitsSettings()
    packs: Path | None = None
    """The school's own device packs, beside those that come with the agent."""
    traps: TrapSettings | None = None
    pjlink_notices: NoticeSettings | None = None
    templates: dict[str, Any] = Field(default_factory=dict)
    """Holds YAML anchors for entries that repeat; nothing else reads it."""
    devices: tuple[ProbeSettings, ...]

    @field_validator("devices", mode="before")
    @classmethod
    def _some(cls, devices: Any) -> Any:
        # min_length would count what is left after broken entries, and say that there are none.
        if devices == []:
            raise fault("至少写一项", "at least one entry is accepted")
        return devices

    @field_validator("state_dir")
    @classmethod
    def _beside_file(cls, path: Path, info: ValidationInfo) -> Path:
        return _beside(path, info)

    @field_validator("packs")
    @classmethod
    def _folder(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None:
            return None
        path = _beside(path, info)
        if not path.is_dir():
            raise fault("没有这个文件夹", "there is no such folder")
        from agent.packs.load import packs  # only here: most schools need no packs of their own

        try:
            packs(path)
        except ConfigError as error:
            faults = error.faults[:MAX_SHOWN]
            raise fault(
                "\n  ".join(["设备包无法使用：", *(one.in_language("zh") for one in faults)]),
                "\n  ".join(["a device pack cannot be used:", *(one.in_language("en") for one in faults)]),
            ) from None
        return path


def settings_model(probes: Mapping[str, AnyProbe]) -> type[AgentSettings]:
    """AgentSettings whose `devices` are told apart by `probe`, for these probes."""
    kinds: list[Any] = [probe.settings for probe in probes.values()]
    if not kinds:
        return AgentSettings
    # A union of one is no union, and pydantic refuses a discriminator on it.
    device: Any = kinds[0] if len(kinds) == 1 else Annotated[reduce(or_, kinds), Field(discriminator="probe")]
    return create_model(
        "AgentSettings", __base__=AgentSettings, devices=(tuple[device, ...], Field(max_length=MAX_ENTRIES))
    )  # type: ignore[no-any-return, call-overload, unused-ignore]


def load_settings(path: Path, probes: Mapping[str, AnyProbe] | None = None) -> AgentSettings:
    """The configuration in `path`. Raises common.configfile.ConfigError with every fault; no secret is shown."""
    if probes is None:
        from agent.probes import PROBES

        probes = PROBES
    document = read(path)
    kinds = list(_unknown_kinds(document, probes))
    used = {name: probes[name] for name in sorted(_named(document)) if name in probes} or probes
    faults = [*_userinfo(document), *_repeated(document), *kinds]
    said = {found.field for found in kinds} | {found.field.removesuffix(".probe") for found in kinds}
    settings: AgentSettings | None = None
    try:
        settings = validated(document, settings_model(used), {"folder": path.resolve().parent})
    except ConfigError as error:
        faults += [found for found in error.faults if found.field not in said]
    if faults or settings is None:
        raise ConfigError(faults)
    return settings


def usable_url(url: str) -> str:
    """A collector's address without a closing slash. Raises a fault: https is required except on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise fault("应为网址，如 https://collector.example", "a URL is accepted, such as https://collector.example")
    if parts.scheme == "http" and not _is_loopback(host):
        raise fault(
            "凭证不能明文传输：请用 https://(只有本机地址可用 http://)",
            "the credential must not travel in plain: https:// is accepted (http:// only for this machine)",
        )
    return url.rstrip("/")


def host_and_port(listen: str) -> tuple[str, int]:
    """The two parts of IP-ADDRESS:PORT. Raises a fault."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        ip_address(host)
        number = int(port)
    except ValueError:
        number = -1
    if not 0 <= number <= 65535:
        raise fault("应为 IP地址:端口，如 127.0.0.1:8601", "IP-ADDRESS:PORT is accepted, such as 127.0.0.1:8601")
    return host, number


def _beside(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None else Path(folder) / path


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def has_userinfo(url: str) -> bool:
    return USERINFO.search(url) is not None


def _userinfo(document: Document) -> Iterator[Fault]:
    collector = document.data.get("collector")
    url = collector.get("url") if isinstance(collector, dict) else None
    if isinstance(url, str) and has_userinfo(url):
        what = Text(
            "网址里不能写用户名和密码；凭证写在 token 里",
            "a URL without user name and password is accepted; the credential belongs in token",
        )
        yield Fault(document.file, document.line(("collector", "url")), "collector.url", "", what)


def _unknown_kinds(document: Document, probes: Mapping[str, AnyProbe]) -> Iterator[Fault]:
    """Entries whose `probe` there is not; pydantic would name neither the key nor its value."""
    devices = document.data.get("devices")
    for index, entry in enumerate(devices if isinstance(devices, list) else []):
        kind = entry.get("probe") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or (isinstance(kind, str) and kind in probes):
            continue
        near = difflib.get_close_matches(str(kind), probes, n=1)
        zh, en = (f"是否想写 {near[0]}？", f"did you mean {near[0]}? ") if near else ("", "")
        names = ", ".join(probes)
        line = document.line(("devices", index, "probe"))
        what = Text(f"{zh}可用：{names}", f"{en}accepted: {names}")
        yield Fault(document.file, line, f"devices[{index}].probe", "" if kind is None else repr(kind), what)


def _named(document: Document) -> set[str]:
    """The probes that the configuration names, right or wrong."""
    devices = document.data.get("devices")
    entries = [entry for entry in devices if isinstance(entry, dict)] if isinstance(devices, list) else []
    return {str(entry.get("probe")) for entry in entries}


def _repeated(document: Document) -> Iterator[Fault]:
    """The same probe on the same device twice: their observations could not be told apart."""
    devices = document.data.get("devices")
    first: dict[tuple[str, str], int | None] = {}
    for index, entry in enumerate(devices if isinstance(devices, list) else []):
        if not isinstance(entry, dict):
            continue
        probe, device = entry.get("probe"), entry.get("device")
        if not isinstance(probe, str) or not isinstance(device, str):
            continue
        key, line = (probe, device.strip()), document.line(("devices", index))
        if key in first:
            what = Text(
                f"第 {first[key]} 行已有 probe: {probe}、device: {device} 的一项；请改名或删去其一",
                f"line {first[key]} already has probe: {probe} with this device; give another name or drop one",
            )
            yield Fault(document.file, line, f"devices[{index}].device", repr(device), what)
        first.setdefault(key, line)
