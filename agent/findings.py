"""What one observation found, in a few words for a person. Goes by the catalogue's measures, not by the probe.

A new probe needs nothing here: what no sentence covers is shown as its measure and value.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from common.text import Text
from wire import measures as m
from wire.report import Observation, Reading

Says = Callable[[Sequence[Reading]], Iterator[Text]]

MAX_PLAIN = 6
"""Readings without a sentence of their own that are shown one by one."""

OUTCOME_WORDS: dict[str, tuple[str, Text]] = {
    "ok": ("✓", Text("正常", "ok")),
    "timeout": ("✗", Text("超时", "timed out")),
    "unreachable": ("✗", Text("不可达", "unreachable")),
    "refused": ("✗", Text("被拒绝", "refused")),
    "malformed": ("✗", Text("应答异常", "malformed")),
    "crashed": ("✗", Text("探针故障", "crashed")),
}
WARNS = ("!", Text("有异常", "needs a look"))

_UP = (m.UPLINK_UP.name, m.AP_UP.name, m.AV_DEVICE_UP.name, m.SERVICE_UP.name)
_UNITS = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))
_BYTES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"))
_STATES = {
    "ok": Text("正常", "on"),
    "standby": Text("待机", "standby"),
    "warming": Text("预热中", "warming up"),
    "cooling": Text("冷却中", "cooling down"),
    "fault": Text("故障", "fault"),
    "authentication_failed": Text("密码不对", "wrong password"),
    "unreachable": Text("连不上", "unreachable"),
    "unknown": Text("状态未知", "state unknown"),
}
_DIRECTIONS = {"download": Text("下行", "download"), "upload": Text("上行", "upload")}
_LIMITS = {
    "nic": Text("结论不定：受本机网卡限制", "inconclusive: limited by this machine's network card"),
    "cpu": Text("结论不定：受本机处理器限制", "inconclusive: limited by this machine's processor"),
}


def is_bad(observation: Observation) -> bool:
    """Whether a person should look: the run failed, or something that should be up is not."""
    return observation.outcome != "ok" or any(r.measure in _UP and r.value == 0 for r in observation.readings)


def outcome_of(observation: Observation) -> tuple[str, Text]:
    """A symbol and a word, so that nobody has to tell colours apart."""
    if observation.outcome == "ok" and is_bad(observation):
        return WARNS
    return OUTCOME_WORDS[observation.outcome]


def findings(observation: Observation) -> list[Text]:
    """What was found, then why the run failed where it did."""
    by_measure: dict[str, list[Reading]] = {}
    for reading in observation.readings:
        by_measure.setdefault(reading.measure, []).append(reading)
    said = [text for name, says in _SENTENCES.items() for text in says(by_measure.get(name, ()))]
    rest = [r for name, readings in by_measure.items() if name not in _COVERED for r in readings]
    # Where sentences say what matters, a probe's own readings are only counted; a probe without any gets them listed.
    shown = 0 if said else min(MAX_PLAIN, len(rest))
    said += [_plainly(reading) for reading in rest[:shown]]
    if len(rest) > shown:
        more = len(rest) - shown
        said.append(Text(f"另有 {more} 个读数（--json）", f"{more} more readings (--json)"))
    if observation.detail:
        said.append(Text(observation.detail, observation.detail))
    return said


def speed(bytes_per_second: float) -> str:
    """In bits, as cables are sold."""
    bits = bytes_per_second * 8
    for size, unit in _UNITS:
        if bits >= size:
            return f"{bits / size:.3g} {unit}" if bits / size < 1000 else f"{bits / size:.0f} {unit}"
    return f"{bits:.0f} bit/s"


def _plainly(reading: Reading) -> Text:
    labels = " ".join(f"{name}={value}" for name, value in reading.labels.items() if value)
    words = f"{reading.measure}{f'{{{labels}}}' if labels else ''} {reading.value:g}"
    return Text(words, words)


def _ports(readings: Sequence[Reading]) -> Iterator[Text]:
    if readings:
        up = sum(r.value == 1 for r in readings)
        yield Text(f"端口 {up}/{len(readings)} 有链路", f"{up} of {len(readings)} ports have a link")


def _access_speeds(readings: Sequence[Reading]) -> Iterator[Text]:
    if readings:
        counts = Counter(r.value for r in readings)
        words = ", ".join(f"{count} × {speed(value)}" for value, count in sorted(counts.items()))
        yield Text(f"接入端口：{words}", f"access ports: {words}")


def _without_speed(readings: Sequence[Reading]) -> Iterator[Text]:
    if readings:
        yield Text(f"{len(readings)} 个接入端口速率不明", f"{len(readings)} access ports tell no speed")


def _uplink_up(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        if r.value == 0:
            yield Text(f"上联 {_label(r, 'port')} 没有链路", f"uplink {_label(r, 'port')} has no link")


def _uplink_speed(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        yield Text(f"上联 {_label(r, 'port')} {speed(r.value)}", f"uplink {_label(r, 'port')} {speed(r.value)}")


def _access_points(readings: Sequence[Reading]) -> Iterator[Text]:
    if readings:
        up = sum(r.value == 1 for r in readings)
        yield Text(f"无线接入点 {up}/{len(readings)} 在线", f"{up} of {len(readings)} access points up")


def _access_point_states(readings: Sequence[Reading]) -> Iterator[Text]:
    gone = [_label(r, "ap") for r in readings if r.labels.get("state") == "gone"]
    if gone:
        names = ", ".join(gone[:5]) + (" …" if len(gone) > 5 else "")
        yield Text(f"{len(gone)} 个接入点消失：{names}", f"{len(gone)} access points gone: {names}")


def _clients(readings: Sequence[Reading]) -> Iterator[Text]:
    everything = [r.value for r in readings if r.labels.get("band") == "all"] or [r.value for r in readings]
    if everything:
        yield Text(f"无线终端 {sum(everything):g} 个", f"{sum(everything):g} wireless clients")


def _throughput(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        way = _DIRECTIONS.get(r.labels.get("direction", ""), Text("测速", "throughput"))
        yield Text(f"{way.zh} {speed(r.value)}", f"{way.en} {speed(r.value)}")


def _throughput_limit(readings: Sequence[Reading]) -> Iterator[Text]:
    for limit in dict.fromkeys(r.labels.get("limit", "") for r in readings):
        if limit in _LIMITS:
            yield _LIMITS[limit]


def _milliseconds(zh: str, en: str) -> Says:
    def says(readings: Sequence[Reading]) -> Iterator[Text]:
        for r in readings:
            yield Text(f"{zh} {r.value * 1000:.3g} ms", f"{en} {r.value * 1000:.3g} ms")

    return says


def _share(zh: str, en: str) -> Says:
    def says(readings: Sequence[Reading]) -> Iterator[Text]:
        for r in readings:
            yield Text(f"{zh} {r.value:.1%}", f"{en} {r.value:.1%}")

    return says


def _size(zh: str, en: str) -> Says:
    def says(readings: Sequence[Reading]) -> Iterator[Text]:
        for r in readings:
            size, unit = next(((s, u) for s, u in _BYTES if r.value >= s), (1024, "KiB"))
            yield Text(f"{zh} {r.value / size:.3g} {unit}", f"{en} {r.value / size:.3g} {unit}")

    return says


def _nics(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        words = f"{_label(r, 'nic')} {speed(r.value)}"
        yield Text(f"网卡 {words}", f"network card {words}")


_OWNERS = {
    "student": Text("学生", "student"),
    "teacher": Text("教师", "teacher"),
    "shared": Text("公用", "shared"),
    "visitor": Text("访客", "visitor"),
    "unregistered": Text("未登记", "unregistered"),
}
_BASES = {
    "inventory": Text("台账", "in the register"),
    "seen": Text("在网", "seen"),
    "verified": Text("核实", "verified"),
}


def _terminals(readings: Sequence[Reading]) -> Iterator[Text]:
    for owner, word in _OWNERS.items():
        own = [(r.labels.get("basis", ""), r.value) for r in readings if r.labels.get("owner") == owner]
        if own:
            zh = "、".join(f"{_BASES[basis].zh if basis in _BASES else basis} {value:g}" for basis, value in own)
            en = ", ".join(f"{value:g} {_BASES[basis].en if basis in _BASES else basis}" for basis, value in own)
            yield Text(f"{word.zh}终端：{zh}", f"{word.en} terminals: {en}")


def _by_owner(zh: str, en: str) -> Says:
    """A number for each owner, over all places; owners without any are left out."""

    def says(readings: Sequence[Reading]) -> Iterator[Text]:
        totals: Counter[str] = Counter()
        for r in readings:
            totals[r.labels.get("owner", "")] += int(r.value)
        own = [(word, totals[owner]) for owner, word in _OWNERS.items() if totals[owner]]
        if own:
            numbers = "、".join(f"{word.zh} {count}" for word, count in own)
            yield Text(f"{zh}：{numbers}", f"{en}: {', '.join(f'{count} {word.en}' for word, count in own)}")

    return says


def _av_states(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        if r.value == 1:
            state = r.labels.get("state", "")
            yield _STATES.get(state, Text(state, state))


def _reachable(readings: Sequence[Reading]) -> Iterator[Text]:
    for by in sorted({_label(r, "by").upper() for r in readings if r.value == 1}):
        yield Text(f"能应答 {by}，是否显示画面不明", f"answers {by}, not known to show a picture")


def _label(reading: Reading, name: str) -> str:
    return reading.labels.get(name, "?")


def _services(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        yield Text("服务可用", "service available") if r.value == 1 else Text("服务不可用", "service not available")


def _stalls(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        if r.value > 0:
            yield Text(f"样片卡顿 {r.value:.3g} 秒", f"the sample stalled for {r.value:.3g} s")
        else:
            yield Text("样片流畅", "the sample played without stalling")


def _delivery(readings: Sequence[Reading]) -> Iterator[Text]:
    for r in readings:
        yield Text(f"片段到达速度为实时的 {r.value:.3g} 倍", f"segments arrive at {r.value:.3g} times real time")


_SENTENCES: dict[str, Says] = {
    m.AV_DEVICE_REACHABLE.name: _reachable,
    m.AV_DEVICE_STATE.name: _av_states,
    m.UPLINK_UP.name: _uplink_up,
    m.UPLINK_SPEED.name: _uplink_speed,
    m.PORT_UP.name: _ports,
    m.ACCESS_PORT_SPEED.name: _access_speeds,
    m.ACCESS_PORT_WITHOUT_SPEED.name: _without_speed,
    m.AP_UP.name: _access_points,
    m.AP_STATE.name: _access_point_states,
    m.WIRELESS_CLIENTS.name: _clients,
    m.UPLINK_THROUGHPUT.name: _throughput,
    m.UPLINK_THROUGHPUT_LIMIT.name: _throughput_limit,
    m.PATH_ROUND_TRIP.name: _milliseconds("往返", "round trip"),
    m.PATH_JITTER.name: _milliseconds("抖动", "jitter"),
    m.PATH_LOSS.name: _share("丢包", "loss"),
    m.TERMINALS.name: _terminals,
    m.TERMINALS_RANDOMISED.name: _by_owner("随机 MAC", "made-up addresses"),
    m.PLACE_TERMINALS.name: _by_owner("各场所无线终端", "wireless terminals at places"),
    m.HOST_NIC_SPEED.name: _nics,
    m.HOST_CPU.name: _share("处理器占用", "processor"),
    m.HOST_MEMORY_AVAILABLE.name: _size("可用内存", "memory free"),
    m.HOST_DISK_FREE.name: _size("磁盘剩余", "disk free"),
    m.SERVICE_UP.name: _services,
    m.SERVICE_RESPONSE.name: _milliseconds("应答", "answered in"),
    m.SERVICE_STALL.name: _stalls,
    m.SERVICE_DELIVERY.name: _delivery,
    m.SERVICE_ROUND_TRIP.name: _milliseconds("往返", "round trip"),
    m.SERVICE_JITTER.name: _milliseconds("抖动", "jitter"),
    m.SERVICE_LOSS.name: _share("丢包", "loss"),
}
_COVERED = frozenset(m.CATALOGUE)
"""Catalogue measures without a sentence say nothing that a table needs."""
