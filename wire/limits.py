"""Bounds that both sides hold; a report outside of them is refused whole with the bound in the answer."""

MAX_OBSERVATIONS = 500
"""Observations in one report."""
MAX_ENTRIES = 10_000
"""Probes on devices that one agent may have."""
MAX_READINGS = 60_000
"""Readings in one observation: a wireless controller with 3,300 interfaces or 4,000 access points fits."""
MAX_LABELS = 12
MAX_LABEL_CHARACTERS = 200
MAX_BODY_BYTES = 8 * 1024 * 1024
"""A request body as it is sent, compressed or not."""
MAX_PLAIN_BYTES = 64 * 1024 * 1024
"""A request body after decompression."""
