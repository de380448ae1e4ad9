"""Looks for devices on given networks, read-only, and proposes a configuration. Each file of `ways` is one way."""
