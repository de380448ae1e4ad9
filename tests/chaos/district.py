"""A district in two namespaces: real agents and a real collector as processes that can be killed at any moment."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import trustme
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.network import NAME, Inside, Link, run

SCHOOLS = ("east", "west", "north")
PROJECTOR_PORTS = {school: 14352 + number for number, school in enumerate(SCHOOLS)}
BOXES = ("a", "b", "c")
RELAY_PORT, COLLECTOR_PORT = 8443, 8600
STORE_DISK, AGENTS_DISK = "96m", "48m"
START_SECONDS = 30.0


@dataclass
class Program:
    """One program in a namespace; it logs into a file, and starts again with the same command line."""

    command: list[str]
    log: Path
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        env = {**os.environ, "CAMPUS_LANG": "en"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, env=env)

    @property
    def rss(self) -> int:
        """Bytes; `ip netns exec` becomes the program itself."""
        with suppress(psutil.Error):
            if self._process is not None:
                return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class District:
    """Everything that the campaign can touch, and what it can see."""

    folder: Path
    link: Link
    inside: Inside
    collector: Program
    agents: dict[str, Program]
    others: list[Program] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "district" / "campus.sqlite"

    @property
    def relay_mode(self) -> Path:
        return self.folder / "relay-mode"

    @property
    def projector_mode(self) -> Path:
        return self.folder / "projector-mode"

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float] | None:
        """Every sample of the collector's page; None while it does not answer."""
        page = self.inside.ask(f"http://127.0.0.1:{COLLECTOR_PORT}/metrics")
        if page is None:
            return None
        families = text_string_to_metric_families(page.decode())
        return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}

    def start_collector(self) -> None:
        self.collector.start()
        deadline = time.monotonic() + START_SECONDS
        while self.inside.ask(f"http://127.0.0.1:{COLLECTOR_PORT}/readyz", seconds=2) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the collector did not start: {self.collector.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stored(self) -> set[str]:
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30)) as db:
            return {row[0] for row in db.execute("SELECT id FROM observation_ids")}

    def counted(self) -> tuple[int, int]:
        """Runs by the roll-ups, and those that came without a time: together one for each stored observation."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30)) as db:
            (rolled,) = db.execute("SELECT sum(count) FROM daily WHERE measure = 'probe_success'").fetchone()
            (undated,) = db.execute("SELECT sum(undated_observations) FROM agents").fetchone()
        return rolled or 0, undated or 0

    def waiting(self, school: str) -> tuple[set[str], int]:
        """What a stopped agent's spool still holds, and how many it says that it dropped."""
        with closing(sqlite3.connect(self.folder / "agents" / school / "spool.sqlite")) as db:
            ids = {row[0] for row in db.execute("SELECT id FROM waiting")}
            (dropped,) = db.execute("SELECT dropped FROM totals").fetchone()
        return ids, dropped

    def journal(self, school: str) -> tuple[set[str], set[str]]:
        """Ids that an agent made, and those of them that its spool had on disk."""
        made: set[str] = set()
        kept: set[str] = set()
        for line in (self.folder / f"{school}.journal").read_text().splitlines():
            word, id_, *_ = line.split()
            (made if word == "made" else kept).add(id_)
        return made, kept

    def set_clock(self, school: str, **says: Any) -> None:
        path = self.folder / f"{school}.clock"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(says))
        part.replace(path)

    def configure(self, school: str, every_seconds: float, spool_bytes: int = 64 << 20) -> None:
        """What a school's agent looks at, and how often."""
        host = [{"probe": "host", "device": f"box-{box}", "every_seconds": every_seconds} for box in BOXES]
        display = {"probe": "display", "device": "hall", "host": "127.0.0.1", "port": PROJECTOR_PORTS[school],
                   "place": "hall", "every_seconds": every_seconds}  # fmt: skip
        document = {
            "school": school,
            "collector": {"url": f"https://{NAME}:{RELAY_PORT}", "token": {"file": f"{school}.token"},
                          "ca_file": "ca.pem", "every_seconds": 0.5, "timeout_seconds": 5, "retry_at_most_seconds": 4},
            "state_dir": f"agents/{school}",
            "limits": {"spool_bytes": spool_bytes},
            "metrics": None,
            "devices": [*host, display],
        }  # fmt: skip
        (self.folder / f"{school}.yaml").write_text(yaml.safe_dump(document))


@contextmanager
def district(folder: Path, link: Link) -> Iterator[District]:
    """The collector running, its schools enrolled, and their agents configured but not started."""
    inside = Inside(link.district)
    for name, size in (("district", STORE_DISK), ("agents", AGENTS_DISK)):
        (folder / name).mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder / name))
    python = [sys.executable, "-m"]
    schools, collectors = (list(link.inside(one)) for one in (link.schools, link.district))
    config = folder / "district" / "collector.yaml"
    made = District(
        folder,
        link,
        inside,
        Program([*collectors, *python, "collector.cli", "serve", "--config", str(config)], folder / "collector.log"),
        {
            school: Program(
                [*schools, *python, "tests.chaos.school", str(folder / f"{school}.yaml"),
                 str(folder / f"{school}.clock"), str(folder / f"{school}.journal")],
                folder / f"{school}.log",
            )
            for school in SCHOOLS
        },
    )  # fmt: skip
    made.relay_mode.write_text("pass")
    made.projector_mode.write_text("ok")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(folder / "relay.pem")
    relay = [
        f"{link.address}:{RELAY_PORT}",
        f"127.0.0.1:{COLLECTOR_PORT}",
        str(made.relay_mode),
        str(folder / "relay.pem"),
    ]
    made.others += [
        Program([*collectors, *python, "tests.chaos.relay", *relay], folder / "relay.log"),
        Program([*schools, *python, "tests.chaos.projectors", str(made.projector_mode),
                 *map(str, PROJECTOR_PORTS.values())], folder / "projectors.log"),
    ]  # fmt: skip
    try:
        _write_district(made, config)
        for other in made.others:
            other.start()
        made.start_collector()
        for school in SCHOOLS:
            _enrol(made, config, school)
        yield made
    finally:
        for program in (*made.agents.values(), made.collector, *made.others):
            program.stop()
        inside.close()
        for name in ("district", "agents"):
            subprocess.run(["umount", "--lazy", str(folder / name)], check=False)


def _write_district(made: District, config: Path) -> None:
    roster = {
        "schools": [
            {"id": school, "name": school, "stage": "primary", "students": 40, "teachers": 2, "classes": 1,
             "places": [{"id": "hall", "name": "hall", "kind": "classroom"}],
             "devices": [{"id": "hall", "system": "multimedia", "place": "hall"}]}
            for school in SCHOOLS
        ]
    }  # fmt: skip
    policy = {"agent_silent_after_seconds": 3600, "calendar": {"opens": "00:00", "closes": "23:59"}}
    config.write_text(yaml.safe_dump({"listen": f"127.0.0.1:{COLLECTOR_PORT}", "policy": "policy.yaml"}))
    config.with_name("policy.yaml").write_text(yaml.safe_dump(policy))
    config.with_name("roster.yaml").write_text(yaml.safe_dump(roster))
    imported = _command(config, "roster", "import", str(config.with_name("roster.yaml")), "--from", "2026-09-01")
    assert imported.returncode == 0, imported.stderr


def _enrol(made: District, config: Path, school: str) -> None:
    code = _command(config, "enrol", school).stdout.split()[0]
    answer = made.inside.ask(f"http://127.0.0.1:{COLLECTOR_PORT}/api/v1/enrol", json.dumps({"code": code}).encode())
    assert answer is not None, made.collector.log.read_text()[-2000:]
    token = made.folder / f"{school}.token"
    token.write_text(json.loads(answer)["token"])
    token.chmod(0o600)
    (made.folder / "agents" / school).mkdir(exist_ok=True)
    (made.folder / f"{school}.journal").touch()


def _command(config: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "collector.cli", *words, "--config", str(config)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "CAMPUS_LANG": "en"},
    )  # fmt: skip


def free_space(folder: Path) -> int:
    return shutil.disk_usage(folder).free
