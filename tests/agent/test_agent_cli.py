"""`campus-agent` as a person runs it: exit codes, what is printed where, and no secret anywhere."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from tests.agent.test_courier import Peer, served
from tests.peers.free import free_port, free_udp_port
from wire.api import ENROL
from wire.problem import Problem
from wire.report import Report

COMMAND = [sys.executable, "-m", "agent.cli"]
ROOT = Path(__file__).parents[2]
HOST = "devices:\n  - {probe: host, device: box, cpu_seconds: 0.1, every_seconds: 1}\n"
START_SECONDS = 20.0


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "CAMPUS_LANG": "en", "COLUMNS": "200", **more}


def agent(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, env=environment(**more)
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path, HOST)


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.yaml"
    path.write_text(f"school: east\nstate_dir: state\n{text}")
    return path


def test_help_is_in_both_languages() -> None:
    assert "read-only" in agent("--help").stdout
    assert "只读地探测" in agent("--help", CAMPUS_LANG="zh").stdout
    shown = agent("probe", "--help", CAMPUS_LANG="zh")
    assert "现在把每一项探测一次" in shown.stdout, shown.stderr
    assert agent("version").stdout.strip()


@pytest.mark.parametrize("command", ["run", "probe"])
def test_a_missing_file_is_exit_2_and_one_line(command: str, tmp_path: Path) -> None:
    ran = agent(command, "--config", tmp_path / "none.yaml")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"{tmp_path}/none.yaml: the file cannot be read: No such file or directory\n"


def test_a_wrong_command_line_is_exit_2(config: Path) -> None:
    assert agent("probe", "--nonsense").returncode == 2
    ran = agent("probe", "--config", config, "--only", "wireless")
    assert (ran.returncode, ran.stderr) == (2, "--only wireless: not configured; accepted: host\n")


def test_probe_prints_a_table(config: Path) -> None:
    ran = agent("probe", "--config", config)
    assert ran.returncode == 0, ran.stderr
    assert "✓ ok" in ran.stdout
    assert "disk free" in ran.stdout
    assert "all 1 are ok" in ran.stdout


def test_the_configured_language_holds_where_the_environment_says_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "language: zh\n" + HOST)
    said = {**environment(), "LANG": "C"}
    del said["CAMPUS_LANG"]
    ran = subprocess.run([*COMMAND, "check", "-c", str(path)], capture_output=True, text=True, env=said)
    assert "配置可用" in ran.stdout


def test_probe_as_json_is_one_report(tmp_path: Path) -> None:
    closed = free_port()
    display = f"  - {{probe: display, device: hall, host: 127.0.0.1, port: {closed}}}\n"
    ran = agent("probe", "--config", written(tmp_path, HOST + display), "--json")
    assert ran.returncode == 1, "one device does not answer"
    report = Report.model_validate_json(ran.stdout)
    assert report.school == "east"
    assert [(o.probe, o.outcome, o.every_seconds) for o in report.observations] == [
        ("host", "ok", 0),
        ("display", "refused", 0),
    ]
    assert "display_lamp_on" in {measure.name for measure in report.measures}
    assert json.loads(ran.stdout)["agent"]["version"]


def test_only_one_kind(tmp_path: Path) -> None:
    display = f"  - {{probe: display, device: hall, host: 127.0.0.1, port: {free_port()}}}\n"
    ran = agent("probe", "--config", written(tmp_path, HOST + display), "--only", "host", "--json")
    assert ran.returncode == 0
    assert [o.probe for o in Report.model_validate_json(ran.stdout).observations] == ["host"]


def test_check_says_what_was_accepted_and_with_reach_what_answered(tmp_path: Path) -> None:
    display = f"  - {{probe: display, device: hall, host: 127.0.0.1, port: {free_port()}}}\n"
    path = written(tmp_path, HOST + display)
    ran = agent("check", "--config", path)
    assert ran.returncode == 0
    assert "entries: display × 1, host × 1" in ran.stdout
    reached = agent("check", "--config", path, "--reach")
    assert reached.returncode == 1
    assert "✓ host box: ok" in reached.stdout
    assert "✗ display hall: refused" in reached.stdout


def test_check_misses_the_credential(tmp_path: Path) -> None:
    link = "collector: {url: https://collector.example, token: {file: token}}\n"
    path = written(tmp_path, link + HOST)
    ran = agent("check", "--config", path)
    assert (ran.returncode, "the credential cannot be read" in ran.stdout) == (1, True)
    (tmp_path / "token").write_text("hunter2")
    ran = agent("check", "--config", path)
    assert (ran.returncode, "hunter2" in ran.stdout + ran.stderr) == (0, False)


def test_a_broken_configuration_is_exit_2_without_a_traceback(tmp_path: Path) -> None:
    ran = agent("check", "--config", written(tmp_path, "collector: {url: x, token: hunter2}\n" + HOST))
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert "hunter2" not in ran.stderr
    assert "agent.yaml:3: collector.token:" in ran.stderr


# run


class Running:
    """A real agent process."""

    def __init__(self, folder: Path, text: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.config = written(folder, f"metrics: {{listen: '127.0.0.1:{self.port}'}}\n{text}")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND, "run", "-c", str(self.config), stderr=log, env=environment()
            )

    async def page(self, holds: str) -> str:
        """The metrics page once it has this line."""
        async with asyncio.timeout(START_SECONDS), ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
                        text = await answer.text()
                except OSError:
                    text = ""
                if holds in text:
                    return text
                assert self.process is not None
                assert self.process.returncode is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.05)

    async def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        async with asyncio.timeout(10):
            return await self.process.wait()


@pytest.fixture
async def collector() -> AsyncIterator[Peer]:
    peer = Peer()
    async with served(peer):
        yield peer


def linked(peer: Peer, folder: Path) -> str:
    (folder / "token").write_text("hunter2\n")
    return f"collector: {{url: '{peer.url}', token: {{file: token}}, every_seconds: 0.2, retry_at_most_seconds: 0.5}}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_run_probes_sends_and_stops_cleanly(collector: Peer, tmp_path: Path, number: int) -> None:
    running = Running(tmp_path, linked(collector, tmp_path) + HOST)
    await running.start()
    page = await running.page("campus_agent_last_receipt_timestamp_seconds ")
    assert 'campus_probe_success{device="box",probe="host"} 1.0' in page
    assert await running.stop(number) == 0
    assert collector.kept[0].device == "box"
    log = (tmp_path / "log").read_text()
    assert "stopped" in log
    assert "Traceback" not in log
    assert "hunter2" not in log


async def test_an_outage_and_a_sigkill_lose_nothing(collector: Peer, tmp_path: Path) -> None:
    async def away(request: web.Request, report: Report) -> web.StreamResponse:
        return web.Response(status=502)

    collector.says = away
    running = Running(tmp_path, linked(collector, tmp_path) + HOST)
    await running.start()
    await running.page("campus_agent_spooled_reports 2.0")
    refused = {each.id for report in collector.asked for each in report.observations}
    assert await running.stop(signal.SIGKILL) == -signal.SIGKILL
    collector.says = None
    await running.start()
    async with asyncio.timeout(START_SECONDS):
        while not refused <= {each.id for each in collector.kept}:
            await asyncio.sleep(0.05)
    assert await running.stop() == 0


async def test_a_second_agent_over_one_folder_is_refused(tmp_path: Path) -> None:
    running = Running(tmp_path, HOST)
    await running.start()
    await running.page("campus_agent_info")
    assert running.process is not None
    second = await asyncio.to_thread(agent, "run", "-c", running.config)
    assert second.returncode == 2
    said = second.stderr.splitlines()[-1]
    assert said == f"another agent uses {tmp_path}/state (process {running.process.pid})"
    assert await running.stop() == 0


async def test_a_taken_port_is_exit_2(tmp_path: Path) -> None:
    running = Running(tmp_path, HOST)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", running.port)
    ran = await asyncio.to_thread(agent, "run", "-c", running.config)
    assert ran.returncode == 2
    assert f"metrics.listen: cannot listen on 127.0.0.1:{running.port}" in ran.stderr
    assert "Traceback" not in ran.stderr
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-v", "2c", "-c", "s3cret"),
        (
            "-v",
            "3",
            "-e",
            "0x80001f8880deadbeef01",
            "-u",
            "trapper",
            "-l",
            "authNoPriv",
            "-a",
            "SHA-256",
            "-A",
            "s3cret-password",
        ),
    ],
    ids=["v2c", "v3"],
)
async def test_a_trap_has_a_device_probed_at_once(arguments: tuple[str, ...], tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "community").write_text("s3cret")
    (tmp_path / "password").write_text("s3cret-password")
    display = f"{{probe: display, device: hall, host: 127.0.0.1, port: {free_port()}, every_seconds: 3000}}"
    user = "{user: trapper, auth: {protocol: sha256, password: {file: password}}}"
    traps = f"traps: {{listen: '127.0.0.1:{port}', community: {{file: community}}, users: [{user}]}}\n"
    running = Running(tmp_path, f"{traps}devices:\n  - {display}\n")
    await running.start()
    await running.page("campus_agent_spooled_reports 0.0")
    send = ["snmptrap", *arguments, f"127.0.0.1:{port}", "", "1.3.6.1.6.3.1.1.5.3"]
    env = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(tmp_path)}
    assert subprocess.run(send, env=env, capture_output=True).returncode == 0
    await running.page("campus_agent_spooled_reports 1.0")
    await running.page('campus_agent_hints_total{result="heard",source="snmp"} 1.0')
    assert await running.stop() == 0


async def test_a_pjlink_notice_has_its_display_probed_at_once(tmp_path: Path) -> None:
    port = free_udp_port()
    display = f"{{probe: display, device: hall, host: 127.0.0.1, port: {free_port()}, every_seconds: 3000}}"
    notices = f"pjlink_notices: {{listen: '127.0.0.1:{port}'}}\n"
    running = Running(tmp_path, f"{notices}devices:\n  - {display}\n")
    await running.start()
    await running.page("campus_agent_spooled_reports 0.0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"%2POWR=1\r", ("127.0.0.1", port))
    await running.page("campus_agent_spooled_reports 1.0")
    assert await running.stop() == 0


async def test_a_taken_port_of_notices_is_exit_2(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        running = Running(tmp_path, f"pjlink_notices: {{listen: '127.0.0.1:{port}'}}\n{HOST}")
        ran = await asyncio.to_thread(agent, "run", "-c", running.config)
    assert ran.returncode == 2
    assert f"pjlink_notices.listen: cannot listen on 127.0.0.1:{port}" in ran.stderr


async def test_a_trap_password_that_is_too_short_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("short")
    user = "{user: trapper, auth: {protocol: sha, password: {file: password}}}"
    path = written(tmp_path, f"traps: {{listen: '127.0.0.1:{free_port()}', users: [{user}]}}\n{HOST}")
    ran = agent("run", "--config", path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"a password of traps ({tmp_path}/password) has fewer than 8 characters" in ran.stderr
    assert "short" not in ran.stderr


# enrol


class Office:
    """The collector's enrolment: one code works once."""

    def __init__(self) -> None:
        self.codes = {"good-code-1"}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        code: Any = (await request.json())["code"]
        if code not in self.codes:
            return web.json_response(Problem(status=403, title="no", detail="used").model_dump(), status=403)
        self.codes.remove(code)
        return web.json_response({"school": "east", "token": "hunter2"})


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    app = web.Application()
    app.router.add_post(ENROL, made.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def enrol(url: str, file: Path, *more: str, code: str = "good-code-1") -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(agent, "enrol", "--collector", url, "--code", code, "--token-file", file, *more)


async def test_a_code_becomes_a_file_that_only_its_user_reads(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "sub" / "token"
    ran = await enrol(office.url, file)
    assert (ran.returncode, ran.stdout) == (0, "east\n")
    assert file.read_text() == "hunter2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "hunter2" not in ran.stdout + ran.stderr
    assert [path.name for path in file.parent.iterdir()] == ["token"]


async def test_an_existing_file_is_kept_and_the_code_too(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("mine")
    ran = await enrol(office.url, file)
    assert (ran.returncode, ran.stderr) == (2, f"{file} exists; --force replaces it\n")
    assert (file.read_text(), office.codes) == ("mine", {"good-code-1"})
    assert (await enrol(office.url, file, "--force")).returncode == 0
    assert file.read_text() == "hunter2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_refused_code_is_exit_1(office: Office, tmp_path: Path) -> None:
    ran = await enrol(office.url, tmp_path / "token", code="wrong-code")
    assert (ran.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "HTTP 403" in ran.stderr
    ran = await enrol(f"http://127.0.0.1:{free_port()}", tmp_path / "token")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("url", ["http://collector.example", "https://a:hunter2@collector.example"])
async def test_an_unsafe_address_is_exit_2(url: str, tmp_path: Path) -> None:
    ran = await enrol(url, tmp_path / "token")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("--collector")
    assert "hunter2" not in ran.stderr
