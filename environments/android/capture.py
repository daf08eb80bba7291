"""Screenshots by `screencap`, read in full, checked and decoded; nothing stands in for one that failed."""

import struct
import time
import zlib
from typing import Literal, NamedTuple

from PIL import Image

from environments.android.adb import AdbShell
from environments.errors import CorruptEpisode
from environments.frame import MAX_FILE_BYTES, MAX_PIXELS, Frame
from environments.geometry import Size
from environments.stop import Stop

SHOT_SECONDS = 10.0
SHOTS_TO_MEASURE = 2
"""Of each format, when a device is opened; the fastest of them counts."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MANGLED = (b"\x89PNG\r\r\n", b"\x89PNG\n\x1a\n")
_MAX_WARNING = 4096
_RAW_MODES = {1: ("RGBX", 4), 2: ("RGBX", 4), 3: ("RGB", 3), 5: ("BGRX", 4)}
"""Android's PixelFormat: RGBA_8888, RGBX_8888, RGB_888, BGRA_8888."""

Format = Literal["png", "raw"]


class BadShot(Exception):
    """What `screencap` gave is no complete screenshot; it may be better at the next try."""


class Shot(NamedTuple):
    """A screenshot, and what the device wrote in front of it."""

    frame: Frame
    warning: str = ""


class Capture:
    """Takes screenshots of one display of a device. `display` is what `screencap -d` wants, or empty.

    The frame is the very same object as long as the device sends the very same bytes.
    """

    def __init__(self, shell: AdbShell, display: str = "", form: Format = "png") -> None:
        self._shell = shell
        self._display = ["-d", display] if display else []
        self.form: Format = form
        self.milliseconds: dict[str, float] = {}
        self._last: tuple[bytes, Shot] | None = None

    def measure(self, stop: Stop | None = None) -> None:
        """Take a few shots in each format and keep to the faster one. Raises BadShot when neither works."""
        failure: BadShot | None = None
        forms: tuple[Format, ...] = ("png", "raw")
        for form in forms:
            self.form = form
            for _ in range(SHOTS_TO_MEASURE):
                started = time.perf_counter()
                try:
                    self.take(stop)
                except BadShot as exc:
                    failure = failure or exc
                    break
                spent = 1000 * (time.perf_counter() - started)
                self.milliseconds[form] = min(spent, self.milliseconds.get(form, spent))
        if not self.milliseconds:
            raise failure or BadShot("no screenshot could be taken")
        self.form = "raw" if self.milliseconds.get("raw", 1e9) < self.milliseconds.get("png", 1e9) else "png"

    def take(self, stop: Stop | None = None) -> Shot:
        """One screenshot. Raises BadShot, AdbLost (nothing is repeated here) and Stopped."""
        argv = ["screencap", *(["-p"] if self.form == "png" else []), *self._display]
        result = self._shell.run(argv, seconds=SHOT_SECONDS, stop=stop, binary=True)
        if result.exit_code != 0:
            raise BadShot(f"screencap failed: {result.complaint}")
        if not result.stdout:
            raise BadShot(f"screencap gave nothing: {result.complaint}")
        said = result.stderr.decode(errors="replace").strip()[:_MAX_WARNING]
        if self._last is not None and self._last[0] == result.stdout:
            return self._last[1]
        shot = read_png(result.stdout) if self.form == "png" else read_raw(result.stdout)
        shot = shot._replace(warning="\n".join(filter(None, (said, shot.warning))))
        self._last = (result.stdout, shot)
        return shot


def read_png(data: bytes) -> Shot:
    """The PNG in what `screencap -p` wrote, warnings around it set apart. Raises BadShot, saying what is wrong."""
    if len(data) > MAX_FILE_BYTES:
        raise BadShot(f"the screenshot has {len(data)} bytes; at most {MAX_FILE_BYTES} are read")
    start = data.find(_SIGNATURE)
    if start < 0:
        if any(mark in data for mark in _MANGLED):
            raise BadShot("the line ends in the screenshot were translated on the way, as a terminal does")
        raise BadShot(f"what screencap gave is no PNG: {len(data)} bytes that begin with {data[:60]!r}")
    end = _png_end(data, start)
    around = (data[:start] + b"\n" + data[end:]).decode(errors="replace").strip()
    try:
        return Shot(Frame.from_png(data[start:end]), around[:_MAX_WARNING])
    except CorruptEpisode as exc:
        raise BadShot(f"the screenshot is damaged: {exc}") from exc


def read_raw(data: bytes) -> Shot:
    """The pixels that `screencap` wrote: width, height and format, from Android 9 on a colour space, then the rows.

    Raises BadShot unless the length is exactly that.
    """
    if len(data) < 12:
        raise BadShot(f"the raw screenshot has only {len(data)} bytes: {data!r}")
    width, height, form = struct.unpack_from("<III", data)
    if form not in _RAW_MODES or not 0 < width * height <= MAX_PIXELS:
        raise BadShot(f"the raw screenshot begins with something else: {data[:60]!r}")
    mode, depth = _RAW_MODES[form]
    for head in (16, 12):
        if len(data) == head + width * height * depth:
            size = Size(width, height)
            image = Image.frombytes("RGB", size, data[head:], "raw", mode, 0, 1)
            return Shot(Frame(size, image.tobytes()))
    raise BadShot(f"the raw screenshot of {width}x{height} has {len(data)} bytes, which is too few or too many")


def _png_end(data: bytes, start: int) -> int:
    """Where the PNG at `start` ends, its chunks walked and their checksums compared. Raises BadShot."""
    at = start + len(_SIGNATURE)
    while True:
        body = at + 8
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : body]
        end = body + length + 4
        if len(data) < max(end, body + 4):
            raise BadShot(f"the screenshot ends after {len(data) - start} bytes, before its end")
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise BadShot("the screenshot is damaged: a checksum does not fit")
        at = end
        if kind == b"IEND":
            return at


def display_ids(text: str) -> list[str]:
    """The ids in the answer to `dumpsys SurfaceFlinger --display-id`, the main display first."""
    ids = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "Display" and words[1].isdigit():
            ids.append((0 if "(HWC display 0)" in line else 1, words[1]))
    return [identity for _, identity in sorted(ids, key=lambda pair: pair[0])]
