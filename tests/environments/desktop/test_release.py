"""Held keys and buttons go up again on every way out: an error, a stop, a close, the death of the parent."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from environments.action import Drag, Hold, PointerDown, Type
from environments.desktop.commands import Commands
from environments.desktop.driver import DesktopEnvironment
from environments.desktop.x11.display import PrivateDisplay
from environments.environment import Command
from environments.errors import DeviceLost
from environments.geometry import Size
from environments.stop import Stop
from tests.environments.desktop.programs import ROOT, alive, ask_x, environment_of, until

BUTTONS = 0x1F << 8


class Recorded:
    """Stands where pointer and keyboard stand, and writes down what they are told."""

    def __init__(self, fail_at: str = "") -> None:
        self.told: list[str] = []
        self._fail_at = fail_at

    @property
    def keyboard(self) -> "Recorded":
        return self

    def __getattr__(self, verb: str) -> Callable[..., None]:
        def tell(*arguments: Any) -> None:
            self.told.append(" ".join([verb, *map(str, arguments)]))
            if verb == self._fail_at:
                raise OSError("the display broke")

        return tell


def test_commands_that_break_off_let_everything_go() -> None:
    device = Recorded(fail_at="move")
    commands: list[Command] = [
        {"do": "down", "button": "left"},
        {"do": "key_down", "key": "ctrl"},
        {"do": "move", "x": 1, "y": 1},
    ]
    with pytest.raises(OSError, match="broke"):
        Commands(device, device, threading.Event()).run(commands)
    assert device.told == ["down left", "down ctrl", "move 1 1", "release_all", "release_all"]


def test_commands_that_are_cancelled_let_everything_go_and_say_how_far_they_came() -> None:
    device, cancelled = Recorded(), threading.Event()
    threading.Timer(0.05, cancelled.set).start()
    commands: list[Command] = [
        {"do": "down", "button": "left"},
        {"do": "wait", "seconds": 30},
        {"do": "up", "button": "left"},
    ]
    outcome = Commands(device, device, cancelled).run(commands)
    assert (outcome.sent, outcome.cancelled) == (1, True)
    assert device.told == ["down left", "release_all", "release_all"]


def test_commands_that_end_well_leave_held_what_they_were_asked_to_hold() -> None:
    device = Recorded()
    Commands(device, device, threading.Event()).run([{"do": "down", "button": "left"}])
    assert device.told == ["down left"]


@pytest.fixture
def own_display(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A display that is not ours to end, as a user's would be, and the environment variables that lead to it."""
    display = PrivateDisplay(Size(640, 480))
    try:
        for name in ("DISPLAY", "XAUTHORITY"):
            monkeypatch.setenv(name, display.environment[name])
        yield {**os.environ, "DISPLAY": display.name}
    finally:
        display.close()


def held(environment: dict[str, str]) -> tuple[list[int], int]:
    """The keys and the buttons that are down now."""
    return ask_x(environment, "keys"), ask_x(environment, "pointer")["mask"] & BUTTONS


@pytest.mark.display
@pytest.mark.parametrize("action", [Hold(key="a", seconds=30), Drag(path=((5, 5), (300, 300)), seconds=30)])
def test_a_stop_lets_go(desktop: DesktopEnvironment, action: Hold | Drag) -> None:
    environment = environment_of(desktop)
    stop = Stop()
    effects: list[Any] = []
    acting = threading.Thread(target=lambda: effects.append(desktop.act(action, desktop.observe(), stop=stop)))
    acting.start()
    until(lambda: held(environment) != ([], 0), "something is held")
    stop.set()
    acting.join(5)
    assert effects[0].status == "unknown"
    assert held(environment) == ([], 0)
    assert desktop.observe().frame.pixels, "a stop ends a call, not the display"


@pytest.mark.display
def test_closing_lets_go(own_display: dict[str, str]) -> None:
    with DesktopEnvironment() as desktop:
        desktop.act(PointerDown(x=50, y=50), desktop.observe())
        assert held(own_display)[1]
    assert held(own_display) == ([], 0)


@pytest.mark.display
def test_an_error_in_the_parent_lets_go(own_display: dict[str, str]) -> None:
    def go_wrong() -> None:
        with DesktopEnvironment() as desktop:
            desktop.act(PointerDown(x=50, y=50, button="right"), desktop.observe())
            assert held(own_display)[1]
            raise RuntimeError("of its own")

    with pytest.raises(RuntimeError, match="of its own"):
        go_wrong()
    assert held(own_display) == ([], 0)


@pytest.mark.display
def test_a_child_that_is_asked_to_end_lets_go(own_display: dict[str, str]) -> None:
    with DesktopEnvironment() as desktop:
        desktop.act(PointerDown(x=50, y=50), desktop.observe())
        assert held(own_display)[1]
        os.kill(desktop._child.pid, signal.SIGTERM)
        until(lambda: not alive(desktop._child.pid), "the child ends")
        assert held(own_display) == ([], 0)
        with pytest.raises(DeviceLost):
            desktop.observe()


HOLDING = """
import sys, threading, time
from environments.action import Hold, PointerDown
from environments.desktop.driver import DesktopEnvironment

desktop = DesktopEnvironment()
desktop.act(PointerDown(x=50, y=50), desktop.observe())
threading.Thread(target=lambda: desktop.act(Hold(key="a", seconds=60), desktop.observe())).start()
print("holding", flush=True)
time.sleep(60)
"""


@pytest.mark.display
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_is_killed_lets_go(own_display: dict[str, str], number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING], cwd=ROOT, env=own_display, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"holding\n"
            keys, buttons = until(lambda: (h := held(own_display))[0] and h[1] and h, "a key and a button are held")
            assert len(keys) == 1
            assert buttons == 1 << 8
        finally:
            parent.send_signal(number)
        parent.wait(10)
        until(lambda: held(own_display) == ([], 0), "key and button go up")


INTERRUPTED = """
from environments.action import Hold, Wait
from environments.desktop.driver import DesktopEnvironment

desktop = DesktopEnvironment()
seen = desktop.observe()
print("holding", flush=True)
try:
    desktop.act(Hold(key="a", seconds=60), seen)
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(desktop.act(Wait(seconds=0.1), desktop.observe()).status, flush=True)
input()
"""


@pytest.mark.display
def test_ctrl_c_lets_go_and_the_display_goes_on(own_display: dict[str, str]) -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=own_display, stdin=pipe, stdout=pipe, text=True) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "holding\n"
            until(lambda: held(own_display)[0], "the key is held")
            parent.send_signal(signal.SIGINT)
            assert parent.stdout.readline() == "interrupted\n"
            until(lambda: held(own_display) == ([], 0), "the key goes up")
            assert parent.stdout.readline() == "done\n"
        finally:
            parent.kill()


@pytest.mark.display
def test_on_a_display_of_others_the_keyboard_map_is_given_back(own_display: dict[str, str]) -> None:
    before = ask_x(own_display, "map")
    with DesktopEnvironment() as desktop:
        desktop.act(Type(text="ż ツ 😀 αβγ"), desktop.observe())
        assert ask_x(own_display, "map") != before
    assert json.dumps(ask_x(own_display, "map")) == json.dumps(before)
