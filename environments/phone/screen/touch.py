"""From the points of a finger to what they mean: a tap, a long press, scrolling, sliding.

The phone's clock decides, not how many points there are: after half a second in one place a press is long.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from environments.phone.screen.memory import Memory
from environments.phone.screen.placed import Entry, Placed

LONG_PRESS = 0.5
SLOP = 8
"""How far a finger moves, in dp, before it is no tap any more."""

TouchAction = Literal["down", "move", "up", "cancel"]


@dataclass
class _Finger:
    x: float
    y: float
    since: float
    hit: list[Placed]
    last_x: float = 0.0
    last_y: float = 0.0
    moved: bool = False
    held: bool = False
    scrolling: Placed | None = None
    start: int = 0


class Ground(Protocol):
    """What the finger is on."""

    def at(self, x: float, y: float) -> list[Placed]:
        """All that holds the point, what is touched first coming first."""

    def memory(self) -> Memory:
        """What the page in front remembers."""

    def slop(self) -> float:
        """SLOP in pixels."""

    def enter(self, entry: Entry, x: float, y: float) -> None:
        """A text field was tapped."""

    def swiped(self, dx: float, dy: float) -> None:
        """The finger went from its first point to its last, over nothing that scrolls."""


class Touch:
    """One finger on one phone."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._finger: _Finger | None = None

    def drop(self) -> None:
        """Forget the finger."""
        self._finger = None

    def due(self, now: float) -> bool:
        """Whether the press has just become a long one, on something that has a use for it."""
        finger = self._finger
        if finger is None or finger.held or finger.moved or now - finger.since < LONG_PRESS:
            return False
        return any(placed.long_tap is not None for placed in finger.hit)

    def hold(self) -> None:
        """Carry out the long press that is due."""
        if self._finger is not None:
            self._finger.held = True
            next(placed.long_tap for placed in self._finger.hit if placed.long_tap is not None)()

    def point(self, action: TouchAction, x: float, y: float, now: float) -> None:
        """One point of the gesture."""
        if action == "down":
            self._finger = _Finger(x, y, now, self._ground.at(x, y), x, y)
            return
        finger = self._finger
        if finger is None:
            return
        if action == "cancel":
            self._finger = None
            return
        if not finger.held:
            self._move(finger, x, y)
        finger.last_x, finger.last_y = x, y
        if action == "up":
            self._finger = None
            if finger.moved:
                if finger.scrolling is None:
                    self._ground.swiped(x - finger.x, y - finger.y)
            elif not finger.held:
                self._tap(finger)

    def _move(self, finger: _Finger, x: float, y: float) -> None:
        memory, slop = self._ground.memory(), self._ground.slop()
        if not finger.moved and max(abs(x - finger.x), abs(y - finger.y)) > slop:
            finger.moved = True
            if abs(y - finger.y) >= abs(x - finger.x):
                finger.scrolling = next((placed for placed in finger.hit if placed.scrolling), None)
            if finger.scrolling is not None and finger.scrolling.scrolling is not None:
                finger.start = memory.scrolls.get(finger.scrolling.scrolling.name, 0)
        if not finger.moved:
            return
        if finger.scrolling is not None and finger.scrolling.scrolling is not None:
            name, end = finger.scrolling.scrolling.name, finger.scrolling.scrolling.end
            way = finger.y - y
            way -= min(slop, abs(way)) * (1 if way > 0 else -1)  # the content stays put for as long as it may be a tap
            memory.reveal = False
            memory.scrolls[name] = min(end, max(0, finger.start + round(way)))
        else:
            _slide(finger.hit, x)

    def _tap(self, finger: _Finger) -> None:
        for placed in finger.hit:
            if placed.entry is not None:
                self._ground.enter(placed.entry, finger.last_x, finger.last_y)
                return
            if placed.slide is not None:
                _slide([placed], finger.last_x)
                return
            if placed.tap is not None:
                placed.tap()
                return


def _slide(hit: list[Placed], x: float) -> None:
    placed = next((each for each in hit if each.slide is not None), None)
    if placed is not None and placed.slide is not None:
        placed.slide((x - placed.box.left) / max(1, placed.box.right - placed.box.left))
