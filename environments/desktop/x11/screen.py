"""What the X server and the window manager say of the screen and its windows (EWMH 1.5)."""

import time
from typing import Any

from Xlib import X, Xatom, error
from Xlib.display import Display

from environments.observation import Window

_PROPERTIES = (
    "_NET_ACTIVE_WINDOW", "_NET_CLIENT_LIST", "_NET_SUPPORTING_WM_CHECK", "_NET_WM_PID", "_NET_WM_NAME",
    "_NET_WM_VISIBLE_NAME",
)  # fmt: skip

_BUTTON_MASKS = {"left": X.Button1Mask, "middle": X.Button2Mask, "right": X.Button3Mask}

MAX_TITLE = 300
RELEASE_SECONDS = 0.5


class X11Screen:
    """Reads the root window's properties; every call asks the server afresh."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._root = display.screen().root
        self._atoms = {name: display.intern_atom(name) for name in _PROPERTIES}

    def size(self) -> tuple[int, int]:
        """Width and height of the root window now: the connection's own figure is that of when it was made."""
        geometry = self._root.get_geometry()
        return int(geometry.width), int(geometry.height)

    def window_manager_runs(self) -> bool:
        return bool(self._numbers(self._root, "_NET_SUPPORTING_WM_CHECK"))

    def windows(self) -> list[int]:
        """The ids of the programs' windows that the window manager takes care of."""
        return self._numbers(self._root, "_NET_CLIENT_LIST")

    def active(self) -> Window | None:
        """The window that has the window manager's focus."""
        found = self._numbers(self._root, "_NET_ACTIVE_WINDOW")
        if not found or not found[0]:
            return None
        window = self._display.create_resource_object("window", found[0])
        try:
            classes = window.get_wm_class()
            return Window(f"0x{found[0]:x}", _line(str(classes[1])) if classes else "", self._title(window))
        except error.XError:  # it was closed between the two questions
            return None

    def process_of(self, window: Window) -> int | None:
        """The process id that a window says it belongs to."""
        resource = self._display.create_resource_object("window", int(window.id, 16))
        try:
            found = self._numbers(resource, "_NET_WM_PID")
        except error.XError:
            return None
        return found[0] if found else None

    def wait_for_window_manager(self, seconds: float) -> bool:
        """Whether a window manager answered within the time given."""
        deadline = time.monotonic() + seconds
        while not self.window_manager_runs():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def wait_for_release(self, button: str) -> None:
        """Wait until the server has taken in that a button went up.

        A window manager that grabs clicks to focus windows holds up what follows. Presses that pile up behind one
        that it has not let through yet are lost (measured: one in forty double clicks on a busy machine).
        """
        bit = _BUTTON_MASKS[button]
        deadline = time.monotonic() + RELEASE_SECONDS
        while self._root.query_pointer().mask & bit and time.monotonic() < deadline:
            time.sleep(0.001)

    def paint(self, colour: int) -> None:
        """Fill the background with 0xRRGGBB."""
        self._root.change_attributes(background_pixel=colour)
        self._root.clear_area(0, 0, 0, 0)
        self._display.sync()

    def _numbers(self, window: Any, name: str) -> list[int]:
        value = read_property(window, self._atoms[name])
        return [int(number) for number in value.value] if value is not None and value.format == 32 else []

    def _title(self, window: Any) -> str:
        """The title in UTF-8, if need be as the window manager has converted it (xterm leaves that to it)."""
        for atom in (self._atoms["_NET_WM_NAME"], self._atoms["_NET_WM_VISIBLE_NAME"], Xatom.WM_NAME):
            value = read_property(window, atom)
            if value is not None and value.format == 8:
                return _line(text_of(value))
        return ""


def read_property(window: Any, atom: int) -> Any:
    """A whole property of a window, or None. In one request: pieces would be cut within a UTF-8 character."""
    return window.get_property(atom, X.AnyPropertyType, 0, 4_000_000)


def _line(text: str) -> str:
    """What a program says of itself, as one printable line: it goes to prompts, terminals and reports."""
    return "".join(c if c.isprintable() else " " for c in text[:MAX_TITLE])


def text_of(value: Any) -> str:
    """The text of an 8-bit property; python3-xlib hands out str where the bytes are UTF-8, python-xlib bytes."""
    return value.value if isinstance(value.value, str) else bytes(value.value).decode(errors="replace")
