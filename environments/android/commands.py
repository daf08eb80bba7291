"""From actions to commands, which is arithmetic. A command is one of

    {"do": "shell", "argv": [str, ...]}       a command for the device's shell
    {"do": "wait", "seconds": float}
    {"do": "clear"}                           empty the field that has the focus
    {"do": "type", "text": str}               a text that keys cannot type
    {"do": "read_back", "text": str}          look whether the text has arrived
    {"do": "launch", "app": str}              start the app that this name means

Coordinates are in the units of `input`: pixels of the logical display as it is turned.
"""

from itertools import pairwise
from typing import NamedTuple

from environments.action import (
    Action,
    Drag,
    Hotkey,
    Launch,
    LongPress,
    OpenURL,
    Press,
    Scroll,
    Swipe,
    SystemButton,
    Tap,
    Type,
    Wait,
)  # fmt: skip
from environments.android.keycodes import ENTER, SYSTEM_BUTTONS, key_codes
from environments.android.text import by_keys, check_text, key_commands
from environments.environment import Command
from environments.errors import InvalidAction
from environments.geometry import Point, Screen, Size, to_input

OFFERED = frozenset(
    kind.model_fields["type"].default
    for kind in (Tap, LongPress, Drag, Swipe, Scroll, Type, Press, Launch, OpenURL, SystemButton, Wait)
)
"""What every device does; those with `input keycombination` (Android 13) do hotkeys too."""

NOTCHES_A_SCREEN = 12
"""Notches of a wheel that make a screen's height, or its width."""
SCROLL_SECONDS = 0.25
REST_SECONDS = 0.06
"""A finger that stood still for 40 ms throws nothing (AOSP, VelocityTracker)."""
_MARGIN = 0.15
_RIM = 0.06
"""The shares of the screen at each of its ends into which no scrolling goes, and from which none starts: there it means
back, home or notifications."""
_LEAST_ROOM = 0.25
"""A point too near to an end is moved until this share of the screen is free before it."""
_MOVES_A_SECOND = 30


class Tools(NamedTuple):
    """What the `input` command of a device can do, and the display that it must be told of (empty: none)."""

    motion_events: bool = False
    combinations: bool = False
    display: str = ""


def commands_for(  # noqa: PLR0911, PLR0912  # a line a verb
    action: Action, size: Size, screen: Screen, tools: Tools
) -> list[Command]:
    """What is sent for an action on a screenshot of `size` that shows `screen`. Raises InvalidAction."""
    at = [to_input(point, size, screen) for point in action.points()]
    match action:
        case Tap():
            if action.button != "left" or action.modifiers:
                raise InvalidAction("a touch screen knows no other buttons and no modifiers")
            return [_input(tools, "tap", *at)] * action.count
        case LongPress():
            return [_swipe(tools, at[0], at[0], action.seconds)]
        case Swipe():
            return [_swipe(tools, at[0], at[1], action.seconds)]
        case Drag():
            return _drag(action, at, tools)
        case Scroll():
            return _scroll(action, at, screen, tools)
        case Type():
            return _type(action, tools)
        case Press():
            return [_keys(tools, *key_codes(action.key))]
        case Hotkey():
            return [_keys(tools, *(code for key in action.keys for code in key_codes(key.lower())))]
        case SystemButton(button="notifications"):
            return [_shell("cmd", "statusbar", "expand-notifications")]
        case SystemButton():
            return [_keys(tools, SYSTEM_BUTTONS[action.button])]
        case Launch():
            return [{"do": "launch", "app": action.app}]
        case OpenURL():
            return [_shell("am", "start", "-a", "android.intent.action.VIEW", "-d", action.url)]
        case Wait():
            return [_wait(action.seconds)]
    raise InvalidAction(f"an Android device has no {action.type}")


def _shell(*argv: str) -> Command:
    return {"do": "shell", "argv": list(argv)}


def _wait(seconds: float) -> Command:
    return {"do": "wait", "seconds": seconds}


def _input(tools: Tools, verb: str, *arguments: Point | str | int) -> Command:
    words: list[str] = []
    for argument in arguments:
        words += [str(argument.x), str(argument.y)] if isinstance(argument, Point) else [str(argument)]
    display = ["-d", tools.display] if tools.display else []
    return _shell("input", *display, verb, *words)


def _keys(tools: Tools, *codes: int) -> Command:
    if len(codes) == 1:
        return _input(tools, "keyevent", codes[0])
    if not tools.combinations:
        raise InvalidAction("this device cannot press keys together; that needs Android 13")
    return _input(tools, "keycombination", *codes)


def _swipe(tools: Tools, start: Point, end: Point, seconds: float) -> Command:
    return _input(tools, "swipe", start, end, max(1, round(1000 * seconds)))


def _drag(action: Drag, at: list[Point], tools: Tools) -> list[Command]:
    if action.button != "left":
        raise InvalidAction("a touch screen knows no other buttons")
    if not tools.motion_events and len(at) > 2:
        raise InvalidAction("this device cannot drag along a path, only from one point to another")
    return _glide(tools, at, action.seconds)


def _glide(tools: Tools, at: list[Point], seconds: float) -> list[Command]:
    """The finger follows the points and rests at the last one, so that nothing flies on when it is lifted; on a device
    that does not know single motion events it is one swipe."""
    if not tools.motion_events:
        return [_swipe(tools, at[0], at[-1], seconds)]
    legs = len(at) - 1
    per_leg = max(1, round(seconds * _MOVES_A_SECOND / legs))
    pause = _wait(seconds / (per_leg * legs))
    moves: list[Command] = []
    for start, end in pairwise(at):
        for step in range(1, per_leg + 1):
            x = start.x + (end.x - start.x) * step // per_leg
            y = start.y + (end.y - start.y) * step // per_leg
            moves += [pause, _input(tools, "motionevent", "MOVE", Point(x, y))]
    down, up = (_input(tools, "motionevent", verb, point) for verb, point in (("DOWN", at[0]), ("UP", at[-1])))
    return [down, *moves, _wait(REST_SECONDS), up]


def _scroll(action: Scroll, at: list[Point], screen: Screen, tools: Tools) -> list[Command]:
    """The finger glides against the direction in which content is to be revealed, as often as the distance needs,
    from the point that was given or from within the middle of the screen, where no bar is in the way."""
    vertical = action.direction in ("up", "down")
    backwards = action.direction in ("down", "right")
    low, length = (screen.top, screen.height) if vertical else (screen.left, screen.width)
    middle = Point(screen.left + screen.width // 2, screen.top + screen.height // 2)
    along, across = (at[0] if at else middle)[::-1] if vertical else (at[0] if at else middle)
    if not at:
        along = low + round(length * (0.7 if backwards else 0.3))
    least, edge, rim = (round(share * length) for share in (_LEAST_ROOM, _MARGIN, _RIM))
    start = min(max(along, low + rim), low + length - 1 - rim)
    start = max(start, low + edge + least) if backwards else min(start, low + length - edge - least)
    room = start - low - edge if backwards else low + length - edge - start
    left = max(1, round(action.amount * length / NOTCHES_A_SCREEN))
    glides: list[Command] = []
    while left > 0:
        distance = min(left, max(1, room))
        end = start - distance if backwards else start + distance
        points = [Point(across, place) if vertical else Point(place, across) for place in (start, end)]
        glides += _glide(tools, points, SCROLL_SECONDS)
        left -= distance
    return glides


def _type(action: Type, tools: Tools) -> list[Command]:
    check_text(action.text)
    text: list[Command] = [{"do": "clear"}] if action.clear else []
    if by_keys(action.text):
        text += [_input(tools, *argv[1:]) for argv in key_commands(action.text)]
    else:
        text.append({"do": "type", "text": action.text})
    if action.text:
        text.append({"do": "read_back", "text": action.text})
    return [*text, _keys(tools, ENTER)] if action.submit else text or [_wait(0)]
