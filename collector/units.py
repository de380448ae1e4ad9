"""Numbers as people write them."""


def bit_rate(bits_per_second: float) -> str:
    """A rate in Mbit/s or Gbit/s, cut and not rounded, so that what is short never reads as enough."""
    if bits_per_second < 1e9:
        return f"{int(bits_per_second / 1e5) / 10:g} Mbit/s"
    return f"{int(bits_per_second / 1e7) / 100:g} Gbit/s"
