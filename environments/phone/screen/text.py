"""Text on the screen: how wide it is, where it breaks, and its picture. Shared by all phones of a process.

Measures are in pixels. A picture is a mask: one byte a pixel, 255 where the ink is.
"""

import functools
import threading
from collections import OrderedDict

from PIL import Image, ImageDraw, ImageFont

from environments.phone.screen.fonts import Run, Style, runs

CACHE_BYTES = 12_000_000
ASCENT, HEIGHT = 0.95, 1.2
"""Baseline and height of a line, in ems; the picture of a line has room for OVERHANG ems above and below."""
OVERHANG = 0.2

NARROWEST = 8
"""No more characters than this are looked for in the width of an em."""

_masks: OrderedDict[tuple[str, Style], Image.Image] = OrderedDict()
_bytes = 0
_lock = threading.RLock()


def line_height(style: Style) -> int:
    """How high a line is."""
    return round(HEIGHT * style.size)


@functools.lru_cache(8192)
def width(text: str, style: Style) -> int:
    """How wide one line of text is."""
    with _lock:
        return round(sum(_advance(run, style) for run in runs(text, style.bold)))


def fit(text: str, style: Style, room: int) -> str:
    """The text in one line, cut with an ellipsis where it does not fit."""
    line = text.replace("\n", " ")
    if width(line, style) <= room:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(line[:middle].rstrip() + "…", style) <= room else (low, middle - 1)
    return line[:low].rstrip() + "…" if width("…", style) <= room else ""


@functools.lru_cache(128)
def wrap(text: str, style: Style, room: int) -> tuple[tuple[int, str], ...]:
    """The lines of the text, each with the place in it where the line begins. Lines end at spaces, or inside a word
    that is longer than a line; a script without spaces breaks anywhere."""
    lines: list[tuple[int, str]] = []
    start = 0
    for paragraph in text.split("\n"):
        place = 0
        while True:
            taken = _line_end(paragraph[place : place + NARROWEST * room // style.size + 2], style, room)
            lines.append((start + place, paragraph[place : place + taken]))
            place += taken
            if place >= len(paragraph):
                break
        start += len(paragraph) + 1
    return tuple(lines)


def place_at(text: str, style: Style, x: int) -> int:
    """The place between two characters of a line that is nearest to `x`, counted from the line's left."""
    return min(range(len(text) + 1), key=lambda place: abs(width(text[:place], style) - x))


def mask(text: str, style: Style) -> Image.Image:
    """The picture of one line: as wide as the text, HEIGHT + 2 OVERHANG ems high."""
    global _bytes  # noqa: PLW0603  # one cache for the process, so that the next phone costs little
    with _lock:
        key = (text, style)
        found = _masks.get(key)
        if found is not None:
            _masks.move_to_end(key)
            return found
        made = _draw(text, style)
        _masks[key] = made
        _bytes += made.width * made.height
        while _bytes > CACHE_BYTES and len(_masks) > 1:
            _, old = _masks.popitem(last=False)
            _bytes -= old.width * old.height
        return made


def tail(text: str, style: Style, room: int) -> int:
    """Where the longest end of the text begins that fits."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if width(text[middle:], style) <= room else (middle + 1, high)
    return low


def _line_end(text: str, style: Style, room: int) -> int:
    """How many characters of the text go on one line; at least one."""
    if width(text, style) <= room:
        return len(text)
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle], style) <= room else (low, middle - 1)
    space = text.rfind(" ", 0, low + 1)
    inside_word = low < len(text) and text[low - 1].isascii() and text[low].isascii()
    return space + 1 if space > 0 and inside_word else low


def _advance(run: Run, style: Style) -> float:
    if run.face is None:
        return len(run.text) * float(style.size)
    return float(run.face.font(style.size).getlength(run.text))


def _draw(text: str, style: Style) -> Image.Image:
    overhang = round(OVERHANG * style.size)
    size = (max(1, width(text, style) + overhang), line_height(style) + 2 * overhang)
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    x, baseline = 0.0, overhang + round(ASCENT * style.size)
    for run in runs(text, style.bold):
        if run.face is None:
            for place, char in enumerate(run.text):
                _draw_number(draw, char, x + place * style.size, baseline, style.size)
        else:
            draw.text((x, baseline), run.text, fill=255, font=run.face.font(style.size), anchor="ls")
        x += _advance(run, style)
    return image


def _draw_number(draw: ImageDraw.ImageDraw, char: str, x: float, baseline: int, size: int) -> None:
    """A character that no font has: its number in hexadecimal, in a box of one em."""
    left, top, right = x + size * 0.06, baseline - size * 0.8, x + size * 0.94
    draw.rectangle((left, top, right, baseline + size * 0.12), outline=255, width=max(1, size // 16))
    digits = f"{ord(char):04X}"
    rows = (digits[: -(len(digits) // 2)], digits[-(len(digits) // 2) :])
    font = ImageFont.load_default(max(4, round(size * 0.38)))
    for row, part in enumerate(rows):
        draw.text(((left + right) / 2, top + size * (0.25 + 0.42 * row)), part, fill=255, font=font, anchor="mm")
