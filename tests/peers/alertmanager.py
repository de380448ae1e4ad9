"""A real Alertmanager on loopback, without gossip: its own folder, a free port, gone when the block ends."""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.peers.program import program


@contextmanager
def alertmanager(config: str) -> Iterator[str]:
    """The base URL of an Alertmanager with this configuration."""

    def command(folder: Path, port: int) -> Sequence[str]:
        (folder / "alertmanager.yml").write_text(config)
        return (
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        )

    with program(command, "/-/ready") as base:
        yield base


def sending_to(config: str, url: str, every: str = "1s") -> str:
    """A shipped configuration with every receiver's webhooks replaced by `url`, all waits cut and all hours open."""
    document = yaml.safe_load(config)
    for receiver in document["receivers"]:
        name = receiver["name"]
        receiver.clear()
        receiver.update(name=name, webhook_configs=[{"url": url, "send_resolved": True}])
    waits = {"group_wait": every, "group_interval": every, "repeat_interval": "1h"}
    routes = [document["route"]]
    while routes:
        route = routes.pop()
        route.update(waits)
        route.pop("active_time_intervals", None)
        route.pop("mute_time_intervals", None)
        routes += route.get("routes", [])
    return yaml.safe_dump(document, allow_unicode=True)


def held(base: str) -> list[dict[str, Any]]:
    """The alerts that it holds, each with `status.state` active or suppressed and `status.inhibitedBy`."""
    with urllib.request.urlopen(f"{base}/api/v2/alerts", timeout=10) as answer:
        return list(json.load(answer))


def post(base: str, alerts: list[dict[str, Any]]) -> None:
    """Hand it alerts as a Prometheus would."""
    request = urllib.request.Request(
        f"{base}/api/v2/alerts",
        data=json.dumps(alerts).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10):
        pass
