"""Real DHCP servers in a namespace of their own, with leases that terminals at the other end of a cable asked for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.cable import Cable, cable, inside, ip

_HOOKS = sorted(Path("/usr/lib").glob("*/kea/hooks"))
_STOP_SECONDS = 10.0
SUBNET, SERVER = "10.9.2.0/24", "10.9.2.1/24"


@dataclass(frozen=True, slots=True)
class Leased:
    """Where a server keeps its leases, its control socket if it has one, and each terminal's address by its MAC."""

    file: Path
    socket: Path
    addresses: dict[str, str]


@contextmanager
def dnsmasq(folder: Path, macs: Sequence[str]) -> Iterator[Leased]:
    command = [
        "dnsmasq", "-d", "-C", "/dev/null", "-i", "eth0", "--port=0", "--no-ping", "--dhcp-authoritative",
        "--dhcp-range=10.9.2.50,10.9.2.99,2h", f"--dhcp-leasefile={folder}/leases", "--user=root",
    ]  # fmt: skip
    with _serving(folder, command, macs) as leased:
        yield leased


@contextmanager
def dhcpd(folder: Path, macs: Sequence[str]) -> Iterator[Leased]:
    """ISC's."""
    conf = folder / "dhcpd.conf"
    conf.write_text(
        "default-lease-time 7200; max-lease-time 7200; authoritative; ping-check false;\n"
        "subnet 10.9.2.0 netmask 255.255.255.0 { range 10.9.2.50 10.9.2.99; }\n"
    )
    (folder / "leases").touch()
    command = [
        "dhcpd", "-4", "-f", "-d", "-cf", str(conf), "-lf", f"{folder}/leases", "--no-pid", "-user", "root",
        "-group", "root", "eth0",
    ]  # fmt: skip
    with _serving(folder, command, macs) as leased:
        yield leased


@contextmanager
def kea(folder: Path, macs: Sequence[str], with_commands: bool = True) -> Iterator[Leased]:
    """Its control socket knows the commands for leases only with its hook library."""
    hooks = [{"library": str(_HOOKS[0] / "libdhcp_lease_cmds.so")}] if with_commands else []
    conf = {
        "interfaces-config": {"interfaces": ["eth0"]},
        "control-socket": {"socket-type": "unix", "socket-name": str(folder / "socket")},
        "lease-database": {"type": "memfile", "persist": True, "name": str(folder / "leases")},
        "valid-lifetime": 7200,
        "hooks-libraries": hooks,
        "subnet4": [{"id": 1, "subnet": SUBNET, "pools": [{"pool": "10.9.2.50-10.9.2.99"}]}],
    }
    path = folder / "kea.json"
    path.write_text(json.dumps({"Dhcp4": conf}))
    with _serving(folder, ["kea-dhcp4", "-c", str(path)], macs) as leased:
        yield leased


Server = Callable[[Path, Sequence[str]], AbstractContextManager[Leased]]


@contextmanager
def _serving(folder: Path, command: Sequence[str], macs: Sequence[str]) -> Iterator[Leased]:
    """The server runs until the end; every terminal has its lease. The log of a failure names what went wrong."""
    environment = {
        **os.environ,
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        "KEA_PIDFILE_DIR": str(folder),
        "KEA_LOCKFILE_DIR": str(folder),
    }
    with cable() as ends, (folder / "log").open("wb") as log:
        ip("-n", ends.near, "address", "add", SERVER, "dev", "eth0")
        process = subprocess.Popen(inside(ends.near, *command), stdout=log, stderr=log, env=environment)
        try:
            yield Leased(folder / "leases", folder / "socket", _asked(ends, macs))
        except AssertionError as error:
            error.add_note((folder / "log").read_text(errors="replace")[-2000:])
            raise
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _asked(ends: Cable, macs: Sequence[str]) -> dict[str, str]:
    client = Path(__file__).with_name("dhcp_client.py")
    run = subprocess.run(
        inside(ends.far, sys.executable, str(client), "eth0", *macs), capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return dict(line.split() for line in run.stdout.splitlines())
