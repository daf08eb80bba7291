"""The seam between the loop and any screen: four verbs and what they exchange."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from environments.action import Action
from environments.errors import InvalidAction
from environments.geometry import inside
from environments.observation import Observation
from environments.stop import Stop

Command = dict[str, Any]
"""What a driver sends, as JSON values: comparable between a recording and a replay."""


@dataclass(frozen=True)
class Effect:
    """What became of an action. `unknown` means it may or may not have happened: it is never sent again.

    `reason` says why an action was not sent or is unknown; `note` is what a person should know of one that was.
    """

    status: Literal["done", "not_sent", "unknown"]
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Capabilities:
    """What an environment offers. A model is never offered an action that is not in `actions` (their `type`s)."""

    kind: Literal["desktop", "android"]
    platform: str
    actions: frozenset[str]
    private: bool
    elements: bool = False


@dataclass(frozen=True)
class Settled:
    """How a wait for a still screen went: `stable` is False when the cap was reached first."""

    seconds: float
    frames: int
    stable: bool


@runtime_checkable
class Environment(Protocol):
    """A screen you can look at and act on. `contract.check_environment` tests everything said here.

    All verbs raise DeviceLost when the screen is gone and Stopped when `stop` is given while they wait; `act`
    alone answers a stop with an Effect, since what was sent must be known.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        """Look. Reading is retried; raises CaptureFailed rather than invent anything."""

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        """What `act` would send, without sending it: a pure function of its arguments. Raises InvalidAction."""

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        """Send the action once, or refuse it when the screen is no longer the one that was seen."""

    def settle(self, stop: Stop | None = None) -> Settled:
        """Wait until the screen has stopped changing."""

    def close(self) -> None:
        """Let go of everything. Safe to call twice."""


def check_points(action: Action, seen: Observation) -> None:
    """Raise InvalidAction when the action touches a pixel that the screenshot does not have."""
    size = seen.frame.size
    for point in action.points():
        if not inside(point, size):
            raise InvalidAction(f"the point {point.x}, {point.y} is outside the screen of {size.width}x{size.height}")


def stale(seen: Observation, now: Observation) -> str:
    """Why an action decided on `seen` must not be sent to the screen as it is `now`, or an empty string."""
    if seen.frame.size != now.frame.size:
        return "the size of the screen changed from {}x{} to {}x{}".format(*seen.frame.size, *now.frame.size)
    if seen.rotation != now.rotation:
        return f"the screen turned from {90 * seen.rotation} to {90 * now.rotation} degrees"
    if (seen.display, seen.screen) != (now.display, now.screen):
        return f"the display changed from {seen.display} to {now.display}"
    return stale_window(seen, now)


def stale_window(seen: Observation, now: Observation) -> str:
    """The part of `stale` that compares the window in front."""
    before, after = seen.window, now.window
    if (before and (before.id, before.app)) == (after and (after.id, after.app)):
        return ""
    names = [f"{window.app} ({window.title})" if window else "none" for window in (before, after)]
    return f"the window in front changed from {names[0]} to {names[1]}"
