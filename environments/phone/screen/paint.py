"""Painting: a list of marks becomes an image, and from one list to the next only what differs is painted again.

A mark says where its pixels are (`box`), and how much of them shows (`clip`). Two equal marks paint the same pixels;
a mark never paints outside `clip`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from PIL import Image, ImageOps

from environments.geometry import Box, Size
from environments.phone.screen import text as texts
from environments.phone.screen.fonts import Style
from environments.phone.screen.icons import corner_mask, icon_mask
from environments.phone.screen.theme import Colour

MAX_REGIONS = 6
"""With more changed regions than this, the box around them all is painted at once."""


class Fill(NamedTuple):
    """A rectangle, its corners rounded by `radius` pixels; `alpha` up to 255 lets what is below shine through."""

    box: Box
    colour: Colour
    radius: int
    clip: Box
    alpha: int = 255


class Glyphs(NamedTuple):
    """One line of text, with its left and top at those of the box."""

    box: Box
    text: str
    style: Style
    colour: Colour
    clip: Box


class Sign(NamedTuple):
    """An icon that fills the box, which is square."""

    box: Box
    name: str
    colour: Colour
    clip: Box


Mark = Fill | Glyphs | Sign


def overlap(a: Box, b: Box) -> Box | None:
    """What two boxes have in common, or None."""
    left, top, right, bottom = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def around(a: Box, b: Box) -> Box:
    """The smallest box that holds both."""
    return Box(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def shift(marks: Iterable[Mark], dx: int, dy: int, within: Box) -> list[Mark]:
    """The marks moved, and cut to `within`."""
    moved: list[Mark] = []
    for mark in marks:
        clip = overlap(_moved(mark.clip, dx, dy), within)
        if clip is not None:
            moved.append(mark._replace(box=_moved(mark.box, dx, dy), clip=clip))
    return moved


class Painter:
    """Holds the image of one display."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", (1, 1))
        self._marks: Sequence[Mark] = ()

    def paint(self, marks: Sequence[Mark], size: Size) -> Image.Image:
        """The image of the marks, first to last. It is painted over by the next call."""
        whole = Box(0, 0, *size)
        if self._image.size != size:
            self._image = Image.new("RGB", size)
            regions = [whole]
        else:
            regions = changed_regions(self._marks, marks, whole)
        for region in regions:
            for mark in marks:
                part = overlap(mark.clip, region)
                if part is not None:
                    _paint(self._image, mark, part)
        self._marks = marks
        return self._image


def changed_regions(before: Sequence[Mark], after: Sequence[Mark], whole: Box) -> list[Box]:
    """Where the two lists of marks paint differently, as boxes that do not touch."""
    old, new = set(before), set(after)
    if [mark for mark in before if mark in new] != [mark for mark in after if mark in old]:
        return [whole]  # the order of marks that stayed has changed, so what covers what may have too
    regions: list[Box] = []
    for mark in (*(old - new), *(new - old)):
        box = overlap(mark.clip, whole)
        while box is not None:
            touching = next((region for region in regions if overlap(region, box)), None)
            if touching is None:
                regions.append(box)
                break
            regions.remove(touching)
            box = around(touching, box)
    if len(regions) <= MAX_REGIONS:
        return regions
    joined = regions[0]
    for region in regions[1:]:
        joined = around(joined, region)
    return [joined]


def _moved(box: Box, dx: int, dy: int) -> Box:
    return Box(box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)


def _paint(image: Image.Image, mark: Mark, clip: Box) -> None:
    if isinstance(mark, Fill):
        _fill(image, mark, clip)
    elif isinstance(mark, Glyphs):
        overhang = round(texts.OVERHANG * mark.style.size)
        mask = texts.mask(mark.text, mark.style)
        _stamp(image, mark.colour, mask, (mark.box.left, mark.box.top - overhang), clip)
    else:
        mask = icon_mask(mark.name, mark.box.right - mark.box.left)
        _stamp(image, mark.colour, mask, (mark.box.left, mark.box.top), clip)


def _stamp(image: Image.Image, colour: Colour, mask: Image.Image, at: tuple[int, int], clip: Box) -> None:
    """Colour where the mask is, with the mask's top left corner at `at`."""
    x, y = at
    part = overlap(Box(x, y, x + mask.width, y + mask.height), clip)
    if part is None:
        return
    if part.right - part.left != mask.width or part.bottom - part.top != mask.height:
        mask = mask.crop((part.left - x, part.top - y, part.right - x, part.bottom - y))
    image.paste(colour, part, mask)


def _fill(image: Image.Image, mark: Fill, clip: Box) -> None:
    box, colour, radius = mark.box, mark.colour, mark.radius
    if mark.alpha < 255:
        part = overlap(box, clip)
        if part is not None:
            size = (part.right - part.left, part.bottom - part.top)
            image.paste(colour, part, Image.new("L", size, mark.alpha))
        return
    radius = min(radius, (box.right - box.left) // 2, (box.bottom - box.top) // 2)
    if radius <= 0:
        bands = [box]
    else:
        bands = [
            Box(box.left + radius, box.top, box.right - radius, box.top + radius),
            Box(box.left, box.top + radius, box.right, box.bottom - radius),
            Box(box.left + radius, box.bottom - radius, box.right - radius, box.bottom),
        ]
        _corners(image, mark, radius, clip)
    for band in bands:
        part = overlap(band, clip)
        if part is not None:
            image.paste(colour, part)


def _corners(image: Image.Image, mark: Fill, radius: int, clip: Box) -> None:
    box, quarter = mark.box, corner_mask(radius)
    right, bottom = box.right - radius, box.bottom - radius
    mirrored = ImageOps.mirror(quarter)
    for mask, at in (
        (quarter, (box.left, box.top)),
        (mirrored, (right, box.top)),
        (ImageOps.flip(quarter), (box.left, bottom)),
        (ImageOps.flip(mirrored), (right, bottom)),
    ):
        _stamp(image, mark.colour, mask, at, clip)
