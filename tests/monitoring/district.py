"""The /metrics page of a small district: one school that is well, one with each fault, one not heard of."""

import time

from collector.targets import TARGETS
from collector.targets.district import DISTRICT_TARGETS

_NAMES = {"east": "东关小学", "west": "西关中学", "north": "北关小学"}


def page(*, ill: bool = True, after_seconds: float = 0) -> str:
    """What a collector would show; `ill` says whether `west` has its faults, `after_seconds` moves counters on."""
    now = time.time()
    lines: list[str] = []

    def put(metric: str, value: float, /, **labels: str) -> None:
        inner = ",".join(f'{key}="{text}"' for key, text in labels.items())
        lines.append(f"campus_{metric}{{{inner}}} {value!r}" if labels else f"campus_{metric} {value!r}")

    for school, name in _NAMES.items():
        put("school_info", 1, school=school, name=name, stage="primary", network="fibre")
        for target in TARGETS:
            state = {"east": "met", "west": "unmet" if ill else "met", "north": "unknown"}[school]
            for each in ("met", "unmet", "unknown"):
                put("target_state", float(each == state), school=school, target=target, state=each)
            if state != "unknown":
                put("target_attainment_ratio", 1.0 if state == "met" else 0.1, school=school, target=target)
                put("target_evidence_timestamp_seconds", now - 30, school=school, target=target)
    for target in DISTRICT_TARGETS:
        for each in ("met", "unmet", "unknown"):
            put("district_target_state", float(each == ("unmet" if ill else "met")), target=target, state=each)
        put("district_target_attainment_ratio", 0.5 if ill else 1.0, target=target)
        put("district_target_lowest", 0.4, target=target)
        put("district_target_highest", 0.4, target=target)
    put("agent_silent_after_seconds", 300)
    for school in ("east", "west"):
        well = school == "east" or not ill
        put("agent_last_report_timestamp_seconds", now - (1 if well else 900), school=school)
        put("agent_spooled_reports", 0 if well else 700, school=school)
        put("agent_dropped_observations", 0 if well else round(after_seconds), school=school)
        put("agent_clock_offset_seconds", 0.1 if well else -4000, school=school)
        put("agent_copies", 0 if well else 2, school=school)
        put("agent_info", 1, school=school, version="0.1.0")
        port = {"school": school, "device": "core", "port": "GE0/0/1"}
        put("uplink_up", 1, **port)
        put("uplink_up", float(well), school=school, device="core", port="GE0/0/2")
        put("uplink_speed_bytes", 125e6 if well else 12.5e6, **port)
        put("uplink_receive_bytes_total", 1e9 + 1e6 * after_seconds, **port)
        put("uplink_transmit_bytes_total", 1e9 + 1e5 * after_seconds, **port)
        for direction in ("down", "up"):
            speed = 117e6 if well else 11e6
            put("uplink_throughput_bytes_per_second", speed, school=school, direction=direction, method="http")
        put("path_round_trip_seconds", 0.002 if well else 0.09, school=school, destination="man")
        put("path_loss_ratio", 0 if well else 0.2, school=school, destination="man")
        for number in range(1, 41):
            ap = {"school": school, "ap": f"ap-{number}", "ap_id": f"00:{number:02}", "place": f"{100 + number}"}
            put("wireless_access_point_up", float(well or number > 12), **ap)
        for band, stations in (("2.4GHz", 10), ("5GHz", 90), *((("all", 100),) if well else ())):
            put("wireless_clients", stations, school=school, band=band)
        for owner, basis in (("student", "verified"), ("teacher", "inventory"), ("shared", "seen")):
            put("terminals", 30, school=school, owner=owner, basis=basis)
        put("access_ports", 40, school=school, speed="1G")
        put("access_ports", 2, school=school, speed="100M" if well else "10M")
        put("coverage_ratio", 1 if well else 0.7, school=school, system="wireless")
        for probe, device in (("ports", "sw1"), ("wireless", "ac")):
            put("probe_success", float(well or probe == "ports"), school=school, probe=probe, device=device)
            put("probe_duration_seconds", 0.2, school=school, probe=probe, device=device)
        put("av_device_up", float(well), school=school, device="p101", system="multimedia", place="101")
        put("school_in_session", float(well), school=school)
        put("school_in_lesson", 1, school=school)
        for device, state in (("p102", "ok"), ("p103", "standby" if well else "unreachable")):
            put("av_device_state", 1, school=school, device=device, system="multimedia", place="", state=state)
    put("uplink_up", 0.0 if ill else 1.0, school="north", device="core", port="GE0/0/1")
    put("collector_evaluation_timestamp_seconds", now - (0 if not ill else 900))
    return "\n".join(lines) + "\n"
