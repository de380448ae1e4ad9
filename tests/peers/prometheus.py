"""A real Prometheus on loopback: its own folder, a free port, gone when the block ends."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import yaml

from tests.peers.program import program

_DURATION = re.compile(r"(?m)^(\s*(?:for|keep_firing_for|interval):\s*)\S+\s*$")


@contextmanager
def prometheus(config: str, rules: Mapping[str, str] | None = None) -> Iterator[str]:
    """The base URL of a Prometheus with this configuration.

    `rules` (file name -> text) are written beside it; `rule_files` in the configuration names them by bare name.
    """

    def command(folder: Path, port: int) -> Sequence[str]:
        (folder / "prometheus.yml").write_text(config)
        for name, text in (rules or {}).items():
            (folder / name).write_text(text)
        return (
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
        )

    with program(command, "/-/ready") as base:
        yield base


def scraping(
    collector: str,
    *,
    alertmanager: str | None = None,
    rule_files: Sequence[str] = (),
    job: str = "campus-collector",
    every: str = "1s",
) -> str:
    """A configuration that scrapes `collector` (its base URL) as the shipped one does, only faster."""
    document: dict[str, Any] = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [_host_and_port(collector)]}]}],
        "rule_files": list(rule_files),
    }
    if alertmanager is not None:
        document["alerting"] = {
            "alertmanagers": [{"static_configs": [{"targets": [_host_and_port(alertmanager)]}]}],
        }
    return yaml.safe_dump(document)


def hastened(rules: str, every: str = "1s") -> str:
    """Rules that a test can wait for: each `for`, `keep_firing_for` and group `interval` cut to `every`.

    Nothing of an expression changes.
    """
    return _DURATION.sub(rf"\g<1>{every}", rules)


def query(base: str, expr: str) -> list[dict[str, Any]]:
    """The result of an instant query. Raises AssertionError with Prometheus' own words when it refuses."""
    answer = _get(f"{base}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
    assert answer["status"] == "success", f"{answer.get('error')}: {expr}"
    found = answer["data"]["result"]
    return found if answer["data"]["resultType"] in ("vector", "matrix") else [{"metric": {}, "value": found}]


def alerts(base: str) -> list[dict[str, Any]]:
    """Pending and firing alerts as Prometheus holds them: labels, annotations, state."""
    return list(_get(f"{base}/api/v1/alerts")["data"]["alerts"])


def wait_until(holds: Callable[[], Any], seconds: float = 20.0, what: str = "the condition") -> Any:
    """The first true value of `holds`. Raises AssertionError after `seconds`."""
    deadline = monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert monotonic() < deadline, f"{what} did not hold within {seconds:g} s"
        sleep(0.1)


def _host_and_port(url: str) -> str:
    return urllib.parse.urlsplit(url).netloc


def _get(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return dict(json.load(error))
