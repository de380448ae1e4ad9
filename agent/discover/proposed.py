"""Makes a configuration of what was found: entries by the probes' own `discovered.py`, each with what it goes by."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import yaml
from pydantic import ValidationError

from agent.discover.networks import address_of
from agent.discover.search import Search
from agent.probes import PROBES
from agent.probes import __name__ as room
from agent.probes.found import Found, Proposal, Propose, clean
from common.text import Text

MAX_NAME = 70
_PLAIN = re.compile(r"[A-Za-z_/\u4e00-\u9fff][A-Za-z0-9_./\u4e00-\u9fff-]*|[0-9]{1,3}(\.[0-9]{1,3}){3}")
_WORDS_OF_YAML = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A proposal that its probe's settings accept."""

    probe: str
    proposal: Proposal


def entries(found: Sequence[Found]) -> list[Entry]:
    """What each probe proposes, with names that nobody else has. What the probe's own settings refuse is left out."""
    made = []
    names: set[tuple[str, str]] = set()
    for probe, propose in _proposers().items():
        for proposal in propose(found):
            named = replace(proposal, entry=_named(probe, proposal, names))
            if named.first is not None or _accepted(probe, named.entry):
                made.append(Entry(probe, named))
    return made


def document(search: Search, found: Sequence[Found], school: str, needed: Mapping[str, str]) -> str:
    """The configuration as YAML, with comments in both languages for each entry, and for all else that was seen."""
    return "\n".join(_lines(search, found, school, needed)) + "\n"


def _lines(search: Search, found: Sequence[Found], school: str, needed: Mapping[str, str]) -> Iterator[str]:
    given = ", ".join(map(str, search.scope.networks))
    yield f"# campus-agent discover {given}"
    yield "# 建议的配置：请核对每一项，补上 place（教学场所）后使用；再用 campus-agent check --reach 试连。"
    yield "# A proposal: look at each entry, add its place, then try it with campus-agent check --reach."
    for name, holds in needed.items():
        yield f"# 运行前设置环境变量 {name}（本次用的是 {holds}） / set the variable {name} first (here it was {holds})"
    yield f"school: {_value(school)}  # 名册中的学校编号 / the school's id in the roster"
    yield "devices:"
    yield "  - probe: host  # 运行探针的本机 / this machine"
    yield "    device: agent"
    proposed = entries(found)
    for entry in proposed:
        yield from _entry(entry)
    used = {entry.proposal.address for entry in proposed}
    yield from _rest([each for each in found if each.address not in used])
    yield from _outside(search)
    for text in search.failed:
        yield f"# 未能进行 / could not be done: {text.zh} / {text.en}"


def _entry(entry: Entry) -> Iterator[str]:
    proposal = entry.proposal
    yield f"  # {proposal.address} — {_said(proposal.because, proposal.said)}"
    text = yaml.dump(
        {"probe": entry.probe, **proposal.entry}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000
    )
    mark = "  "
    if proposal.first is not None:
        yield f"  # 启用前 / first: {proposal.first.zh} / {proposal.first.en}"
        mark = "  # "
    for number, line in enumerate(text.splitlines()):
        yield f"{mark}{'- ' if number == 0 else '  '}{line}"


def _rest(found: Sequence[Found]) -> Iterator[str]:
    if found:
        yield "# 有应答或被邻居提到，但没有相应的探针 / answered, or named by others, but no probe is proposed:"
    for each in found:
        said = [_said(clue.words, clue.said) for clue in each.clues.values()]
        yield f"#   {each.address} — {'; '.join([*said, *each.neighbours])}"


def _said(words: Text, said: str) -> str:
    return f"{words.zh} / {words.en}" + (f" ({said})" if said else "")


def _outside(search: Search) -> Iterator[str]:
    if search.outside:
        yield "# 被提到、但不在所给网段内，没有询问 / named, but outside of the given networks and not asked:"
    for address, words in sorted(search.outside.items()):
        yield f"#   {address} — {words}"


def _proposers() -> dict[str, Propose]:
    """`propose` of every probe that has a discovered.py."""
    modules = {probe: f"{room}.{probe}.discovered" for probe in PROBES}
    return {probe: import_module(module).propose for probe, module in modules.items() if find_spec(module)}


def _named(probe: str, proposal: Proposal, names: set[tuple[str, str]]) -> dict[str, Any]:
    wanted = clean(str(proposal.entry.get("device", "")), MAX_NAME) or proposal.address
    tries = [wanted, f"{wanted} {proposal.address}"[-80:], *(f"{wanted} {number}" for number in range(2, 10_000))]
    name = next(each for each in tries if (probe, each) not in names)
    names.add((probe, name))
    return {"device": name, **{key: value for key, value in proposal.entry.items() if key != "device"}}


def _accepted(probe: str, entry: Mapping[str, Any]) -> bool:
    try:
        PROBES[probe].settings.model_validate({"probe": probe, **entry})
    except ValidationError:
        return False
    return True


class _Dumper(yaml.SafeDumper):
    """Quotes every text that is not plain: YAML 1.1 and 1.2 do not agree on what else a text could be."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def _value(text: str) -> str:
    return str(yaml.dump(text, Dumper=_Dumper, allow_unicode=True, width=1000)).splitlines()[0]


def in_order(search: Search) -> list[Found]:
    """Everything that was found, by address."""
    return sorted(search.found.values(), key=lambda each: _sortable(each.address))


def _sortable(address: str) -> tuple[int, int]:
    ip = address_of(address)
    return (ip.version, int(ip)) if ip is not None else (0, 0)
