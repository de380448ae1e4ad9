"""Numbers as people write them."""


def bit_rate(bits_per_second: float) -> str:
    """A rate in Mbit/s or Gbit/s, cut and not rounded, so that what is short never reads as enough."""
    if bits_per_second < 1e9:
        return f"{int(bits_per_second / 1e5) / 10:g} Mbit/s"
    return f"{int(bits_per_second / 1e7) / 100:g} Gbit/s"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as 3:00:05; days before them where there are any, as 180 d 0:00:00."""
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    clock = f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock


def in_unit(unit: str, value: float) -> str:
    """A target's value in its unit, as people write it."""
    match unit:
        case "bits_per_second":
            return bit_rate(value)
        case "ratio":
            return f"{int(value * 100_000 + 1e-6) / 1000:g} %"
        case "students_per_terminal" | "teachers_per_terminal":
            return f"{value:.3g} : 1"
        case "coefficient":
            return f"{value:.3f}"
    return f"{value:g}"
