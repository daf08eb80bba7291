"""AndroidEnvironment: what it sees, what it sends, and what it makes of faults."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from environments.action import (
    Action,
    Drag,
    Launch,
    LongPress,
    OpenURL,
    Press,
    Scroll,
    SystemButton,
    Tap,
    Type,
    Wait,
)
from environments.android.driver import AndroidEnvironment, open_android
from environments.contract import check_environment
from environments.environment import Environment
from environments.errors import CaptureFailed, DeviceLost, EnvironmentUnavailable, InvalidAction, Stopped
from environments.geometry import Screen
from environments.stop import Stop
from tests.environments.android.adb_server import SERIAL, AdbServer, ScriptedDevice

Open = Callable[..., AndroidEnvironment]


def taps(device: ScriptedDevice) -> int:
    return len(device.done("tap"))


def test_it_keeps_every_promise(open_device: Open, device: ScriptedDevice) -> None:
    android = open_device()
    assert isinstance(android, Environment)
    device.ran.clear()
    assert len(check_environment(android)) >= 10
    assert not [argv for argv in device.ran if argv[0] == "input"], "the screen is only waited on, never touched"


def test_without_motion_events_and_combinations_too(open_device: Open, device: ScriptedDevice) -> None:
    device.usage = "input text|keyevent|tap|swipe"
    android = open_device()
    assert "hotkey" not in android.capabilities.actions
    check_environment(android)


def test_what_it_offers(open_device: Open) -> None:
    offered = open_device().capabilities
    assert (offered.kind, offered.platform, offered.private, offered.elements) == ("android", "android", False, True)
    assert {"tap", "type", "launch", "hotkey", "system_button"} <= offered.actions
    assert not {"move", "pointer_down", "hold"} & offered.actions
    assert open_device(private=True).capabilities.private


def test_an_observation(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.keyboard = True
    seen = android.observe()
    assert seen.frame == device.frame()
    assert seen.screen == Screen(0, 0, 180, 320)
    assert seen.display == SERIAL
    assert seen.window is not None
    assert seen.window.app == "com.example.notes"
    assert (seen.rotation, seen.keyboard_shown) == (0, True)
    assert android.observe().frame is seen.frame
    device.rotation = 1
    turned = android.observe()
    assert (turned.rotation, turned.frame.size, turned.screen) == (1, (320, 180), Screen(0, 0, 320, 180))


def test_elements_when_asked_for(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    button = android.observe(elements=True).elements.find(role="Button")
    assert button is not None
    assert (button.name, button.text) == ("Save the note", "Save")
    device.idle = False
    assert "could not get idle state" in android.observe(elements=True).elements.absent


def test_picture_tree_and_state_are_read_side_by_side(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    barrier = threading.Barrier(3, timeout=5)
    firsts = {"screencap", "uiautomator"}

    def meet(argv: list[str]) -> None:
        if argv[0] in firsts or argv == ["dumpsys", "window", "displays"]:
            barrier.wait()

    device.before = meet
    assert android.observe(elements=True).elements.nodes


@pytest.mark.parametrize(("name", "value"), [("focus", "com.android.dialer/.InCall"), ("rotation", 2)])
def test_what_changes_while_it_looks_is_looked_at_again(
    android: AndroidEnvironment, device: ScriptedDevice, name: str, value: Any
) -> None:
    """The picture is taken, then the screen changes, then the state is read: they must not be put together."""
    pictured = threading.Event()

    def change_after_the_picture(argv: list[str]) -> None:
        if argv == ["dumpsys", "window", "displays"] and getattr(device, name) != value:
            assert pictured.wait(5)
            setattr(device, name, value)

    def picture(words: list[str]) -> tuple[int, bytes, bytes]:
        device.screenshot = None
        taken = device._screencap(words)
        pictured.set()
        return taken

    old = device.frame()
    device.before, device.screenshot = change_after_the_picture, picture
    seen = android.observe()
    assert seen.frame == device.frame()
    assert (seen.frame != old) == (name == "focus")
    assert len([argv for argv in device.ran if argv[0] == "screencap"]) == 2


def test_several_displays_are_told_apart(open_device: Open, device: ScriptedDevice) -> None:
    device.displays = ("4619827259835644672", "4619827551948147201")
    android = open_device()
    seen = android.observe()
    assert seen.display == f"{SERIAL} display 4619827259835644672"
    shot = next(argv for argv in reversed(device.ran) if argv[0] == "screencap")
    assert shot[-2:] == ["-d", "4619827259835644672"]
    android.act(Tap(x=1, y=2), seen)
    assert device.ran[-1] == ["input", "-d", "0", "tap", "1", "2"]


@pytest.mark.parametrize(
    ("action", "ran"),
    [
        (Tap(x=5, y=6), [["input", "tap", "5", "6"]]),
        (Tap(x=5, y=6, count=2), [["input", "tap", "5", "6"]] * 2),
        (LongPress(x=5, y=6), [["input", "swipe", "5", "6", "5", "6", "800"]]),
        (Press(key="enter"), [["input", "keyevent", "66"]]),
        (SystemButton(button="home"), [["input", "keyevent", "3"]]),
        (OpenURL(url="https://x.org/'a b'".replace(" ", "&")),
         [["am", "start", "-a", "android.intent.action.VIEW", "-d", "https://x.org/'a&b'"]]),
        (Launch(app="Settings"), [["am", "start", "-n", "com.android.settings/.Main"]]),
        (Wait(seconds=0.01), []),
    ],
)  # fmt: skip
def test_actions_arrive(
    android: AndroidEnvironment, device: ScriptedDevice, action: Action, ran: list[list[str]]
) -> None:
    effect = android.act(action, android.observe())
    assert (effect.status, effect.reason) == ("done", "")
    assert [argv for argv in device.ran if argv[0] in ("input", "am", "monkey")] == ran


def test_a_drag_arrives_as_one_touch(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    started = time.monotonic()
    assert android.act(Drag(path=((10, 10), (100, 200)), seconds=0.2), android.observe()).status == "done"
    assert time.monotonic() - started >= 0.2
    events = device.done("motionevent")
    assert events[0] == ["DOWN", "10", "10"]
    assert events[-1] == ["UP", "100", "200"]
    assert [event[0] for event in events].count("DOWN") == [event[0] for event in events].count("UP") == 1


def test_a_drag_that_breaks_leaves_no_finger_down(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    stop = Stop()
    device.before = lambda argv: stop.set("enough") if "MOVE" in argv else None
    effect = android.act(Drag(path=((10, 10), (100, 200)), seconds=5), android.observe(), stop=stop)
    assert effect.status == "unknown"
    assert "enough" in effect.reason
    assert device.done("motionevent")[-1][0] == "CANCEL"


def test_a_launch_without_components(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.answers["cmd"] = (20, b"", b"")
    assert android.act(Launch(app="notes"), android.observe()).status == "done"
    assert device.ran[-1] == ["monkey", "-p", "com.example.notes", "-c", "android.intent.category.LAUNCHER", "1"]


def test_an_unknown_app_starts_nothing(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    with pytest.raises(InvalidAction, match="nearest: Settings"):
        android.act(Launch(app="Sets"), android.observe())
    assert not [argv for argv in device.ran if argv[0] in ("am", "monkey")]


def change(device: ScriptedDevice, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(device, name, value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("rotation", 2, "turned from 0 to 180"),
        ("rotation", 1, "turned|display"),
        ("focus", "com.android.dialer/com.android.dialer.InCall", "window in front changed"),
        ("focus", "com.example.notes/com.example.notes.Other", "window in front changed"),
        ("awake", False, "the screen is off"),
        ("locked", True, "the screen is locked"),
    ],
)
def test_what_has_changed_since_is_not_tapped(
    android: AndroidEnvironment, device: ScriptedDevice, name: str, value: Any, reason: str
) -> None:
    seen = android.observe()
    setattr(device, name, value)
    for action in (Tap(x=1, y=1), Type(text="x"), Scroll(direction="down")):
        effect = android.act(action, seen)
        assert effect.status == "not_sent"
        assert any(word in effect.reason for word in reason.split("|"))
    assert not [argv for argv in device.ran if argv[0] == "input"]
    assert android.act(Tap(x=1, y=1), android.observe()).status == "done"


def test_another_size_is_another_screen(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    seen = android.observe()
    device.size = device.size._replace(width=200)
    assert "display" in android.act(Tap(x=1, y=1), seen).reason
    assert taps(device) == 0


def test_a_new_title_of_the_same_app_is_no_change(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    seen = android.observe()
    device.keyboard = True
    assert android.act(Tap(x=1, y=1), seen).status == "done"


@pytest.mark.parametrize("after", range(10))
def test_a_tap_whose_answer_is_cut_is_never_sent_twice(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice, after: int
) -> None:
    """The answer is `OKAY` and the exit packet: cut before each byte of it."""
    seen = android.observe()
    adb.fault = lambda request, answer: answer[:after] if "input tap" in request else None
    effect = android.act(Tap(x=1, y=1), seen)
    assert effect.status == "unknown"
    assert effect.reason
    assert taps(device) == 1
    adb.fault = None
    assert android.observe().frame == device.frame()


@pytest.mark.parametrize("after", range(4))
def test_a_tap_that_never_left_is_not_sent(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice, after: int
) -> None:
    seen = android.observe()
    tapping = threading.Event()

    def cut(request: str, answer: bytes) -> bytes | None:
        if "mInputShown" in repr(answer):  # the state was read: what comes next is the tap
            tapping.set()
        elif tapping.is_set() and request.startswith("host:transport"):
            return answer[:after]
        return None

    adb.fault = cut
    effect = android.act(Tap(x=1, y=1), seen)
    assert (effect.status, taps(device)) == ("not_sent", 0)


def test_a_server_that_is_killed_during_a_tap(open_device: Open, adb: AdbServer, device: ScriptedDevice) -> None:
    android = open_device()
    seen = android.observe()

    def kill(argv: list[str]) -> None:
        if argv[:2] == ["input", "tap"]:
            adb.stop()
            adb.fault = lambda *_: b""

    device.before = kill
    effect = android.act(Tap(x=1, y=1), seen)
    assert (effect.status, taps(device)) == ("unknown", 1)
    device.before = adb.fault = None
    assert android.observe().frame == device.frame(), "the server is started again for the next look"


def test_a_device_that_goes_before_the_tap(android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice) -> None:
    seen = android.observe()
    del adb.states[SERIAL]
    started = time.monotonic()
    with pytest.raises(DeviceLost, match="did not come back within 2 s"):
        android.act(Tap(x=1, y=1), seen)
    with pytest.raises(DeviceLost):
        android.observe()
    assert time.monotonic() - started < 10
    adb.states[SERIAL] = "device"
    assert android.act(Tap(x=1, y=1), android.observe()).status == "done"
    assert taps(device) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (255, b"java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission\n"),
        (0, b"java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission\n"),
    ],
)
def test_a_device_that_lets_nobody_tap(
    android: AndroidEnvironment, device: ScriptedDevice, code: int, words: bytes
) -> None:
    seen = android.observe()
    device.answers["input"] = (code, b"", words)
    effect = android.act(Tap(x=1, y=1), seen)
    assert effect.status == "not_sent"
    assert "Security settings" in effect.reason


def test_a_page_may_speak_of_errors(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.answers["am"] = (0, b"Starting: Intent { dat=https://x.org/Error SomeException }\n", b"")
    assert android.act(OpenURL(url="https://x.org/Error"), android.observe()).status == "done"


@pytest.mark.parametrize(
    "answer",
    [
        (0, b"Starting: Intent\nError: Activity not started, unknown error code 101\n", b""),
        (1, b"", b"Error: Activity class does not exist\n"),
        (0, b"** No activities found to run, monkey aborted.\n", b""),
    ],
)
def test_an_app_that_does_not_start(
    android: AndroidEnvironment, device: ScriptedDevice, answer: tuple[int, bytes, bytes]
) -> None:
    seen = android.observe()
    device.answers["am"] = answer
    effect = android.act(OpenURL(url="https://x.org"), seen)
    assert effect.status == "not_sent"
    assert "Error" in effect.reason or "No activities" in effect.reason


def test_the_second_of_two_taps_fails(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    seen = android.observe()

    def break_second(argv: list[str]) -> None:
        if taps(device) == 1:
            device.answers["input"] = (1, b"", b"gone\n")

    device.before = break_second
    effect = android.act(Tap(x=1, y=1, count=2), seen)
    assert effect.status == "unknown"
    assert "after 1 of 2 commands" in effect.reason


def shots(*bodies: Any) -> Callable[[list[str]], tuple[int, bytes, bytes]]:
    """Screenshots one after the other; the last one again and again."""
    left = list(bodies)
    return lambda _: (0, left.pop(0) if len(left) > 1 else left[0], b"")


def test_a_damaged_picture_is_taken_again(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    android._capture.form = "png"
    good = device.frame().png()
    for bad in (b"", b"<html>", good[: len(good) // 2], good.replace(b"\n", b"\r\n"), good[:-1]):
        device.screenshot = shots(bad, good)
        assert android.observe().frame == device.frame()


def test_a_picture_that_stays_damaged_is_none(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    android._capture.form = "png"
    good = device.frame().png()
    for percent in (1, 37, 99):
        device.screenshot = shots(good[: len(good) * percent // 100])
        with pytest.raises(CaptureFailed, match="no screenshot after 4 attempts"):
            android.observe()
    device.screenshot = lambda _: (1, b"", b"oom\n")
    with pytest.raises(CaptureFailed, match="screencap failed: oom"):
        android.observe()


def test_a_warning_is_told_once(
    android: AndroidEnvironment, device: ScriptedDevice, caplog: pytest.LogCaptureFixture
) -> None:
    android._capture.form = "png"
    png = device.frame().png()
    device.screenshot = lambda _: (0, b"[Warning] Multiple displays\n" + png, b"")
    assert android.observe().frame == device.frame()
    assert android.observe().frame == device.frame()
    assert android.warnings == ("[Warning] Multiple displays",)
    assert caplog.text.count("Multiple displays") == 1


def test_a_picture_cut_on_the_wire_is_read_again(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice
) -> None:
    whole = 0
    left = [0]

    def cut(request: str, answer: bytes) -> bytes | None:
        nonlocal whole
        if "screencap" not in request or not left:
            return None
        whole = len(answer)
        return answer[: left.pop()]

    adb.fault = cut
    android.observe()
    for after in (4, 8, 9, 20, whole // 2, whole - 7, whole - 1):
        left.append(after)
        assert android.observe().frame == device.frame()
        assert left == []


def test_a_secure_window_is_said_so(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.secure = True
    with pytest.raises(CaptureFailed, match=r"com.example.notes.Main is secure") as caught:
        android.observe()
    assert "take over" in caught.value.fix
    device.screenshot = lambda _: (1, b"", b"Failed to take screenshot. Status: -1\n")
    with pytest.raises(CaptureFailed, match=r"is secure.*Status: -1"):
        android.observe()


def test_black_alone_proves_nothing(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.secure = True
    black = device.frame()
    device.secure = False
    android._capture.form = "png"
    device.screenshot = lambda _: (0, black.png(), b"")
    assert android.observe().frame == black, "an app may be black"


def test_a_sleeping_screen_is_said_so(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.awake = False
    seen = android.observe()
    assert seen.window is not None
    assert seen.window.title == "the screen is off"
    device.screenshot = lambda _: (1, b"", b"no\n")
    with pytest.raises(CaptureFailed, match="the screen is off"):
        android.observe()
    device.screenshot = None
    assert android.act(SystemButton(button="power"), seen).status == "done"


def test_a_device_that_sleeps_is_woken_once(open_device: Open, device: ScriptedDevice) -> None:
    device.awake = False
    open_device()
    assert device.awake
    assert device.done("keyevent") == [["224"]]


def test_a_hanging_picture_ends_as_no_picture(
    android: AndroidEnvironment, adb: AdbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.android.capture.SHOT_SECONDS", 0.2)
    adb.fault = lambda request, answer: time.sleep(1) if "screencap" in request else None  # type: ignore[func-returns-value]
    started = time.monotonic()
    with pytest.raises(CaptureFailed, match=r"no complete answer within 0\.2 s"):
        android.observe()
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("verb", ["observe", "settle", "wait", "type"])
def test_a_stop_ends_everything_at_once(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice, verb: str
) -> None:
    seen = android.observe()
    if verb in ("observe", "settle"):
        adb.hang = True
    if verb == "type":
        device.before = lambda argv: time.sleep(1) if argv[:2] == ["input", "text"] else None
    stop = Stop()
    threading.Timer(0.15, stop.set, ("enough",)).start()
    started = time.monotonic()
    if verb == "wait":
        assert android.act(Wait(seconds=30), seen, stop=stop).status == "not_sent"
    elif verb == "type":
        assert android.act(Type(text="abc"), seen, stop=stop).status == "unknown"
    else:
        with pytest.raises(Stopped, match="enough"):
            android.observe(stop=stop) if verb == "observe" else android.settle(stop)
    assert time.monotonic() - started < 1


def test_settling_waits_for_the_screen(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    frames = iter(["a/a", "b/b", "c/c", "d/d"])
    device.before = lambda argv: change(device, "focus", next(frames, "d/d"))() if argv[0] == "screencap" else None
    settled = android.settle()
    assert settled.stable
    assert settled.frames >= 4


def test_a_screen_that_never_settles(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.before = lambda argv: device.ran.append(["input", "tap"]) if argv[0] == "screencap" else None
    settled = android.settle()
    assert not settled.stable
    assert 0.5 <= settled.seconds < 3


def test_opening(adb: AdbServer, open_device: Open) -> None:
    android = open_device(serial=SERIAL)
    assert android.serial == SERIAL
    assert android.capture_form in ("png", "raw")
    assert set(android.capture_milliseconds) == {"png", "raw"}
    adb.states["SECOND"] = "device"
    with pytest.raises(EnvironmentUnavailable, match="2 devices"):
        open_device()
    with pytest.raises(EnvironmentUnavailable, match="there is no device with the serial number THIRD"):
        open_android("THIRD", server=adb.server)
    with open_android(SERIAL, server=adb.server) as opened:
        assert opened.observe().display == SERIAL


def test_opening_starts_a_server_that_does_not_run(adb: AdbServer, open_device: Open) -> None:
    adb.stop()
    assert open_device().serial == SERIAL


def test_opening_a_device_that_breaks(adb: AdbServer, open_device: Open, device: ScriptedDevice) -> None:
    device.answers["dumpsys"] = (1, b"", b"")
    with pytest.raises(EnvironmentUnavailable, match="does not tell the size"):
        open_device()
    del device.answers["dumpsys"]
    adb.fault = lambda request, answer: b"" if request.startswith("shell") else None
    with pytest.raises(EnvironmentUnavailable, match="cannot be used"):
        open_device()


def test_no_thread_is_left_behind(open_device: Open) -> None:
    android = open_device()
    android.observe(elements=True)
    android.close()
    deadline = time.monotonic() + 5
    while any(thread.name.startswith("handeye-android") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
