"""What a device is doing, from `dumpsys`: its size and rotation, what is in front, keyboard, power and keyguard.

The words of dumpsys change with Android's version, so each fact is looked for in several places.
"""

import re
from typing import NamedTuple

from environments.android.adb import AdbShell
from environments.errors import CaptureFailed
from environments.geometry import Size, rotated_size
from environments.observation import Window
from environments.stop import Stop

READS = (
    ("dumpsys", "window", "displays"),
    ("dumpsys", "window", "policy"),
    ("dumpsys", "power"),
    ("dumpsys", "input_method"),
)
MORE_READS = (("wm", "size"), ("dumpsys", "display"), ("dumpsys", "input"), ("dumpsys", "window", "windows"))
"""Asked too on a device whose answers to the first leave something open."""
SECURE_READS = (("dumpsys", "window", "displays"), ("dumpsys", "window", "windows"))

SCREEN_OFF = "the screen is off"
LOCKED = "the screen is locked"

_DISPLAY = re.compile(r"^\s*Display: mDisplayId=(\d+)", re.MULTILINE)
_FOCUS = re.compile(r"mCurrentFocus=Window\{[0-9a-f]+ (?:u\d+ )?([^}]*)\}")
_FOCUSED_APP = re.compile(r"mFocusedApp=.*?\bu\d+ ([\w.]+)/([\w.$]+)")
_CURRENT_SIZE = re.compile(r"\bcur=(\d+)x(\d+)")
_WM_SIZE = re.compile(r"^(Physical|Override) size: (\d+)x(\d+)", re.MULTILINE)
_ROTATIONS = (
    re.compile(r"\bmCurrentRotation=(?:ROTATION_)?(\d+)"),
    re.compile(r"\bDisplayFrames\b.*\br=(\d)"),
    re.compile(r"\bmRotation=(?:ROTATION_)?(\d+)"),
    re.compile(r"\bmCurrentOrientation=(\d)"),
    re.compile(r"\bSurfaceOrientation: (\d)"),
    re.compile(r"\bInputDeviceOrientation: Rotation(\d+)"),
    re.compile(r"\borientation=(\d)"),
)
_AWAKE = (
    re.compile(r"\bmWakefulness=(Awake|Asleep|Dozing|Dreaming)"),
    re.compile(r"\bscreenState=SCREEN_STATE_(ON|OFF)"),
    re.compile(r"\bmScreenOnFully=(true|false)"),
    re.compile(r"\bmHoldingDisplaySuspendBlocker=(true|false)"),
)
_LOCKED = (
    re.compile(r"^\s*showing=(true|false)", re.MULTILINE),
    re.compile(r"\bmShowingLockscreen=(true|false)"),
    re.compile(r"\bisStatusBarKeyguard=(true|false)"),
)
_KEYBOARD = re.compile(r"\bmInputShown=(true|false)")
_ON = ("Awake", "ON", "true")


class DeviceState(NamedTuple):
    """`size` is that of the logical display as it is turned now, in the units of `input`; `window` names what is in
    front, and says in its title when the screen is off or locked."""

    size: Size
    rotation: int
    window: Window | None
    keyboard_shown: bool
    awake: bool
    locked: bool

    @property
    def place(self) -> tuple[Size, int, Window | None]:
        """What must be the same for an action to be sent."""
        return self.size, self.rotation, self.window


class StateReader:
    """Reads the state of a device with one exchange each time."""

    def __init__(self, shell: AdbShell) -> None:
        self._shell = shell
        self._reads: tuple[tuple[str, ...], ...] = READS

    def read(self, stop: Stop | None = None) -> DeviceState:
        """Raises DeviceLost, Stopped, and CaptureFailed when the device tells no size or rotation."""
        state = parse_state(self._ask(stop))
        if state is None and self._reads == READS:
            self._reads = (*READS, *MORE_READS)
            state = parse_state(self._ask(stop))
        if state is None:
            raise CaptureFailed(f"the device {self._shell.serial} does not tell the size and rotation of its screen")
        return state

    def _ask(self, stop: Stop | None) -> str:
        return "\n".join(result.text for result in self._shell.read_all(self._reads, stop=stop))


def parse_state(text: str) -> DeviceState | None:
    """The state of the main display from what READS answered; None when size or rotation are not in it."""
    section = _main_display(text)
    rotation = _first(_ROTATIONS, section) or _first(_ROTATIONS, text)
    size = _size(section, text, int(rotation or 0))
    if rotation is None or size is None:
        return None
    awake = (_first(_AWAKE, text) or "true") in _ON
    locked = _first(_LOCKED, text) == "true"
    return DeviceState(
        size=size,
        rotation=int(rotation) // 90 if int(rotation) >= 90 else int(rotation),
        window=_window(section, awake=awake, locked=locked) or _window(text, awake=awake, locked=locked),
        keyboard_shown=_first((_KEYBOARD,), text) == "true",
        awake=awake,
        locked=locked,
    )


def is_secure(text: str) -> bool:
    """Whether the window in front forbids screenshots, from what SECURE_READS answered."""
    focus = re.search(r"mCurrentFocus=Window\{([0-9a-f]+) ", text)
    if not focus:
        return False
    start = re.search(rf"Window #\d+ Window\{{{focus[1]} ", text)
    if not start:
        return False
    block = text[start.end() :]
    block = block[: block.find("Window #")] if "Window #" in block else block
    flags = re.search(r"\bfl=(#[0-9a-f]+|[A-Z_ ]+)", block)
    if not flags:
        return False
    if flags[1].startswith("#"):
        return bool(int(flags[1][1:], 16) & 0x2000)
    return "SECURE" in flags[1].split()


def _main_display(text: str) -> str:
    """The part of `dumpsys window displays` on display 0."""
    starts = list(_DISPLAY.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=False):  # without a section there is one end too many
        if start[1] == "0":
            return text[start.start() : end]
    return text


def _size(section: str, text: str, rotation: int) -> Size | None:
    current = _CURRENT_SIZE.search(section)
    if current:
        return Size(int(current[1]), int(current[2]))
    sizes = {kind: Size(int(width), int(height)) for kind, width, height in _WM_SIZE.findall(text)}
    size = sizes.get("Override") or sizes.get("Physical")
    return rotated_size(size, rotation // 90 if rotation >= 90 else rotation) if size else None


def _window(text: str, *, awake: bool, locked: bool) -> Window | None:
    if not awake:
        return Window("screen-off", "android", SCREEN_OFF)
    focus = _FOCUS.search(text)
    app = _FOCUSED_APP.search(text)
    if not focus and not app:
        return Window("locked", "android", LOCKED) if locked else None
    name = focus[1].strip() if focus else ""
    package, slash, activity = name.partition("/")
    if not slash and app and not locked:
        package, activity = (app[1], app[2]) if not name else (app[1], name)
    activity = package + activity if activity.startswith(".") else activity
    title = activity or name
    if locked:
        return Window(f"locked {package}/{activity}", package, f"{title} ({LOCKED})")
    return Window(f"{package}/{activity}", package, title)


def _first(patterns: "tuple[re.Pattern[str], ...]", text: str) -> str | None:
    for pattern in patterns:
        found = pattern.search(text)
        if found:
            return found[1]
    return None
