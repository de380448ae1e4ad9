"""`python -m demo`: three simulated schools; needs no network, no root and nothing but this project."""

import argparse
import asyncio
import signal
import socket

from rich.console import Console

from common.text import say
from demo.ports import free_port
from demo.programs import Failed
from demo.run import run

STOPPED_BY_PERSON = 130


def main() -> int:
    """The exit code: 0 as expected, 1 when something is not, 130 when a person ended it."""
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description=say(
            "在本机运行三所模拟学校：设备说真实协议，探针与采集端就是产品本身。",
            "Three simulated schools on this machine: real protocols, and the product's own agents and collector.",
        ),
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help=say(
            "判定齐全且与预期相符即结束；超时仍不符则退出码为 1",
            "end when every verdict is there and as expected; exit 1 when they are not in time",
        ),
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8600,
        help=say("采集端端口，0 为任一空闲端口", "collector's port; 0 takes a free one"),
    )
    arguments = parser.parse_args()
    console = Console(highlight=False)
    try:
        return asyncio.run(_until_asked(_usable(arguments.port), arguments.once, console))
    except Failed as failure:
        console.print(str(failure), style="red", markup=False)
        return 1


async def _until_asked(port: int, once: bool, console: Console) -> int:
    """Ctrl-C, SIGTERM and a closed terminal end everything in order; a second one changes nothing."""
    work = asyncio.ensure_future(run(port, once=once, console=console))
    asked = asyncio.Event()

    def stop() -> None:
        if not asked.is_set():
            asked.set()
            work.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        return await work
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        console.print(say("已结束", "ended"))
        return STOPPED_BY_PERSON


def _usable(port: int) -> int:
    """This port, or any free one for 0. Raises Failed: whoever has it might answer in the collector's place."""
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Failed(
                say(
                    f"无法使用端口 {port}:{error}；请用 --port 换一个",
                    f"port {port} cannot be used: {error}; choose another with --port",
                )
            ) from None
    return port


if __name__ == "__main__":
    raise SystemExit(main())
