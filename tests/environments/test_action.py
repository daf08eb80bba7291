"""Actions: what a device can do, exactly, and nothing else."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from environments.action import (
    ACTIONS,
    MAX_TEXT,
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
    action_from_dict,
    action_from_json,
    action_to_dict,
    action_to_json,
)  # fmt: skip
from environments.errors import InvalidAction
from environments.geometry import Point
from environments.keys import NAMED, SYNONYMS

coordinates = st.integers(0, 1_000_000)
pixel = st.tuples(coordinates, coordinates)
seconds = st.one_of(st.floats(0, 60), st.integers(0, 60))
buttons = st.sampled_from(["left", "middle", "right"])
texts = st.text(max_size=200).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text))
keys = st.sampled_from([*NAMED, *SYNONYMS, "a", "Z", "7", "+", "<"])
at = {"x": coordinates, "y": coordinates}
modifiers = st.lists(st.sampled_from(["ctrl", "shift", "alt", "super"]), max_size=4).map(tuple)

STRATEGIES: dict[type[BaseModel], st.SearchStrategy[Any]] = {
    Tap: st.builds(Tap, **at, count=st.integers(1, 3), button=buttons, modifiers=modifiers),
    LongPress: st.builds(LongPress, **at, seconds=seconds),
    Move: st.builds(Move, **at),
    PointerDown: st.builds(PointerDown, **at, button=buttons),
    PointerUp: st.builds(PointerUp, **at, button=buttons),
    Drag: st.builds(
        Drag, path=st.lists(pixel, min_size=2, max_size=20).map(tuple), seconds=seconds, button=buttons
    ),
    Swipe: st.builds(Swipe, start=pixel, end=pixel, seconds=seconds),
    Scroll: st.builds(
        Scroll,
        direction=st.sampled_from(["up", "down", "left", "right"]),
        amount=st.integers(1, 50),
        x=st.none() | coordinates,
        y=st.none() | coordinates,
    ),
    Type: st.builds(Type, text=texts, submit=st.booleans(), clear=st.booleans()),
    Press: st.builds(Press, key=keys),
    Hotkey: st.builds(Hotkey, keys=st.lists(keys, min_size=1, max_size=5).map(tuple)),
    Hold: st.builds(Hold, key=keys, seconds=seconds),
    Launch: st.builds(Launch, app=st.text("abc XYZ żółw-.", min_size=1, max_size=200)),
    OpenURL: st.builds(OpenURL, url=st.just("https://example.org/a?b=c&d=%20#e") | st.just("http://ż.example/ツ")),
    SystemButton: st.builds(SystemButton, button=st.sampled_from(["back", "home", "recents", "power"])),
    Wait: st.builds(Wait, seconds=seconds),
}  # fmt: skip
actions: st.SearchStrategy[Action] = st.one_of(*STRATEGIES.values())

POINTED = (Tap, LongPress, Move, PointerDown, PointerUp)


def test_every_kind_of_action_is_tried_here() -> None:
    assert set(STRATEGIES) == set(ACTIONS)


@pytest.mark.parametrize("kind", ACTIONS)
def test_json_brings_every_action_back(kind: type[BaseModel]) -> None:
    @given(STRATEGIES[kind])
    def round_trip(action: Action) -> None:
        text = action_to_json(action)
        assert "\n" not in text
        back = action_from_json(text)
        assert type(back) is kind
        assert back == action
        assert action_to_json(back) == text
        assert action_from_dict(action_to_dict(action)) == action

    round_trip()


@given(actions)
def test_json_begins_with_the_type_and_spells_out_every_field(action: Action) -> None:
    value = json.loads(action_to_json(action))
    assert next(iter(value)) == "type"
    assert set(value) == set(type(action).model_fields)


@given(actions)
def test_json_is_read_from_bytes_and_whatever_the_order_of_its_fields(action: Action) -> None:
    value = action_to_dict(action)
    turned = dict(reversed(value.items()))
    assert action_from_json(json.dumps(turned).encode()) == action


@given(actions)
def test_actions_are_frozen_and_can_be_keys_of_a_table(action: Action) -> None:
    before = action_to_json(action)
    for name in type(action).model_fields:
        with pytest.raises(ValidationError):
            setattr(action, name, getattr(action, name))
    with pytest.raises(ValidationError):
        action.colour = "red"  # type: ignore[union-attr]
    assert action_to_json(action) == before
    assert {action: 1}[action_from_json(before)] == 1


NO_COORDINATE = [math.nan, math.inf, -math.inf, -1, -1.0, 10.0, 10.5, "10", True, None, [10], 1_000_001, 10**30]


@pytest.mark.parametrize("wrong", NO_COORDINATE, ids=repr)
@pytest.mark.parametrize("kind", POINTED)
def test_what_is_no_coordinate_is_refused(kind: Any, wrong: Any) -> None:
    for point in ({"x": wrong, "y": 1}, {"x": 1, "y": wrong}):
        with pytest.raises(ValidationError):
            kind(**point)
        name = "x" if point["x"] is wrong else "y"
        _refused({"type": kind.model_fields["type"].default, **point}, names=f"{name}: ")


@pytest.mark.parametrize("wrong", [w for w in NO_COORDINATE if w is not None], ids=repr)
def test_what_is_no_coordinate_is_refused_within_paths_too(wrong: Any) -> None:
    _refused({"type": "drag", "path": [[1, 1], [2, wrong]]}, names="path")
    _refused({"type": "swipe", "start": [wrong, 1], "end": [2, 2]}, names="start")
    _refused({"type": "scroll", "direction": "up", "x": wrong, "y": 1}, names="x")


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, -0.1, 60.1, 1e300, "1", True, None, [1]], ids=repr)
@pytest.mark.parametrize(
    "rest", [{"type": "wait"}, {"type": "hold", "key": "a"}, {"type": "long_press", "x": 1, "y": 1}]
)
def test_what_is_no_length_of_time_is_refused(rest: dict[str, Any], wrong: Any) -> None:
    _refused({**rest, "seconds": wrong}, names="seconds")


@given(actions, st.text("abcdefgh_", min_size=1, max_size=12))
def test_an_extra_field_is_refused_and_named(action: Action, name: str) -> None:
    value = action_to_dict(action)
    if name not in value:
        _refused({**value, name: 1}, names=name)


@pytest.mark.parametrize("name", ["x" * 10_000_000, "a\n\nb", "\r"], ids=["10 MB", "lines", "a carriage return"])
def test_a_complaint_stays_short_whatever_it_quotes(name: str) -> None:
    _refused({"type": "wait", name: 1}, names="Extra inputs are not permitted")
    _refused({"type": name}, names="'system_button', 'wait'")
    _refused({"type": "press", "key": name})


@given(actions, st.data())
def test_a_field_that_is_missing_is_refused_and_named(action: Action, data: st.DataObject) -> None:
    needed = [name for name, field in type(action).model_fields.items() if field.is_required()]
    if needed:
        name = data.draw(st.sampled_from(needed))
        _refused({key: value for key, value in action_to_dict(action).items() if key != name}, names=name)


@pytest.mark.parametrize("verb", ["click", "TAP", "", "tap ", None, 1, ["tap"], "__class__", "x" * 1000, "a\nb"])
def test_an_unknown_verb_is_refused(verb: Any) -> None:
    _refused({"type": verb, "x": 1, "y": 1})


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{",
        "null", "1", "[]", '"tap"', '{"x":1,"y":1}', '[{"type":"wait"}]', '{"type":"wait"} {"type":"wait"}',
        '{"type":"tap","x":1,"y":1,}', "{'type':'wait'}", "[" * 100_000, '{"type":"tap","x":1e400,"y":1}',
        '{"type":"tap","x":' + "9" * 5000 + ',"y":1}', '{"type":"type","text":"\\ud800"}', b"\xff\xfe", b"\x00",
        '{"type":"wait","seconds":NaN}', '{"type":"wait","seconds":Infinity}',
    ],
    ids=lambda text: repr(text)[:40],
)  # fmt: skip
def test_what_is_not_exactly_one_action_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidAction) as caught:
        action_from_json(text)
    _is_one_clear_line(caught.value)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"type": "tap", "x": 1, "y": 1, "count": 0}, "count"),
        ({"type": "tap", "x": 1, "y": 1, "count": 4}, "count"),
        ({"type": "tap", "x": 1, "y": 1, "button": "Left"}, "button"),
        ({"type": "tap", "x": 1, "y": 1, "modifiers": ["hyper"]}, "modifiers"),
        ({"type": "drag", "path": [[1, 1]]}, "path"),
        ({"type": "drag", "path": [[1, 1], [2]]}, "path"),
        ({"type": "drag", "path": [[1, 1]] * 1001}, "path"),
        ({"type": "scroll", "direction": "left-ish"}, "direction"),
        ({"type": "scroll", "direction": "up", "amount": 0}, "amount"),
        ({"type": "scroll", "direction": "up", "amount": 51}, "amount"),
        ({"type": "type", "text": 5}, "text"),
        ({"type": "type", "text": "x" * (MAX_TEXT + 1)}, "text"),
        ({"type": "type", "text": "x", "submit": 1}, "submit"),
        ({"type": "press", "key": "entr"}, "did you mean enter"),
        ({"type": "press", "key": "x" * 1000}, "key"),
        ({"type": "hotkey", "keys": []}, "keys"),
        ({"type": "hotkey", "keys": ["a"] * 6}, "keys"),
        ({"type": "hotkey", "keys": "ctrl"}, "keys"),
        ({"type": "hotkey", "keys": ["ctrl+c"]}, "there is no key"),
        ({"type": "launch", "app": ""}, "app"),
        ({"type": "open_url", "url": "file:///etc/passwd"}, "url"),
        ({"type": "open_url", "url": "javascript:alert(1)"}, "url"),
        ({"type": "open_url", "url": "https://a b"}, "url"),
        ({"type": "open_url", "url": "https://a\n-x"}, "url"),
        ({"type": "open_url", "url": "--help"}, "url"),
        ({"type": "system_button", "button": "bixby"}, "button"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_values_out_of_range_are_refused(value: dict[str, Any], names: str) -> None:
    _refused(value, names=names)


def test_keys_are_canonical_once_they_are_in_an_action() -> None:
    assert Press(key="Return") == Press(key="enter")
    assert Hotkey(keys=("Control", "Shift", "PgDn")).keys == ("ctrl", "shift", "page_down")
    assert action_from_json('{"type":"hold","key":"Escape"}') == Hold(key="escape", seconds=1)


def test_the_points_of_an_action_are_all_that_it_touches() -> None:
    assert Tap(x=1, y=2).points() == (Point(1, 2),)
    assert Drag(path=((1, 2), (3, 4), (5, 6))).points() == (Point(1, 2), Point(3, 4), Point(5, 6))
    assert Swipe(start=(1, 2), end=(3, 4)).points() == (Point(1, 2), Point(3, 4))
    assert Scroll(direction="up", x=5, y=6).points() == (Point(5, 6),)
    assert Scroll(direction="up").points() == Type(text="a").points() == Wait().points() == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_no_json_value_raises_anything_but_invalid_action(value: Any) -> None:
    for candidate in (value, {"type": "tap", "x": value, "y": 1}, {"type": "type", "text": value}):
        try:
            action_from_dict(candidate)
        except InvalidAction as error:
            _is_one_clear_line(error)


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_invalid_action(data: bytes) -> None:
    with pytest.raises(InvalidAction):
        action_from_json(data)


def _refused(value: dict[str, Any], *, names: str = "") -> None:
    with pytest.raises(InvalidAction) as caught:
        action_from_dict(value)
    _is_one_clear_line(caught.value)
    assert names in str(caught.value)


def _is_one_clear_line(error: InvalidAction) -> None:
    message = str(error)
    assert message
    assert "\n" not in message
    assert "https://" not in message
    assert len(message) < 700
