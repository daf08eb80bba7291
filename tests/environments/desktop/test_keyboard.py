"""Keys, combinations and holding: what a program sees of them."""

import pytest

from environments.action import Hold, Hotkey, Press, Tap
from environments.desktop.x11.keyboard import keysym_of_key
from environments.keys import NAMED
from tests.environments.desktop.programs import Panel, ask_x, environment_of

SHIFT, CTRL, ALT, SUPER = 1, 4, 8, 64
"""Bits of the state that X11 and Tk report."""

TK_NAMES = {
    "enter": "Return", "escape": "Escape", "tab": "Tab", "space": "space", "backspace": "BackSpace",
    "delete": "Delete", "insert": "Insert", "home": "Home", "end": "End", "page_up": "Prior", "page_down": "Next",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "shift": "Shift_L", "ctrl": "Control_L",
    "alt": "Alt_L", "super": "Super_L", "menu": "Menu", "print_screen": "Print", "pause": "Pause", "f1": "F1",
    "f5": "F5", "f12": "F12", "f13": "F13", "f24": "F24", "a": "a", "Z": "Z", "7": "7", "+": "plus", "<": "less",
    ">": "greater", "@": "at", "-": "minus", "\\": "backslash", "~": "asciitilde", "volume_up": "XF86AudioRaiseVolume",
    "play_pause": "XF86AudioPlay",
}  # fmt: skip

SHIFTED = ("Z", "+", ">", "@", "~")
"""Of these, the ones that need shift on the layout of a private display."""


@pytest.fixture
def panel(lasting_panel: Panel) -> Panel:
    lasting_panel.forget()
    return lasting_panel


@pytest.mark.parametrize("name", [*NAMED, *(chr(code) for code in range(0x20, 0x7F))])
def test_every_key_of_the_set_has_a_keysym(name: str) -> None:
    assert keysym_of_key(name) > 0


def test_no_two_keys_of_the_set_are_the_same() -> None:
    keysyms = [keysym_of_key(name) for name in NAMED]
    assert len(set(keysyms)) == len(keysyms)


@pytest.mark.display
def test_each_key_arrives_once_and_goes_up_again(panel: Panel) -> None:
    desktop = panel.desktop
    for key, name in TK_NAMES.items():
        panel.forget()
        assert desktop.act(Press(key=key), desktop.observe()).status == "done"
        shift = ["Shift_L"] if key in SHIFTED else []
        panel.wait_for(1 + len(shift), "key_up")
        assert [event["key"] for event in panel.events("key")] == [*shift, name], key
    assert ask_x(environment_of(desktop), "keys") == []


@pytest.mark.display
@pytest.mark.parametrize(
    ("keys", "last", "state"),
    [
        (("ctrl", "c"), "c", CTRL),
        (("Ctrl", "C"), "c", CTRL),
        (("control", "shift", "t"), "T", CTRL | SHIFT),
        (("alt", "tab"), "Tab", ALT),
        (("ctrl", "alt", "delete"), "Delete", CTRL | ALT),
        (("super", "l"), "l", SUPER),
        (("shift", "left"), "Left", SHIFT),
        (("ctrl", "+"), "plus", CTRL | SHIFT),
        (("ctrl", "-"), "minus", CTRL),
        (("shift", "tab"), None, SHIFT),
        (("ctrl", "page_down"), "Next", CTRL),
        (("alt", "f4"), "F4", ALT),
    ],
    ids=str,
)
def test_a_combination_arrives_with_its_modifiers(
    panel: Panel, keys: tuple[str, ...], last: str | None, state: int
) -> None:
    desktop = panel.desktop
    panel.forget()
    assert desktop.act(Hotkey(keys=keys), desktop.observe()).status == "done"
    events = panel.wait_for(len(keys), "key")
    event = events[-1]
    assert last is None or event["key"] == last
    assert event["state"] & (SHIFT | CTRL | ALT | SUPER) == state
    panel.wait_for(len(events), "key_up")
    assert ask_x(environment_of(desktop), "keys") == []


@pytest.mark.display
def test_the_keys_of_a_combination_go_down_in_order_and_up_in_reverse(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    desktop.act(Hotkey(keys=("ctrl", "shift", "f5")), desktop.observe())
    panel.wait_for(3, "key_up")
    happened = [(event["kind"], event["key"]) for event in panel.events("key", "key_up")]
    names = ["Control_L", "Shift_L", "F5"]
    assert happened == [*(("key", name) for name in names), *(("key_up", name) for name in reversed(names))]


@pytest.mark.display
def test_a_held_key_stays_down_as_long_as_it_was_said(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    assert desktop.act(Hold(key="down", seconds=0.5), desktop.observe()).status == "done"
    ups = panel.wait_for(1, "key_up")
    first = panel.events("key")[0]
    assert {event["key"] for event in panel.events("key", "key_up")} == {"Down"}
    assert 490 <= ups[-1]["time"] - first["time"] < 3000
    assert ask_x(environment_of(desktop), "keys") == []


@pytest.mark.display
@pytest.mark.parametrize(
    ("modifiers", "state"),
    [(("ctrl",), CTRL), (("shift",), SHIFT), (("alt",), ALT), (("super",), SUPER), (("ctrl", "shift"), CTRL | SHIFT)],
)
def test_a_click_arrives_with_its_modifiers(panel: Panel, modifiers: tuple[str, ...], state: int) -> None:
    desktop = panel.desktop
    panel.forget()
    action = Tap.model_validate({"x": 50, "y": 60, "modifiers": modifiers})
    assert desktop.act(action, desktop.observe()).status == "done"
    event = panel.wait_for(1, "down")[0]
    assert event["state"] & (SHIFT | CTRL | ALT | SUPER) == state
    panel.wait_for(len(modifiers), "key_up")
    assert ask_x(environment_of(desktop), "keys") == []
