"""From actions to commands: pure arithmetic, compared between a recording and a replay."""

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Swipe,
    SystemButton,
    Tap,
    Type,
    Wait,
)  # fmt: skip
from environments.contract import samples
from environments.desktop.commands import OFFERED, commands_for
from environments.environment import Command
from environments.errors import InvalidAction
from environments.geometry import Point, Screen, Size, to_input

SIZE = Size(1280, 800)
SCREEN = Screen(0, 0, 1280, 800)
DOWN, UP = {"do": "down", "button": "left"}, {"do": "up", "button": "left"}


def sent(action: Action, screen: Screen = SCREEN) -> list[Command]:
    return commands_for(action, SIZE, screen)


def key(verb: str, name: str) -> Command:
    return {"do": f"key_{verb}", "key": name}


@pytest.mark.parametrize(
    ("action", "commands"),
    [
        (Tap(x=3, y=4), [{"do": "move", "x": 3, "y": 4}, DOWN, UP]),
        (Tap(x=3, y=4, count=2), [{"do": "move", "x": 3, "y": 4}, DOWN, UP, DOWN, UP]),
        (Tap(x=3, y=4, modifiers=("ctrl", "shift")),
         [{"do": "move", "x": 3, "y": 4}, key("down", "ctrl"), key("down", "shift"), DOWN, UP, key("up", "shift"),
          key("up", "ctrl")]),
        (LongPress(x=3, y=4, seconds=0.5),
         [{"do": "move", "x": 3, "y": 4}, DOWN, {"do": "wait", "seconds": 0.5}, UP]),
        (Move(x=0, y=799), [{"do": "move", "x": 0, "y": 799}]),
        (PointerDown(x=1, y=1, button="right"), [{"do": "move", "x": 1, "y": 1}, {"do": "down", "button": "right"}]),
        (PointerUp(x=1, y=1, button="right"), [{"do": "move", "x": 1, "y": 1}, {"do": "up", "button": "right"}]),
        (Scroll(direction="up", amount=3),
         [{"do": "move", "x": 640, "y": 400}, {"do": "scroll", "direction": "up", "notches": 3}]),
        (Scroll(direction="left", x=5, y=6),
         [{"do": "move", "x": 5, "y": 6}, {"do": "scroll", "direction": "left", "notches": 5}]),
        (Type(text="a <b>"), [{"do": "type", "text": "a <b>"}]),
        (Type(text="a", submit=True), [{"do": "type", "text": "a"}, key("down", "enter"), key("up", "enter")]),
        (Type(text="", clear=True),
         [key("down", "ctrl"), key("down", "a"), key("up", "a"), key("up", "ctrl"), key("down", "delete"),
          key("up", "delete")]),
        (Press(key="A"), [key("down", "A"), key("up", "A")]),
        (Hotkey(keys=("Ctrl", "Shift", "C")),
         [key("down", "ctrl"), key("down", "shift"), key("down", "c"), key("up", "c"), key("up", "shift"),
          key("up", "ctrl")]),
        (Hold(key="space", seconds=2), [key("down", "space"), {"do": "wait", "seconds": 2}, key("up", "space")]),
        (Launch(app="x"), [{"do": "launch", "app": "x"}]),
        (OpenURL(url="https://x.example/"), [{"do": "open", "url": "https://x.example/"}]),
        (Wait(seconds=1), [{"do": "wait", "seconds": 1}]),
    ],
    ids=lambda value: getattr(value, "type", ""),
)  # fmt: skip
def test_an_action_becomes_these_commands(action: Action, commands: list[Command]) -> None:
    assert sent(action) == commands


def test_what_is_offered_is_all_that_a_desktop_can_do() -> None:
    for name, action in samples(SIZE).items():
        if name in OFFERED:
            commands = sent(action)
            assert commands == sent(action)
            assert json.loads(json.dumps(commands)) == commands
        else:
            with pytest.raises(InvalidAction, match=f"a desktop has no {name}"):
                sent(action)
    with pytest.raises(InvalidAction, match="a desktop has no swipe"):
        sent(Swipe(start=(1, 1), end=(2, 2)))
    with pytest.raises(InvalidAction, match="a desktop has no system_button"):
        sent(SystemButton(button="home"))


pixels = st.tuples(st.integers(0, 1279), st.integers(0, 799))


@given(st.lists(pixels, min_size=2, max_size=20), st.floats(0, 5))
def test_a_drag_goes_through_its_path_in_small_steps_and_takes_its_time(
    path: list[tuple[int, int]], seconds: float
) -> None:
    commands = sent(Drag(path=tuple(path), seconds=seconds))
    moves = [(c["x"], c["y"]) for c in commands if c["do"] == "move"]
    assert moves[0] == path[0]
    assert moves[-1] == path[-1]
    position = 0
    for point in path:  # every point of the path is reached, in order
        position = moves.index(point, position)
    assert commands[1] == DOWN
    assert commands[-1] == UP
    waited = sum(c["seconds"] for c in commands if c["do"] == "wait")
    assert seconds <= waited + 1e-6
    assert waited <= seconds + 0.2


@given(pixels, pixels)
def test_the_steps_of_a_drag_never_turn_back(start: tuple[int, int], end: tuple[int, int]) -> None:
    moves = [(c["x"], c["y"]) for c in sent(Drag(path=(start, end), seconds=1)) if c["do"] == "move"]
    for axis in (0, 1):
        steps = [after[axis] - before[axis] for before, after in pairwise(moves)]
        assert all(step >= 0 for step in steps) or all(step <= 0 for step in steps)


@given(pixels, st.integers(-4000, 4000), st.integers(-4000, 4000), st.integers(1, 3))
def test_points_are_sent_in_input_units(point: tuple[int, int], left: int, top: int, scale: int) -> None:
    screen = Screen(left, top, 1280 // scale, 800 // scale)
    [command] = sent(Move(x=point[0], y=point[1]), screen)
    assert (command["x"], command["y"]) == to_input(Point(*point), SIZE, screen)


@given(st.text())
def test_a_text_is_typed_as_it_is_or_refused_before_anything_is_sent(text: str) -> None:
    action = Type.model_construct(type="type", text=text, submit=False, clear=True)
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        with pytest.raises(InvalidAction, match=r"cannot be typed: U\+[0-9A-F]{4}[^\n]*$"):
            sent(action)
    else:
        assert [c["text"] for c in sent(action) if c["do"] == "type"] == ([text] if text else [])
