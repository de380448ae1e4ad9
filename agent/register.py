"""The school's register of terminals: a CSV file with a MAC and an owner on each line, as Excel saves it."""

import asyncio
import csv
import re
import unicodedata
from pathlib import Path
from typing import Literal

from agent.errors import Malformed
from agent.packs.index import mac_address
from common.configfile import ConfigError, Fault
from common.faults import fault
from common.text import Text

Owner = Literal["student", "teacher", "shared"]
OWNERS: tuple[Owner, ...] = ("student", "teacher", "shared")
MAX_BYTES = 16 * 1024 * 1024
MAX_SHOWN = 10

_OWNER_WORDS: dict[str, Owner] = {
    **dict.fromkeys(("student", "students", "学生", "学生用", "学生机", "学生终端"), "student"),
    **dict.fromkeys(("teacher", "teachers", "教师", "老师", "教师用", "教师机", "教师终端"), "teacher"),
    **dict.fromkeys(("shared", "公用", "公共", "共用", "共享", "公用机"), "shared"),
}
_HEADINGS = {
    "mac": ("mac", "macaddress", "mac地址", "物理地址", "网卡地址"),
    "owner": ("owner", "user", "归属", "使用人", "使用者", "使用对象", "用途"),
}


def read_register(path: Path) -> dict[str, Owner]:
    """Each terminal's owner by its MAC. Raises ConfigError naming every line that cannot be used."""
    name = str(path)
    rows = _rows(path)
    header = [_plain(cell) for cell in rows[0][1]] if rows else []
    columns = {field: _find(header, words) for field, words in _HEADINGS.items()}
    missing = [field for field, column in columns.items() if column is None]
    if missing:
        raise ConfigError([Fault(name, 1, field, "", _heading(field)) for field in missing])
    faults: list[Fault] = []
    register: dict[str, Owner] = {}
    lines: dict[str, int] = {}
    for line, cells in rows[1:]:
        values = {
            field: cells[at].strip() if at is not None and at < len(cells) else "" for field, at in columns.items()
        }
        mac, owner = _mac(values["mac"]), _OWNER_WORDS.get(_plain(values["owner"]))
        if mac is None:
            faults.append(Fault(name, line, "mac", repr(values["mac"]), _MAC_ACCEPTED))
        elif mac in lines:
            what = Text(f"与第 {lines[mac]} 行重复", f"already on line {lines[mac]}")
            faults.append(Fault(name, line, "mac", repr(values["mac"]), what))
        elif owner is None:
            faults.append(Fault(name, line, "owner", repr(values["owner"]), _OWNER_ACCEPTED))
        else:
            register[mac], lines[mac] = owner, line
    if faults:
        raise ConfigError(faults)
    return register


def checked(path: Path, folder: Path | None) -> Path:
    """The file's whole path, for a field of a configuration in `folder`; without one, what is written there.

    Raises a fault that names the register's own lines, when it cannot be used.
    """
    if folder is None:
        return path
    whole = folder / path
    try:
        read_register(whole)
    except ConfigError as error:
        shown = error.faults[:MAX_SHOWN]
        raise fault(
            "\n  ".join(["台账无法使用：", *(one.in_language("zh") for one in shown)]),
            "\n  ".join(["the register cannot be used:", *(one.in_language("en") for one in shown)]),
        ) from None
    return whole


async def current(path: Path | None) -> dict[str, Owner]:
    """The register as it is now, since people edit it while the agent runs; empty without one. Raises Malformed."""
    if path is None:
        return {}
    try:
        return await asyncio.to_thread(read_register, path)
    except ConfigError as error:
        first = error.faults[0].in_language("en")
        raise Malformed(f"the register cannot be used: {first} ({len(error.faults)} faults in all)") from None


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Each line that is not empty, with its number in the file."""
    reader = csv.reader(_text(path).splitlines(), delimiter=_delimiter(path))
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        what = Text(f"不是有效的 CSV:{error}", f"not valid CSV: {error}")
        raise ConfigError([Fault(str(path), reader.line_num, "", "", what)]) from None


def _delimiter(path: Path) -> str:
    first = _text(path).splitlines()[:1]
    return max(",;\t", key=first[0].count) if first else ","


def _text(path: Path) -> str:
    name = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        what = Text(f"无法读取文件：{reason}", f"the file cannot be read: {reason}")
        raise ConfigError([Fault(name, None, "", "", what)]) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError([Fault(name, None, "", "", Text("文件超过 16 MiB", "the file is larger than 16 MiB"))])
    for encoding in ("utf-8-sig", "gb18030"):  # Excel on a Chinese Windows saves CSV as the latter
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    what = Text("文件既不是 UTF-8 也不是 GB 18030 编码", "the file is neither UTF-8 nor GB 18030")
    raise ConfigError([Fault(name, None, "", "", what)])


def _find(header: list[str], words: tuple[str, ...]) -> int | None:
    return next((at for at, cell in enumerate(header) if re.sub(r"[\s_-]", "", cell) in words), None)


def _plain(cell: str) -> str:
    """Full-width letters and digits become plain ones, capitals small ones."""
    return unicodedata.normalize("NFKC", cell).strip().lower()


def _mac(cell: str) -> str | None:
    mac = mac_address(_plain(cell))
    return None if mac is None or is_group(mac) else mac


def is_group(mac: str) -> bool:
    """Whether it is a multicast address, which no terminal has (IEEE 802, the first octet's lowest bit)."""
    return bool(int(mac[:2], 16) & 1)


def is_randomised(mac: str) -> bool:
    """Whether it is locally administered (the second bit): phones and tablets make such addresses up."""
    return bool(int(mac[:2], 16) & 2)


def _heading(field: str) -> Text:
    words = " / ".join(_HEADINGS[field])
    return Text(f"表头缺少这一列，可写：{words}", f"the header lacks this column; accepted: {words}")


_MAC_ACCEPTED = Text(
    "应为 MAC 地址，如 00:11:22:33:44:55、0011-2233-4455",
    "a MAC is accepted, such as 00:11:22:33:44:55 or 0011-2233-4455",
)
_OWNER_ACCEPTED = Text(
    "可用的值：学生、教师、公用(student、teacher、shared)", "accepted: student, teacher, shared (学生, 教师, 公用)"
)
