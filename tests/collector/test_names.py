"""How names are compared."""

import pytest

from collector.roster.names import same, same_device


@pytest.mark.parametrize(
    "written",
    [
        "00:1A:2B:3c:4d:5e",
        "00-1a-2b-3c-4d-5e",
        "001a.2b3c.4d5e",
        "001A-2B3C-4D5E",
        "001A2B3C4D5E",
        "００:1a:2b:3c:4d:5e ",
    ],
)
def test_a_mac_is_the_same_however_it_is_written(written: str) -> None:
    assert same_device(written) == "00:1a:2b:3c:4d:5e"


@pytest.mark.parametrize(
    ("one", "other"), [("AP-101", "ap-101 "), ("２１０２３５A0RX", "210235a0rx"), ("操场", " 操场")]
)
def test_names_and_serials_are_compared_without_case_and_width(one: str, other: str) -> None:
    assert same_device(one) == same_device(other)


def test_places_keep_their_case() -> None:
    assert same("A101") != same("a101")
