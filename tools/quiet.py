"""Whether the machine was quiet while something was measured: a busy one makes every ratio meaningless."""

import hashlib
import os
import statistics
import time
from dataclasses import dataclass

SPREAD = 1.6
"""A calibration run that takes this much longer than the fastest was disturbed."""
DRIFT = 1.3
_BLOCK = bytes(4_000_000)


@dataclass(frozen=True)
class Quiet:
    """`busy` says that figures taken in between are not to be trusted, `why` what gave it away."""

    busy: bool
    why: str


class Calibration:
    """A fixed piece of arithmetic, timed before and after a measurement, and the load that others cause."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._before = _kernel_ms()

    def finish(self) -> Quiet:
        """Run the arithmetic again and compare."""
        after = _kernel_ms()
        fastest = min(*self._before, *after)
        slowest = max(statistics.median(self._before), statistics.median(after))
        reasons = []
        if self._load > 0.5 * (os.cpu_count() or 1):
            reasons.append(f"the load was {self._load:.1f} before the measurement began")
        if slowest > SPREAD * fastest:
            reasons.append(f"the same arithmetic took {fastest:.1f} to {slowest:.1f} ms")
        ratio = statistics.median(after) / statistics.median(self._before)
        if not 1 / DRIFT < ratio < DRIFT:
            reasons.append(f"the machine became {ratio:.1f} times as slow in between")
        return Quiet(bool(reasons), "; ".join(reasons))


def _kernel_ms() -> list[float]:
    spent = []
    for _ in range(15):
        start = time.perf_counter()
        hashlib.sha256(_BLOCK).digest()
        spent.append(1000 * (time.perf_counter() - start))
    return spent
