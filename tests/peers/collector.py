"""A real collector process over a folder of its own, with its roster imported and its schools enrolled."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.peers.free import free_port

START_SECONDS = 20.0


@dataclass
class CollectorProcess:
    """The process, its folder and address. `kill` is SIGKILL; `start` brings it back over the same store."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "collector.yaml"

    @property
    def store(self) -> Path:
        return self.folder / "campus.sqlite"

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `campus-collector` with this configuration."""
        return subprocess.run(
            [sys.executable, "-m", "collector.cli", *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "CAMPUS_LANG": "en"},
        )

    def token(self, school: str) -> str:
        """A credential of this school, by the same one-time code that a school gets."""
        code = self.command("enrol", school).stdout.split()[0]
        request = urllib.request.Request(
            f"{self.url}/api/v1/enrol", data=f'{{"code": "{code}"}}'.encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(yaml.safe_load(answer.read())["token"])

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "collector.cli", "serve", "--config", str(self.config)], stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the collector did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(15)


@contextmanager
def collector(
    folder: Path, roster: dict[str, Any], policy: dict[str, Any] | None = None, **settings: Any
) -> Iterator[CollectorProcess]:
    """A running collector with this roster; `settings` go into its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    process = CollectorProcess(folder, free_port())
    document = {"listen": f"127.0.0.1:{process.port}", "public_url": process.url, **settings}
    if policy is not None:
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True))
        document["policy"] = "policy.yaml"
    process.config.write_text(yaml.safe_dump(document, allow_unicode=True))
    (folder / "roster.yaml").write_text(yaml.safe_dump(roster, allow_unicode=True))
    imported = process.command("roster", "import", str(folder / "roster.yaml"))
    assert imported.returncode == 0, imported.stderr
    process.start()
    try:
        yield process
    finally:
        process.stop()
