"""Walking through the phone's apps with the driver, and counting what reached the phone."""

import socket
from collections.abc import Callable
from typing import Any

from environments.action import Action, Tap
from environments.android.driver import AndroidEnvironment
from environments.geometry import Point
from environments.observation import Observation
from environments.phone.phone import Phone
from environments.settle import SettleRule

RULE = SettleRule(floor=0.05, quiet=0.042, cap=3.0, interval=0.002)


def find(screen: AndroidEnvironment, name: str) -> tuple[Observation, Point]:
    """Where something of this name or text is on the screen now."""
    seen = screen.observe(elements=True)
    for node in seen.elements.nodes:
        if name in (node.name, node.text) and node.bounds is not None:
            return seen, node.bounds.center
    there = [node.name or node.text for node in seen.elements.nodes]
    raise LookupError(f"{name!r} is not among {there} {seen.elements.absent}")


def tap(screen: AndroidEnvironment, name: str) -> None:
    seen, where = find(screen, name)
    done(screen, Tap(x=where.x, y=where.y), seen)


def done(screen: AndroidEnvironment, action: Action, seen: Observation | None = None) -> str:
    """Act, expect it to be done, and wait; the note of the effect."""
    effect = screen.act(action, seen or screen.observe())
    assert effect.status == "done", effect
    screen.settle()
    return effect.note


class Touches:
    """Counts how often fingers were put on a phone; `hook` is called at each, before it counts."""

    def __init__(self, phone: Phone, hook: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self.hook = hook
        self._touch = phone.world.touch
        phone.world.touch = self._counted  # type: ignore[method-assign]

    def _counted(self, action: Any, x: float, y: float) -> None:
        if action == "down":
            self.hook()
            self.count += 1
        self._touch(action, x, y)


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
