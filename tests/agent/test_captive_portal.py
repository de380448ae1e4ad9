"""A captive portal that takes over every connection on the way (nftables, redirect), in front of a site on nginx."""

import json
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.peers.tls import Authority
from wire.report import Observation

ROOT = Path(__file__).parents[2]
TEXT = "全区网上阅卷系统"
LOGIN = '<title>校园网认证</title><form><input type="password"></form>'
ACCEPT = "<title>Welcome</title><a href=/accept>OK</a>"
ENDS = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)

INSIDE = textwrap.dedent(
    """
    import asyncio, json, subprocess, sys
    from pathlib import Path
    from agent.probes.base import Context
    from agent.probes.service.probe import PROBE
    from agent.probes.service.settings import ServiceSettings
    from agent.runner import observe
    from tests.peers.site import site
    servers, scheme, ca_file, is_on, text = json.loads(sys.argv[1])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in ("192.0.2.80/32", "192.0.2.10/32"):
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
    rules = "tcp dport 80 redirect to :8080\\ntcp dport 443 redirect to :8443"
    table = "table ip portal {\\nchain out {\\ntype nat hook output priority -100\\n" + rules + "\\n}\\n}\\n"
    settings = ServiceSettings.model_validate({
        "probe": "service", "device": "marking", "reference": {"host": "192.0.2.10", "port": 443},
        "check": {"system": "exam_marking", "url": f"{scheme}://192.0.2.80/", "expect": {"text": text},
                  "ca_file": ca_file, "wait_seconds": 5},
    })
    with site(servers, 8080):
        if is_on:
            subprocess.run(["nft", "-f", "-"], input=table.encode(), check=True)
        print(asyncio.run(observe(PROBE, settings, Context(Path()))).model_dump_json())
    """
)


def look(folder: Path, scheme: str, portal: str, *, is_on: bool = True) -> Observation:
    """What the probe sees of a site, behind a portal that answers everything by `portal`, a directive of nginx.

    The reference has no server of its own: what answers there is the portal.
    """
    district, stranger = Authority(folder), Authority(folder)
    site_pair, portal_pair = district.certificate("192.0.2.80", ENDS), stranger.certificate("portal.example", ENDS)
    servers = "".join(
        f"server {{ listen {plain}; listen {tls} ssl; ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]};"
        f"default_type 'text/html; charset=utf-8'; location / {{ {answer} }} }}\n"
        for plain, tls, pair, answer in (
            ("192.0.2.80:80", "192.0.2.80:443", site_pair, f"return 200 '{TEXT}';"),
            ("127.0.0.1:8080", "127.0.0.1:8443", portal_pair, portal),
        )
    )
    asked = json.dumps([servers, scheme, str(district.file), is_on, TEXT])
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", INSIDE, asked],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Observation.model_validate_json(done.stdout)


def values(seen: Observation) -> dict[str, float]:
    return {reading.measure: reading.value for reading in seen.readings}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_without_a_portal(tmp_path: Path, scheme: str) -> None:
    seen = look(tmp_path, scheme, f"return 200 '{LOGIN}';", is_on=False)
    assert (seen.outcome, values(seen)["service_up"]) == ("ok", 1)


@pytest.mark.parametrize(
    ("portal", "says"),
    [
        (f"return 200 '{LOGIN}';", "校园网认证"),
        (f"return 200 '{ACCEPT}';", "captive portal"),
        ("return 302 http://portal.example/login;", "portal.example"),
        ("return 511;", "captive portal"),
    ],
    ids=["login-in-place", "accept-in-place", "redirect", "511"],
)
def test_a_portal_is_named_and_the_application_is_not_called_down(tmp_path: Path, portal: str, says: str) -> None:
    """The reference too seems to be reached: the portal takes that connection as well."""
    seen = look(tmp_path, "http", portal)
    assert (seen.outcome, values(seen)) == ("malformed", {})
    assert says in seen.detail


def test_over_tls_a_portals_certificate_is_not_taken_for_the_sites(tmp_path: Path) -> None:
    seen = look(tmp_path, "https", f"return 200 '{TEXT}';")
    assert (seen.outcome, values(seen)) == ("refused", {})
    assert "certificate" in seen.detail
