"""The mouse through pyautogui. Runs in the child process that owns the display.

pyautogui pauses 0.1 s after every call and raises when the pointer is in a corner of the screen; both are off
here. The corner stays a person's way out all the same: a pointer that stands in a corner where we did not put it
was moved there by a hand, and `check_hand` says so.
"""

import sys
from typing import Any

from environments.errors import EnvironmentUnavailable, Stopped
from environments.geometry import Point


def _import_pyautogui() -> Any:
    """pyautogui without its colour picker, which ends the process where tkinter is missing."""
    sys.modules.setdefault("mouseinfo", None)  # type: ignore[arg-type]  # makes `import mouseinfo` an ImportError
    try:
        import pyautogui  # noqa: PLC0415
    except (KeyError, SystemExit, OSError) as exc:  # no DISPLAY; no tkinter; no X server
        raise EnvironmentUnavailable(f"pyautogui does not start: {exc}") from exc
    pyautogui.PAUSE = 0
    pyautogui.MINIMUM_DURATION = 0
    pyautogui.FAILSAFE = False
    return pyautogui


class Pointer:
    """Moves the pointer and presses its buttons; `held` are the buttons that are down now."""

    def __init__(self) -> None:
        self._gui = _import_pyautogui()
        self.held: list[str] = []
        self._placed: Point | None = None

    def position(self) -> Point:
        return Point(*(int(value) for value in self._gui.position()))

    def check_hand(self, extent: tuple[int, int]) -> None:
        """Raise Stopped when a person has moved the pointer into a corner of the whole screen, now of this extent."""
        at = self.position()
        width, height = extent
        if self._placed is not None and at != self._placed and at.x in (0, width - 1) and at.y in (0, height - 1):
            raise Stopped("the pointer was moved into a corner of the screen by hand")

    def move(self, x: int, y: int) -> None:
        self._gui.moveTo(x, y)
        self._placed = self.position()

    def down(self, button: str) -> None:
        self.held.append(button)
        self._gui.mouseDown(button=button)

    def up(self, button: str) -> None:
        self._gui.mouseUp(button=button)
        if button in self.held:
            self.held.remove(button)

    def scroll(self, direction: str, notches: int) -> None:
        """Turn the wheel so that what lies in `direction` comes into view."""
        if direction in ("up", "down"):
            self._gui.vscroll(notches if direction == "up" else -notches)
        else:
            self._gui.hscroll(notches if direction == "right" else -notches)

    def release_all(self) -> None:
        """Let every button go that is still down."""
        while self.held:
            self.up(self.held[-1])
