"""A line that delays, or that is half open: python -m tests.chaos.relay HOST:PORT HOST:PORT MODE-FILE CERTIFICATE

This kernel has no netem, so what tc cannot do is done here. The mode is read from the file: `pass`, `delay SECONDS`,
or `swallow` (connections stay open and nothing arrives any more, as behind a NAT that forgot them). Towards the schools
it speaks TLS, as a district's reverse proxy does.
"""

import asyncio
import ssl
import sys
from contextlib import suppress
from pathlib import Path

LOOK_SECONDS = 0.05
CHUNK = 64 * 1024
MOST_CONNECTIONS = 500


class Relay:
    def __init__(self, to: tuple[str, int], mode_file: Path) -> None:
        self._to = to
        self._mode_file = mode_file
        self._open = 0

    def mode(self) -> list[str]:
        return self._mode_file.read_text().split() or ["pass"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            with suppress(OSError):
                there, back = await asyncio.open_connection(*self._to)
                ways = [
                    asyncio.create_task(self._carry(reader, back)),
                    asyncio.create_task(self._carry(there, writer)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                back.close()
        finally:
            self._open -= 1
            writer.close()

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        swallowed = False
        while chunk := await source.read(CHUNK):
            mode, *seconds = self.mode()
            if mode == "swallow" or swallowed:
                swallowed = True  # for good: a NAT does not remember a connection again
                continue
            if mode == "delay":
                await asyncio.sleep(float(seconds[0]))
            to.write(chunk)
            await to.drain()
        while swallowed:
            await asyncio.sleep(1)


async def main(listen: str, to: str, mode_file: str, certificate: str) -> None:
    host, port = listen.rsplit(":", 1)
    there, there_port = to.rsplit(":", 1)
    relay = Relay((there, int(there_port)), Path(mode_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(relay.serve, host, int(port), ssl=tls)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
