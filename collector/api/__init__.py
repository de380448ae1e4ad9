"""The collector over HTTP: one module a group of paths."""
