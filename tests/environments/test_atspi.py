"""The accessibility tree of real programs on a display of their own, and of programs that answer as they like."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from Xlib import XK, X, Xutil, display
from Xlib.ext import xtest
from Xlib.protocol import event

from environments.desktop.x11 import dbus
from environments.desktop.x11.atspi import AccessibilityTree, enable
from environments.desktop.x11.atspi_walk import MAX_CHILDREN, MAX_TEXT
from environments.errors import EnvironmentUnavailable

pytestmark = pytest.mark.display

ROOT = "/org/a11y/atspi/accessible/root"
Node = dict[str, Any]


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of the condition; fails when none comes."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


class Session:
    """An X server, a session bus and a window manager, with a home folder of their own; all of it ends with `end`."""

    def __init__(self, folder: Path) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        self.folder = folder
        (folder / "run").mkdir(mode=0o700)
        (folder / "Xauthority").touch()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XAUTHORITY": str(folder / "Xauthority"),
            "GSETTINGS_BACKEND": "memory",
            "LANG": "C.UTF-8",
        }
        # Without -noreset the server drops all that connect just when its last client has gone.
        number = self._told("Xvfb", "-noreset", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-displayfd")
        self.environment["DISPLAY"] = f":{number}"
        self.bus = self._told("dbus-daemon", "--session", "--nofork", "--print-address")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.bus

    def _told(self, *command: str) -> str:
        """Start a program that writes a line to the file descriptor which ends its command line."""
        reading, writing = os.pipe()
        joint = "=" if command[0] == "dbus-daemon" else " "
        self.start(*f"{' '.join(command)}{joint}{writing}".split(), pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as pipe:
            return pipe.readline().strip()

    def start(self, *command: str, pass_fds: tuple[int, ...] = ()) -> int:
        """Start a program in a process group of its own; its process id."""
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command, env=self.environment, cwd=self.folder, stdin=quiet, stdout=quiet, stderr=quiet,
            pass_fds=pass_fds, start_new_session=True,
        )  # fmt: skip
        self._running.append(process)
        return process.pid

    def stop(self, pid: int) -> None:
        """End a program, stopped or not, with what it started."""
        process = next(process for process in self._running if process.pid == pid)
        self._running.remove(process)
        for number in (signal.SIGKILL, signal.SIGCONT):
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
        process.wait(20)

    def end(self) -> None:
        for process in reversed(self._running[:]):
            self.stop(process.pid)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with tempfile.TemporaryDirectory(prefix="handeye-") as folder:
        opened = Session(Path(folder))
        try:
            enable(opened.bus)
            opened.start("openbox", "--sm-disable")
            yield opened
        finally:
            opened.end()


@pytest.fixture
def tree(session: Session) -> Iterator[AccessibilityTree]:
    reader = AccessibilityTree(session.bus)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def calculator(session: Session) -> int:
    """The process id of a calculator that is ready."""
    return started(session, "galculator", role="toggle button", name="7")


def started(session: Session, *command: str, role: str, name: str = "") -> int:
    """Start a program and wait until it shows such a node."""
    pid = session.start(*command)
    reader = AccessibilityTree(session.bus)
    wait_for(lambda: find(reader.read(pid=pid)["nodes"], role, name))
    reader.close()
    return pid


def find(nodes: list[Node], role: str, name: str = "") -> Node | None:
    return next((node for node in nodes if node["role"] == role and name in ("", node["name"])), None)


def found(nodes: list[Node], role: str, name: str = "") -> Node:
    node = find(nodes, role, name)
    assert node is not None
    return node


def places(read: Node) -> list[tuple[str, str, list[int]]]:
    """What stays as it is when another window takes the focus."""
    return [(node["role"], node["name"], node["bounds"]) for node in read["nodes"]]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# Real programs


def test_the_buttons_of_a_calculator(tree: AccessibilityTree, calculator: int) -> None:
    read = tree.read(pid=calculator)
    assert (read["absent"], read["notes"]) == ("", [])
    nodes = read["nodes"]
    assert nodes[0]["role"] == "frame"
    assert nodes[0]["depth"] == 0
    left, top, right, bottom = nodes[0]["bounds"]
    for digit in "0123456789":
        button = found(nodes, "toggle button", digit)
        assert {"enabled", "showing", "visible", "focusable"} <= set(button["states"])
        assert left <= button["bounds"][0] < button["bounds"][2] <= right
        assert top <= button["bounds"][1] < button["bounds"][3] <= bottom
    seven, eight = found(nodes, "toggle button", "7"), found(nodes, "toggle button", "8")
    assert seven["bounds"][2] <= eight["bounds"][0]
    assert seven["bounds"][1] == eight["bounds"][1]
    assert json.loads(json.dumps(read)) == read


def test_a_click_in_the_middle_of_the_bounds_presses_the_button(
    session: Session, tree: AccessibilityTree, calculator: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAUTHORITY", session.environment["XAUTHORITY"])
    server = display.Display(session.environment["DISPLAY"])
    nodes = tree.read(pid=calculator)["nodes"]
    assert found(nodes, "text")["text"] == "0"
    for typed in ("4", "42"):
        x1, y1, x2, y2 = found(nodes, "toggle button", typed[-1])["bounds"]
        xtest.fake_input(server, X.MotionNotify, x=(x1 + x2) // 2, y=(y1 + y2) // 2)
        xtest.fake_input(server, X.ButtonPress, 1)
        xtest.fake_input(server, X.ButtonRelease, 1)
        server.sync()
        wait_for(lambda: found(tree.read(pid=calculator)["nodes"], "text")["text"] == typed)  # noqa: B023
    server.close()


def test_what_is_not_showing_is_left_out(tree: AccessibilityTree, calculator: int) -> None:
    nodes = tree.read(pid=calculator)["nodes"]
    assert found(nodes, "menu", "Edit")
    assert find(nodes, "menu item") is None  # the menus are closed
    for node in nodes:
        assert "showing" in node["states"]
        assert "visible" in node["states"]
        assert node["bounds"] is None or (
            node["bounds"][0] < node["bounds"][2] and node["bounds"][1] < node["bounds"][3]
        )


def test_pre_order_children_come_after_their_parent_one_deeper(tree: AccessibilityTree, calculator: int) -> None:
    nodes = tree.read(pid=calculator)["nodes"]
    depths = [node["depth"] for node in nodes]
    assert all(after <= before + 1 for before, after in pairwise(depths))
    bar = next(place for place, node in enumerate(nodes) if node["role"] == "menu bar")
    menus = [node for node in nodes[bar + 1 :] if node["role"] == "menu"]
    assert nodes[bar + 1 : bar + 1 + len(menus)] == menus
    assert {menu["depth"] for menu in menus} == {depths[bar] + 1}


def test_the_text_in_an_editor(session: Session, tree: AccessibilityTree) -> None:
    content = "żółw <br/> ツ 😀 \"';\\\n" + "second line\n"
    (session.folder / "text.txt").write_text(content, encoding="utf-8")
    pid = started(session, "mousepad", "text.txt", role="text")
    text = found(tree.read(pid=pid)["nodes"], "text")
    assert text["text"] == content
    assert {"editable", "multi-line"} <= set(text["states"])
    session.stop(pid)


def test_a_long_text_is_cut(session: Session, tree: AccessibilityTree) -> None:
    content = "".join(f"line {number} ツ😀\n" for number in range(5000))
    (session.folder / "long.txt").write_text(content, encoding="utf-8")
    pid = started(session, "mousepad", "long.txt", role="text")
    wait_for(lambda: found(tree.read(pid=pid)["nodes"], "text")["text"] == content[:MAX_TEXT])
    session.stop(pid)


def test_a_folder_too_long_to_read_whole_shows_what_is_in_sight(
    session: Session, tree: AccessibilityTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = session.folder / "many"
    folder.mkdir()
    for number in range(MAX_CHILDREN):
        (folder / f"a{number:04}.txt").touch()
    pid = started(session, "mousepad", str(folder / "a0000.txt"), role="text")
    monkeypatch.setenv("XAUTHORITY", session.environment["XAUTHORITY"])
    server = display.Display(session.environment["DISPLAY"])
    wait_for(lambda: "active" in tree.read(pid=pid)["nodes"][0]["states"])
    press(server, "Control_L", "o")
    wait_for(lambda: find(tree.read(pid=pid)["nodes"], "table cell", "a0003.txt"))
    read = tree.read(pid=pid)
    table = found(read["nodes"], "table")
    names = [node["name"] for node in read["nodes"] if node["name"].startswith("a0")]
    assert 5 < len(names) < MAX_CHILDREN / 4
    assert names == sorted(names)
    for node in read["nodes"]:
        if node["name"] in names[:-1]:
            assert table["bounds"][1] <= node["bounds"][1] < node["bounds"][3] <= table["bounds"][3]
    assert read["notes"] == []
    server.close()
    session.stop(pid)


def press(server: Any, *keys: str) -> None:
    codes = [server.keysym_to_keycode(XK.string_to_keysym(key)) for key in keys]
    for code in codes:
        xtest.fake_input(server, X.KeyPress, code)
    for code in reversed(codes):
        xtest.fake_input(server, X.KeyRelease, code)
    server.sync()


def test_a_minimised_window_is_not_showing(
    session: Session, tree: AccessibilityTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = started(session, "galculator", role="toggle button", name="7")
    monkeypatch.setenv("XAUTHORITY", session.environment["XAUTHORITY"])
    server = display.Display(session.environment["DISPLAY"])
    window = wait_for(lambda: window_of(server, pid))
    minimise = event.ClientMessage(
        window=window, client_type=server.intern_atom("WM_CHANGE_STATE"), data=(32, [Xutil.IconicState, 0, 0, 0, 0])
    )
    mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
    server.screen().root.send_event(minimise, event_mask=mask)
    server.sync()
    wait_for(lambda: tree.read(pid=pid)["absent"] == "no window with an accessibility tree is showing")
    server.close()
    session.stop(pid)


def window_of(server: Any, pid: int) -> Any:
    """The window that the window manager has of a process, or None."""
    listed = server.screen().root.get_full_property(server.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
    for number in listed.value if listed else ():
        window = server.create_resource_object("window", number)
        owner = window.get_full_property(server.intern_atom("_NET_WM_PID"), X.AnyPropertyType)
        if owner and owner.value[0] == pid:
            return window
    return None


def test_only_the_program_in_front_or_all(session: Session, tree: AccessibilityTree, calculator: int) -> None:
    (session.folder / "other.txt").write_text("other")
    editor = started(session, "mousepad", "other.txt", role="text")
    assert find(tree.read(pid=editor)["nodes"], "toggle button", "7") is None
    both = tree.read()["nodes"]
    assert found(both, "toggle button", "7")
    assert "other" in [node["text"] for node in both]
    assert {node["depth"] for node in both if node["role"] == "frame"} == {0}
    session.stop(editor)


def test_a_program_that_exposes_nothing_is_absent_with_its_reason(
    session: Session, tree: AccessibilityTree, calculator: int
) -> None:
    terminal = session.start("xterm")
    read = tree.read(pid=terminal)
    assert read["nodes"] == []
    assert read["absent"] == f"the program in front (pid {terminal}) exposes no accessibility tree"
    assert tree.read(pid=calculator)["nodes"]
    session.stop(terminal)


def test_reading_again_and_again_gives_the_same_and_leaks_nothing(tree: AccessibilityTree, calculator: int) -> None:
    first = tree.read(pid=calculator)
    assert len(first["nodes"]) > 40
    files = open_files()
    for _ in range(50):
        assert tree.read(pid=calculator) == first
    assert open_files() == files
    tree.close()
    assert open_files() == files - 1
    assert tree.read(pid=calculator) == first


# Programs and buses that fail


def test_a_hung_program_is_left_out_and_named(session: Session, tree: AccessibilityTree, calculator: int) -> None:
    hung = started(session, "galculator", role="toggle button", name="7")
    os.kill(hung, signal.SIGSTOP)
    began = time.monotonic()
    read = tree.read(seconds=2.0)
    assert time.monotonic() - began < 6
    assert read["notes"] == [f"the program with pid {hung} did not answer in time"]
    assert found(read["nodes"], "toggle button", "7")
    assert places(read) == places(tree.read(pid=calculator))
    began = time.monotonic()
    read = tree.read(pid=hung, seconds=0.5)
    assert time.monotonic() - began < 4
    assert (read["nodes"], read["absent"]) == ([], f"the program with pid {hung} did not answer in time")
    os.kill(hung, signal.SIGCONT)
    wait_for(lambda: find(tree.read(pid=hung)["nodes"], "toggle button", "7"))
    session.stop(hung)


@pytest.mark.parametrize("after", [3, 4, 9])
def test_a_program_that_dies_while_it_is_read(
    session: Session, tree: AccessibilityTree, calculator: int, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    dying = started(session, "galculator", role="toggle button", name="7")
    assert tree.read()["notes"] == []
    rounds = 0  # the first asks which programs there are, the second for their pids
    ask = dbus.Bus.ask

    def ask_and_kill(bus: dbus.Bus, *arguments: Any) -> list[Any]:
        nonlocal rounds
        rounds += 1
        if rounds == after:
            session.stop(dying)
        return ask(bus, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(dbus.Bus, "ask", ask_and_kill)
        read = tree.read()
    assert rounds > after
    assert read["notes"] == [f"the program with pid {dying} has ended"]
    assert places(read) == places(tree.read(pid=calculator))
    assert tree.read(pid=dying)["absent"] == f"the program in front (pid {dying}) exposes no accessibility tree"


def asked(address: str, call: dbus.Call) -> Any:
    """The answer of a bus to one call."""
    bus = dbus.Bus(address, time.monotonic() + 20)
    value = bus.ask([call], time.monotonic() + 20)[0]
    bus.close()
    return value


def pid_of(name: str, address: str) -> int:
    """The process that has this name on a bus."""
    return int(asked(address, dbus.to_daemon("GetConnectionUnixProcessID", "u", "s", (name,))))


@pytest.fixture
def other_session() -> Iterator[Session]:
    with tempfile.TemporaryDirectory(prefix="handeye-") as folder:
        opened = Session(Path(folder))
        yield opened
        opened.end()


def test_enable_starts_the_bus_and_marks_it_as_wanted(other_session: Session) -> None:
    status = dbus.Call("org.a11y.Bus", "/org/a11y/bus", dbus.property_of("org.a11y.Status", "IsEnabled"))
    assert asked(other_session.bus, status) == ("b", False)
    enable(other_session.bus)
    assert asked(other_session.bus, status) == ("b", True)
    assert AccessibilityTree(other_session.bus).read()["absent"].startswith("no program on this display exposes")


def test_a_new_accessibility_bus_takes_the_place_of_a_dead_one(other_session: Session) -> None:
    enable(other_session.bus)
    pid = started(other_session, "galculator", role="toggle button", name="7")
    tree = AccessibilityTree(other_session.bus)
    assert tree.read(pid=pid)["nodes"]
    get_address = dbus.Call("org.a11y.Bus", "/org/a11y/bus", dbus.Question("org.a11y.Bus", "GetAddress", "s"))
    launcher = pid_of("org.a11y.Bus", other_session.bus)
    daemon = pid_of(dbus.DAEMON, asked(other_session.bus, get_address))
    os.kill(daemon, signal.SIGTERM)
    wait_for(lambda: not any(Path(f"/proc/{ended}").exists() for ended in (launcher, daemon)))
    wait_for(lambda: tree.read(pid=pid)["absent"])
    other_session.stop(pid)
    again = started(other_session, "galculator", role="toggle button", name="7")
    assert found(tree.read(pid=again)["nodes"], "toggle button", "7")
    tree.close()


def test_a_session_that_ends_is_absent_not_an_error(other_session: Session) -> None:
    pid = started(other_session, "galculator", role="toggle button", name="7")
    tree = AccessibilityTree(other_session.bus)
    assert tree.read(pid=pid)["nodes"]
    other_session.end()
    for _ in range(2):
        read = tree.read()
        assert read["nodes"] == []
        assert read["absent"]


def test_no_bus_is_absent_with_its_reason(tmp_path: Path) -> None:
    assert AccessibilityTree("").read()["absent"] == "there is no session bus"
    assert "/no/such/bus" in AccessibilityTree("unix:path=/no/such/bus").read()["absent"]
    with pytest.raises(EnvironmentUnavailable) as caught:
        enable("unix:path=/no/such/bus")
    assert caught.value.fix


def test_a_session_bus_without_accessibility_is_absent_with_its_reason(session: Session, tmp_path: Path) -> None:
    config = tmp_path / "bare.conf"
    config.write_text(
        "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
        '<allow own="*"/></policy></busconfig>'
    )
    reading, writing = os.pipe()
    command = ("dbus-daemon", f"--config-file={config}", "--nofork", f"--print-address={writing}")
    pid = session.start(*command, pass_fds=(writing,))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        address = pipe.readline().strip()
    assert AccessibilityTree(address).read()["absent"] == "there is no accessibility bus on this display"
    with pytest.raises(EnvironmentUnavailable, match="no accessibility bus") as caught:
        enable(address)
    assert "at-spi2-core" in caught.value.fix
    session.stop(pid)
