"""How names of places and devices are compared."""

import re
import unicodedata

_MAC = re.compile(r"(?:[0-9a-f]{2}[:\- ]?){5}[0-9a-f]{2}|(?:[0-9a-f]{4}[.\-:]){2}[0-9a-f]{4}")


def same(name: str) -> str:
    """A name as it is compared: full-width forms are half-width ones, outer spaces do not count."""
    return unicodedata.normalize("NFKC", name).strip()


def same_device(name: str) -> str:
    """A device's name, address or serial as it is compared: case does not count, nor how a MAC address is written."""
    plain = same(name).casefold()
    if not _MAC.fullmatch(plain):
        return plain
    digits = re.sub(r"[^0-9a-f]", "", plain)
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
