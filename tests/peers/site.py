"""A web site on a real nginx."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.free import until_ready
from tests.peers.sip import opens


@contextmanager
def site(servers: str, port: int) -> Iterator[None]:
    """nginx with these `server` blocks of its http part, once it listens on `port`."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        conf = folder / "nginx.conf"
        paths = "".join(
            f"{kind}_temp_path {name}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf.write_text(
            f"daemon off; master_process off; worker_processes 1; pid {name}/pid; error_log {name}/error.log;\n"
            f"events {{ worker_connections 64; }}\nhttp {{ access_log off;\n{paths}{servers}\n}}\n"
        )
        with (folder / "start.log").open("wb") as log:
            process = subprocess.Popen(
                ["nginx", "-c", str(conf), "-p", name],
                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"},
                stdout=log,
                stderr=log,
            )
        try:
            try:
                until_ready(lambda: opens(port), process)
            except AssertionError as error:
                raise AssertionError((folder / "start.log").read_text()) from error
            yield
        finally:
            process.terminate()
            process.wait(10)
