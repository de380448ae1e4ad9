"""Reasons of the district's services and of the education MAN."""

from common.text import Text

REASONS: dict[str, Text] = {
    "all_parts_hold": Text("各项均符合：{what}", "all of it holds: {what}"),
    # Availability in school hours
    "service_available": Text(
        "{system}在上课时间的可用率为 {share}，要求 {required}",
        "{system} was available for {share} of the school hours, {required} required",
    ),
    "service_unavailable": Text(
        "{system}在上课时间的可用率至多 {share}，要求 {required}；请联系服务的运维方，并检查学校到城域网的线路",
        "{system} was available for {share} of the school hours at most, {required} required; ask who runs the "
        "service, and check the school's line to the MAN",
    ),
    "service_half_watched": Text(
        "上课时间共 {hours} 小时，只监测了 {watched} 小时，{system}的可用率在 {lowest} 与 {highest} 之间，"
        "要求 {required}；如此后不再中断，最早 {earliest} 可判为达标",
        "only {watched} of {hours} school hours were watched, so that {system} was available for {lowest} to {highest} "
        "of them ({required} required); it can be called met on {earliest} at the earliest, if nothing is missed again",
    ),
    "service_unwatched": Text(
        "{system}在 {day} 有约 {hours} 小时上课时间没有监测，请检查探针当时是否开机",
        "about {hours} school hours of {day} were not watched for {system}; check whether the agent was running",
    ),
    "service_down": Text(
        "“{service}”在 {at} 检测时不可用，最近一次可用：{up}",
        "'{service}' did not work when it was probed at {at}; it last worked: {up}",
    ),
    "service_down_because": Text(
        "“{service}”在 {at} 检测时不可用（{why}），最近一次可用：{up}",
        "'{service}' did not work when it was probed at {at} ({why}); it last worked: {up}",
    ),
    "service_down_on_day": Text(
        "“{service}”在 {day} 的上课时间有 {minutes} 分钟不可用",
        "'{service}' did not work for {minutes} minutes of the school hours of {day}",
    ),
    "certificate_expired": Text(
        "“{service}”的证书已于 {at} 过期，请立即更换", "the certificate of '{service}' ended at {at}; replace it now"
    ),
    "certificate_expiring": Text(
        "“{service}”的证书将于 {at} 过期，请及时更换", "the certificate of '{service}' ends at {at}; replace it in time"
    ),
    "no_school_hours": Text(
        "最近 {days} 天没有上课时间（假期），开学后重新判定；下一个上课日：{next}",
        "no school hours in the last {days} days (vacation); judged again when school is on; next school day: {next}",
    ),
    # Limits on what a sample or a path is like
    "limit_kept": Text(
        "{subject}：{what}{limit}，做到的日子占上课时间的 {share}，要求 {required}",
        "{subject}: {what} was {limit} on days that make up {share} of the school hours, {required} required",
    ),
    "limit_half_watched": Text(
        "{subject}：上课时间共 {hours} 小时，{what}只测了 {watched} 小时，尚不能判断是否{limit}；"
        "请检查检测间隔与探针是否中断",
        "{subject}: {what} was measured in {watched} of {hours} school hours, too few to say whether it was {limit}; "
        "check how often it is measured and whether the agent was running",
    ),
    "limit_not_measured": Text(
        "{subject}：上课时间没有{what}的测量结果，请在探针配置中添加",
        "{subject}: {what} was not measured in school hours; add it to the agent",
    ),
    "limit_broken_on_day": Text(
        "{subject}：{day} 的{what}平均为 {value}，应{limit}",
        "{subject}: {what} was {value} on average on {day}; {limit} is asked for",
    ),
    "sample_stalls": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；"
        "请检查点播服务器的负载与线路带宽",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; check the "
        "load of the server and the bandwidth of the line",
    ),
    "stream_too_slow": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；"
        "请检查线路带宽与同时观看的终端数",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; check the "
        "bandwidth of the line and how many terminals watch at once",
    ),
    "path_loss_high": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；"
        "请检查光路与端口错误，并联系运营商",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; check the "
        "fibre and the ports for errors, and ask the carrier",
    ),
    "path_jitter_high": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；"
        "请检查线路拥塞与服务质量（QoS）设置",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; look for "
        "congestion and check the QoS settings",
    ),
    "path_round_trip_high": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；请检查路由是否绕行与线路拥塞",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; check for "
        "a detour in the routing and for congestion",
    ),
    # Recording hosts
    "recording_hosts_up": Text("{total} 台录播主机全部可用", "all {total} recording hosts are up"),
    "recording_hosts_down": Text(
        "{total} 台录播主机中有 {count} 台不可用", "{count} of {total} recording hosts are not working"
    ),
    "recording_host_disputed": Text(
        "{device}：有的检测说可用，有的说不可用，请到现场查看",
        "{device}: one probe says that it is up, another that it is not; look at it on site",
    ),
    # The MAN
    "uplink_busy": Text(
        "{subject}：{what}应{limit}，做到的日子至多占上课时间的 {share}，要求 {required}；请考虑扩容或限流",
        "{subject}: {what} was {limit} on days of at most {share} of the school hours, {required} required; consider "
        "more bandwidth, or limit the heaviest use",
    ),
    "man_performs": Text(
        "到 {count} 个目的地的丢包、抖动与时延，合格的日子至少占上课时间的 {share}，要求 {required}；"
        "与前一时段相比：{trend}",
        "loss, jitter and round trip to {count} destinations were within limits on days of {share} of the school hours "
        "or more, {required} required; against the period before: {trend}",
    ),
    "path_never_answered": Text(
        "{destination} 从未应答，可能禁用了 ping，无法说明线路；请换一个能应答的目的地",
        "{destination} has never answered; it may drop pings, which says nothing of the path: choose another one",
    ),
    "path_destination_missing": Text(
        "政策中的目的地“{destination}”没有被检测，请在探针的 path 配置中添加",
        "the policy's destination '{destination}' is not probed; add it to the agent's path probes",
    ),
    "path_trend": Text(
        "{destination}：{what}由前一时段的平均 {before} {trend}为 {now}",
        "{destination}: {what} {trend}, from {before} on average in the period before to {now}",
    ),
    "utilisation_not_measured": Text(
        "上联利用率没有测量结果，仅供参考，不影响判定",
        "the uplink's utilisation was not measured; it does not count here",
    ),
}
