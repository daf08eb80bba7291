"""`input`: what reaches the device, when, and what is said when nothing does."""

import pytest

from environments.phone.shell.commands.keycodes import CODES, key_code
from tests.environments.phone.recording_device import Console


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("input tap 540 1200", [("down", 540, 1200), ("up", 540, 1200)]),
        ("input tap 540.0 720.5", [("down", 540.0, 720.5), ("up", 540.0, 720.5)]),
        ("input tap -1 .5", [("down", -1, 0.5), ("up", -1, 0.5)]),
        ("input -d 0 tap 1 2", [("down", 1, 2), ("up", 1, 2)]),
        ("input touchscreen tap 1 2", [("down", 1, 2), ("up", 1, 2)]),
        ("input touchscreen -d 0 tap 1 2", [("down", 1, 2), ("up", 1, 2)]),
        ("cmd input tap 1 2", [("down", 1, 2), ("up", 1, 2)]),
        ("input -d 1 tap 1 2", []),
        ("input tap NaN 2", []),
        ("input tap Infinity 2", []),
        (
            "input motionevent DOWN 1 2; input motionevent MOVE 3 4; input motionevent up 5 6",
            [("down", 1, 2), ("move", 3, 4), ("up", 5, 6)],
        ),
        ("input motionevent CANCEL 1 2", [("cancel", 1, 2)]),
        ("input keyevent 4", [("key", 4)]),
        ("input keyevent KEYCODE_HOME BACK enter 67", [("key", 3), ("key", 4), ("key", 66), ("key", 67)]),
        ("input keyboard keyevent --longpress POWER", [("long key", 26)]),
        ("input keyevent --doubletap 3", [("key", 3), ("key", 3)]),
        ("input keyevent NONSENSE 99999", [("key", 0), ("key", 0)]),
        ("input text hello", [("text", "hello")]),
        ("input text 'a%sb%%s%'", [("text", "a b% %")]),
        ("input text ''", []),
        ("input keyboard text hi", [("text", "hi")]),
        ("input text $'one\\ntwo\\tx'", [("text", "one"), ("key", 66), ("text", "two"), ("key", 61), ("text", "x")]),
        ("input trackball roll 1 2; input press", []),
    ],
)
def test_what_reaches_the_device(line: str, events: list[object]) -> None:
    console = Console()
    assert console.run(line) == (0, b"", b"")
    assert console.device.events == events


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("input text é", b"java.lang.NullPointerException: Attempt to get length of null array"),
        ("input text '\x01'", b"java.lang.NullPointerException"),
        ("input text 你好", b"java.lang.NullPointerException"),
        ("input tap", b'java.lang.IllegalArgumentException: Argument expected after "tap"'),
        ("input tap 1", b'Argument expected after "1"'),
        ("input tap a 2", b'java.lang.NumberFormatException: For input string: "a"'),
        ("input swipe 1 2 3 4 5.5", b'java.lang.NumberFormatException: For input string: "5.5"'),
        ("input motionevent SIDEWAYS 1 2", b"java.lang.IllegalArgumentException: Unknown action: SIDEWAYS"),
        ("input -d x tap 1 2", b"Invalid arguments for display ID."),
        ("input text", b'Argument expected after "text"'),
    ],
)
def test_what_fails_says_why_and_sends_nothing(line: str, words: bytes) -> None:
    console = Console()
    code, out, err = console.run(line)
    assert (code, out, console.device.events) == (255, b"", [])
    assert err.startswith(b"\nException occurred while executing '")
    assert words in err
    assert b"\n\tat " in err


def test_an_unknown_word_prints_the_usage() -> None:
    code, out, err = Console().run("input wiggle 1 2")
    assert (code, err) == (255, b"")
    assert out.startswith(b"Unknown command: wiggle\nUsage: input [<source>] [-d DISPLAY_ID] <command> [<arg>...]\n")
    assert b"motionevent <DOWN|UP|MOVE|CANCEL> <x> <y>" in Console().run("input")[1]


def test_a_swipe_takes_its_time_with_points_along_the_way() -> None:
    console = Console()
    began = console.device.clock.now()
    console.ok("input swipe 100 200 300 600 1000")
    assert console.device.clock.now() - began == pytest.approx(1.0, abs=0.02)
    (first, *moves, last) = console.device.events
    assert (first, last) == (("down", 100, 200), ("up", 300, 600))
    assert 100 <= len(moves) <= 121
    for kind, x, y in moves:
        assert kind == "move"
        assert (y - 200) == pytest.approx(2 * (x - 100))
    assert [x for _, x, _ in moves] == sorted(x for _, x, _ in moves)


def test_a_swipe_without_a_duration_takes_300_milliseconds() -> None:
    console = Console()
    began = console.device.clock.now()
    console.ok("input swipe 0 0 0 100")
    assert console.device.clock.now() - began == pytest.approx(0.3, abs=0.02)
    console.ok("input touchscreen swipe 0 0 0 100 -1")
    assert console.device.clock.now() - began == pytest.approx(0.6, abs=0.04)
    console.ok("input swipe 0 0 0 100 0")
    assert console.device.events[-2:] == [("down", 0, 0), ("up", 0, 100)]


def test_a_swipe_on_one_spot_is_a_long_press() -> None:
    console = Console()
    console.ok("input swipe 50 60 50 60 800")
    assert {event[1:] for event in console.device.events} == {(50, 60)}
    assert sum(console.device.clock.slept) == pytest.approx(0.8, abs=0.02)


def test_drag_and_drop_waits_before_it_moves() -> None:
    console = Console()
    console.ok("input draganddrop 0 0 100 0 200")
    assert console.device.events[0] == ("down", 0, 0)
    assert sum(console.device.clock.slept) == pytest.approx(0.7, abs=0.02)
    assert console.device.events[-1] == ("up", 100, 0)


def test_a_swipe_whose_client_leaves_lifts_the_finger() -> None:
    console = Console()
    slept = 0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += 1
        console.device.clock.seconds += seconds
        if slept == 10:
            console.gone.set()

    console.device.clock.sleep = sleep  # type: ignore[method-assign]
    assert console.run("input swipe 0 0 1000 0 5000; input tap 9 9")[0] == 137
    kinds = [event[0] for event in console.device.events]
    assert kinds[0] == "down"
    assert kinds[-1] == "cancel"
    assert kinds.count("move") < 30


def test_key_codes_are_androids() -> None:
    known = {
        "HOME": 3,
        "BACK": 4,
        "ENDCALL": 6,
        "DPAD_CENTER": 23,
        "VOLUME_UP": 24,
        "VOLUME_DOWN": 25,
        "POWER": 26,
        "A": 29,
        "Z": 54,
        "TAB": 61,
        "SPACE": 62,
        "ENTER": 66,
        "DEL": 67,
        "MENU": 82,
        "SEARCH": 84,
        "ESCAPE": 111,
        "FORWARD_DEL": 112,
        "CTRL_LEFT": 113,
        "MOVE_HOME": 122,
        "MOVE_END": 123,
        "F1": 131,
        "NUMPAD_ENTER": 160,
        "APP_SWITCH": 187,
        "ASSIST": 219,
        "SLEEP": 223,
        "WAKEUP": 224,
        "COPY": 278,
        "PASTE": 279,
    }
    assert {name: CODES[name] for name in known} == known
    assert [key_code(f"KEYCODE_{name}") for name in known] == list(known.values())
    assert key_code("9") == 9  # a number is a code, and not the key "9"
    assert key_code("KEYCODE_9") == 16
    assert key_code("-5") == key_code("") == key_code("KEYCODE_") == 0
