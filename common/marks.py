"""Counting what a receiver gets between two marks inside a window, so that neither ramp-up nor buffers count."""

RAMP_SHARE = 0.2
"""The first part of a window that is left out: TCP is still finding the path's rate."""


class Marks:
    """One receiver's count. The window opens with the first bytes; times are a monotonic clock's seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._opened: float | None = None
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None
        self.total = 0
        """Everything that arrived inside the window, ramp-up included."""

    def arrived(self, count: int, now: float) -> bool:
        """Take `count` bytes that arrived by `now`; False when the window is over and reading may stop."""
        if self._opened is None:
            self._opened = now
        if now >= self._opened + self._seconds:
            self.ended(now)
            return False
        self.total += count
        if self._first is None and now >= self._opened + self._seconds * RAMP_SHARE:
            self._first = (now, self.total)
        return True

    def ended(self, now: float) -> None:
        """Nothing more comes, or the window is over: set the second mark, once. A stall before it counts as time."""
        if self._opened is not None and self._last is None:
            self._last = (min(now, self._opened + self._seconds), self.total)

    def counted(self) -> tuple[int, float]:
        """Bytes and seconds between the marks; (0, 0.0) when the transfer ended before both were set."""
        if self._first is None or self._last is None or self._last[0] <= self._first[0]:
            return 0, 0.0
        return self._last[1] - self._first[1], self._last[0] - self._first[0]
