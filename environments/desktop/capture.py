"""Screenshots through mss. Runs in the child process that owns the display."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class RawPixels:
    """`size` pixels of 4 bytes each: blue, green, red, and one that means nothing."""

    size: Size
    pixels: bytes | bytearray

    def image(self) -> Image.Image:
        """A Pillow image on the same memory, good for comparing: its red is our blue."""
        return Image.frombuffer("RGBX", self.size, self.pixels, "raw", "RGBX", 0, 1)


class Capture:
    """Takes screenshots of one monitor: 1 is the first, 0 the union of all, whose origin may be negative."""

    def __init__(self, monitor: int = 1) -> None:
        self._monitor = monitor
        self._last: RawPixels | None = None
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

    def raw(self) -> "RawPixels":
        """A screenshot as it comes from the screen. Raises CaptureFailed."""
        left, top, width, height = self.screen
        try:
            shot = self._mss.grab((left, top, left + width, top + height))
        except ScreenShotError as exc:
            raise CaptureFailed(f"mss: {exc}") from exc
        return RawPixels(Size(shot.width, shot.height), shot.raw)

    def grab(self, *, whole: bool) -> tuple[Size, bytes | None]:
        """The size in pixels, and the RGB pixels; None in their place when nothing changed since the last call.

        `whole` asks for the pixels in any case. Raises CaptureFailed.
        """
        now = self.raw()
        if not whole and now == self._last:
            return now.size, None
        self._last = now
        return now.size, Image.frombuffer("RGB", now.size, now.pixels, "raw", "BGRX", 0, 1).tobytes()

    def close(self) -> None:
        self._mss.close()
