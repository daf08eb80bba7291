"""What a person reads before saying yes, and what a machine reads afterwards."""

import dataclasses
import json
from typing import get_args

import pytest
from PIL import Image

from agent.decision import Act, Answer, Ask, Finish
from agent.episode import Milliseconds, Step, act_from_dict
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
)
from environments.environment import Effect, Settled
from environments.frame import Frame
from environments.geometry import Screen
from environments.observation import Observation, Window
from tools.describe import act_in_words, step_as_json

WORDS: list[tuple[Act, str]] = [
    (Tap(x=640, y=380), "tap 640, 380"),
    (Tap(x=0, y=7, count=2), "double tap 0, 7"),
    (Tap(x=1, y=2, count=3, button="right", modifiers=("ctrl", "shift")), "ctrl + shift + triple right tap 1, 2"),
    (LongPress(x=1, y=2), "long press 1, 2"),
    (Move(x=1, y=2), "move 1, 2"),
    (PointerDown(x=1, y=2), "pointer down 1, 2"),
    (PointerDown(x=1, y=2, button="middle"), "middle pointer down 1, 2"),
    (PointerUp(x=1, y=2), "pointer up 1, 2"),
    (Drag(path=((1, 2), (9, 9), (3, 4))), "drag 1, 2 to 3, 4"),
    (Drag(path=((1, 2), (3, 4)), button="right"), "right drag 1, 2 to 3, 4"),
    (Swipe(start=(1, 2), end=(3, 4)), "swipe 1, 2 to 3, 4"),
    (Scroll(direction="down"), "scroll down by 5"),
    (Scroll(direction="left", amount=2, x=10, y=20), "scroll left by 2 at 10, 20"),
    (Type(text="hello"), 'type "hello"'),
    (Type(text="żółw", submit=True, clear=True), 'empty the field, type "żółw" and press enter'),
    (Type(text="ls\nrm x\tend\r"), 'type "ls↵rm x⇥end↵"'),
    (Type(text="a" * 401), f'type 401 characters, "{"a" * 400}..."'),
    (Press(key="Page Down"), "press page_down"),
    (Press(key="["), "press ["),
    (Hotkey(keys=("ctrl", "s")), "press ctrl + s"),
    (Hold(key="shift", seconds=1.5), "hold shift for 1.5 s"),
    (Launch(app="Calculator"), 'start "Calculator"'),
    (OpenURL(url="https://example.org/?q=1"), "open https://example.org/?q=1"),
    (SystemButton(button="volume_up"), "press the volume_up button"),
    (Wait(seconds=2), "wait 2 s"),
    (Answer("It is 408."), 'say "It is 408."'),
    (Ask("Which one?"), 'ask "Which one?"'),
    (Finish("success"), "finish: success"),
    (Finish("impossible", "There is no field."), "finish: impossible, There is no field."),
]


@pytest.mark.parametrize(("act", "words"), WORDS, ids=[words[:30] for _, words in WORDS])
def test_an_act_in_words(act: Act, words: str) -> None:
    assert act_in_words(act) == words


def test_no_kind_of_act_was_forgotten() -> None:
    kinds = {type(act) for act, _ in WORDS}
    assert kinds == {*ACTIONS, Answer, Ask, Finish}
    assert {*get_args(Action)} == {*ACTIONS}


HOSTILE = "\x1b[2K\x1b]0;t\x07\u202edone\n[red]x[/red]"


@pytest.mark.parametrize(
    "act",
    [Type(text=HOSTILE), Launch(app=HOSTILE), Answer(HOSTILE), Ask(HOSTILE), Finish("failure", HOSTILE)],
    ids=lambda act: type(act).__name__,
)
def test_texts_in_it_are_harmless_and_still_to_be_read(act: Act) -> None:
    words = act_in_words(act)
    assert words.isprintable()
    assert "[2K" in words
    assert "done" in words
    assert "[red]x[/red]" in words


def test_an_address_is_harmless() -> None:
    assert act_in_words(OpenURL(url="https://a\u202eb.example/")) == "open https://ab.example/"


# --- a step for machines ---


def seen(window: Window | None = None) -> Observation:
    return Observation(Frame.from_image(Image.new("RGB", (8, 6), "red")), Screen(0, 0, 8, 6), ":9", window)


def a_step(*acts: Act, window: Window | None = None) -> Step:
    return Step(
        index=3,
        observation=seen(window),
        thought="żółw \u202e\x1b",
        acts=acts,
        effects=(Effect("done", note="half"), Effect("not_sent", "stale")),
        settled=(Settled(0.25, 4, stable=False),),
        error="one was left out",
        milliseconds=Milliseconds(capture=1.23456, model=1000),
    )


def test_a_step_as_json_holds_everything_but_pixels_and_the_raw_reply() -> None:
    step = a_step(Tap(x=1, y=2), Wait(), window=Window("0x1", "App", "Title"))
    assert json.loads(json.dumps(step_as_json(step), allow_nan=False)) == {
        "step": 3,
        "frame": step.observation.frame.hash,
        "window": ["0x1", "App", "Title"],
        "thought": "żółw \u202e\x1b",
        "acts": [
            {"type": "tap", "x": 1, "y": 2, "count": 1, "button": "left", "modifiers": []},
            {"type": "wait", "seconds": 1.0},
        ],
        "effects": [
            {"status": "done", "reason": "", "note": "half"},
            {"status": "not_sent", "reason": "stale", "note": ""},
        ],
        "settled": [{"seconds": 0.25, "frames": 4, "stable": False}],
        "error": "one was left out",
        "milliseconds": {"capture": 1.235, "encode": 0.0, "model": 1000, "parse": 0.0, "act": 0.0, "settle": 0.0},
    }


def test_a_field_that_is_added_to_a_step_is_not_forgotten_here() -> None:
    renamed = {"index": "step", "observation": "frame", "reply": None}
    fields = {renamed.get(field.name, field.name) for field in dataclasses.fields(Step)} - {None}
    assert set(step_as_json(a_step())) == fields | {"window"}


@pytest.mark.parametrize("act", [act for act, _ in WORDS], ids=[words[:30] for _, words in WORDS])
def test_every_act_survives_the_way_through_json(act: Act) -> None:
    found = json.loads(json.dumps(step_as_json(a_step(act))))["acts"]
    assert [act_from_dict(one) for one in found] == [act]


def test_without_a_window_there_is_none() -> None:
    assert step_as_json(a_step())["window"] is None
