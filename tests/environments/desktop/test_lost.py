"""The X server dies in the middle of something: the call says so, and this process lives on."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.action import Drag, Hold, Launch, Tap, Type, Wait
from environments.desktop.driver import DesktopEnvironment
from environments.environment import Effect
from environments.errors import DeviceLost, HandeyeError
from environments.settle import SettleRule
from tests.environments.desktop.programs import Terminal, alive, pids_of, process_named, until

pytestmark = pytest.mark.display


def kill_server(desktop: DesktopEnvironment) -> None:
    """Kill the Xvfb of a display, as a crash would."""
    server = process_named(desktop, "Xvfb")
    os.kill(server, signal.SIGKILL)
    until(lambda: not alive(server), "the X server ends")
    Path(f"/tmp/.X11-unix/X{desktop.display.lstrip(':')}").unlink(missing_ok=True)  # killed, it leaves that behind


def is_lost(desktop: DesktopEnvironment) -> None:
    """From now on every verb says that the display is gone, and closing works."""
    for _ in range(2):
        with pytest.raises(DeviceLost):
            desktop.observe()
        with pytest.raises(DeviceLost):
            desktop.settle()
    pids = pids_of(desktop)
    desktop.close()
    desktop.close()
    until(lambda: not any(map(alive, pids)), "nothing is left")
    with pytest.raises(DeviceLost, match="closed"):
        desktop.observe()


def kill_during(desktop: DesktopEnvironment, work: Callable[[], object]) -> list[object]:
    """Kill the server while `work` goes on in another thread; what the work returned or raised."""
    ends: list[object] = []

    def run() -> None:
        try:
            ends.append(work())
        except HandeyeError as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(0.4)
    assert thread.is_alive(), f"it was to be in the middle of it: {ends}"
    kill_server(desktop)
    thread.join(15)
    assert not thread.is_alive()
    return ends


def test_while_idle(private_desktop: DesktopEnvironment) -> None:
    seen = private_desktop.observe()
    kill_server(private_desktop)
    with pytest.raises(DeviceLost):
        private_desktop.act(Tap(x=1, y=1), seen)
    is_lost(private_desktop)


def test_while_observing_again_and_again(private_desktop: DesktopEnvironment) -> None:
    def observe() -> None:
        while True:
            private_desktop.observe()

    [end] = kill_during(private_desktop, observe)
    assert isinstance(end, DeviceLost)
    is_lost(private_desktop)


def test_while_reading_elements(private_desktop: DesktopEnvironment) -> None:
    def observe() -> None:
        while True:
            private_desktop.observe(elements=True)

    [end] = kill_during(private_desktop, observe)
    assert isinstance(end, DeviceLost)
    is_lost(private_desktop)


def test_while_typing(private_desktop: DesktopEnvironment, tmp_path: Path) -> None:
    terminal = Terminal(private_desktop, tmp_path / "text")
    terminal.__enter__()
    seen = private_desktop.observe()
    text = "hello world\n" * 8000
    [end] = kill_during(private_desktop, lambda: private_desktop.act(Type(text=text), seen))
    assert isinstance(end, DeviceLost) or (isinstance(end, Effect) and end.status == "unknown")
    assert terminal.text() != text
    is_lost(private_desktop)


@pytest.mark.parametrize(
    "action",
    [Hold(key="a", seconds=2), Drag(path=((1, 1), (300, 300)), seconds=20), Wait(seconds=2)],
    ids=lambda action: action.type,
)
def test_while_acting(private_desktop: DesktopEnvironment, action: Hold | Drag | Wait) -> None:
    seen = private_desktop.observe()
    [end] = kill_during(private_desktop, lambda: private_desktop.act(action, seen))
    if action.type == "wait":  # nothing was to be sent, so nothing noticed it
        assert isinstance(end, DeviceLost | Effect)
    else:
        assert isinstance(end, DeviceLost) or (isinstance(end, Effect) and end.status == "unknown")
    is_lost(private_desktop)


def test_while_settling(private_desktop: DesktopEnvironment) -> None:
    private_desktop._rule = SettleRule(floor=20, cap=20)
    [end] = kill_during(private_desktop, private_desktop.settle)
    assert isinstance(end, DeviceLost)
    is_lost(private_desktop)


def test_while_launching(private_desktop: DesktopEnvironment) -> None:
    seen = private_desktop.observe()
    kill_server(private_desktop)
    for start in (
        lambda: private_desktop.launch(["xterm"]),
        lambda: private_desktop.act(Launch(app="galculator"), seen),
    ):
        with pytest.raises(DeviceLost):
            start()
    is_lost(private_desktop)


def test_the_child_is_killed(private_desktop: DesktopEnvironment) -> None:
    os.kill(private_desktop._child.pid, signal.SIGKILL)
    is_lost(private_desktop)


def test_another_display_does_not_notice(desktop: DesktopEnvironment, private_desktop: DesktopEnvironment) -> None:
    kill_server(private_desktop)
    is_lost(private_desktop)
    assert desktop.act(Tap(x=5, y=5), desktop.observe()).status == "done"
