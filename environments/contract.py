"""What every environment promises, as checks that any test can run.

    with open_environment("desktop:headless") as environment:
        check_environment(environment)

A custom environment that passes works with the loop, the recorder and the replay.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from environments.action import (
    ACTIONS,
    Action,
    Drag,
    Hold,
    Hotkey,
    Launch,
    LongPress,
    Move,
    OpenURL,
    PointerDown,
    PointerUp,
    Press,
    Scroll,
    Swipe,
    SystemButton,
    Tap,
    Type,
    Wait,
)  # fmt: skip
from environments.environment import Environment
from environments.errors import DeviceLost, InvalidAction, Stopped
from environments.geometry import Size
from environments.observation import Observation
from environments.stop import Stop


class ContractBroken(AssertionError):
    """An environment does not keep a promise; the message names it."""


def check_environment(environment: Environment, *, close: bool = True) -> list[str]:
    """Check every promise and return their names. The screen is only waited on, never touched.

    With `close` the environment is closed at the end, twice, and must be gone then. Raises ContractBroken.
    """
    checks: list[Callable[[Environment], None]] = [
        _capabilities, _observations, _elements, _commands_are_pure, _every_action_is_known, _points, _stale, _waiting,
        _stopping,
    ]  # fmt: skip
    if close:
        checks.append(_closing)
    for check in checks:
        check(environment)
    return [check.__name__.strip("_") for check in checks]


def samples(size: Size) -> dict[str, Action]:
    """One action of each type that fits a screenshot of this size."""
    x, y = size.width // 2, size.height // 2
    actions: tuple[Action, ...] = (
        Tap(x=x, y=y), LongPress(x=x, y=y), Move(x=x, y=y), PointerDown(x=x, y=y), PointerUp(x=x, y=y),
        Drag(path=((x, y), (0, 0))), Swipe(start=(x, y), end=(0, 0)), Scroll(direction="down"), Type(text="żółw"),
        Press(key="enter"), Hotkey(keys=("ctrl", "c")), Hold(key="a"), Launch(app="a program"),
        OpenURL(url="https://example.org/"), SystemButton(button="back"), Wait(seconds=0.01),
    )  # fmt: skip
    return {action.type: action for action in actions}


def _expect(truth: bool, promise: str) -> None:
    if not truth:
        raise ContractBroken(promise)


def _raises(error: type[Exception], work: Callable[[], Any], promise: str) -> None:
    try:
        work()
    except error:
        return
    raise ContractBroken(promise)


def _capabilities(environment: Environment) -> None:
    offered = environment.capabilities
    known = {kind.model_fields["type"].default for kind in ACTIONS}
    _expect(offered.actions <= known, f"unknown actions are offered: {sorted(offered.actions - known)}")
    _expect(bool(offered.actions), "an environment offers at least one action")
    _expect("wait" in offered.actions, "every environment can wait")
    _expect(offered == environment.capabilities, "capabilities do not change")


def _observations(environment: Environment) -> None:
    first, second = environment.observe(), environment.observe()
    _expect(first.id != second.id, "each observation has an id of its own")
    _expect(first.time <= second.time, "the time of observations never runs backwards")
    _expect(first.capture_ms > 0, "taking a screenshot takes time, and it is said how much")
    _expect(first.frame.size == second.frame.size, "the size of a screen at rest does not change")
    _expect(first.rotation in range(4), "the rotation counts quarter turns, 0 to 3")
    _expect(bool(first.display), "an observation names its display")


def _elements(environment: Environment) -> None:
    _expect(bool(environment.observe().elements.absent), "elements that were not asked for are absent, with a reason")
    asked = environment.observe(elements=True).elements
    _expect(bool(asked.nodes) != bool(asked.absent), "elements are there, or absent with a reason")


def _commands_are_pure(environment: Environment) -> None:
    seen = environment.observe()
    for action in _offered(environment, seen):
        once, twice = environment.commands(action, seen), environment.commands(action, seen)
        _expect(bool(once) and once == twice, f"commands for {action.type} are the same each time, and not empty")
        _expect(json.loads(json.dumps(once)) == once, f"commands for {action.type} are JSON values")


def _every_action_is_known(environment: Environment) -> None:
    seen = environment.observe()
    for kind, action in samples(seen.frame.size).items():
        if kind not in environment.capabilities.actions:
            refused = lambda action=action: environment.commands(action, seen)  # noqa: E731
            _raises(InvalidAction, refused, f"{kind}, which is not offered, is refused as an InvalidAction")


def _points(environment: Environment) -> None:
    seen = environment.observe()
    width, height = seen.frame.size
    for kind in (Tap, Move):
        if kind.model_fields["type"].default not in environment.capabilities.actions:
            continue
        for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
            _expect(bool(environment.commands(kind(x=x, y=y), seen)), f"the corner {x}, {y} can be reached")
        for x, y in ((width, 0), (0, height)):
            outside = lambda kind=kind, x=x, y=y: environment.commands(kind(x=x, y=y), seen)  # noqa: E731
            _raises(InvalidAction, outside, f"the point {x}, {y} outside the screen is refused as an InvalidAction")


def _stale(environment: Environment) -> None:
    seen = environment.observe()
    moved = seen.screen._replace(width=seen.screen.width + 2)
    effect = environment.act(Wait(seconds=0), replace(seen, screen=moved))
    _expect(effect.status == "not_sent", "an action decided on a screen of another size is not sent")
    _expect(bool(effect.reason), "what was not sent has a reason")


def _waiting(environment: Environment) -> None:
    seen = environment.observe()
    effect = environment.act(Wait(seconds=0.01), seen)
    _expect(effect.status == "done", f"waiting is done, not {effect}")
    settled = environment.settle()
    _expect(settled.frames >= 1 and settled.seconds >= 0, "settling looks at the screen at least once")


def _stopping(environment: Environment) -> None:
    stop = Stop()
    stop.set("the contract")
    seen = environment.observe()
    effect = environment.act(Wait(seconds=30), seen, stop=stop)
    _expect(effect.status == "not_sent", "after the stop signal nothing is sent")
    _raises(Stopped, lambda: environment.settle(stop), "settling ends with Stopped")
    _raises(Stopped, lambda: environment.observe(stop=stop), "observing ends with Stopped")
    _expect(bool(environment.observe().frame.pixels), "a stop ends a call, not the environment")


def _closing(environment: Environment) -> None:
    environment.close()
    environment.close()
    _raises(DeviceLost, environment.observe, "a closed environment is a lost one")


def _offered(environment: Environment, seen: Observation) -> list[Action]:
    """A sample of each action that the environment offers."""
    return [action for kind, action in samples(seen.frame.size).items() if kind in environment.capabilities.actions]
