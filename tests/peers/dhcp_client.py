"""Run in a namespace: asks for a lease for each MAC on the command line, as a terminal does (RFC 2131, 3.1).

Prints `MAC ADDRESS` for each. Ends with an error where no server answers in time.
"""

import os
import socket
import struct
import sys
import time

_DISCOVER, _REQUEST, _ACK = 1, 3, 5
_COOKIE = b"\x63\x82\x53\x63"
_BROADCAST = 0x8000
_WAIT, _DEADLINE = 1.0, 20.0


def main() -> None:
    interface, *macs = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        client.bind(("0.0.0.0", 68))
        client.settimeout(_WAIT)
        for mac in macs:
            print(mac, _lease(client, bytes.fromhex(mac.replace(":", ""))), flush=True)


def _lease(client: socket.socket, mac: bytes) -> str:
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        xid = os.urandom(4)
        offer = _ask(client, xid, mac, _DISCOVER, b"")
        if offer is None:
            continue
        wanted, server = offer[16:20], _option(offer, 54)
        answer = _ask(client, xid, mac, _REQUEST, b"\x32\x04" + wanted + b"\x36\x04" + server)
        if answer is not None and _option(answer, 53) == bytes([_ACK]):
            return socket.inet_ntoa(answer[16:20])
    sys.exit(f"no lease for {mac.hex(':')}")


def _ask(client: socket.socket, xid: bytes, mac: bytes, kind: int, options: bytes) -> bytes | None:
    head = struct.pack("!BBBB4sHH16x16s192x", 1, 1, 6, 0, xid, 0, _BROADCAST, mac)
    client.sendto(head + _COOKIE + bytes([53, 1, kind]) + options + b"\xff", ("255.255.255.255", 67))
    try:
        while True:
            answer = client.recv(2000)
            if answer[4:8] == xid and answer[28:34] == mac:
                return answer
    except TimeoutError:
        return None


def _option(message: bytes, wanted: int) -> bytes:
    at = 240
    while message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        if message[at] == wanted:
            return message[at + 2 : at + 2 + message[at + 1]]
        at += 2 + message[at + 1]
    return b""


if __name__ == "__main__":
    main()
