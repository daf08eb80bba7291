"""The phone's time: the real one, or one that passes only when it is told to."""

import threading
import time

START = 1_773_135_660.0
"""Where a virtual clock begins unless told otherwise: 10 March 2026, 09:41 UTC."""


class RealClock:
    """The time of the machine."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class VirtualClock:
    """Stands still until someone sleeps, then has moved at once; `wall` seconds since 1970 at the beginning."""

    def __init__(self, wall: float = START) -> None:
        self._start = wall
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._passed

    def wall(self) -> float:
        return self._start + self._passed

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._lock:
                self._passed += seconds
