"""The phone itself, as the device shell sees it: carries out `device.Device`, one verb at a time."""

import threading
from typing import Literal

from environments.frame import Frame
from environments.geometry import Box, Size
from environments.phone.apps.app import App
from environments.phone.apps.table import APPS
from environments.phone.clock import RealClock
from environments.phone.device import Clock, Focus, Node, NotIdle, Package, Power, SecureWindow
from environments.phone.front import HOME, Front, Panel, WorldFaults
from environments.phone.screen.windows import ROOT
from environments.phone.seeds import properties_of
from environments.phone.state import Namespace, State

__all__ = ["World", "WorldFaults"]

DEFAULT_SIZE = Size(1080, 2400)
DISPLAYS = ("4619827259835644672", "4619827551948147201")
POWER, SLEEP, WAKE, MENU = 26, 223, 224, 82


class World:
    """A phone of `size` pixels and `density` dots per inch; the same `seed` gives the same phone.

    `state` is what it knows, `faults` what goes wrong: both may be read and set at any time.
    """

    def __init__(
        self, size: Size = DEFAULT_SIZE, density: int = 420, seed: int = 0, clock: Clock | None = None,
        apps: tuple[App, ...] = APPS,
    ) -> None:  # fmt: skip
        self.clock: Clock = clock or RealClock()
        self.state = State(seed)
        self._lock = threading.RLock()
        self._panel = Panel(Size(*size), density)
        self._front = Front(self.state, self.clock, self._panel, apps)

    def reset(self, seed: int | None = None) -> None:
        """Everything as at the beginning, faults and overrides too; `seed` makes it another phone."""
        with self._lock:
            self.state.reset(seed)
            self._panel.override_size = self._panel.override_density = None
            self.faults = WorldFaults()
            self._front.reset()

    @property
    def faults(self) -> WorldFaults:
        return self._front.faults

    @faults.setter
    def faults(self, faults: WorldFaults) -> None:
        self._front.faults = faults

    # What the phone is

    @property
    def size(self) -> Size:
        return self._panel.size

    @property
    def override_size(self) -> Size | None:
        return self._panel.override_size or self.faults.override_size

    def set_size(self, size: Size | None) -> None:
        with self._lock:
            self._panel.override_size = size

    @property
    def density(self) -> int:
        return self._panel.density

    @property
    def override_density(self) -> int | None:
        return self._panel.override_density

    def set_density(self, density: int | None) -> None:
        with self._lock:
            self._panel.override_density = density

    @property
    def displays(self) -> tuple[str, ...]:
        """The ids of the displays, the phone's own first."""
        return DISPLAYS if self.faults.second_display else DISPLAYS[:1]

    @property
    def rotation(self) -> int:
        with self._lock:
            return self._front.rotation

    @property
    def power(self) -> Power:
        with self._lock:
            return Power(self.state.awake, self.state.locked, self.state.battery)

    @property
    def focus(self) -> Focus | None:
        """The app's window in front, also behind the lock screen and while the screen is off: `power` tells those."""
        with self._lock:
            return self._front.navigation.focus()

    @property
    def keyboard_shown(self) -> bool:
        with self._lock:
            return self._front.keyboard_shown

    @property
    def secure(self) -> bool:
        """Whether the window in front does not let itself be captured."""
        with self._lock:
            return self._front.secure

    def properties(self) -> dict[str, str]:
        return properties_of(self.settings("secure"), self.density)

    # What it shows

    def screenshot(self) -> Frame:
        with self._lock:
            self._front.catch_up()
            if self.state.awake and self._front.secure:
                raise SecureWindow(self._front.navigation.focus().activity)
            frame = self._front.frame()
            self._turn_at("screenshot")
            return frame

    def hierarchy(self) -> Node:
        """The app's window first, then the status bar, the keyboard and the navigation bar; nothing while it is off."""
        with self._lock:
            self._front.catch_up()
            if self._front.moving or self.faults.never_idle:
                raise NotIdle("the screen keeps moving")
            if not self.state.awake:
                return Node(ROOT, Box(0, 0, *self._front.size))
            return self._front.windows().tree()

    # What is done to it

    def touch(self, action: Literal["down", "move", "up", "cancel"], x: float, y: float) -> None:
        with self._lock:
            self._front.catch_up()
            if self.state.awake:
                if action == "down":
                    self._turn_at("touch")
                self._front.point(action, x, y)

    def key(self, code: int, *, long_press: bool = False) -> None:  # noqa: ARG002  # no key does more when held
        with self._lock:
            self._front.catch_up()
            awake, locked = self.state.awake, self.state.locked
            if code in (POWER, SLEEP, WAKE) or (code == HOME and not awake):
                self._set_awake(code in (WAKE, HOME) or (code == POWER and not awake))
            elif awake and not locked:
                self._front.act(lambda: self._front.key(code))
            elif awake and code == MENU:
                self.state.locked = False

    def type_ascii(self, text: str) -> None:
        self.commit_text(text)

    def commit_text(self, text: str) -> bool:
        with self._lock:
            self._front.catch_up()
            return self._usable and self._front.act(lambda: self._front.editor.insert(text))

    def clear_text(self) -> bool:
        with self._lock:
            self._front.catch_up()
            return self._usable and self._front.act(self._front.editor.clear)

    def start(self, package: str, activity: str = "", *, action: str = "", data: str = "") -> Focus:
        with self._lock:
            self._front.catch_up()
            return self._front.act(lambda: self._front.navigation.start(package, activity, action, data))

    def force_stop(self, package: str) -> None:
        with self._lock:
            self._front.catch_up()
            self._front.act(lambda: self._front.navigation.close_task(package))

    # What it knows

    def packages(self) -> tuple[Package, ...]:
        return self._front.navigation.packages()

    def recent(self) -> tuple[Focus, ...]:
        with self._lock:
            return self._front.navigation.recent()

    def setting(self, namespace: Namespace, name: str) -> str | None:
        with self._lock:
            return self.state.settings.table(namespace).get(name)

    def put_setting(self, namespace: Namespace, name: str, value: str | None) -> None:
        with self._lock:
            self._front.catch_up()
            self.state.settings.put(namespace, name, value)

    def settings(self, namespace: Namespace) -> dict[str, str]:
        with self._lock:
            return dict(self.state.settings.table(namespace))

    @property
    def input_method(self) -> str:
        with self._lock:
            return self.state.settings.input_method

    def input_methods(self) -> dict[str, bool]:
        with self._lock:
            return self.state.settings.input_methods()

    def enable_input_method(self, name: str, enabled: bool) -> bool:
        with self._lock:
            return self.state.settings.enable_input_method(name, enabled)

    def set_input_method(self, name: str) -> bool:
        with self._lock:
            if self.faults.refuse_input_method or not self.input_methods().get(name, False):
                return False
            self.state.settings.input_method = name
            return True

    @property
    def clipboard(self) -> str:
        return self.state.clipboard

    def set_clipboard(self, text: str) -> None:
        with self._lock:
            self.state.clipboard = text

    @property
    def _usable(self) -> bool:
        return self.state.awake and not self.state.locked

    def _set_awake(self, awake: bool) -> None:
        self._front.touch.drop()
        self.state.awake = awake
        if not awake and not self.state.settings.no_lock_screen:
            self.state.locked = True

    def _turn_at(self, moment: Literal["touch", "screenshot"]) -> None:
        if self.faults.rotate_at == moment:
            self.faults.rotate_at = ""
            self._front.turn()
