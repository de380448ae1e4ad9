"""Recorded devices, played over real UDP by snmpsim. A device's community is its name."""

import bz2
import dbm.dumb
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path

from tests.peers.free import free_udp_port, until_ready
from tests.peers.snmpd import answers

_RUN = "import sys; from snmpsim.commands.responder import main; sys.exit(main())"


@contextmanager
def recordings(devices: Mapping[str, Path]) -> Iterator[int]:
    """The port where these .snmprec files are played; each is indexed first, some 3,000 lines a second."""
    port = free_udp_port()
    with tempfile.TemporaryDirectory(prefix="recordings-") as name:
        data, cache = Path(name, "data"), Path(name, "cache")
        data.mkdir()
        cache.mkdir()
        for device, path in devices.items():
            (data / f"{device}.snmprec").write_bytes(path.read_bytes())
        with Path(name, "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    sys.executable, "-W", "ignore", "-c", _RUN, f"--data-dir={data}", f"--cache-dir={cache}",
                    f"--agent-udpv4-endpoint=127.0.0.1:{port}", "--logging-method=stderr", "--log-level=error",
                    *_user(Path(name)),
                ],
                stdout=log,
                stderr=log,
            )  # fmt: skip
        try:
            first = next(iter(devices))
            until_ready(lambda: answers(port, first), process)
            yield port
        except AssertionError as error:
            error.add_note(Path(name, "log").read_text(errors="replace")[-1000:])
            raise
        finally:
            process.terminate()
            process.wait(10)


def packaged(path: str) -> Path:
    """A recording of the PyPI package snmpsim-data (BSD-2-Clause), by the end of its path."""
    for file in files("snmpsim-data") or ():
        if str(file).endswith(path):
            return Path(str(file.locate()))
    raise AssertionError(f"snmpsim-data has no {path}")


def trimmed(path: Path, columns: Iterable[str], folder: Path) -> Path:
    """A copy of a recording with only these columns or subtrees, whole; made once in `folder`, which may be kept."""
    prefixes = [f"{column}.".encode() for column in columns]
    target = folder / f"{path.name.split('.')[0]}-{zlib.crc32(b' '.join(prefixes)):08x}.snmprec"
    if not target.exists():
        with bz2.open(path) if path.suffix == ".bz2" else path.open("rb") as lines:
            kept = b"".join(line for line in lines if line.startswith(tuple(prefixes)))
        partial = target.with_suffix(f".{os.getpid()}")
        partial.write_bytes(kept)
        partial.replace(target)
    return target


def _user(folder: Path) -> list[str]:
    """snmpsim gives up root before it has imported everything; where `nobody` cannot read this Python, root stays."""
    if os.getuid() != 0:
        return []
    folder.chmod(0o755)
    (folder / "cache").chmod(0o777)
    readable = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os,sys; os.setgid(65534); os.setuid(65534); open(sys.argv[1])",
            dbm.dumb.__file__,
        ],
        stderr=subprocess.DEVNULL,
    )
    user, group = ("root", "root") if readable.returncode else ("nobody", "nogroup")
    return [f"--process-user={user}", f"--process-group={group}"]
