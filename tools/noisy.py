"""A program that fills its screen with noise, for `handeye bench desktop`: the hardest picture to compress.

Run as `python -m tools.noisy FILE --seconds 0.6 --fps 60`. At each click it moves for the given time and then
appends a line to FILE: when it began and when it ended, in seconds of the monotonic clock.
"""

import random
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from Xlib import X
from Xlib.display import Display

TILE = 200
STRIP = 40
"""Rows in one request: 1280 x 40 pixels of 4 bytes stay below the 256 kB of an X request."""


class Noise:
    """One window as large as the screen."""

    def __init__(self) -> None:
        self._display = Display()
        screen = self._display.screen()
        self._width, self._height = screen.width_in_pixels, screen.height_in_pixels
        self._random = random.Random(7)  # noqa: S311  # the same noise each time
        self._window = screen.root.create_window(
            0, 0, self._width, self._height, 0, screen.root_depth, event_mask=X.ButtonPressMask | X.ExposureMask
        )
        self._window.set_wm_name("noise")
        self._window.set_wm_class("noise", "Noise")
        self._window.map()
        self._context = self._window.create_gc()
        self._depth = screen.root_depth

    def serve(self, file: Path, seconds: float, fps: float) -> None:
        """Draw, then move at each click, until the X server ends."""
        while True:
            event: Any = self._display.next_event()
            if event.type == X.Expose:
                self._draw_all()
            elif event.type == X.ButtonPress:
                began, ended = self._move(seconds, fps)
                with file.open("a") as lines:
                    lines.write(f"{began} {ended}\n")

    def _draw_all(self) -> None:
        for top in range(0, self._height, STRIP):
            self._put(0, top, self._width, min(STRIP, self._height - top))
        self._display.sync()

    def _move(self, seconds: float, fps: float) -> tuple[float, float]:
        """Redraw a tile at another place `fps` times a second; when that began and when the last was drawn."""
        began = last = time.monotonic()
        frame = 0
        while last - began < seconds:
            left = (frame * 37) % max(1, self._width - TILE)
            self._put(left, self._height // 2, TILE, min(TILE, self._height // 2))
            self._display.sync()
            last = time.monotonic()
            frame += 1
            time.sleep(max(0.0, began + frame / fps - last))
        return began, last

    def _put(self, left: int, top: int, width: int, height: int) -> None:
        data = self._random.randbytes(width * height * 4)
        self._window.put_image(self._context, left, top, width, height, X.ZPixmap, self._depth, 0, data)


def main(
    file: Annotated[Path, typer.Argument(help="Where the times are written.")],
    seconds: Annotated[float, typer.Option(help="How long each movement takes.")] = 0.6,
    fps: Annotated[float, typer.Option(help="Pictures per second.")] = 60.0,
) -> None:
    """Show noise; move at each click."""
    Noise().serve(file, seconds, fps)


if __name__ == "__main__":
    typer.run(main)
