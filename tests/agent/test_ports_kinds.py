"""What sort of thing a row of ifTable is: names and types of recorded devices (PyPI package snmpsim-data)."""

import pytest

from agent.probes.ports.kinds import kind_of
from agent.probes.ports.speed import bits_per_second

ETHERNET, PROP_VIRTUAL, LAG, OTHER = 6, 53, 161, 1


@pytest.mark.parametrize(
    ("name", "iftype", "kind"),
    [
        ("GigabitEthernet1/0/1", ETHERNET, "physical"),
        ("Gi0/1", ETHERNET, "physical"),
        ("xgei-1/1/0/2", ETHERNET, "physical"),
        ("port1", ETHERNET, "physical"),
        ("MGMT_PORT_ONLY e0M", ETHERNET, "physical"),
        ("3", ETHERNET, "physical"),
        ("Eth-Trunk1", PROP_VIRTUAL, "aggregation"),
        ("AggregatePort 2", PROP_VIRTUAL, "aggregation"),
        ("port-channel11", PROP_VIRTUAL, "aggregation"),
        ("bond0", ETHERNET, "aggregation"),
        ("lagg0", ETHERNET, "aggregation"),
        ("ae1", LAG, "aggregation"),
        ("Vethernet701", 117, "virtual"),
        ("vif1.0", ETHERNET, "virtual"),
        ("vif1-0", ETHERNET, "virtual"),
        ("vqos3", ETHERNET, "virtual"),
        ("xenbr0", ETHERNET, "virtual"),
        ("npu0_vlink1", ETHERNET, "virtual"),
        ("Intel(R) PRO/Wireless 2200BG Network Connection", ETHERNET, "virtual"),
        ("Bluetooth Device (Personal Area Network)", ETHERNET, "virtual"),
        ("GigabitEthernet1/0/1.100", ETHERNET, "virtual"),
        ("Ca17", 131, "unknown"),
        ("imq0", OTHER, "unknown"),
    ],
)
def test_a_kind_by_name_and_type(name: str, iftype: int, kind: str) -> None:
    assert kind_of(iftype, name, name) == kind


@pytest.mark.parametrize(
    ("if_speed", "if_high_speed", "expected"),
    [
        (1_410_065_408, 10_000, 10_000_000_000),  # DPtech DPX8000: ten gigabits wrapped at 2^32
        (2_820_130_816, 20_000, 20_000_000_000),
        (10_000, None, None),  # Topsec NGFW4000: no Ethernet carries 10 kbit/s
        (0, 1_000, 1_000_000_000),
        (100_000_000, None, 100_000_000),
    ],
)
def test_a_speed_of_a_recorded_device(if_speed: int, if_high_speed: int | None, expected: int | None) -> None:
    assert bits_per_second(if_speed, if_high_speed, ethernet=True) == expected
