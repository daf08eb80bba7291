"""The user's own display: untouched unless asked for, and clear words when it is not there."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import open_environment
from environments.action import Tap, Type
from environments.desktop.driver import DesktopEnvironment
from environments.desktop.x11.display import PrivateDisplay
from environments.errors import EnvironmentUnavailable, HandeyeError, MissingExtra, UnknownName
from environments.geometry import Size
from tests.environments.desktop.programs import Terminal, ask_x

pytestmark = pytest.mark.display


@pytest.fixture
def tripwire(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A $DISPLAY that is nothing but a pair of listening sockets; every connection to it is written down."""
    number = next(n for n in range(70, 200) if not Path(f"/tmp/.X11-unix/X{n}").exists())
    path = Path(f"/tmp/.X11-unix/X{number}")
    path.parent.mkdir(exist_ok=True)
    connections: list[str] = []
    sockets = []
    for address in (str(path), f"\0{path}"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        sockets.append(listener)
        threading.Thread(target=_accept, args=(listener, connections), daemon=True).start()
    monkeypatch.setenv("DISPLAY", f":{number}")
    monkeypatch.delenv("XAUTHORITY", raising=False)
    yield connections
    for listener in sockets:
        listener.shutdown(socket.SHUT_RDWR)  # ends the waiting `accept`
        listener.close()
    path.unlink()


def _accept(listener: socket.socket, connections: list[str]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connections.append(str(listener.getsockname()))
        connection.close()


def test_the_wire_is_tripped_when_the_own_display_is_asked_for(tripwire: list[str]) -> None:
    with pytest.raises(EnvironmentUnavailable, match=r"did not start|does not answer"):
        open_environment("desktop")
    assert tripwire


def test_a_private_display_never_even_connects_to_the_own_one(tripwire: list[str], tmp_path: Path) -> None:
    with open_environment("desktop:headless", size=Size(640, 480)) as desktop:
        assert desktop.display != os.environ["DISPLAY"]
        with Terminal(desktop, tmp_path / "text") as terminal:
            desktop.act(Tap(x=5, y=5), desktop.observe(elements=True))
            desktop.act(Tap(x=320, y=240), desktop.observe())
            desktop.act(Type(text="żółw", submit=True), desktop.observe())
            terminal.wait_for("żółw\n")
        desktop.settle()
    assert tripwire == []


def test_a_real_display_that_stands_for_the_own_one_sees_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = PrivateDisplay(Size(640, 480))
    try:
        for name in ("DISPLAY", "XAUTHORITY"):
            monkeypatch.setenv(name, own.environment[name])
        with DesktopEnvironment() as mine, Terminal(mine, tmp_path / "own") as bystander:
            ask_x(own.environment, "warp", 111, 99)
            with open_environment("desktop:headless", size=Size(640, 480)) as desktop:
                with Terminal(desktop, tmp_path / "private") as terminal:
                    desktop.act(Tap(x=300, y=200), desktop.observe())
                    desktop.act(Type(text="private words", submit=True), desktop.observe())
                    terminal.wait_for("private words\n")
                assert desktop.observe().frame != mine.observe().frame
            place = ask_x(own.environment, "pointer")
            assert (place["x"], place["y"]) == (111, 99)
            assert bystander.text() == ""
    finally:
        own.close()


def test_the_environment_of_this_process_stays_as_it_was(tmp_path: Path) -> None:
    before = dict(os.environ)
    with open_environment("desktop:headless", size=Size(320, 240)) as desktop:
        assert dict(os.environ) == before
        desktop.act(Type(text="ż"), desktop.observe(elements=True))
        assert dict(os.environ) == before
    assert dict(os.environ) == before


def test_nothing_of_the_own_session_leads_from_the_private_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAYLAND_DISPLAY", "SESSION_MANAGER", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.setenv(name, "of-the-user")
    with open_environment("desktop:headless", size=Size(320, 240)) as desktop:
        assert "of-the-user" not in desktop._environment.values()
        assert desktop.observe().frame.size == (320, 240)


def test_without_a_display_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(EnvironmentUnavailable, match="DISPLAY is not set") as caught:
        open_environment("desktop")
    assert "desktop:headless" in caught.value.fix
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(EnvironmentUnavailable, match="Wayland"):
        open_environment("desktop")


@pytest.mark.parametrize("name", [":4999", "nonsense", ":", "host.invalid:0", ":0.9999999"])
def test_a_display_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    with pytest.raises(EnvironmentUnavailable) as caught:
        open_environment("desktop")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnavailable, match="not installed") as caught:
        open_environment("desktop:headless")
    assert caught.value.fix == "apt-get install xvfb openbox dbus"
    (tmp_path / "Xvfb").symlink_to("/bin/true")
    (tmp_path / "dbus-daemon").symlink_to("/bin/true")
    with pytest.raises(EnvironmentUnavailable) as caught:
        open_environment("desktop:headless")
    assert caught.value.fix == "apt-get install openbox"


@pytest.mark.parametrize("module", ["pyvirtualdisplay", "pyautogui", "mss", "Xlib"])
def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str) -> None:
    """A package that cannot be imported stands where the real one would be."""
    absent = f"raise ModuleNotFoundError(\"No module named '{module}'\", name='{module}')\n"
    (tmp_path / f"{module}.py").write_text(absent)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(MissingExtra, match=module) as caught:
        open_environment("desktop:headless", size=Size(320, 240))
    assert caught.value.fix == "pip install 'handeye[desktop]'"


def test_an_xvfb_that_fails_is_no_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "Xvfb"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(EnvironmentUnavailable, match="did not start") as caught:
        open_environment("desktop:headless")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("which", ["headles", "2", ":1", "headless:1"])
def test_a_desktop_of_another_name_does_not_exist(which: str) -> None:
    with pytest.raises(UnknownName) as caught:
        open_environment(f"desktop:{which}")
    assert "desktop:headless" in caught.value.fix


def test_a_monitor_that_is_not_there_is_refused_with_those_that_are() -> None:
    for monitor in (2, -1):
        with pytest.raises(HandeyeError, match=rf"there is no monitor {monitor}: there are 1 to 1"):
            open_environment("desktop:headless", size=Size(320, 240), monitor=monitor)
