"""A real agent process for one school."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass
class AgentProcess:
    """`campus-agent run`. `stop` ends it as a service manager would."""

    folder: Path
    _process: "subprocess.Popen[bytes]"

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)

    def log(self) -> str:
        return (self.folder / "log").read_text()


def write_config(folder: Path, school: str, token: str, url: str, devices: list[dict[str, Any]], **more: Any) -> Path:
    """An agent's configuration with its token in a file, as a school would have them; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "token"
    secret.write_text(token)
    secret.chmod(0o600)
    document = {
        "school": school,
        "collector": {"url": url, "token": {"file": "token"}, "every_seconds": 0.3, "retry_at_most_seconds": 1},
        "state_dir": "state",
        "metrics": None,
        "devices": devices,
        **more,
    }
    path = folder / "agent.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return path


def start_agent(config: Path) -> AgentProcess:
    folder = config.parent
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent.cli", "run", "--config", str(config)],
            stderr=log,
            env={**os.environ, "CAMPUS_LANG": "en"},
        )
    return AgentProcess(folder, process)


@contextmanager
def agent(config: Path) -> Iterator[AgentProcess]:
    """A running agent, stopped when the block ends."""
    process = start_agent(config)
    try:
        yield process
    finally:
        process.stop()
