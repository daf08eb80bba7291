"""Waiting until a screen has stopped changing, without a fixed sleep.

A large change always counts as movement. A small one (a caret, a clock) counts only when another came shortly
before it: a blinking caret and a ticking clock are slower than that, a spinner and a sliding pixel are not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PIL import Image, ImageChops

from environments.environment import Settled
from environments.geometry import Size
from environments.stop import Stop

NOISE_LEVELS = 8
"""A channel that differs by no more than this is the same: compression and dithering, not movement."""
SMALL_SHARE = 0.0015
"""A change of at most this share of all pixels is small; a clock of 100x20 pixels has 0.2 % of 1280x800."""


@dataclass(frozen=True)
class SettleRule:
    """All in seconds. `floor`: the least wait, for a program that is slow to begin. `quiet`: how long nothing may
    move; at least the time between two frames of the slowest animation that is to count as one (25 a second).
    `cap`: the most it may take. `interval`: the pause between two looks. `flicker`: small changes further apart
    than this are a caret or a clock."""

    floor: float = 0.1
    quiet: float = 0.042
    cap: float = 3.0
    interval: float = 0.005
    flicker: float = 0.2


class Picture(Protocol):
    """What a Frame and a raw screenshot have in common: comparable bytes, and an image of at least three bands."""

    @property
    def size(self) -> Size: ...
    @property
    def pixels(self) -> bytes | bytearray: ...
    def image(self) -> Image.Image: ...


def changed_pixels(before: Picture, after: Picture) -> int:
    """How many pixels differ visibly; all of them when the sizes differ."""
    if before is after or before == after:
        return 0
    if before.size != after.size:
        return after.size.width * after.size.height
    difference = ImageChops.difference(before.image(), after.image())
    box = difference.getbbox()
    if box is None:
        return 0
    red, green, blue = difference.crop(box).split()[:3]
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(strongest.histogram()[NOISE_LEVELS + 1 :])


def caret_apart(before: Picture, after: Picture) -> bool:
    """Whether two frames are the same but for something no wider than a text caret."""
    if before is after or before == after:
        return True
    if before.size != after.size:
        return False
    box = ImageChops.difference(before.image(), after.image()).getbbox()
    return box is None or box[2] - box[0] <= 3


class Movement:
    """Decides for each frame that comes in whether the screen is still moving."""

    def __init__(self, rule: SettleRule, frame: Picture, now: float) -> None:
        self._rule = rule
        self._reference = frame
        self._last_small = float("-inf")
        self.last = now

    def see(self, frame: Picture, now: float) -> None:
        """Take note of a frame seen at `now`; `last` is when something last moved."""
        changed = changed_pixels(self._reference, frame)
        if not changed:
            return
        self._reference = frame
        small = changed <= SMALL_SHARE * frame.size.width * frame.size.height
        if not small or now - self._last_small <= self._rule.flicker:
            self.last = now
        if small:
            self._last_small = now


def settle(
    grab: Callable[[], Picture],
    stop: Stop,
    rule: SettleRule | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] | None = None,
) -> Settled:
    """Look again and again until nothing moved for `rule.quiet`, or `rule.cap` is reached. Raises Stopped."""
    rule = rule or SettleRule()
    pause = sleep or stop.wait
    start = clock()
    frames = 1
    movement = Movement(rule, grab(), start)
    while True:
        stop.check()
        now = clock()
        if now - start >= rule.floor and now - movement.last >= rule.quiet:
            return Settled(now - start, frames, stable=True)
        if now - start >= rule.cap:
            return Settled(now - start, frames, stable=False)
        pause(rule.interval)
        frame = grab()
        frames += 1
        movement.see(frame, clock())
