"""What was seen at one moment: a screenshot and what surrounds it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from environments.frame import Frame
from environments.geometry import Box, Screen

_numbers = count(1)


class Window(NamedTuple):
    """The window or app in front. `id` changes when another takes its place; a new title alone is no change."""

    id: str
    app: str
    title: str


class Element(NamedTuple):
    """A node of the accessibility tree, in the order of the tree; `bounds` in screenshot pixels."""

    role: str
    name: str
    text: str
    states: frozenset[str]
    bounds: Box | None
    depth: int


@dataclass(frozen=True)
class Elements:
    """The accessibility tree in pre-order, or the reason why there is none (then `nodes` is empty). `note` says what
    is missing from it, such as a program that did not answer in time."""

    nodes: tuple[Element, ...] = ()
    absent: str = ""
    note: str = ""

    def __iter__(self) -> Iterator[Element]:
        return iter(self.nodes)

    def find(self, *, role: str | None = None, name: str | None = None) -> Element | None:
        """The first node with this role and this name (both compared exactly)."""
        for node in self.nodes:
            if (role is None or node.role == role) and (name is None or node.name == name):
                return node
        return None


NOT_ASKED = Elements(absent="not asked for")


def next_id() -> str:
    """An id for an observation, unique in this process."""
    return f"o{next(_numbers)}"


@dataclass(frozen=True)
class Observation:
    """Frozen; actions are decided on one and carry it, so that a driver can refuse what has gone stale.

    `screen` places the frame's pixels in input units; `display` names the screen that was looked at; `rotation`
    counts clockwise quarter turns; `time` is monotonic, in seconds; `capture_ms` is what taking it cost.
    """

    frame: Frame
    screen: Screen
    display: str
    window: Window | None = None
    rotation: int = 0
    keyboard_shown: bool = False
    elements: Elements = NOT_ASKED
    capture_ms: float = 0.0
    id: str = field(default_factory=next_id)
    time: float = field(default_factory=time.monotonic)
