"""What a test can make go wrong on the wire, and how often it did."""

from collections import Counter
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class WireFaults:
    """None of them is on by default.

    offline: connections are accepted and never answered; `adb devices` says "offline".
    unauthorized: every key is refused; `adb devices` says "unauthorized".
    refuse: connections are reset as soon as they are made.
    cut_after: once a stream has sent this many bytes, those of its own framing (shell v2, sync) included, its
        connection is reset. Happens once; set it again for the next time.
    drip: the most bytes per second that a stream sends.
    """

    offline: bool = False
    unauthorized: bool = False
    refuse: bool = False
    cut_after: int | None = None
    drip: float | None = None

    def __post_init__(self) -> None:
        if self.cut_after is not None and self.cut_after < 0:
            raise ValueError(f"cut_after counts bytes, not {self.cut_after}")
        if self.drip is not None and self.drip <= 0:
            raise ValueError(f"drip is bytes per second, not {self.drip}")

    @property
    def door(self) -> tuple[bool, bool, bool]:
        """Who is let in depends on these."""
        return self.offline, self.unauthorized, self.refuse


class FaultState:
    """The faults of a running server: what is on now, and in `fired` how often each has struck."""

    def __init__(self, now: WireFaults) -> None:
        self.now = now
        self.fired: Counter[str] = Counter()

    def spend_cut(self) -> None:
        self.fired["cut_after"] += 1
        self.now = replace(self.now, cut_after=None)
