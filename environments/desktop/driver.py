"""DesktopEnvironment: a display driven through a child process that owns it."""

import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from environments.action import Action, Launch, OpenURL
from environments.desktop.apps import find_app, installed_apps
from environments.desktop.child import Child
from environments.desktop.commands import OFFERED, commands_for
from environments.desktop.x11.display import DEFAULT_SIZE, PrivateDisplay, own_environment
from environments.environment import Capabilities, Command, Effect, Settled, check_points, stale
from environments.errors import EnvironmentUnavailable, Stopped, UnknownName
from environments.frame import Frame
from environments.geometry import Box, Point, Screen, Size, from_input
from environments.observation import NOT_ASKED, Element, Elements, Observation, Window
from environments.settle import SettleRule
from environments.stop import Stop

WINDOW_SECONDS = 10.0
"""How long a program that was started may take to show a window."""
_ELEMENTS_SECONDS = 5.0
_ACT_SECONDS = 60.0
_SECONDS_PER_CHARACTER = 0.02


class DesktopEnvironment:
    """The screen of a desktop. With `private`, a display of its own that nobody else sees; else the one in $DISPLAY.

    `monitor` is 1 for the first, 0 for the union of all. Raises EnvironmentUnavailable with the way out.
    """

    def __init__(
        self,
        *,
        private: bool = False,
        size: Size = DEFAULT_SIZE,
        monitor: int = 1,
        rule: SettleRule | None = None,
    ) -> None:
        self._rule = rule or SettleRule()
        self._private = PrivateDisplay(size) if private else None
        environment = self._private.environment if self._private else own_environment()
        self._display = environment["DISPLAY"]
        self._environment = environment
        try:
            self._child = Child(environment, private=private, monitor=monitor)
        except BaseException:
            self._close_display()
            raise
        self._frame: Frame | None = None
        self._capabilities = Capabilities(
            kind="desktop", platform=sys.platform, actions=OFFERED, private=private, elements=True
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def display(self) -> str:
        """The name of the display that is driven, such as ":1"."""
        return self._display

    @property
    def program_environment(self) -> dict[str, str]:
        """The environment variables with which a program appears on this display."""
        return dict(self._environment)

    @property
    def child_pid(self) -> int:
        """The process that owns the display, for those who measure it."""
        return self._child.pid

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        """A screenshot with the window in front; the accessibility tree too when asked for."""
        started = time.perf_counter()
        head, frame = self._look(stop, elements=elements)
        screen = Screen(*head["screen"])
        return Observation(
            frame=frame,
            screen=screen,
            display=self._display,
            window=_window(head["window"]),
            elements=_elements(head["elements"], frame.size, screen) if elements else NOT_ASKED,
            capture_ms=1000 * (time.perf_counter() - started),
        )

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        check_points(action, seen)
        return commands_for(action, seen.frame.size, seen.screen)

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        """Carry out an action once. Ctrl-C, a stop or a lost display in the middle leave its effect unknown."""
        commands = self.commands(action, seen)
        if stop is not None and stop.is_set():
            return Effect("not_sent", stop.reason)
        if seen.display != self._display:
            return Effect("not_sent", f"the display changed from {seen.display} to {self._display}")
        try:
            if isinstance(action, Launch | OpenURL):  # starting a program is ours; that it may be done is asked there
                effect = self._run([], seen, stop)
                return self._start_for(action, stop) if effect.status == "done" else effect
            return self._run(commands, seen, stop)
        except Stopped as exc:
            if stop is not None and stop.is_set():
                return Effect("unknown", f"stopped: {exc}")
            if stop is not None:  # a hand moved the pointer into a corner
                stop.set(str(exc))
            return Effect("not_sent", str(exc))

    def _run(self, commands: list[Command], seen: Observation, stop: Stop | None) -> Effect:
        """Have commands carried out, if the screen is still the one that was seen."""
        head, _ = self._child.call(
            "run",
            stop=stop,
            seconds=_ACT_SECONDS + _seconds_of(commands),
            commands=commands,
            seen={"screen": seen.screen, "window": seen.window},
        )
        if "stale" in head:
            return Effect("not_sent", self._why_stale(seen, head["stale"]))
        return _effect(head, commands)

    def settle(self, stop: Stop | None = None) -> Settled:
        """Wait until the screen stands still."""
        head, _ = self._child.call("settle", stop=stop, seconds=self._rule.cap + 10, rule=asdict(self._rule))
        return Settled(head["seconds"], head["frames"], head["stable"])

    def launch(self, argv: list[str], *, cwd: str | None = None, stop: Stop | None = None) -> int:
        """Start a program on this display and wait for its window. Returns its process id.

        Raises EnvironmentUnavailable when it cannot be started or shows no window within 10 s.
        """
        pid, shown = self._start(argv, cwd, stop)
        if not shown:
            raise EnvironmentUnavailable(f"{argv[0]} showed no window within {WINDOW_SECONDS:g} s")
        return pid

    def close(self) -> None:
        """Let go of the display; a private one ends, with every program on it."""
        self._child.close()
        self._close_display()

    def __enter__(self) -> "DesktopEnvironment":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _look(self, stop: Stop | None, *, elements: bool = False) -> tuple[dict[str, Any], Frame]:
        """The state of the screen and its frame: the very same object as long as no pixel changes."""
        seconds = _ELEMENTS_SECONDS if elements else 10.0
        head, block = self._child.call("look", stop=stop, seconds=seconds, whole=self._frame is None, elements=elements)
        if not head["same"] or self._frame is None:
            self._frame = Frame(Size(*head["size"]), block)
        return head, self._frame

    def _why_stale(self, seen: Observation, now: Mapping[str, Any]) -> str:
        screen = Screen(*now["screen"])
        return stale(seen, Observation(seen.frame, screen, self._display, _window(now["window"]), seen.rotation))

    def _start_for(self, action: Launch | OpenURL, stop: Stop | None) -> Effect:
        if isinstance(action, Launch):
            app = find_app(action.app, installed_apps(self._environment))
            name, argv = app.name, list(app.argv)
        else:
            opener = shutil.which("xdg-open", path=self._environment.get("PATH"))
            if opener is None:
                return Effect("not_sent", "no program opens web pages here: xdg-open is not installed (xdg-utils)")
            name, argv = "xdg-open", [opener, action.url]
        try:
            _, shown = self._start(argv, None, stop)
        except EnvironmentUnavailable as exc:
            return Effect("not_sent", str(exc))
        return Effect("done", note="" if shown else f"{name} was started but showed no window in {WINDOW_SECONDS:g} s")

    def _start(self, argv: list[str], cwd: str | None, stop: Stop | None) -> tuple[int, bool]:
        """Start a program and wait for a new window to come to the front; its process id and whether one did."""
        before = set(self._child.call("windows", stop=stop)[0]["windows"])
        if self._private:
            pid = self._private.start(argv, cwd)
        else:
            pid = self._child.call("start", stop=stop, argv=argv)[0]["pid"]
        deadline = time.monotonic() + WINDOW_SECONDS
        wait = stop or Stop()
        while time.monotonic() < deadline:
            head = self._child.call("windows", stop=stop)[0]
            window = _window(head["window"])
            if window and int(window.id, 16) in set(head["windows"]) - before:
                self.settle(stop)
                return pid, True
            wait.wait(0.03)
        return pid, False

    def _close_display(self) -> None:
        if self._private:
            self._private.close()


def _window(value: list[str] | None) -> Window | None:
    return Window(*value) if value else None


def _elements(read: Mapping[str, Any], size: Size, screen: Screen) -> Elements:
    """The child's nodes with their bounds in screenshot pixels."""
    nodes = tuple(
        Element(
            role=node["role"],
            name=node["name"],
            text=node["text"],
            states=frozenset(node["states"]),
            bounds=_box(node["bounds"], size, screen) if node["bounds"] else None,
            depth=node["depth"],
        )
        for node in read["nodes"]
    )
    return Elements(nodes, absent=read.get("absent") or "", note="; ".join(read.get("notes") or ()))


def _box(bounds: list[int], size: Size, screen: Screen) -> Box:
    left, top, right, bottom = bounds
    start, end = from_input(Point(left, top), size, screen), from_input(Point(right, bottom), size, screen)
    return Box(max(0, start.x), max(0, start.y), min(size.width, end.x), min(size.height, end.y))


def _seconds_of(commands: list[Command]) -> float:
    """How long commands may take by their nature: waits and typing."""
    return float(sum(c.get("seconds", 0) + _SECONDS_PER_CHARACTER * len(c.get("text", "")) for c in commands))


def _effect(head: Mapping[str, Any], commands: list[Command]) -> Effect:
    """What the child's account of its commands means for the action."""
    if head["sent"] == len(commands):
        return Effect("done", note=head["note"])
    why = "stopped" if head["cancelled"] else head["note"] or "not finished"
    if head["sent"] == 0 and head["typed"] == 0 and not head["note"]:
        return Effect("not_sent", why)
    text = next((len(c["text"]) for c in commands if c["do"] == "type"), 0)
    how_far = f"{head['typed']} of {text} characters" if text else f"{head['sent']} of {len(commands)} commands"
    return Effect("unknown", f"{why} after {how_far}", head["note"] if head["cancelled"] else "")


def open_desktop(
    which: str = "", *, size: Size = DEFAULT_SIZE, monitor: int = 1, rule: SettleRule | None = None
) -> DesktopEnvironment:
    """`desktop` is the display in $DISPLAY, `desktop:headless` a private one of `size` pixels."""
    if which not in ("", "headless"):
        raise UnknownName(f"there is no desktop named {which[:80]!r}", fix="use desktop or desktop:headless")
    return DesktopEnvironment(private=which == "headless", size=Size(*size), monitor=monitor, rule=rule)
