"""Finding fonts and knowing which characters each of them holds. Nothing here paints.

A phone's text is drawn with the first font of a fixed list that holds the character; the list is Android's own Roboto
where it is installed, then fonts with wide coverage. What no font holds is drawn as its number in a box.
"""

import functools
import struct
import threading
import unicodedata
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
REGULAR = (
    "Roboto-Regular.ttf", "NotoSans-Regular.ttf", "DejaVuSans.ttf", "Helvetica.ttc", "segoeui.ttf",
    "DroidSansFallbackFull.ttf", "NotoSansCJK-Regular.ttc", "NanumGothic.ttf", "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf", "NotoSansBengali-Regular.ttf", "NotoSansTamil-Regular.ttf",
    "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "PingFang.ttc", "Arial Unicode.ttf", "msyh.ttc",
)  # fmt: skip
BOLD = ("Roboto-Medium.ttf", "NotoSans-Medium.ttf", "DejaVuSans-Bold.ttf", *REGULAR)

_lock = threading.RLock()
Ranges = tuple[tuple[int, int], ...]


class Style(NamedTuple):
    """How text is set: the size of its em in pixels, and whether it is bold."""

    size: int
    bold: bool = False


class Face:
    """One font file: what it covers, and the font in each size that was asked for."""

    def __init__(self, path: Path, ranges: Ranges) -> None:
        self.path = path
        self._starts = [start for start, _ in ranges]
        self._ends = [end for _, end in ranges]
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    def covers(self, char: str) -> bool:
        """Whether the font has a glyph for the character."""
        place = bisect_right(self._starts, ord(char)) - 1
        return place >= 0 and ord(char) <= self._ends[place]

    def font(self, size: int) -> ImageFont.FreeTypeFont:
        """The font with an em of `size` pixels."""
        with _lock:
            if size not in self._sizes:
                self._sizes[size] = ImageFont.truetype(self.path, size)
            return self._sizes[size]


class _BuiltIn(Face):
    """Pillow's own font, for a machine without any of the list: printable ASCII."""

    def __init__(self) -> None:
        super().__init__(Path(), ((0x20, 0x7E),))

    def font(self, size: int) -> ImageFont.FreeTypeFont:
        with _lock:
            if size not in self._sizes:
                font = ImageFont.load_default(size)
                if not isinstance(font, ImageFont.FreeTypeFont):
                    raise OSError("Pillow was built without FreeType")
                self._sizes[size] = font
            return self._sizes[size]


class Run(NamedTuple):
    """A piece of text in one face, or with `face` None characters that no face has."""

    text: str
    face: Face | None


@functools.cache
def faces(bold: bool = False) -> tuple[Face, ...]:
    """The faces to look in, in order: those of the list that are installed."""
    with _lock:
        found = _installed()
        names = [name for name in dict.fromkeys(BOLD if bold else REGULAR) if name in found]
        return (*(_face(found[name]) for name in names), _BuiltIn())


@functools.lru_cache(4096)
def runs(text: str, bold: bool = False) -> tuple[Run, ...]:
    """The text cut into pieces of one face each. Spaces and marks stay with the face before them where it has them,
    so that a phrase in a script is shaped as a whole."""
    pieces: list[tuple[list[str], Face | None]] = []
    face: Face | None = None
    for char in text:
        category = unicodedata.category(char)
        loose = not category.startswith(("L", "N")) and pieces
        if not (loose and face is not None and (face.covers(char) or category in ("Mn", "Me", "Cf"))):
            face = next((each for each in faces(bold) if each.covers(char)), None)
        if pieces and pieces[-1][1] is face:
            pieces[-1][0].append(char)
        else:
            pieces.append(([char], face))
    return tuple(Run("".join(chars), face) for chars, face in pieces)


def missing_glyphs(text: str) -> str:
    """The characters of the text that no installed font has, each once, in order."""
    kept = (char for run in runs(text.replace("\n", " ")) if run.face is None for char in run.text)
    return "".join(dict.fromkeys(kept))


@functools.cache
def _installed() -> dict[str, Path]:
    wanted = {*REGULAR, *BOLD}
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.tt[fc]")) if folder.is_dir() else ():
            if path.name in wanted:
                found.setdefault(path.name, path)
    return found


@functools.cache
def _face(path: Path) -> Face:
    return Face(path, coverage(path.read_bytes()))


def coverage(data: bytes) -> Ranges:
    """The characters a TrueType or OpenType file (or the first font of a collection) maps to a glyph, as ranges with
    both ends in them (OpenType 1.9, cmap formats 4 and 12); empty when it has no such table."""
    start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    tables = struct.unpack_from(">H", data, start + 4)[0]
    for table in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * table)
        if tag == b"cmap":
            break
    else:
        return ()
    found: dict[int, int] = {}
    for record in range(struct.unpack_from(">H", data, offset + 2)[0]):
        at = offset + struct.unpack_from(">I", data, offset + 4 + 8 * record + 4)[0]
        found.setdefault(struct.unpack_from(">H", data, at)[0], at)
    if 12 in found:
        return _groups(data, found[12])
    return _segments(data, found[4]) if 4 in found else ()


def _groups(data: bytes, at: int) -> Ranges:
    count = struct.unpack_from(">I", data, at + 12)[0]
    groups = struct.iter_unpack(">III", data[at + 16 : at + 16 + 12 * count])
    return tuple((first, last) for first, last, glyph in groups if glyph or last > first)


def _segments(data: bytes, at: int) -> Ranges:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 4 * count)
    place = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", data, place)
    ranges: list[tuple[int, int]] = []
    for segment, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            if offsets[segment]:
                where = place + 2 * segment + offsets[segment] + 2 * (code - first)
                glyph = struct.unpack_from(">H", data, where)[0]
            else:
                glyph = (code + deltas[segment]) & 0xFFFF
            if glyph and ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            elif glyph:
                ranges.append((code, code))
    return tuple(ranges)
