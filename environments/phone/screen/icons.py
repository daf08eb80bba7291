"""Icons as masks, drawn from lines and shapes on a grid of 24 units."""

import functools
import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

GRID = 24
_OVERSAMPLING = 4

Point = tuple[float, float]


class Pen:
    """Draws on a mask in units of the grid; `ink=0` rubs out."""

    def __init__(self, size: int) -> None:
        self.image = Image.new("L", (size, size))
        self._draw = ImageDraw.Draw(self.image)
        self._unit = size / GRID

    def line(self, *points: Point, width: float = 2, ink: int = 255) -> None:
        """A line with round ends and joints."""
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        thick = max(1, round(width * self._unit))
        self._draw.line(scaled, fill=ink, width=thick)
        for x, y in points:
            self.disc(x, y, width / 2, ink=ink)

    def shape(self, *points: Point, ink: int = 255) -> None:
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=ink)

    def disc(self, x: float, y: float, radius: float, ink: int = 255) -> None:
        self._draw.ellipse([v * self._unit for v in (x - radius, y - radius, x + radius, y + radius)], fill=ink)

    def ring(self, x: float, y: float, radius: float, width: float = 2) -> None:
        box = [v * self._unit for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, outline=255, width=max(1, round(width * self._unit)))

    def box(self, corners: tuple[float, float, float, float], radius: float = 0, ink: int = 255) -> None:
        """A rectangle from its left, top, right and bottom."""
        box = [v * self._unit for v in corners]
        self._draw.rounded_rectangle(box, radius * self._unit, fill=ink)

    def arc(self, center: Point, radius: float, start: float, end: float, width: float = 2) -> None:
        """From `start` to `end` degrees, clockwise from three o'clock."""
        x, y = center
        box = [v * self._unit for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.arc(box, start, end, fill=255, width=max(1, round(width * self._unit)))


def _lines(*strokes: Sequence[Point]) -> Callable[[Pen], None]:
    def draw(pen: Pen) -> None:
        for stroke in strokes:
            pen.line(*stroke)

    return draw


def _person(pen: Pen) -> None:
    pen.disc(12, 8, 4)
    pen.box((4, 14, 20, 26), 6)
    pen.box((0, 20, 24, 24), ink=0)


def _people(pen: Pen) -> None:
    _person(pen)
    pen.disc(18.5, 8.5, 3)
    pen.box((21.5, 14.5, 23.5, 20), 1)


def _search(pen: Pen) -> None:
    pen.ring(10, 10, 6.5)
    pen.line((14.8, 14.8), (20, 20))


def _gear(pen: Pen) -> None:
    for turn in range(8):
        angle = math.pi * turn / 4
        x, y = math.cos(angle), math.sin(angle)
        pen.line((12 + 6 * x, 12 + 6 * y), (12 + 8.4 * x, 12 + 8.4 * y), width=3.4)
    pen.disc(12, 12, 7.2)
    pen.disc(12, 12, 3.2, ink=0)


def _note(pen: Pen) -> None:
    pen.box((5, 3, 19, 21), 2)
    for y in (8, 12, 16):
        pen.line((8, y), (16 if y < 16 else 13, y), width=1.6, ink=0)


def _wifi(pen: Pen) -> None:
    for radius in (4.5, 8.5, 12.5):
        pen.arc((12, 18), radius, 225, 315, 2.2)
    pen.disc(12, 17.5, 1.8)


def _wifi_full(pen: Pen) -> None:
    pen.shape((12, 21), (1.5, 8), (5, 5.6), (9, 4.2), (12, 4), (15, 4.2), (19, 5.6), (22.5, 8))


def _signal(pen: Pen) -> None:
    pen.shape((3, 21), (21, 3), (21, 21))


def _battery(pen: Pen) -> None:
    pen.box((10, 2, 14, 5))
    pen.box((7, 4, 17, 22), 1.5)
    pen.box((8.8, 5.8, 15.2, 8.5), ink=0)


def _plane(pen: Pen) -> None:
    pen.box((10.6, 2, 13.4, 21), 1.4)
    pen.shape((12, 7.5), (21.5, 13.5), (21.5, 15.8), (12, 13), (2.5, 15.8), (2.5, 13.5))
    pen.shape((12, 16.5), (16, 20), (16, 21.6), (12, 20.6), (8, 21.6), (8, 20))


def _bluetooth(pen: Pen) -> None:
    pen.line((6.5, 7), (17.2, 16.6), (12, 21.4), (12, 2.6), (17.2, 7.4), (6.5, 17), width=1.9)


def _display(pen: Pen) -> None:
    for turn in range(8):
        angle = math.pi * turn / 4
        x, y = math.cos(angle), math.sin(angle)
        pen.line((12 + 7.8 * x, 12 + 7.8 * y), (12 + 9.6 * x, 12 + 9.6 * y))
    pen.disc(12, 12, 5)


def _sound(pen: Pen) -> None:
    pen.shape((3, 9), (7, 9), (12, 4), (12, 20), (7, 15), (3, 15))
    pen.arc((12, 12), 5, -50, 50)
    pen.arc((12, 12), 9, -50, 50)


def _apps(pen: Pen) -> None:
    for x in (5.5, 12, 18.5):
        for y in (5.5, 12, 18.5):
            pen.box((x - 2, y - 2, x + 2, y + 2), 0.8)


def _info(pen: Pen) -> None:
    pen.ring(12, 12, 9.5)
    pen.disc(12, 7.8, 1.3)
    pen.line((12, 11.5), (12, 16.5))


def _lock(pen: Pen) -> None:
    pen.arc((12, 8), 4.6, 180, 360)
    pen.box((7.4, 7.8, 9.4, 11))
    pen.box((14.6, 7.8, 16.6, 11))
    pen.box((4.5, 10, 19.5, 21.5), 2)
    pen.disc(12, 15.7, 1.9, ink=0)


def _trash(pen: Pen) -> None:
    pen.box((6, 7.5, 18, 21), 2)
    pen.box((4.5, 4, 19.5, 6))
    pen.box((9, 2.6, 15, 5), 1)


def _edit(pen: Pen) -> None:
    pen.line((5.5, 18.5), (16.6, 7.4), width=4)
    pen.line((18.4, 5.6), (19, 5), width=4)
    pen.shape((3, 21), (3.8, 16.6), (7.4, 20.2))


def _call(pen: Pen) -> None:
    pen.line((6, 5.5), (7.2, 10), (10, 13.9), (14, 16.8), (18.5, 18), width=3.2)
    pen.line((5.6, 4.6), (7.4, 8.4), width=4.6)
    pen.line((15.6, 16.6), (19.4, 18.4), width=4.6)


def _mail(pen: Pen) -> None:
    pen.box((2.5, 4.5, 21.5, 19.5), 2)
    pen.line((4.5, 7.5), (12, 12.8), (19.5, 7.5), width=1.8, ink=0)


def _chat(pen: Pen) -> None:
    pen.box((2.5, 3, 21.5, 17.5), 2.5)
    pen.shape((2.5, 14), (8, 17), (2.5, 22))


def _shift(pen: Pen) -> None:
    pen.line((12, 4.5), (4.5, 12.5), (8.5, 12.5), (8.5, 19), (15.5, 19), (15.5, 12.5), (19.5, 12.5), (12, 4.5))


def _shifted(pen: Pen) -> None:
    pen.shape((12, 4.5), (4.5, 12.5), (8.5, 12.5), (8.5, 19), (15.5, 19), (15.5, 12.5), (19.5, 12.5))
    _shift(pen)


def _erase(pen: Pen) -> None:
    pen.shape((1.5, 12), (7.5, 4.5), (22.5, 4.5), (22.5, 19.5), (7.5, 19.5))
    pen.line((11.5, 8.8), (17.9, 15.2), ink=0)
    pen.line((17.9, 8.8), (11.5, 15.2), ink=0)


def _dots(pen: Pen) -> None:
    for y in (5.5, 12, 18.5):
        pen.disc(12, y, 1.9)


def _phone(pen: Pen) -> None:
    pen.box((6, 1.5, 18, 22.5), 2.5)
    pen.box((8, 4.5, 16, 18), ink=0)
    pen.disc(12, 20.2, 0.9, ink=0)


DRAWINGS: dict[str, Callable[[Pen], None]] = {
    "add": _lines([(12, 5), (12, 19)], [(5, 12), (19, 12)]),
    "apps": _apps,
    "back": _lines([(5, 12), (19.5, 12)], [(12, 5), (5, 12), (12, 19)]),
    "battery": _battery,
    "bluetooth": _bluetooth,
    "call": _call,
    "chat": _chat,
    "check": _lines([(4.5, 12.5), (9.5, 17.5), (19.5, 7)]),
    "close": _lines([(6, 6), (18, 18)], [(18, 6), (6, 18)]),
    "display": _display,
    "edit": _edit,
    "enter": _lines([(19.5, 6), (19.5, 12.5), (5, 12.5)], [(9.5, 8), (5, 12.5), (9.5, 17)]),
    "erase": _erase,
    "gear": _gear,
    "hide": lambda pen: pen.shape((12, 18.5), (4.8, 6), (19.2, 6)),
    "info": _info,
    "lock": _lock,
    "mail": _mail,
    "more": _dots,
    "nav_back": lambda pen: pen.shape((5.5, 12), (18, 4.8), (18, 19.2)),
    "nav_home": lambda pen: pen.ring(12, 12, 7.5, 2.2),
    "nav_recents": _lines([(5.5, 5.5), (18.5, 5.5), (18.5, 18.5), (5.5, 18.5), (5.5, 5.5)]),
    "next": _lines([(9, 5.5), (15.5, 12), (9, 18.5)]),
    "note": _note,
    "people": _people,
    "person": _person,
    "phone": _phone,
    "plane": _plane,
    "search": _search,
    "shift": _shift,
    "shifted": _shifted,
    "signal": _signal,
    "sound": _sound,
    "trash": _trash,
    "up": _lines([(5, 15), (12, 8), (19, 15)]),
    "wifi": _wifi,
    "wifi_full": _wifi_full,
}
"""Every icon by its name; an app that needs another adds a line."""


@functools.lru_cache(512)
def icon_mask(name: str, size: int) -> Image.Image:
    """The icon in `size` by `size` pixels. Raises KeyError for a name that is not in DRAWINGS."""
    pen = Pen(size * _OVERSAMPLING)
    DRAWINGS[name](pen)
    return pen.image.resize((size, size), Image.Resampling.BOX)


@functools.lru_cache(256)
def corner_mask(radius: int) -> Image.Image:
    """The top left quarter of a disc, `radius` pixels high and wide."""
    big = Image.new("L", (radius * _OVERSAMPLING,) * 2)
    end = 2 * radius * _OVERSAMPLING - 1
    ImageDraw.Draw(big).ellipse((0, 0, end, end), fill=255)
    return big.resize((radius, radius), Image.Resampling.BOX)
