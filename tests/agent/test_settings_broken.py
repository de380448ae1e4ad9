"""Broken configurations, each with the very message that a person gets: place, field, value and what is accepted."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.probes import PROBES
from agent.settings import load_settings
from common.configfile import ConfigError

ENTRY = """devices:
  - probe: host
    device: box
"""
INLINE = "a secret is not written here: write {file: PATH} or {env: NAME}"
INLINE_ZH = "密钥不写在配置里：请写 {file: 文件路径} 或 {env: 环境变量名}"
ACCEPTED = "collector, devices, language, limits, metrics, packs, pjlink_notices, school, state_dir, templates, traps"


@dataclass(frozen=True)
class Broken:
    """A file and what is said of it; `{file}` stands for its path."""

    name: str
    text: str
    en: str
    zh: str = ""


BROKEN = [
    Broken(
        "school-with-a-space",
        "school: No. 1 school\n" + ENTRY,
        "{file}:1: school ('No. 1 school'): text of the form ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$ is accepted",
        "{file}:1: school ('No. 1 school'): 应符合格式 ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
    ),
    Broken(
        "no-school",
        ENTRY,
        "{file}:1: school: this is required",
        "{file}:1: school: 缺少这一项",
    ),
    Broken(
        "key-mistyped",
        "school: east\nlanguge: zh\n" + ENTRY,
        "{file}:2: languge: there is no such key; did you mean language?; accepted: " + ACCEPTED,
        "{file}:2: languge: 没有这个键；是否想写 language？；可用：" + ACCEPTED,
    ),
    Broken(
        "plain-http",
        "school: east\ncollector:\n  url: http://collector.example\n  token: {env: T}\n" + ENTRY,
        "{file}:3: collector.url ('http://collector.example'): the credential must not travel in plain: "
        "https:// is accepted (http:// only for this machine)",
        "{file}:3: collector.url ('http://collector.example'): 凭证不能明文传输：请用 https://(只有本机地址可用 http://)",
    ),
    Broken(
        "password-in-the-url",
        "school: east\ncollector:\n  url: https://east:hunter2@collector.example\n  token: {env: T}\n" + ENTRY,
        "{file}:3: collector.url: a URL without user name and password is accepted; the credential belongs in token",
        "{file}:3: collector.url: 网址里不能写用户名和密码；凭证写在 token 里",
    ),
    Broken(
        "token-inline",
        "school: east\ncollector:\n  url: https://collector.example\n  token: hunter2\n" + ENTRY,
        "{file}:4: collector.token: " + INLINE,
        "{file}:4: collector.token: " + INLINE_ZH,
    ),
    Broken(
        "community-inline",
        "school: east\ndevices:\n  - probe: ports\n    device: switch\n    snmp:\n      host: 192.0.2.1\n"
        "      community: hunter2\n",
        "{file}:7: devices[0].snmp.community: " + INLINE,
        "{file}:7: devices[0].snmp.community: " + INLINE_ZH,
    ),
    Broken(
        "no-such-probe",
        "school: east\ndevices:\n  - probe: hosts\n    device: box\n",
        "{file}:3: devices[0].probe ('hosts'): did you mean host? accepted: {probes}",
        "{file}:3: devices[0].probe ('hosts'): 是否想写 host？可用：{probes}",
    ),
    Broken(
        "listed-twice",
        "school: east\ndevices:\n  - {probe: host, device: box}\n  - {probe: host, device: ' box '}\n",
        "{file}:4: devices[1].device (' box '): line 3 already has probe: host with this device; "
        "give another name or drop one",
        "{file}:4: devices[1].device (' box '): 第 3 行已有 probe: host、device:  box  的一项；请改名或删去其一",
    ),
    Broken(
        "no-devices",
        "school: east\ndevices: []\n",
        "{file}:2: devices: at least one entry is accepted",
        "{file}:2: devices: 至少写一项",
    ),
    Broken(
        "not-a-number",
        "school: east\ndevices:\n  - probe: host\n    device: box\n    every_seconds: often\n",
        "{file}:5: devices[0].every_seconds ('often'): a number is accepted",
        "{file}:5: devices[0].every_seconds ('often'): 应为数字",
    ),
    Broken(
        "listens-nowhere",
        "school: east\nmetrics: {listen: 'localhost:8601'}\n" + ENTRY,
        "{file}:2: metrics.listen ('localhost:8601'): IP-ADDRESS:PORT is accepted, such as 127.0.0.1:8601",
        "{file}:2: metrics.listen ('localhost:8601'): 应为 IP地址:端口，如 127.0.0.1:8601",
    ),
    Broken(
        "key-written-twice",
        "school: east\nschool: west\n" + ENTRY,
        "{file}:2: school: this key is written twice; keep one",
        "{file}:2: school: 这个键写了两次，请只保留一个",
    ),
    Broken(
        "too-small-a-spool",
        "school: east\nlimits: {spool_bytes: 1000}\n" + ENTRY,
        "{file}:2: limits.spool_bytes (1000): a number of at least 1048576 is accepted",
    ),
    Broken(
        "no-such-ca",
        "school: east\ncollector:\n  url: https://collector.example\n  token: {env: T}\n  ca_file: none.pem\n" + ENTRY,
        "{file}:5: collector.ca_file ('none.pem'): there is no such file; a PEM certificate file is accepted",
    ),
    Broken(
        "traps-of-nobody",
        "school: east\ntraps: {listen: 127.0.0.1:1162}\n" + ENTRY,
        "{file}:2: traps: write community (v1, v2c) or users (v3)",
        "{file}:2: traps: 请写 community（v1、v2c）或 users（v3）",
    ),
    Broken("not-yaml", "school: east\ndevices: [\n", "{file}:3: not valid YAML: "),
    Broken("empty", "# nothing\n", "{file}: the file is empty", "{file}: 文件是空的"),
]


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("broken", "language", "expected"),
    [
        pytest.param(broken, language, expected, id=f"{broken.name}-{language}")
        for broken in BROKEN
        for language, expected in (("en", broken.en), ("zh", broken.zh))
        if expected
    ],
)
def test_each_says_where_what_and_what_is_accepted(
    broken: Broken, language: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPUS_LANG", language)
    path = tmp_path / "agent.yaml"
    path.write_text(broken.text)
    message = refused(path)
    expected = expected.replace("{file}:", f"{path}:").replace("{probes}", ", ".join(PROBES), 1)
    assert message.startswith(expected) if broken.name == "not-yaml" else message == expected
    assert "hunter2" not in message


ALL_AT_ONCE = """school: a school
languge: zh
collector:
  url: http://east:hunter2@collector.example
  token: hunter2
limits: {concurrency: 0}
packs: nowhere
traps: {listen: 127.0.0.1:99999, community: hunter2}
devices:
  - probe: display
    device: hall
    host: 192.0.2.1
    password: hunter2
  - {probe: display, device: hall, host: 192.0.2.2}
  - {probe: projector, device: x}
  - {device: x}
  - {probe: host, device: x, every_second: 3}
"""


def test_all_faults_are_said_at_once_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_LANG", "en")
    path = tmp_path / "agent.yaml"
    path.write_text(ALL_AT_ONCE)
    message = refused(path)
    places = [line.removeprefix(f"{path}:").split(" ")[:2] for line in message.splitlines()]
    assert [(int(line.rstrip(":")), field.rstrip(":")) for line, field in places] == [
        (1, "school"),
        (2, "languge"),
        (4, "collector.url"),
        (5, "collector.token"),
        (6, "limits.concurrency"),
        (7, "packs"),
        (8, "traps.listen"),
        (8, "traps.community"),
        (13, "devices[0].password"),
        (14, "devices[1].device"),
        (15, "devices[2].probe"),
        (16, "devices[3].probe"),
        (17, "devices[4].every_second"),
    ]
    assert "hunter2" not in message


def test_a_missing_file_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_LANG", "en")
    path = tmp_path / "none.yaml"
    assert refused(path) == f"{path}: the file cannot be read: No such file or directory"
