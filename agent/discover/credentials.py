"""The SNMP communities and users that a search tries: from options and a file. A secret is named, never printed."""

import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from agent.discover.search import Credential
from agent.probes.base import Settings
from common.configfile import load
from common.secrets import Secret

VARIABLE = "SNMP_COMMUNITY"
USUAL = "public"


class CredentialsFile(Settings):
    """`snmp`: what to try, in this order; each as in an entry of the agent's configuration, without `host`."""

    snmp: tuple[Credential, ...] = Field(min_length=1, max_length=10)


def credentials(communities: Sequence[str], file: Path | None) -> tuple[list[Credential], dict[str, str]]:
    """What to try, and the environment variables that a proposed configuration needs besides, with what each holds.

    A community is `env:NAME`, `file:PATH`, or itself; then it is put into a variable of this process, by which the
    proposal names it. With nothing given: SNMP_COMMUNITY where it is set, else the community `public`. Raises
    common.configfile.ConfigError.
    """
    found = list(load(file, CredentialsFile).snmp) if file is not None else []
    needed: dict[str, str] = {}
    if not communities and file is None:
        communities = (f"env:{VARIABLE}",) if os.environ.get(VARIABLE) else (USUAL,)
    for number, community in enumerate(communities, start=1):
        kind, colon, rest = community.partition(":")
        if colon and kind == "env":
            secret = Secret(env=rest)
        elif colon and kind == "file":
            secret = Secret(file=Path(rest).absolute())
        else:
            name = _variable(community)
            os.environ[name] = community
            secret = Secret(env=name)
            needed[name] = f"{USUAL!r}" if community == USUAL else f"--community #{number}"
        found.append(Credential(community=secret))
    return found, needed


def _variable(community: str) -> str:
    """A variable that is free, or holds this already."""
    number = 1
    while True:
        name = VARIABLE if number == 1 else f"{VARIABLE}_{number}"
        if os.environ.get(name, community) == community:
            return name
        number += 1
