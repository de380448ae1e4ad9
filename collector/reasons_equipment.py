"""Reasons of a school's audio-visual equipment (television, surveillance, broadcast, recording) and of its wireless
classrooms."""

from common.text import Text

REASONS: dict[str, Text] = {
    "equipment_fault": Text(
        "{device}（{place}）报告故障，请报修", "{device} ({place}) reports a fault; have it repaired"
    ),
    "equipment_down": Text(
        "{device}（{place}）自 {since} 起无法连通，请检查电源与网络",
        "{device} ({place}) has not answered since {since}; check its power and network",
    ),
    "device_clock_ahead": Text(
        "{device} 的时钟快了 {by}，录像的时间不对；请在设备上设置时间服务器",
        "the clock of {device} is {by} ahead, and so are the times of what it records; give it a time server",
    ),
    "device_clock_behind": Text(
        "{device} 的时钟慢了 {by}，录像的时间不对；请在设备上设置时间服务器",
        "the clock of {device} is {by} behind, and so are the times of what it records; give it a time server",
    ),
    "equipment_never_up": Text(
        "{device}（{place}）一直没有应答过，请检查电源、网络与地址",
        "{device} ({place}) has not answered once; check its power, network and address",
    ),
    "equipment_unproven": Text(
        "{device}（{place}）最近没有正常工作的记录，又未达到判定故障的时长",
        "{device} ({place}) was not seen working lately, nor down for long enough to be called broken",
    ),
    "equipment_not_probed": Text(
        "花名册中 {place} 的 {device} 没有被探针检测，请在探针配置中添加",
        "{device} at {place} is in the roster and not probed; add it to the agent",
    ),
    "receiver_not_measured": Text(
        "{place} 的 {device} 只在花名册中登记，没有测量；请添加检测，"
        "或由教育局决定信任登记（trust_registered_receivers）",
        "{device} at {place} is registered in the roster and not measured; probe it, or let the district trust the "
        "register (trust_registered_receivers)",
    ),
    "receivers_trusted": Text(
        "{count} 个场所的电视只按花名册登记计入，前端 {device} 正在播出",
        "the television sets of {count} places count by the register alone, while the head-end {device} is sending",
    ),
    "equipment_without_place": Text(
        "{device} 没有位置，请在探针配置或花名册中登记",
        "{device} has no known place; map it in the agent's configuration or the roster",
    ),
    "devices_without_place": Text(
        "{count} 台设备没有位置，请在探针配置或花名册中登记",
        "{count} devices have no known place; map them in the agent's configuration or the roster",
    ),
    "sources_disagree": Text(
        "{place} 两处说法不一：{up} 说正常，{down} 说不正常（{why}），请到现场核对",
        "two sources disagree on {place}: {up} says that it works, {down} says that it does not ({why}); "
        "look at it there",
    ),
    "head_end_down": Text(
        "{system}前端 {device}（{place}）不工作，全部场所都收不到，请先修复前端",
        "the {system} head-end {device} ({place}) does not work, so that no place is served; repair it first",
    ),
    "head_end_unknown": Text(
        "{system}前端 {device}（{place}）是否工作不明：{why}",
        "whether the {system} head-end {device} ({place}) works is not known: {why}",
    ),
    "place_without_cctv": Text("{place} 没有正常的闭路电视设备", "no working campus television is known at {place}"),
    "place_without_surveillance": Text(
        "{place} 没有正常的监控摄像机", "no working surveillance camera is known at {place}"
    ),
    "place_without_broadcast": Text("{place} 没有正常的广播终端", "no working broadcast terminal is known at {place}"),
    # one_to_one_classroom
    "seats_filled": Text(
        "{days} 天内有 {count} 个网络教室达到一人一终端（{best}：{seats} 座，同时在线 {peak} 台学生终端）",
        "{count} wireless classrooms had a terminal for each seat within {days} days ({best}: {seats} seats, {peak} "
        "student terminals at once)",
    ),
    "seats_not_filled": Text(
        "{days} 天内每个上课日都有数据，达到一人一终端的网络教室至多 {count} 个，要求 {required} 个；"
        "最接近的是 {best}（{seats} 座，至多同时在线 {peak} 台）",
        "there is data of each school day of {days} days, and at most {count} of the required {required} classrooms "
        "had a terminal for each seat; the nearest is {best} ({seats} seats, at most {peak} terminals at once)",
    ),
    "seats_place_short": Text(
        "{place} 有 {seats} 座，同时在线的学生终端至多 {peak} 台",
        "{place} has {seats} seats and had at most {peak} student terminals at once",
    ),
    "seats_stations_unowned": Text(
        "{place} 有 {seats} 座，同时在线的无线终端至多 {peak} 台，但不知道是谁的；请配置终端台账",
        "{place} has {seats} seats and had at most {peak} wireless stations at once, not known whose; "
        "set up the terminal register",
    ),
    "seats_peak_uncertain": Text(
        "{place} 有 {seats} 座，同时在线的学生终端在 {least} 与 {most} 台之间，尚不能确定；"
        "请登记终端的归属，并在该教室上一次全员用终端的课",
        "{place} has {seats} seats and had between {least} and {most} student terminals at once, which is not certain "
        "enough; register whose the terminals are, and hold a lesson there with all of them on",
    ),
    "seats_half_watched": Text(
        "{days} 天内的 {school_days} 个上课日中只有 {watched} 个有无线终端数据，请检查探针与控制器",
        "only {watched} of the {school_days} school days within {days} days have data of wireless terminals; check the "
        "agent and the controllers",
    ),
    "seats_no_school_days": Text(
        "{days} 天内没有上课日，开学后再看", "there was no school day within {days} days; look again when term begins"
    ),
    "seats_too_few_places": Text(
        "花名册中有座位数的教室只有 {count} 个，要求 {required} 个达到一人一终端",
        "the roster has {count} classrooms with seats, and {required} are required to have a terminal for each seat",
    ),
    "stations_not_counted": Text(
        "{device} 没有给出各场所的无线终端数，请检查读取权限与设备型号",
        "{device} gave no number of wireless terminals by place; check what the agent may read and the device's model",
    ),
}
