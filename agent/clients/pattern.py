"""Looks for a regular expression in text that a stranger wrote, in a process of its own: such a search may never end,
and holds up every other thread while it runs."""

import asyncio
import re
import sys

from agent.errors import Malformed

SEARCH_SECONDS = 5.0
_SEARCH = "import re, sys; sys.exit(re.search(sys.argv[1], sys.stdin.buffer.read().decode(), re.M) is None)"
_FOUND, _NOT_FOUND = 0, 1


async def is_found(pattern: str, text: str) -> bool:
    """Whether `pattern` (Python's re, ^ and $ at each line) is in `text`. Raises Malformed when the search is stopped
    after SEARCH_SECONDS."""
    searching = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _SEARCH, pattern,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            await searching.communicate(text.encode("utf-8", "replace"))
    except TimeoutError as error:
        raise Malformed(f"looking for the pattern took more than {SEARCH_SECONDS:g} s: make it simpler") from error
    finally:
        if searching.returncode is None:
            searching.kill()
            await searching.wait()
    if searching.returncode not in (_FOUND, _NOT_FOUND):
        raise Malformed(f"looking for the pattern failed ({searching.returncode})")
    return searching.returncode == _FOUND


def is_pattern(pattern: str) -> bool:
    """Whether it can be looked for at all."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return "\0" not in pattern
