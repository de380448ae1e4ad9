"""How names of places and devices are compared."""

import unicodedata


def same(name: str) -> str:
    """A name as it is compared: full-width forms are half-width ones, outer spaces do not count."""
    return unicodedata.normalize("NFKC", name).strip()
