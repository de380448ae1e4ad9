"""Writes small recordings of devices that do not exist, for tests/peers/recording.py to play."""

from pathlib import Path

Objects = dict[str, int | str | bytes]
"""OID to value: a whole number, text or octets; sysObjectID's text is an OID."""
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"


def system(object_id: str, descr: str = "made for a test", name: str = "ac-1") -> dict[str, int | str | bytes]:
    return {"1.3.6.1.2.1.1.1.0": descr, SYS_OBJECT_ID: object_id, "1.3.6.1.2.1.1.5.0": name}


def write(folder: Path, name: str, objects: Objects) -> Path:
    """The recording as snmpsim reads it: OID|tag|value, in the order of the OIDs."""
    lines = [_line(oid, objects[oid]) for oid in sorted(objects, key=lambda oid: tuple(map(int, oid.split("."))))]
    path = folder / f"{name}.snmprec"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def mac_index(mac: str) -> str:
    return ".".join(str(int(octet, 16)) for octet in mac.split(":"))


def text_index(text: str) -> str:
    raw = text.encode()
    return ".".join(map(str, (len(raw), *raw)))


def _line(oid: str, value: int | str | bytes) -> str:
    if oid == SYS_OBJECT_ID and isinstance(value, str):
        return f"{oid}|6|{value}"
    if isinstance(value, int):
        return f"{oid}|2|{value}"
    return f"{oid}|4x|{(value.encode() if isinstance(value, str) else value).hex()}"
