"""Projectors and panels that speak PJLink."""
