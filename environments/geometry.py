"""All arithmetic on screen coordinates. Pure functions; pixels count from 0 at the top left.

Three spaces are in use: screenshot pixels (what actions and episodes speak), input units (what a driver sends:
X11 root coordinates, Android's logical pixels), and a model's grid (0-1000 for Qwen2-VL and others).
"""

from typing import NamedTuple

GRID = 1000


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Point(NamedTuple):
    """A pixel, counted from the top left."""

    x: int
    y: int


class Box(NamedTuple):
    """A rectangle in screenshot pixels; right and bottom are the first pixels outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def center(self) -> Point:
        return Point((self.left + self.right) // 2, (self.top + self.bottom) // 2)


class Screen(NamedTuple):
    """Where a screenshot lies in the space of input: its origin (which may be negative) and its extent there."""

    left: int
    top: int
    width: int
    height: int


def inside(point: Point, size: Size) -> bool:
    """Whether the pixel exists in an image of this size."""
    return 0 <= point.x < size.width and 0 <= point.y < size.height


def from_grid(value: int, length: int, grid: int = GRID) -> int:
    """A model's coordinate 0..grid as a pixel 0..length-1: 0 is the first pixel and grid the last.

    Raises ValueError for a coordinate outside the grid: it is never clamped in silence.
    """
    if not 0 <= value <= grid:
        raise ValueError(f"{value} is not between 0 and {grid}")
    return (2 * value * (length - 1) + grid) // (2 * grid)


def to_grid(pixel: int, length: int, grid: int = GRID) -> int:
    """The grid coordinate nearest to a pixel; the inverse of `from_grid` wherever length <= grid + 1."""
    if not 0 <= pixel < length:
        raise ValueError(f"pixel {pixel} is not between 0 and {length - 1}")
    if length == 1:
        return 0
    last = length - 1
    return (2 * pixel * grid + last) // (2 * last)


def to_input(point: Point, size: Size, screen: Screen) -> Point:
    """The input unit that holds the middle of a screenshot pixel."""
    return Point(
        screen.left + _rescale(point.x, size.width, screen.width),
        screen.top + _rescale(point.y, size.height, screen.height),
    )


def from_input(point: Point, size: Size, screen: Screen) -> Point:
    """The screenshot pixel that holds the middle of an input unit."""
    return Point(
        _rescale(point.x - screen.left, screen.width, size.width),
        _rescale(point.y - screen.top, screen.height, size.height),
    )


def rotate(point: Point, size: Size, quarter_turns: int) -> Point:
    """Where a pixel of an image of this size lands when the image is turned clockwise by quarter turns."""
    turns = quarter_turns % 4
    x, y = point
    if turns == 1:
        return Point(size.height - 1 - y, x)
    if turns == 2:
        return Point(size.width - 1 - x, size.height - 1 - y)
    if turns == 3:
        return Point(y, size.width - 1 - x)
    return Point(x, y)


def rotated_size(size: Size, quarter_turns: int) -> Size:
    """The size of an image turned by quarter turns."""
    return Size(size.height, size.width) if quarter_turns % 2 else size


def _rescale(value: int, length: int, new_length: int) -> int:
    """The cell of `new_length` that holds the middle of cell `value` of `length`."""
    return (2 * value + 1) * new_length // (2 * length)
