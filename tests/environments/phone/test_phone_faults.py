"""Each fault of the phone as the driver meets it, over real ADB: a clear outcome, and nothing is done twice."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from environments.action import Launch, Swipe, Tap, Type
from environments.android.adb import AdbShell
from environments.android.capture import BadShot, Capture
from environments.android.driver import AndroidEnvironment
from environments.android.server import PrivateAdbServer
from environments.errors import CaptureFailed, DeviceLost, EnvironmentUnavailable, HandeyeError
from environments.geometry import Size
from environments.phone.phone import Phone
from environments.phone.shell.faults import ShellFaults
from environments.phone.wire.faults import WireFaults
from environments.phone.world import WorldFaults
from tests.environments.phone.walks import RULE, Touches, done, find, tap
from tests.environments.phone.wire_services import wait_until

WAKE, SLEEP = 224, 223
TOP = Tap(x=270, y=5)
"""A point in the status bar, which does nothing."""


@pytest.fixture(scope="module")
def adb() -> Iterator[PrivateAdbServer]:
    with PrivateAdbServer() as server:
        yield server


def opened(phone: Phone, adb: PrivateAdbServer, **options: Any) -> AndroidEnvironment:
    settings = {"server": adb.server, "revive": adb.revive, "private": True, "rule": RULE, "reconnect_seconds": 15.0}
    return AndroidEnvironment(phone.address, **(settings | options))


@pytest.fixture
def screen(phone: Phone, adb: PrivateAdbServer) -> Iterator[AndroidEnvironment]:
    adb.connect(phone.address)
    with opened(phone, adb) as environment:
        yield environment


@pytest.fixture
def png_screen(screen: AndroidEnvironment) -> AndroidEnvironment:
    """Reads PNGs, whichever format was the faster one."""
    screen._capture.form = "png"
    return screen


# At the door.


@pytest.mark.parametrize(
    ("fault", "words"),
    [(WireFaults(offline=True), "offline|cannot connect"), (WireFaults(refuse=True), "cannot connect|offline"),
     (WireFaults(unauthorized=True), "unauthorized|cannot connect|authenticate")],
)  # fmt: skip
def test_a_phone_that_lets_nobody_in(phone: Phone, fault: WireFaults, words: str) -> None:
    phone.wire_faults = fault
    with PrivateAdbServer() as own:
        started = time.monotonic()
        with pytest.raises(EnvironmentUnavailable, match=words) as caught:
            opened(phone, own)
        assert caught.value.fix
        assert time.monotonic() - started < 40
        phone.wire_faults = WireFaults()
        with PrivateAdbServer() as fresh, opened(phone, fresh) as screen:
            assert screen.observe().frame.size == (540, 1200)


@pytest.mark.parametrize(
    "name",
    ["unauthorized", pytest.param("offline", marks=pytest.mark.slow), pytest.param("refuse", marks=pytest.mark.slow)],
)  # adb itself takes its time until it says that nobody answers
def test_one_that_closes_its_door_later(phone: Phone, adb: PrivateAdbServer, name: str) -> None:
    adb.connect(phone.address)
    with opened(phone, adb, reconnect_seconds=1.0) as screen:
        touches, seen = Touches(phone), screen.observe()
        phone.wire_faults = replace(WireFaults(), **{name: True})
        with pytest.raises((DeviceLost, CaptureFailed)) as caught:
            screen.observe()
        assert str(phone.address) in str(caught.value)
        with pytest.raises(DeviceLost):
            screen.act(TOP, seen)
        assert touches.count == 0


# On the way.


@pytest.mark.parametrize("after", [0, 1, 4, 5, 9, 100, 4096, 12000])
def test_a_cut_look_is_taken_again(screen: AndroidEnvironment, phone: Phone, after: int) -> None:
    before = screen.observe(elements=True)
    phone.wire_faults = WireFaults(cut_after=after)
    again = screen.observe(elements=True)
    assert again.frame == before.frame
    assert [node.name for node in again.elements.nodes] == [node.name for node in before.elements.nodes]
    assert wait_until(lambda: phone.fired("cut_after") <= 1)


@pytest.mark.parametrize("after", [0, 1, 5, 6, 20])
def test_a_cut_tap_is_not_sent_again(
    screen: AndroidEnvironment, phone: Phone, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut() -> None:
        phone.wire_faults = WireFaults(cut_after=after)

    touches = Touches(phone, cut)
    effect = screen.act(TOP, screen.observe())
    assert touches.count == 1
    assert effect.status in ("unknown", "done")
    assert effect.status == "done" or "of 1 commands" in effect.reason
    touches.hook = lambda: None
    assert screen.observe().frame.size == (540, 1200)
    assert touches.count == 1


def test_a_drip_is_slow_and_no_loss(png_screen: AndroidEnvironment, phone: Phone) -> None:
    screen = png_screen
    before = screen.observe().frame
    phone.wire_faults = WireFaults(drip=100_000)
    assert screen.observe().frame == before
    assert phone.fired("drip") > 1


def test_a_drip_that_would_take_minutes_is_given_up(
    screen: AndroidEnvironment, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.android.capture.SHOT_SECONDS", 0.6)
    phone.wire_faults = WireFaults(drip=3_000)
    started = time.monotonic()
    with pytest.raises((CaptureFailed, DeviceLost), match=r"no (complete answer|screenshot)"):
        screen.observe()
    assert time.monotonic() - started < 30


def test_a_phone_that_vanishes_and_returns(screen: AndroidEnvironment, phone: Phone) -> None:
    touches, frame = Touches(phone), screen.observe().frame
    for _ in range(3):
        phone.wire_faults = WireFaults(refuse=True)
        back = threading.Timer(0.4, lambda: setattr(phone, "wire_faults", WireFaults()))
        back.start()
        assert screen.observe().frame == frame
        back.join()
    assert screen.act(TOP, screen.observe()).status == "done"
    assert touches.count == 1


def test_a_phone_that_vanishes_under_the_finger(screen: AndroidEnvironment, phone: Phone) -> None:
    touches = Touches(phone, phone.drop)
    effect = screen.act(Swipe(start=(270, 900), end=(270, 300), seconds=0.3), screen.observe())
    assert effect.status == "unknown"
    assert touches.count == 1
    assert screen.observe().frame.size == (540, 1200)
    assert touches.count == 1


# The adb server is killed.


def test_an_adb_server_killed_during_a_read(screen: AndroidEnvironment, phone: Phone, adb: PrivateAdbServer) -> None:
    touches, screenshot = Touches(phone), phone.world.screenshot
    killed = []

    def kill_then_show() -> Any:
        if not killed:
            killed.append(adb.pid)
            os.kill(adb.pid, signal.SIGKILL)
        return screenshot()

    phone.world.screenshot = kill_then_show  # type: ignore[method-assign]
    assert screen.observe().frame == screenshot()
    assert killed
    assert adb.pid not in killed
    assert touches.count == 0


def test_an_adb_server_killed_during_a_tap(screen: AndroidEnvironment, phone: Phone, adb: PrivateAdbServer) -> None:
    touches = Touches(phone, lambda: os.kill(adb.pid, signal.SIGKILL))
    effect = screen.act(TOP, screen.observe())
    assert (effect.status, touches.count) == ("unknown", 1)
    touches.hook = lambda: None
    assert screen.act(TOP, screen.observe()).status == "done"
    assert touches.count == 2


def test_killed_at_any_moment_no_tap_is_made_twice(
    screen: AndroidEnvironment, phone: Phone, adb: PrivateAdbServer
) -> None:
    touches, chance = Touches(phone), random.Random(7)  # noqa: S311
    certain = possible = 0
    for _ in range(25):
        seen = screen.observe()
        killing = threading.Timer(chance.uniform(0, 0.02), os.kill, (adb.pid, signal.SIGKILL))
        killing.start()
        try:
            effect = screen.act(TOP, seen)
        except DeviceLost:
            status = "not_sent"  # lost while it looked whether the screen is the same
        else:
            status = effect.status
        killing.join()
        certain += status == "done"
        possible += status in ("done", "unknown")
        screen.observe()
        assert certain <= touches.count <= possible, f"{touches.count} taps, {certain} to {possible} recorded"
    assert touches.count


# In the phone's commands.


def test_a_warning_before_the_png(png_screen: AndroidEnvironment, phone: Phone) -> None:
    screen = png_screen
    before = screen.observe().frame
    phone.shell_faults = ShellFaults(warning=True)
    assert screen.observe().frame == before
    assert any("Multiple displays were found" in words for words in screen.warnings)
    assert screen.act(TOP, screen.observe()).status == "done"


@pytest.mark.parametrize("share", [0, 1, 8, 40, 0.1, 0.25, 0.5, 0.75, 0.99, -12, -1])
def test_a_png_that_is_cut(png_screen: AndroidEnvironment, phone: Phone, share: float) -> None:
    screen = png_screen
    size = len(phone.world.screenshot().png())
    length = int(share * size) if 0 < share < 1 else int(share) % size
    phone.shell_faults = ShellFaults(truncate_png=length)
    with pytest.raises(CaptureFailed, match="no screenshot after 4 attempts"):
        screen.observe()
    phone.shell_faults = ShellFaults()
    assert screen.observe().frame == phone.world.screenshot()


def test_a_png_cut_at_every_percent_is_never_a_picture(
    phone: Phone, adb: PrivateAdbServer, screen: AndroidEnvironment
) -> None:
    capture, size = Capture(AdbShell(adb.server, phone.address)), len(phone.world.screenshot().png())
    for percent in range(100):
        phone.shell_faults = ShellFaults(truncate_png=size * percent // 100)
        with pytest.raises(BadShot):
            capture.take()
    phone.shell_faults = ShellFaults()
    assert capture.take().frame == phone.world.screenshot()


def test_a_phone_whose_pngs_are_always_cut_is_read_raw(phone: Phone, adb: PrivateAdbServer) -> None:
    phone.shell_faults = ShellFaults(truncate_png=1000)
    adb.connect(phone.address)
    with opened(phone, adb) as screen:
        assert screen.capture_form == "raw"
        assert screen.observe().frame == phone.world.screenshot()


# On the screen.


def test_a_secure_window_is_said_so(screen: AndroidEnvironment, phone: Phone) -> None:
    phone.world_faults.secure = True
    with pytest.raises(CaptureFailed, match="is secure: it does not let itself be captured") as caught:
        screen.observe()
    assert "by hand" in caught.value.fix
    phone.world_faults.secure = False
    assert screen.observe().frame == phone.world.screenshot()


def test_a_screen_that_never_rests(screen: AndroidEnvironment, phone: Phone) -> None:
    phone.world_faults.never_idle = True
    seen = screen.observe(elements=True)
    assert not seen.elements.nodes
    assert "could not get idle state" in seen.elements.absent
    assert screen.act(TOP, seen).status == "done", "the picture is there, so it can be acted on"


@pytest.mark.parametrize("moment", ["touch", "screenshot"])
def test_turning_in_between(screen: AndroidEnvironment, phone: Phone, moment: Any) -> None:
    touches = Touches(phone)
    phone.world_faults.rotate_at = moment
    seen = screen.observe()
    effect = screen.act(TOP, seen)
    if moment == "screenshot" and (seen.rotation, seen.frame.size) == (0, (540, 1200)):
        assert (effect.status, touches.count) == ("not_sent", 0)
        assert "turned" in effect.reason or "size" in effect.reason
    turned = screen.observe()
    assert (turned.rotation, turned.frame.size, turned.screen.width) == (1, (1200, 540), 1200)
    assert touches.count <= 1


def test_a_late_page_comes(screen: AndroidEnvironment, phone: Phone) -> None:
    phone.world_faults.late_page = 0.6
    done(screen, Launch(app="Settings"))
    with pytest.raises(LookupError):
        find(screen, "Network & internet")
    time.sleep(0.6)
    tap(screen, "Network & internet")
    time.sleep(0.6)
    tap(screen, "Airplane mode")
    assert phone.state.settings.airplane_mode


def test_an_input_method_that_is_refused_types_nothing(screen: AndroidEnvironment, phone: Phone) -> None:
    phone.world_faults.refuse_input_method = True
    done(screen, Launch(app="Notes"))
    tap(screen, "New note")
    _, where = next((seen, node) for seen in [screen.observe(elements=True)] for node in seen.elements.nodes
                    if node.role == "EditText")  # fmt: skip
    assert where.bounds is not None
    done(screen, Tap(x=where.bounds.center.x, y=where.bounds.center.y))
    before, notes = phone.world.input_method, dict(phone.state.notes)
    effect = screen.act(Type(text="żółw 三"), screen.observe())
    assert effect.status == "not_sent"
    assert effect.reason
    assert (phone.world.input_method, dict(phone.state.notes)) == (before, notes)
    assert done(screen, Type(text="plain")) == "", "ASCII needs no other input method"


def test_an_override_size(phone: Phone, adb: PrivateAdbServer) -> None:
    phone.world_faults.override_size = Size(480, 800)
    adb.connect(phone.address)
    with opened(phone, adb) as screen:
        seen = screen.observe()
        assert seen.frame.size == (480, 800)
        tap(screen, "Settings")
        assert "settings" in str(screen.observe().window).lower()
        phone.world_faults.override_size = None
        assert screen.act(TOP, seen).status == "not_sent"


def test_two_displays(phone: Phone, adb: PrivateAdbServer) -> None:
    phone.world_faults = WorldFaults(second_display=True)
    adb.connect(phone.address)
    with opened(phone, adb) as screen:
        assert screen.warnings == ()
        touches = Touches(phone)
        assert screen.act(TOP, screen.observe()).status == "done"
        assert touches.count == 1


def test_asleep_and_locked(screen: AndroidEnvironment, phone: Phone, adb: PrivateAdbServer) -> None:
    awake = screen.observe()
    phone.world.key(SLEEP)
    seen = screen.observe()
    assert seen.window is not None
    assert seen.window.title == "the screen is off"
    touches = Touches(phone)
    assert screen.act(TOP, awake).status == "not_sent"
    phone.world.key(WAKE)
    phone.state.locked = True
    seen = screen.observe()
    assert seen.window is not None
    assert "locked" in seen.window.title
    assert screen.act(TOP, awake).status == "not_sent"
    assert touches.count == 0
    phone.world.key(SLEEP)
    with opened(phone, adb):
        assert phone.state.awake, "opening wakes it"


def test_faults_do_not_outlive_a_reset(png_screen: AndroidEnvironment, phone: Phone) -> None:
    screen = png_screen
    phone.world_faults.secure = True
    phone.shell_faults = ShellFaults(truncate_png=10)
    with pytest.raises(HandeyeError):
        screen.observe()
    phone.reset()
    assert screen.observe().frame == phone.world.screenshot()
