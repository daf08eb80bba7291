"""The seam between the device shell and the phone behind it: what `input`, `dumpsys` and the others ask for.

Coordinates are pixels of the logical display as it is turned now, counted from the top left; they may be floats, as
on a real phone. Times are seconds of the phone's own clock.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from environments.frame import Frame
from environments.geometry import Box, Size


class Focus(NamedTuple):
    """The window that has the focus: a package and an activity class, such as ".Settings" spelled out in full."""

    package: str
    activity: str


@dataclass(frozen=True)
class Node:
    """One node of the accessibility tree, as uiautomator writes it. `bounds` are in pixels of the display."""

    cls: str
    bounds: Box
    text: str = ""
    resource_id: str = ""
    content_desc: str = ""
    package: str = ""
    checkable: bool = False
    checked: bool = False
    clickable: bool = False
    enabled: bool = True
    focusable: bool = False
    focused: bool = False
    scrollable: bool = False
    long_clickable: bool = False
    password: bool = False
    selected: bool = False
    children: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Package:
    """An installed app. `activity` is its launcher activity, or empty when it has none."""

    name: str
    label: str
    activity: str
    version_name: str = "1.0"
    version_code: int = 1
    system: bool = True


@dataclass(frozen=True)
class Power:
    """`awake`: the screen is on; `locked`: the keyguard is in front."""

    awake: bool
    locked: bool
    battery: int = 80


class NotIdle(Exception):
    """The screen keeps moving, so no tree of it can be taken."""


class SecureWindow(Exception):
    """The window in front does not let itself be captured."""


class UnknownActivity(Exception):
    """No such package or activity."""


class Clock(Protocol):
    """The phone's time: real, or virtual in tests."""

    def now(self) -> float:
        """Seconds, monotonic."""

    def wall(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class Device(Protocol):
    """Every verb is safe to call from any thread; each locks the phone for as long as it takes, gestures excepted,
    which lock it for each of their points so that a screenshot can be taken in the middle of a swipe."""

    clock: Clock

    @property
    def size(self) -> Size:
        """The physical size, unturned."""

    @property
    def override_size(self) -> Size | None: ...
    @property
    def density(self) -> int: ...
    @property
    def override_density(self) -> int | None: ...
    @property
    def rotation(self) -> int:
        """Quarter turns, 0 to 3, as Surface.ROTATION_*."""

    @property
    def power(self) -> Power: ...
    @property
    def focus(self) -> Focus | None: ...
    @property
    def keyboard_shown(self) -> bool: ...
    @property
    def secure(self) -> bool:
        """Whether the window in front does not let itself be captured."""

    @property
    def displays(self) -> tuple[str, ...]:
        """The ids that SurfaceFlinger gives to the displays, the phone's own first."""

    @property
    def input_method(self) -> str:
        """The id of the current input method."""

    def set_size(self, size: Size | None) -> None: ...
    def set_density(self, density: int | None) -> None: ...

    def screenshot(self) -> Frame:
        """What is on the screen now, turned as it is. Raises SecureWindow."""

    def hierarchy(self) -> Node:
        """The tree of the windows on the screen below one root. Raises NotIdle."""

    def touch(self, action: Literal["down", "move", "up", "cancel"], x: float, y: float) -> None:
        """One point of a gesture."""

    def key(self, code: int, *, long_press: bool = False) -> None:
        """A key event, down and up, by Android's KeyEvent code."""

    def type_ascii(self, text: str) -> None:
        """Text as the key events of `input text`; printable ASCII only."""

    def commit_text(self, text: str) -> bool:
        """Text from an input method into the focused field; False when no field has the focus."""

    def clear_text(self) -> bool:
        """Empty the focused field; False when no field has the focus."""

    def packages(self) -> tuple[Package, ...]: ...

    def start(self, package: str, activity: str = "", *, action: str = "", data: str = "") -> Focus:
        """Bring an app to the front, or open `data` with what can. Raises UnknownActivity."""

    def force_stop(self, package: str) -> None: ...

    def setting(self, namespace: Literal["system", "secure", "global"], name: str) -> str | None: ...
    def put_setting(self, namespace: Literal["system", "secure", "global"], name: str, value: str | None) -> None:
        """Set or, with None, delete; what the phone understands takes effect at once (rotation, airplane mode, ...)."""

    def settings(self, namespace: Literal["system", "secure", "global"]) -> dict[str, str]: ...

    def input_methods(self) -> dict[str, bool]:
        """The ids of the installed input methods, and whether each is enabled."""

    def enable_input_method(self, name: str, enabled: bool) -> bool:
        """False when there is no such input method."""

    def set_input_method(self, name: str) -> bool:
        """False when it is not there, not enabled, or refused by a fault."""

    @property
    def clipboard(self) -> str: ...
    def set_clipboard(self, text: str) -> None: ...

    def properties(self) -> dict[str, str]:
        """The system properties: ro.product.model and so on."""

    def recent(self) -> tuple[Focus, ...]:
        """The tasks, the latest first."""
