"""Everything of the desktop driver that only X11 has, behind the few verbs that the child process needs."""

import os
from collections.abc import Callable
from typing import Any

from Xlib.display import Display
from Xlib.error import DisplayError

from environments.desktop.x11.atspi import AccessibilityTree
from environments.desktop.x11.clipboard import Clipboard
from environments.desktop.x11.connection import LOST, mend_connections
from environments.desktop.x11.keyboard import Keyboard
from environments.desktop.x11.screen import X11Screen
from environments.errors import EnvironmentUnavailable
from environments.observation import Window

BACKGROUND = 0x3B4252


class X11Platform:
    """One connection to the X server in $DISPLAY. `keyboard` presses keys, `screen` knows size and windows."""

    lost = LOST

    def __init__(self, *, private: bool) -> None:
        name = os.environ.get("DISPLAY", "")
        mend_connections()
        try:
            self._display = Display(name)
        except (DisplayError, OSError, *LOST) as exc:
            raise EnvironmentUnavailable(f"the X server at {name or '(no DISPLAY)'} does not answer: {exc}") from exc
        self._private = private
        self.keyboard = Keyboard(self._display)
        self.screen = X11Screen(self._display)
        self._clipboard = Clipboard(self._display)
        self._tree: AccessibilityTree | None = None
        if private:
            if not self.screen.wait_for_window_manager(10):
                raise EnvironmentUnavailable("no window manager came up on the private display")
            self.screen.paint(BACKGROUND)

    def type(self, text: str, stopped: Callable[[], bool]) -> tuple[int, str]:
        """Type or, when it has too many different characters, paste; characters sent and a note for the step."""
        if self.keyboard.fits(text):
            return self.keyboard.type(text, stopped), ""
        return self._clipboard.paste(text, self._press_paste, stopped)

    def elements(self, window: Window | None) -> dict[str, Any]:
        """The accessibility tree as JSON values: `nodes`, or `absent` with the reason."""
        address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
        if not address:
            return {"nodes": [], "absent": "there is no D-Bus session (DBUS_SESSION_BUS_ADDRESS is not set)"}
        pid = self.screen.process_of(window) if window else None
        if window and pid is None:  # Tk, for one, does not say; then the tree of another program would be a lie
            return {"nodes": [], "absent": f"the window of {window.app} does not say which program it belongs to"}
        if self._tree is None:
            self._tree = AccessibilityTree(address)
        return dict(self._tree.read(pid=pid))

    def close(self) -> None:
        """Let keys go and, on a display that others use, give the keyboard map back."""
        self.keyboard.release_all()
        if not self._private:
            self.keyboard.restore()
        self._display.close()

    def _press_paste(self) -> None:
        for key in ("shift", "insert"):
            self.keyboard.down(key)
        for key in ("insert", "shift"):
            self.keyboard.up(key)
