"""A switch by real programs: snmpd with lldpd's LLDP-MIB over AgentX in a namespace, with a router and a desk.

`eth0` of the switch leads to a router, which says by LLDP that it routes; `eth1` to a computer that is a station only.
"""

import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from tests.peers.cable import cable, inside, ip
from tests.peers.free import until_ready
from tests.peers.snmpd import COMMUNITY, answers

PORT = 161
_COUNT = itertools.count()
_STOP_SECONDS = 10.0
_WAIT = 0.1
_ENVIRONMENT = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "MIBS": ""}


@contextmanager
def switch() -> Iterator[str]:
    """The address of the switch, once it has both neighbours in its LLDP-MIB."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lldp-")))
        Path("/run/lldpd").mkdir(exist_ok=True)  # where it shuts itself in
        folder.chmod(0o755)  # lldpd gives up root before it opens its control socket
        ends = stack.enter_context(cable())
        desk = stack.enter_context(_cabled(ends.near, "eth1"))
        address = stack.enter_context(_reachable(ends.near))
        subprocess.run(inside(ends.far, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"), check=True)
        agentx, conf = folder / "agentx", folder / "snmpd.conf"
        conf.write_text(
            f"agentaddress udp:{address}:{PORT}\nrocommunity {COMMUNITY}\nmaster agentx\nagentXSocket unix:{agentx}\n"
        )
        snmpd = ["snmpd", "-f", "-C", "-c", str(conf), "-Lf", str(folder / "snmpd.log"), "-I", "-smux"]
        agent = stack.enter_context(_running(folder, "snmpd", inside(ends.near, *snmpd)))
        until_ready(lambda: answers(PORT, COMMUNITY, address), agent)
        for name, namespace in {"switch": ends.near, "router": ends.far, "desk": desk}.items():
            control = str(folder / f"{name}.ctl")
            more = ["-x", "-X", f"unix:{agentx}"] if name == "switch" else []
            interfaces = "eth0,eth1" if name == "switch" else "eth0"
            command = inside(namespace, "lldpd", "-d", "-u", control, "-I", interfaces, "-S", name, *more)
            daemon = stack.enter_context(_running(folder, name, command))
            until_ready(partial(_is_up, control), daemon)
        until_ready(lambda: _asked(str(folder / "switch.ctl"), "show", "neighbors").count("SysDescr") == 2)
        yield address


@contextmanager
def _cabled(namespace: str, interface: str) -> Iterator[str]:
    """The name of a further namespace, whose `eth0` is wired to `interface`."""
    other = f"{namespace}-{interface}"
    try:
        ip("netns", "add", other)
        ip("-n", namespace, "link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", other)
        ip("-n", namespace, "link", "set", interface, "up")
        ip("-n", other, "link", "set", "eth0", "up")
        yield other
    finally:
        subprocess.run(["ip", "netns", "del", other], stderr=subprocess.DEVNULL)


@contextmanager
def _reachable(namespace: str) -> Iterator[str]:
    """The address of a namespace for this machine: of 198.18.0.0/15, which is for such tests (RFC 2544)."""
    number = next(_COUNT)
    here, there = (str(IPv4Address("198.18.0.0") + 4 * ((os.getpid() + 7919 * number) % 2**15) + end) for end in (1, 2))
    interface = f"cm{os.getpid()}-{number}"
    try:
        ip("link", "add", interface, "type", "veth", "peer", "name", "manage", "netns", namespace)
        ip("address", "add", f"{here}/30", "dev", interface)
        ip("link", "set", interface, "up")
        ip("-n", namespace, "address", "add", f"{there}/30", "dev", "manage")
        ip("-n", namespace, "link", "set", "manage", "up")
        yield there
    finally:
        subprocess.run(["ip", "link", "del", interface], stderr=subprocess.DEVNULL)


@contextmanager
def _running(folder: Path, name: str, command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / f"{name}.out").open("wb") as log:
        environment = {**_ENVIRONMENT, "SNMP_PERSISTENT_DIR": str(folder)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _is_up(control: str) -> bool:
    """Whether the daemon answers; it then tells its neighbours of itself every second."""
    return bool(_asked(control, "show", "chassis")) and bool(_asked(control, "configure", "lldp", "tx-interval", "1"))


def _asked(control: str, *command: str) -> str:
    """What lldpcli prints; empty while the daemon does not answer."""
    run = subprocess.run(
        ["lldpcli", "-u", control, *command], capture_output=True, text=True, timeout=10, env=_ENVIRONMENT
    )
    if run.returncode:
        time.sleep(_WAIT)
        return ""
    return run.stdout or "done"
