"""From actions to commands, which is arithmetic, and from commands to input, which happens in the child process.

A command is one of

    {"do": "move", "x": int, "y": int}              pointer, in input units
    {"do": "down" | "up", "button": str}
    {"do": "scroll", "direction": str, "notches": int}
    {"do": "key_down" | "key_up", "key": str}       canonical key names
    {"do": "type", "text": str}
    {"do": "wait", "seconds": float}
    {"do": "launch", "app": str}                    carried out by the driver, alone
    {"do": "open", "url": str}                      carried out by the driver, alone
"""

import threading
import unicodedata
from itertools import pairwise
from typing import Any, NamedTuple

from environments.action import (
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
    Tap,
    Type,
    Wait,
)  # fmt: skip
from environments.environment import Command
from environments.errors import InvalidAction
from environments.geometry import Point, Screen, Size, to_input

OFFERED = frozenset(
    kind.model_fields["type"].default
    for kind in (
        Tap, LongPress, Move, PointerDown, PointerUp, Drag, Scroll, Type, Press, Hotkey, Hold, Launch, OpenURL, Wait,
    )
)  # fmt: skip

DRAG_STEPS_PER_SECOND = 60
DRAG_PAUSE = 0.05
"""Before the first and after the last move: programs tell a drag from a click by it."""


def commands_for(action: Action, size: Size, screen: Screen) -> list[Command]:  # noqa: PLR0911, PLR0912  # a line a verb
    """What is sent for an action on a screenshot of `size` that shows `screen`. Raises InvalidAction."""
    at = [_move(to_input(point, size, screen)) for point in action.points()]
    match action:
        case Tap():
            click = [_button("down", action.button), _button("up", action.button)]
            return [*at, *_around(action.modifiers, click * action.count)]
        case LongPress():
            return [*at, _button("down"), _wait(action.seconds), _button("up")]
        case Move():
            return at
        case PointerDown():
            return [*at, _button("down", action.button)]
        case PointerUp():
            return [*at, _button("up", action.button)]
        case Drag():
            return _drag(action, at)
        case Scroll():
            where = at or [_move(Point(screen.left + screen.width // 2, screen.top + screen.height // 2))]
            return [*where, {"do": "scroll", "direction": action.direction, "notches": action.amount}]
        case Type():
            return _type(action)
        case Press():
            return _around((action.key,), [])
        case Hotkey():
            return _around(_lower(action.keys), [])
        case Hold():
            return _around((action.key,), [_wait(action.seconds)])
        case Launch():
            return [{"do": "launch", "app": action.app}]
        case OpenURL():
            return [{"do": "open", "url": action.url}]
        case Wait():
            return [_wait(action.seconds)]
    raise InvalidAction(f"a desktop has no {action.type}")


def check_typable(text: str) -> None:
    """Raise InvalidAction for a text with characters that no key stands for: control characters, lone surrogates."""
    bad = sorted({c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")})
    if bad:
        names = ", ".join(f"U+{ord(character):04X}" for character in bad[:10])
        raise InvalidAction(f"the text holds characters that cannot be typed: {names}", fix="leave them out")


def _move(point: Point) -> Command:
    return {"do": "move", "x": point.x, "y": point.y}


def _button(verb: str, button: str = "left") -> Command:
    return {"do": verb, "button": button}


def _wait(seconds: float) -> Command:
    return {"do": "wait", "seconds": seconds}


def _around(keys: tuple[str, ...], inner: list[Command]) -> list[Command]:
    """The inner commands with keys held around them."""
    down = [{"do": "key_down", "key": key} for key in keys]
    return [*down, *inner, *({"do": "key_up", "key": key} for key in reversed(keys))]


def _lower(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Letters of a combination without shift of their own: people write Ctrl+C and mean ctrl and c."""
    return tuple(key.lower() for key in keys) if len(keys) > 1 else keys


def _type(action: Type) -> list[Command]:
    check_typable(action.text)
    clear = [*_around(("ctrl", "a"), []), *_around(("delete",), [])] if action.clear else []
    text: list[Command] = [{"do": "type", "text": action.text}] if action.text else []
    return [*clear, *text, *(_around(("enter",), []) if action.submit else [])]


def _drag(action: Drag, at: list[Command]) -> list[Command]:
    """Along the path in small moves, as a hand does: programs ignore a pointer that jumps."""
    per_leg = max(1, round(action.seconds * DRAG_STEPS_PER_SECOND / (len(at) - 1)))
    pause = _wait(action.seconds / (per_leg * (len(at) - 1)))
    moves: list[Command] = []
    for start, end in pairwise(at):
        for step in range(1, per_leg + 1):
            x = start["x"] + (end["x"] - start["x"]) * step // per_leg
            y = start["y"] + (end["y"] - start["y"]) * step // per_leg
            moves += [_move(Point(x, y)), pause]
    return [
        at[0],
        _button("down", action.button),
        _wait(DRAG_PAUSE),
        *moves,
        _wait(DRAG_PAUSE),
        _button("up", action.button),
    ]


class Outcome(NamedTuple):
    """How far the commands came: `sent` of them, `typed` characters of the last text, and what should be said."""

    sent: int
    cancelled: bool
    typed: int
    note: str


class Commands:
    """Carries out commands on the display; whatever happens, keys and buttons that it pressed for itself go up."""

    def __init__(self, pointer: Any, platform: Any, cancelled: threading.Event) -> None:
        self._pointer = pointer
        self._platform = platform
        self._cancelled = cancelled
        self._typed = 0
        self._note = ""

    def run(self, commands: list[Command]) -> Outcome:
        """One after the other, until the end, until cancelled, or until one could not be finished."""
        sent = 0
        try:
            for command in commands:
                if self._cancelled.is_set():
                    break
                verb = getattr(self, f"_{command['do']}")
                if not verb(**{key: value for key, value in command.items() if key != "do"}):
                    break
                sent += 1
        finally:
            if sent < len(commands):
                self._platform.keyboard.release_all()
                self._pointer.release_all()
        return Outcome(sent, self._cancelled.is_set(), self._typed, self._note)

    def _move(self, x: int, y: int) -> bool:
        self._pointer.move(x, y)
        return True

    def _down(self, button: str) -> bool:
        self._pointer.down(button)
        return True

    def _up(self, button: str) -> bool:
        self._pointer.up(button)
        self._platform.screen.wait_for_release(button)
        return True

    def _scroll(self, direction: str, notches: int) -> bool:
        self._pointer.scroll(direction, notches)
        return True

    def _key_down(self, key: str) -> bool:
        self._platform.keyboard.down(key)
        return True

    def _key_up(self, key: str) -> bool:
        self._platform.keyboard.up(key)
        return True

    def _type(self, text: str) -> bool:
        self._typed, self._note = self._platform.type(text, self._cancelled.is_set)
        return self._typed == len(text)

    def _wait(self, seconds: float) -> bool:
        return not self._cancelled.wait(seconds)
