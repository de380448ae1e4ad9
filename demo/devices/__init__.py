"""Devices that answer by their own protocols. Written from the protocols alone: neither half of the product is imported."""
