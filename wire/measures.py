"""The catalogue: every quantity that targets, dashboards and alerts rely on, declared once.

A measure is named after the thing measured and not after the protocol: an access point is up whoever said so. A probe
may declare measures of its own; they travel with the report. The metric of measure X is `campus_X`, with a `school`.
"""

from typing import Literal

from wire.report import Measure

_ALL: dict[str, Measure] = {}
_STATES: set[str] = set()


def _declare(
    name: str,
    help_: str,
    *labels: str,
    kind: Literal["gauge", "counter"] = "gauge",
    devices: Literal["label", "same", "sum"] = "label",
    exported: bool = True,
    state: bool = False,
) -> Measure:
    """`state`: a change of it may change a verdict, so that the run which saw it is worth more than the next one."""
    if state:
        _STATES.add(name)
    measure = Measure(name=name, help=help_, labels=labels, kind=kind, devices=devices, exported=exported)
    _ALL[name] = measure
    return measure


# Ports: IF-MIB (RFC 2863), EtherLike-MIB (RFC 3635). `port` is ifName, else ifDescr; `ifindex` tells equal names apart.
_PORT = ("port", "ifindex")
PORT_UP = _declare("port_up", "1 when ifOperStatus is up(1), else 0.", *_PORT, "role", exported=False)
PORT_ADMIN_UP = _declare("port_admin_up", "1 when ifAdminStatus is up(1), else 0.", *_PORT, exported=False)
PORT_SPEED = _declare(
    "port_speed_bytes",
    "Negotiated speed in bytes per second; absent where the device gives none.",
    *_PORT,
    exported=False,
)
PORT_INFO = _declare(
    "port_info", "What the device says of a port; always 1.", *_PORT, "role", "iftype", "descr", "place", exported=False
)
PORT_FULL_DUPLEX = _declare(
    "port_full_duplex", "1 full, 0 half (dot3StatsDuplexStatus); absent when unknown.", *_PORT, exported=False
)
PORT_RECEIVE_BYTES = _declare("port_receive_bytes_total", "Octets received.", *_PORT, kind="counter", exported=False)
PORT_TRANSMIT_BYTES = _declare("port_transmit_bytes_total", "Octets sent.", *_PORT, kind="counter", exported=False)
PORT_RECEIVE_ERRORS = _declare("port_receive_errors_total", "ifInErrors.", *_PORT, kind="counter", exported=False)
PORT_TRANSMIT_ERRORS = _declare("port_transmit_errors_total", "ifOutErrors.", *_PORT, kind="counter", exported=False)
ACCESS_PORT_SPEED = _declare(
    "access_port_speed_bytes",
    "Negotiated speed of an access port that has a link, in bytes per second.",
    *_PORT,
    "place",
    exported=False,
)
ACCESS_PORT_WITHOUT_SPEED = _declare(
    "access_port_without_speed",
    "1 for an access port that has a link and tells no believable speed.",
    *_PORT,
    "place",
    exported=False,
)
ROWS_SEEN = _declare("rows_seen", "Rows that the device gave for a table.", "table")
ROWS_EXPECTED = _declare("rows_expected", "Rows that the device itself says the table has.", "table")

# The uplink: the port towards the education MAN.
UPLINK_UP = _declare("uplink_up", "1 when the uplink port has a link, else 0.", "port", state=True)
UPLINK_SPEED = _declare("uplink_speed_bytes", "Negotiated speed of the uplink in bytes per second.", "port", state=True)
UPLINK_RECEIVE_BYTES = _declare("uplink_receive_bytes_total", "Octets received on the uplink.", "port", kind="counter")
UPLINK_TRANSMIT_BYTES = _declare("uplink_transmit_bytes_total", "Octets sent on the uplink.", "port", kind="counter")
UPLINK_THROUGHPUT = _declare(
    "uplink_throughput_bytes_per_second",
    "Payload that a test carried, counted by its receiver.",
    "direction",
    "method",
    devices="same",
)
UPLINK_THROUGHPUT_LIMIT = _declare(
    "uplink_throughput_limit",
    "1 with what limited the test: path, nic, cpu, server or cross_traffic. Only path says anything against the path.",
    "direction", "method", "limit", devices="same",
)  # fmt: skip
UPLINK_THROUGHPUT_SKIPPED = _declare(
    "uplink_throughput_skipped",
    "1 with why no test was made: server_busy, no_slot, line_busy, daily_bytes or outside_window.",
    "method", "why", devices="same",
)  # fmt: skip
UPLINK_CARRIED = _declare(
    "uplink_carried_bytes_per_second",
    "Octets per second that the uplink carried over five minutes or more, at the least, by direction (receive, "
    "transmit).",
    "port", "direction",
)  # fmt: skip
PATH_ROUND_TRIP = _declare("path_round_trip_seconds", "Median ICMP round trip.", "destination", devices="same")
PATH_JITTER = _declare(
    "path_jitter_seconds", "Mean difference of consecutive ICMP round trips.", "destination", devices="same"
)
PATH_LOSS = _declare("path_loss_ratio", "ICMP echo requests without an answer / sent.", "destination", devices="same")

# Wireless. `ap` is the access point's name; `ap_id` its own address or serial, since names repeat.
_AP = ("ap", "ap_id", "place")
AP_UP = _declare(
    "wireless_access_point_up",
    "1 serving, 0 not; the state is in wireless_access_point_state.",
    *_AP,
    devices="same",
    state=True,
)
AP_STATE = _declare(
    "wireless_access_point_state", "1 with the state the controller gives, or gone.", *_AP, "state", devices="same"
)
AP_CLIENTS = _declare("wireless_access_point_clients", "Stations on an access point.", *_AP, devices="same")
WIRELESS_CLIENTS = _declare(
    "wireless_clients", "Stations now, by band (2.4GHz, 5GHz, 6GHz, all).", "band", devices="sum"
)
CONTROLLER_APS_UP = _declare(
    "wireless_controller_access_points_up", "Access points online by the controller's scalar.", devices="sum"
)
CONTROLLER_APS = _declare(
    "wireless_controller_access_points", "Access points configured by the controller's scalar.", devices="sum"
)

# Terminals.
TERMINALS = _declare(
    "terminals",
    "Terminals by owner (student, teacher, shared, visitor, unregistered) and basis: inventory, seen, verified (both).",
    "owner", "basis", devices="same",
)  # fmt: skip
TERMINALS_RANDOMISED = _declare(
    "terminals_randomised",
    "Made-up (locally administered) addresses seen in the window that no register has; a terminal can have many.",
    "owner", devices="same",
)  # fmt: skip
TERMINALS_WATCHED = _declare(
    "terminals_watched_seconds", "How long the agent has watched for terminals, at most its window.", devices="same"
)
TERMINALS_WINDOW = _declare("terminals_window_seconds", "The window in which a sighting counts.", devices="same")

# AV devices: system is multimedia, cctv, surveillance, broadcast or recording.
AV_DEVICE_UP = _declare(
    "av_device_up",
    "1 when the device can serve (standby included), 0 at a fault.",
    "system",
    "place",
    state=True,
)
AV_DEVICE_STATE = _declare(
    "av_device_state",
    "1 with the state: ok, standby, warming, cooling, fault, authentication_failed, unreachable, unknown.",
    "system", "place", "state", state=True,
)  # fmt: skip
AV_DEVICE_REACHABLE = _declare(
    "av_device_reachable",
    "1 when a device that nobody can ask answers at all, and by what: tcp, icmp, arp; not known to show a picture.",
    "system", "place", "by",
)  # fmt: skip

AV_DEVICE_CLOCK_OFFSET = _declare(
    "av_device_clock_offset_seconds",
    "How far the device's own clock is ahead of the agent's; below 0 behind. It dates what is recorded.",
    "system",
)

# One-terminal-per-seat classrooms.
PLACE_TERMINALS = _declare(
    "place_wireless_terminals",
    "Wireless stations now at a place, by owner (student, teacher, shared, visitor, unregistered).",
    "place", "owner", devices="sum",
)  # fmt: skip

# District services as the school reaches them: system is exam_marking, lecture_recording, video_on_demand,
# video_conference or live_streaming; `service` is the name that the school's configuration gives it.
_SERVICE = ("system", "service")
SERVICE_UP = _declare(
    "service_up",
    "1 when the service itself answered as it should, 0 when it did not.",
    *_SERVICE,
    devices="same",
    state=True,
)
SERVICE_RESPONSE = _declare("service_response_seconds", "How long its answer took.", *_SERVICE, devices="same")
SERVICE_CERTIFICATE_EXPIRY = _declare(
    "service_certificate_expiry_timestamp_seconds", "When its TLS certificate ends, in Unix time.", *_SERVICE,
    devices="same",
)  # fmt: skip
SERVICE_STALL = _declare(
    "service_sample_stall_seconds", "How long playing a sample of video stalled; 0 without a stall.", *_SERVICE,
    devices="same",
)  # fmt: skip
SERVICE_DELIVERY = _declare(
    "service_delivery_ratio", "Seconds of a live stream / seconds that it took to arrive; above 1 is faster than live.",
    *_SERVICE, devices="same",
)  # fmt: skip
SERVICE_ROUND_TRIP = _declare("service_round_trip_seconds", "Median round trip to it.", *_SERVICE, devices="same")
SERVICE_JITTER = _declare("service_jitter_seconds", "Jitter on the path to it.", *_SERVICE, devices="same")
SERVICE_LOSS = _declare("service_loss_ratio", "Packets lost on the path to it / sent.", *_SERVICE, devices="same")
UPLINK_UTILISATION = _declare(
    "uplink_utilisation_ratio", "Load of the uplink / its speed, by direction (receive, transmit).", "port", "direction"
)

# The agent's own machine.
HOST_NIC_SPEED = _declare("host_nic_speed_bytes", "Negotiated speed of a network card in bytes per second.", "nic")
HOST_CPU = _declare("host_cpu_ratio", "Share of the processors that was busy.")
HOST_MEMORY_AVAILABLE = _declare("host_memory_available_bytes", "Memory that programs can still take.")
HOST_DISK_FREE = _declare("host_disk_free_bytes", "Free space where the agent keeps its spool.")
HOST_BOOT_TIME = _declare("host_boot_time_seconds", "When the machine started, in Unix time.")

CATALOGUE: dict[str, Measure] = dict(_ALL)
STATES: frozenset[str] = frozenset(_STATES)
"""Measures of which a change may change a verdict."""
