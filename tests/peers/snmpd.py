"""A real Net-SNMP agent on a free loopback port."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.free import free_udp_port, until_ready

COMMUNITY = "public"
_WAIT = 0.05


@contextmanager
def snmpd(extra_conf: str = "") -> Iterator[int]:
    """The port of a running snmpd with the community `public`.

    `extra_conf` are lines of snmpd.conf(5); `{port}` in them is the port.
    """
    port = free_udp_port()
    with tempfile.TemporaryDirectory(prefix="snmpd-") as name:
        folder = Path(name)
        conf = folder / "snmpd.conf"
        conf.write_text(f"agentaddress udp:127.0.0.1:{port}\nrocommunity {COMMUNITY} 127.0.0.1\n")
        with conf.open("a") as more:
            more.write(extra_conf.replace("{port}", str(port)) + "\n")
        process = subprocess.Popen(
            ["snmpd", "-f", "-C", "-c", str(conf), "-Lf", str(folder / "log"), "-I", "-smux"],
            env={
                **os.environ,
                "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
                "SNMP_PERSISTENT_DIR": name,
                "MIBS": "",
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            until_ready(lambda: answers(port, COMMUNITY), process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def answers(port: int, community: str, host: str = "127.0.0.1") -> bool:
    """Whether an agent answers an SNMPv2c GET of sysObjectID; takes at least a moment when it does not."""
    name = community.encode()
    pdu = bytes.fromhex("a01c020401020304020100020100300e300c06082b060102010102000500")
    body = b"\x02\x01\x01\x04" + bytes([len(name)]) + name + pdu
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_WAIT * 10)
        client.connect((host, port))
        try:
            client.send(b"\x30" + bytes([len(body)]) + body)
            return bool(client.recv(65535))
        except TimeoutError:
            return False
        except OSError:
            time.sleep(_WAIT)  # refused at once: the program has not opened its socket yet
            return False
