"""A streaming server as districts run them, nginx with its RTMP module, and ffmpeg as encoder and as maker of films."""

import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.far_side import FarSide
from tests.peers.free import free_port, until_ready

WAIT_SECONDS = 20.0
_CONFIGURATION = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
pid {folder}/pid; error_log {folder}/errors; worker_processes 1; user root; daemon off;
events {{}}
rtmp {{ server {{ listen {address}:{rtmp}; application live {{
    live on; hls on; hls_path {folder}/live; hls_fragment 1s; hls_playlist_length 6s;
    hls_cleanup off; hls_continuous off; }} }} }}
http {{
    log_format asked '$uri $status'; access_log {folder}/asked asked;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/mp4 mp4; }}
    server {{
        listen {address}:{http}; sendfile off; root {folder};
        location /away {{ return 302 http://127.0.0.2:{http}/live/one.m3u8; }}
        location /round {{ return 302 /round; }}
        location /locked {{ return 403; }}
        location /broken {{ return 503; }}
        location /moved {{ return 302 /films/film.m3u8; }}
    }} }}
"""
_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10")
_ENCODER = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-pix_fmt", "yuv420p")


@dataclass
class Server:
    """Its folders `live` and `films` are served at paths of the same names."""

    folder: Path
    http: str
    rtmp: str
    rtmp_port: int

    def asked(self, path: str) -> int:
        """How often somebody has asked for a path."""
        log = self.folder / "asked"
        return sum(line.split()[:1] == [path] for line in log.read_text().splitlines()) if log.exists() else 0

    def settled(self, playlist: Path) -> bool:
        """Whether nothing has been written to a playlist for longer than its segments are."""
        return time.time() - playlist.stat().st_mtime > 1.5


@contextmanager
def streaming_server(folder: Path, side: FarSide | None = None) -> Iterator[Server]:
    """nginx on loopback, or on the far side of a link."""
    address = side.there if side else "127.0.0.1"
    http, rtmp = free_port(), free_port()
    for name in ("live", "films"):
        (folder / name).mkdir(exist_ok=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, address=address, http=http, rtmp=rtmp))
    command = ["nginx", "-p", str(folder), "-e", f"{folder}/errors", "-c", str(configuration)]
    process = subprocess.Popen(side.command(*command) if side else command)
    try:
        until_ready(lambda: _answers(f"http://{address}:{http}/"), process)
        yield Server(folder, f"http://{address}:{http}", f"rtmp://{address}:{rtmp}/live", rtmp)
    finally:
        end(process)


class Encoder:
    """ffmpeg sending a test picture, a key frame each second, until it is ended."""

    def __init__(self, *to: str, side: FarSide | None = None) -> None:
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", *_PICTURE, *_ENCODER, *to]
        self._process = subprocess.Popen(side.command(*command) if side else command)

    def freeze(self) -> None:
        """It stays there, and sends nothing more."""
        self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        end(self._process)


def segments(playlist: Path) -> int:
    """How many a playlist lists now."""
    return playlist.read_text().count("#EXTINF") if playlist.exists() else 0


@contextmanager
def encoding(*to: str, side: FarSide | None = None) -> Iterator[Encoder]:
    encoder = Encoder(*to, side=side)
    try:
        yield encoder
    finally:
        encoder.end()


def make_films(folder: Path, seconds: int = 8, bits: int = 2_000_000) -> None:
    """film.m3u8 with segments of two seconds, film.mp4, and late.mp4 whose movie box comes last, at a constant rate."""
    rate = f"{bits}"
    made = folder / "film.mp4"
    constant = ("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr")
    picture = (*_PICTURE, "-t", f"{seconds}", *_ENCODER, *constant)
    _ffmpeg(*picture, "-movflags", "+faststart", str(made))
    copy = ("-i", str(made), "-c", "copy")
    _ffmpeg(*copy, str(folder / "late.mp4"))
    _ffmpeg(*copy, "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", str(folder / "film.m3u8"))
    fragments = ("-hls_segment_type", "fmp4", "-hls_flags", "single_file")
    _ffmpeg(*copy, "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", *fragments, str(folder / "parts.m3u8"))


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds. Fails after WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS:g} s"
        time.sleep(0.05)


def end(process: "subprocess.Popen[bytes]") -> None:
    """For certain."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def _ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *words], check=True, timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        time.sleep(0.02)
        return False
