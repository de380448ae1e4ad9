"""Which release this agent is."""

from importlib.metadata import PackageNotFoundError, version


def agent_version() -> str:
    """The installed distribution's version; "0" where it runs from a tree that was never installed."""
    try:
        return version("campus-monitor")
    except PackageNotFoundError:
        return "0"
