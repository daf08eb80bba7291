"""The windows on the screen together, and the way from one page to the next."""

from dataclasses import dataclass
from typing import Literal

from environments.geometry import Box, Size
from environments.phone.device import Node
from environments.phone.screen.paint import Mark, shift
from environments.phone.screen.placed import Placed

ROOT = "android.widget.FrameLayout"
SECONDS = 0.2
"""How long a transition takes at Android's animation scale of 1."""


@dataclass(frozen=True, eq=False)
class Windows:
    """What was laid out for one moment, equal only to itself. `app` is the page in front, or the lock screen; `area`
    is its place."""

    size: Size
    area: Box
    app: Placed
    status: Placed
    keyboard: Placed | None = None
    navigation: Placed | None = None

    def strips(self) -> list[Placed]:
        """What lies around the app."""
        return [strip for strip in (self.status, self.keyboard, self.navigation) if strip is not None]

    def marks(self, app: list[Mark] | None = None) -> list[Mark]:
        """All that is painted, the lowest first; `app` in place of the app's own."""
        below = self.app.all_marks() if app is None else app
        return [*below, *(mark for strip in self.strips() for mark in strip.all_marks())]

    def tree(self) -> Node:
        """One root with a node for each window: the app, the status bar, the keyboard, the navigation bar."""
        windows = (node for window in (self.app, *self.strips()) for node in window.nodes())
        below = tuple(windows)
        return Node(ROOT, Box(0, 0, *self.size), package=below[0].package, children=below)

    def at(self, x: float, y: float) -> list[Placed]:
        """What holds the point, what is touched first coming first."""
        for window in (*reversed(self.strips()), self.app):
            found = window.at(x, y)
            if found:
                return found
        return []


@dataclass(frozen=True)
class Transition:
    """A page that comes or goes. `before` is what the app's area showed when it began, at `start`."""

    motion: Literal["open", "back", "rise", "fall"]
    start: float
    seconds: float
    before: list[Mark]

    def over(self, now: float) -> bool:
        return now - self.start >= self.seconds

    def marks(self, after: list[Mark], area: Box, now: float) -> list[Mark]:
        """The app's area in the middle of the way."""
        progress = min(1.0, max(0.0, (now - self.start) / self.seconds))
        left = (1 - progress) ** 3  # fast at first, then slower
        wide, high = area.right - area.left, area.bottom - area.top
        if self.motion == "open":
            return [*self.before, *shift(after, round(wide * left), 0, area)]
        if self.motion == "rise":
            return [*self.before, *shift(after, 0, round(high * left), area)]
        gone = 1 - left
        dx, dy = (round(wide * gone), 0) if self.motion == "back" else (0, round(high * gone))
        return [*after, *shift(self.before, dx, dy, area)]
