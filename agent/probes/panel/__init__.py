"""Panels and OPS computers that speak no PJLink: reachable or not, and no more."""
