"""Reads one YAML file into a pydantic model; a wrong file is refused with all its faults and what is accepted."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from common.faults import accepted, known_keys
from common.text import Language, Text, machine_language

M = TypeVar("M", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Numbers as YAML 1.2 has them, and dates as text: 22:00 is not 1320, and the school code 0101 is not 65."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":int", ":float"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$|^0x[0-9a-fA-F]+$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$|^[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?[eE][-+]?[0-9]+$"
        r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
    ),
    list("-+0123456789."),
)

MAX_FILE_BYTES = 16 * 1024 * 1024
USERINFO = re.compile(r"(://)[^/?#\s]*@")
"""`user:password@` in a URL; never shown."""
_SECRET_WORDS = ("community", "password", "token", "secret", "key", "passphrase")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file. `value` is empty where it would show a secret."""

    file: str
    line: int | None
    field: str
    value: str
    what: Text

    def in_language(self, language: Language) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        shown = f" ({self.value})" if self.value else ""
        field = f" {self.field}{shown}:" if self.field else ""
        return f"{place}:{field} {self.what.in_language(language)}"


class ConfigError(Exception):
    """A file that cannot be used. Its text names every fault, one a line, in the language of this machine."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.file, fault.line or 0))
        super().__init__("\n".join(fault.in_language(machine_language()) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its data, and the line of each node by its path."""

    file: str
    data: Any
    lines: dict[tuple[str | int, ...], int]

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """The line of the deepest node of `path` that the file has."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)


def load(path: Path, model: type[M], context: dict[str, Any] | None = None) -> M:
    """The file as a `model`. Raises ConfigError; `context` reaches the validators, with `folder` = the file's own."""
    document = read(path)
    return validated(document, model, {"folder": path.resolve().parent, **(context or {})})


def validated(document: Document, model: type[M], context: dict[str, Any] | None = None) -> M:
    """A read document as a `model`. Raises ConfigError with every fault at once."""
    try:
        return model.model_validate(document.data, context=context)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _is_echo(detail, document)]
        raise ConfigError([_fault(document, model, detail) for detail in details]) from None


def read(path: Path) -> Document:
    """Parse without judging. Raises ConfigError when the file cannot be read or is not YAML."""
    name = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise _single(name, None, Text(f"无法读取文件：{reason}", f"the file cannot be read: {reason}")) from None
    if len(raw) > MAX_FILE_BYTES:
        raise _single(name, None, Text("文件超过 16 MiB", "the file is larger than 16 MiB"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _single(
            name, line, Text("文件不是 UTF-8 编码，请另存为 UTF-8", "the file is not UTF-8; save it as UTF-8")
        ) from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """Parse YAML text. Raises ConfigError for broken syntax, a repeated key or an alias that multiplies."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        problem = error.problem or "syntax"
        raise _single(name, line, Text(f"不是有效的 YAML:{problem}", f"not valid YAML: {problem}")) from None
    except yaml.YAMLError as error:
        raise _single(name, None, Text(f"不是有效的 YAML:{error}", f"not valid YAML: {error}")) from None
    if node is None:
        raise _single(name, None, Text("文件是空的", "the file is empty"))
    lines: dict[tuple[str | int, ...], int] = {}
    faults: list[Fault] = []
    _walk(node, (), lines, faults, name)
    if faults:
        raise ConfigError(faults)
    loader = _Loader("")
    try:
        data = loader.construct_document(node)
    except ValueError as error:
        raise _single(name, None, Text(f"无法理解的值：{error}", f"a value makes no sense: {error}")) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _single(
            name, line, Text(f"无法理解的值：{error.problem}", f"a value makes no sense: {error.problem}")
        ) from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        what = Text("文件最外层应为“键: 值”", "the file's outermost level must be 'key: value' pairs")
        raise _single(name, 1, what)
    return Document(name, data, lines)


_MAX_NODES = 200_000
_MAX_DEPTH = 40


def _walk(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    faults: list[Fault],
    name: str,
) -> None:
    """Remember each node's line; aliases are followed, so their number is bounded."""
    if len(lines) > _MAX_NODES or len(path) > _MAX_DEPTH:
        raise _single(name, None, Text("文件的别名展开后过大", "the file's aliases expand to too much"))
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            text = str(key.value)
            if text in seen and text != "<<":
                where = ".".join(map(str, (*path, text)))
                what = Text("这个键写了两次，请只保留一个", "this key is written twice; keep one")
                faults.append(Fault(name, key.start_mark.line + 1, where, "", what))
            seen.add(text)
            _walk(value, (*path, text), lines, faults, name)
            lines[(*path, text)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines, faults, name)


def _fault(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Fault:
    path = _real_path(document, detail["loc"])
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    value = "" if detail["type"] == "missing" or _is_secret(path) else _shown(detail["input"])
    what = accepted(detail)
    if detail["type"] == "extra_forbidden":
        known = known_keys(model, detail["loc"][:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint_zh, hint_en = (f"；是否想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
        names = ", ".join(sorted(known))
        what = Text(f"没有这个键{hint_zh}；可用：{names}", f"there is no such key{hint_en}; accepted: {names}")
        value = ""
    line = document.line(path)
    return Fault(document.file, line, field, value, what)


def _real_path(document: Document, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Pydantic's path less the union tags that it puts between, which the file does not have."""
    path: tuple[str | int, ...] = ()
    for position, part in enumerate(loc):
        if (*path, part) in document.lines or position == len(loc) - 1:
            path = (*path, part)
    return path


def _is_echo(detail: ErrorDetails, document: Document) -> bool:
    """Pydantic leaves invalid entries out and then finds the list too short, although the file has enough."""
    if detail["type"] != "too_short":
        return False
    path = _real_path(document, detail["loc"])
    written = sum(1 for each in document.lines if each and each[:-1] == path)
    return bool(written >= detail["ctx"]["min_length"])


def _is_secret(path: tuple[str | int, ...]) -> bool:
    return any(word in str(part).lower() for part in path for word in _SECRET_WORDS)


def _shown(value: Any) -> str:
    text = USERINFO.sub(r"\1…@", repr(value) if isinstance(value, str) else str(value))
    if isinstance(value, dict | list):
        return ""
    return text if len(text) <= 60 else text[:57] + "…"


def _single(name: str, line: int | None, what: Text) -> ConfigError:
    return ConfigError([Fault(name, line, "", "", what)])
