"""Screenshots through mss. Runs in the child process that owns the display."""

from typing import Any

import mss
from mss.exception import ScreenShotError
from PIL import Image

from environments.errors import CaptureFailed
from environments.geometry import Screen, Size


def open_mss() -> Any:
    """A grabber by mss's new name (10.2 and later) or its old one."""
    return mss.MSS() if hasattr(mss, "MSS") else mss.mss()


def monitor_screen(monitor: Any) -> Screen:
    """Where a monitor lies: mss gives a mapping up to 10.x and an object with attributes from 11 on."""
    names = ("left", "top", "width", "height")
    if isinstance(monitor, dict):
        return Screen(*(monitor[name] for name in names))
    return Screen(*(int(getattr(monitor, name)) for name in names))


class Capture:
    """Takes screenshots of one monitor: 1 is the first, 0 the union of all, whose origin may be negative."""

    def __init__(self, monitor: int = 1) -> None:
        self._monitor = monitor
        self._last: bytes | bytearray = b""
        self._last_size = Size(0, 0)
        self.reopen()

    def reopen(self) -> None:
        """Look afresh at which monitors there are: mss asks only once per connection."""
        self._mss = open_mss()
        screens = [monitor_screen(monitor) for monitor in self._mss.monitors]
        if len(screens) == 1:  # a server without RandR names the whole screen only
            screens.append(screens[0])
        if not 0 <= self._monitor < len(screens):
            raise CaptureFailed(
                f"there is no monitor {self._monitor}: there are 1 to {len(screens) - 1}, and 0 for all"
            )
        self.screen = screens[self._monitor]

    def grab(self, *, whole: bool) -> tuple[Size, bytes | None]:
        """The size in pixels, and the RGB pixels; None in their place when nothing changed since the last call.

        `whole` asks for the pixels in any case. Raises CaptureFailed.
        """
        left, top, width, height = self.screen
        try:
            shot = self._mss.grab((left, top, left + width, top + height))
        except ScreenShotError as exc:
            raise CaptureFailed(f"mss: {exc}") from exc
        size, raw = Size(shot.width, shot.height), shot.raw
        if not whole and size == self._last_size and raw == self._last:
            return size, None
        self._last, self._last_size = raw, size
        return size, Image.frombuffer("RGB", size, raw, "raw", "BGRX", 0, 1).tobytes()

    def close(self) -> None:
        self._mss.close()
