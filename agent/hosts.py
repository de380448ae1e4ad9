"""Which hosts an entry of the configuration speaks to."""

from pydantic import BaseModel

from agent.probes.base import ProbeSettings


def hosts_of(entry: ProbeSettings) -> tuple[str, ...]:
    """Every `host` in the entry's settings, however deep, each once; empty for this machine itself."""
    return tuple(dict.fromkeys(_found(entry)))


def _found(part: object) -> list[str]:
    if isinstance(part, tuple | list):
        return [host for each in part for host in _found(each)]
    if not isinstance(part, BaseModel):
        return []
    host = getattr(part, "host", None)
    own = [host] if isinstance(host, str) and host else []
    return own + [deeper for name in type(part).model_fields for deeper in _found(getattr(part, name))]
