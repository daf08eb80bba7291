"""Actions as commands: pure, in the units of `input`, and refused where a device lacks the means."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
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
    Press,
    Scroll,
    Swipe,
    SystemButton,
    Tap,
    Type,
    Wait,
)
from environments.android.commands import NOTCHES_A_SCREEN, REST_SECONDS, Tools, commands_for
from environments.android.keycodes import KEYCODES, SYSTEM_BUTTONS
from environments.errors import InvalidAction
from environments.geometry import Screen, Size
from environments.keys import NAMED

SIZE = Size(1080, 2400)
SCREEN = Screen(0, 0, 1080, 2400)
ALL = Tools(motion_events=True, combinations=True)


def sent(action: Action, tools: Tools = ALL, size: Size = SIZE, screen: Screen = SCREEN) -> list[str]:
    """The commands as lines."""
    lines = []
    for command in commands_for(action, size, screen, tools):
        rest = {key: value for key, value in command.items() if key not in ("do", "argv")}
        lines.append(" ".join(command["argv"]) if command["do"] == "shell" else f"({command['do']} {json.dumps(rest)})")
    return lines


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (Tap(x=5, y=6), ["input tap 5 6"]),
        (Tap(x=5, y=6, count=2), ["input tap 5 6", "input tap 5 6"]),
        (LongPress(x=5, y=6, seconds=1.5), ["input swipe 5 6 5 6 1500"]),
        (Swipe(start=(1, 2), end=(3, 4), seconds=0.25), ["input swipe 1 2 3 4 250"]),
        (Swipe(start=(1, 2), end=(3, 4), seconds=0), ["input swipe 1 2 3 4 1"]),
        (Type(text="a b"), ["input text a%sb", '(read_back {"text": "a b"})']),
        (Type(text="ż", submit=True),
         ['(type {"text": "\\u017c"})', '(read_back {"text": "\\u017c"})', "input keyevent 66"]),
        (Type(text="", clear=True), ["(clear {})"]),
        (Type(text=""), ['(wait {"seconds": 0})']),
        (Press(key="enter"), ["input keyevent 66"]),
        (Press(key="A"), ["input keycombination 59 29"]),
        (Hotkey(keys=("ctrl", "C")), ["input keycombination 113 31"]),
        (SystemButton(button="back"), ["input keyevent 4"]),
        (SystemButton(button="home"), ["input keyevent 3"]),
        (SystemButton(button="recents"), ["input keyevent 187"]),
        (SystemButton(button="notifications"), ["cmd statusbar expand-notifications"]),
        (Launch(app="Notes; rm"), ['(launch {"app": "Notes; rm"})']),
        (OpenURL(url="https://x.org/?a=1&b=$(x)"), ["am start -a android.intent.action.VIEW -d https://x.org/?a=1&b=$(x)"]),
        (Wait(seconds=2), ['(wait {"seconds": 2.0})']),
    ],
)  # fmt: skip
def test_what_is_sent(action: Action, lines: list[str]) -> None:
    assert sent(action) == lines


def test_coordinates_are_in_units_of_input() -> None:
    half = Size(540, 1200)
    assert sent(Tap(x=0, y=0), size=half) == ["input tap 1 1"]
    assert sent(Tap(x=539, y=1199), size=half) == ["input tap 1079 2399"]


def test_a_second_display_is_named() -> None:
    tools = ALL._replace(display="0")
    assert sent(Tap(x=1, y=2), tools) == ["input -d 0 tap 1 2"]
    assert sent(Press(key="enter"), tools) == ["input -d 0 keyevent 66"]
    assert sent(Type(text="x"), tools)[0] == "input -d 0 text x"


def test_a_drag_follows_its_path() -> None:
    lines = sent(Drag(path=((10, 10), (10, 100), (200, 100)), seconds=0.2))
    assert lines[0] == "input motionevent DOWN 10 10"
    assert lines[-1] == "input motionevent UP 200 100"
    moves = [line for line in lines if "MOVE" in line]
    assert "input motionevent MOVE 10 100" in moves
    assert moves[-1] == "input motionevent MOVE 200 100"
    waited = sum(json.loads(line[6:-1])["seconds"] for line in lines if line.startswith("(wait"))
    assert waited == pytest.approx(0.2 + REST_SECONDS)
    assert lines[-2].startswith("(wait"), "it rests before it is lifted"


def test_a_drag_without_single_events_is_a_swipe_or_nothing() -> None:
    old = Tools()
    assert sent(Drag(path=((1, 2), (3, 4)), seconds=0.5), old) == ["input swipe 1 2 3 4 500"]
    with pytest.raises(InvalidAction, match="along a path"):
        sent(Drag(path=((1, 2), (3, 4), (5, 6))), old)


def swipes(action: Scroll, screen: Screen = SCREEN) -> list[list[int]]:
    return [list(map(int, line.split()[2:6])) for line in sent(action, Tools(), screen=screen)]


@pytest.mark.parametrize(
    ("direction", "axis", "sign"), [("down", 1, -1), ("up", 1, 1), ("right", 0, -1), ("left", 0, 1)]
)
def test_scrolling_reveals_what_lies_in_the_direction(direction: Any, axis: int, sign: int) -> None:
    (only,) = swipes(Scroll(direction=direction, amount=5))
    moved = only[2 + axis] - only[axis]
    assert moved * sign > 0, "the finger goes the other way"
    assert only[1 - axis] == only[3 - axis], "and straight"
    assert abs(moved) == round(5 * SIZE[axis] / NOTCHES_A_SCREEN)


def test_scrolling_does_not_throw() -> None:
    lines = [line for line in sent(Scroll(direction="down", amount=12)) if "MOVE" not in line]
    assert [line.split()[2] for line in lines if line.startswith("input")] == ["DOWN", "UP"] * 2
    assert lines[1] == f'(wait {{"seconds": {0.25 / 8}}})'
    before_up = [lines[at - 1] for at, line in enumerate(lines) if " UP " in line]
    assert before_up == [f'(wait {{"seconds": {REST_SECONDS}}})'] * 2


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["up", "down", "left", "right"]),
    st.integers(1, 50),
    st.integers(0, 1079),
    st.integers(0, 2399),
)
def test_scrolling_goes_the_whole_way_and_stays_off_the_edges(direction: Any, amount: int, x: int, y: int) -> None:
    axis = 1 if direction in ("up", "down") else 0
    for at in ({}, {"x": x, "y": y}):
        done = swipes(Scroll(direction=direction, amount=amount, **at))
        assert sum(abs(one[2 + axis] - one[axis]) for one in done) == round(amount * SIZE[axis] / NOTCHES_A_SCREEN)
        for one in done:
            assert all(0 <= end < size for end, size in zip(one, (*SIZE, *SIZE), strict=True))
            assert 0.05 * SIZE[axis] <= one[axis] <= 0.95 * SIZE[axis]
            assert 0.05 * SIZE[axis] <= one[2 + axis] <= 0.95 * SIZE[axis]


def test_scrolling_begins_at_the_point() -> None:
    assert swipes(Scroll(direction="down", amount=2, x=100, y=1800)) == [[100, 1800, 100, 1400]]
    assert swipes(Scroll(direction="up", amount=2, x=100, y=700)) == [[100, 700, 100, 1100]]
    assert swipes(Scroll(direction="right", amount=2, x=900, y=50)) == [[900, 50, 720, 50]]
    assert swipes(Scroll(direction="down", amount=2, x=100, y=10)) == [[100, 960, 100, 560]], "there was no room above"


@pytest.mark.parametrize(
    ("action", "tools", "reason"),
    [
        (Tap(x=1, y=1, button="right"), ALL, "no other buttons"),
        (Tap(x=1, y=1, modifiers=("ctrl",)), ALL, "no modifiers"),
        (Drag(path=((1, 1), (2, 2)), button="middle"), ALL, "no other buttons"),
        (Hotkey(keys=("ctrl", "c")), Tools(), "Android 13"),
        (Press(key="A"), Tools(), "Android 13"),
        (Press(key="f20"), ALL, "no key 'f20'"),
        (Press(key="~"), ALL, "no key '~'"),
        (Move(x=1, y=1), ALL, "no move"),
        (Hold(key="a"), ALL, "no hold"),
        (PointerDown(x=1, y=1), ALL, "no pointer_down"),
        (Type(text="a\x1bb"), ALL, "cannot be typed"),
    ],
)
def test_what_is_refused(action: Action, tools: Tools, reason: str) -> None:
    with pytest.raises(InvalidAction, match=reason):
        commands_for(action, SIZE, SCREEN, tools)


def test_every_key_that_android_has() -> None:
    known = [name for name in NAMED if name in KEYCODES]
    assert set(NAMED) - set(known) == {f"f{number}" for number in range(13, 25)}
    assert all(sent(Press(key=name)) == [f"input keyevent {KEYCODES[name]}"] for name in known)
    assert len({KEYCODES[name] for name in known}) == len(known)
    assert all(sent(Press(key=digit)) == [f"input keyevent {7 + int(digit)}"] for digit in "0123456789")
    assert set(SYSTEM_BUTTONS) == {"back", "home", "recents", "power", "volume_up", "volume_down"}
