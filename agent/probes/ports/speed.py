"""What a port's ifSpeed and ifHighSpeed say together (RFC 2863, 3.1.8), and what devices make of them."""

_GAUGE32_MAX = 2**32 - 1
_MEGA = 1_000_000
_HIGHEST = 10_000_000_000_000
"""10 Tbit/s: above this an ifHighSpeed is not in Mbit/s."""
_ETHERNET_LEAST = 1_000_000
"""No Ethernet is slower (IEEE 802.3, 1BASE5)."""


def bits_per_second(if_speed: int | None, if_high_speed: int | None, ethernet: bool) -> int | None:
    """The speed that a device claims, or None where it claims none that can be believed.

    ifSpeed counts bits and stops at 2^32-1; ifHighSpeed counts Mbit/s, rounded. Some devices put Mbit/s into ifSpeed,
    others let it wrap: where ifHighSpeed shows so, it is taken instead.
    """
    speed = if_speed if if_speed is not None and 0 < if_speed != _GAUGE32_MAX else None
    high = if_high_speed * _MEGA if if_high_speed is not None and 0 < if_high_speed * _MEGA <= _HIGHEST else None
    if speed is None or (high is not None and _contradicted(speed, high)):
        speed = high
    if speed is None or (ethernet and speed < _ETHERNET_LEAST):
        return None
    return speed


def _contradicted(speed: int, high: int) -> bool:
    """Whether ifSpeed is in Mbit/s, below what rounds to 1 Mbit/s, or what is left of `high` in 32 bits."""
    return speed == high // _MEGA or speed < _MEGA // 2 or (high > _GAUGE32_MAX and speed == high % (_GAUGE32_MAX + 1))
