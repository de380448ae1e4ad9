"""One projector for each school: python -m tests.chaos.projectors MODE-FILE PORT...

They do what the file says: `ok`, or `fault` (the lamp has failed).
"""

import asyncio
import sys
from pathlib import Path

from demo.devices.projector import LAMP_FAULT, NO_ERRORS, Projector

LOOK_SECONDS = 0.05


async def main(mode_file: Path, ports: list[int]) -> None:
    projectors = [Projector(f"projector-{port}", port=port) for port in ports]
    for one in projectors:
        await one.start()
    while True:
        for one in projectors:
            one.errors = LAMP_FAULT if mode_file.read_text() == "fault" else NO_ERRORS
        await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
