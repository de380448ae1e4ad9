"""Devices that answer by their own protocols. Nothing of the product is imported here."""
