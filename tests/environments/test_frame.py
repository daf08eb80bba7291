"""Frames: nothing of a screenshot is lost, and nothing that claims to be one is believed."""

import hashlib
import importlib.util
import io
import random
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from environments import frame as frame_module
from environments.errors import CorruptEpisode
from environments.frame import MAX_FILE_BYTES, Frame
from environments.geometry import Size

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def noise(width: int, height: int, seed: int = 0) -> Frame:
    return Frame(Size(width, height), random.Random(seed).randbytes(3 * width * height))  # noqa: S311


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, body: bytes, *extra: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG with any header and any image data, right or wrong."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


frames = st.builds(noise, st.integers(1, 60), st.integers(1, 60), st.integers(0, 10))


@pytest.fixture(params=["isal", "zlib"])
def deflate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two that may compress."""
    if request.param == "isal":
        monkeypatch.setattr(frame_module, "_deflate", pytest.importorskip("isal.isal_zlib"))
    else:
        monkeypatch.setattr(frame_module, "_deflate", zlib)
    return str(request.param)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (1280, 800), (1081, 2399)])
def test_a_png_holds_every_pixel(deflate: str, size: tuple[int, int]) -> None:
    frame = noise(*size)
    data = frame.png()
    assert Frame.from_png(data) == frame
    with Image.open(io.BytesIO(data)) as image:  # and any other reader sees the same
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)
        assert image.tobytes() == frame.pixels


@given(frames)
def test_a_frame_survives_its_png_and_its_image(frame: Frame) -> None:
    assert Frame.from_png(frame.png()) == frame
    assert Frame.from_image(frame.image()) == frame
    assert Frame.from_png(frame.png()).hash == frame.hash


def test_without_isal_the_same_pixels_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    plain = _module_again()
    assert plain._deflate is zlib
    frame = noise(70, 50)
    assert Frame.from_png(plain.Frame(frame.size, frame.pixels).png()) == frame


def _module_again() -> ModuleType:
    """A second copy of the module under test, imported as if for the first time."""
    spec = importlib.util.spec_from_file_location("frame_again", str(frame_module.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_hash_is_of_size_and_pixels() -> None:
    frame = noise(6, 4)
    assert frame.hash == hashlib.sha256(b"6x4\n" + frame.pixels).hexdigest()
    assert frame.hash == Frame(Size(6, 4), bytes(bytearray(frame.pixels))).hash
    assert frame.hash != Frame(Size(4, 6), frame.pixels).hash, "the same bytes in another shape are another screen"
    changed = bytearray(frame.pixels)
    changed[-1] ^= 1
    assert frame.hash != Frame(Size(6, 4), bytes(changed)).hash


def test_the_hash_does_not_depend_on_the_file() -> None:
    frame = noise(40, 30)
    hashes = {frame.hash}
    for level in (0, 9):
        buffer = io.BytesIO()
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", f"level {level}")
        frame.image().save(buffer, "PNG", compress_level=level, pnginfo=info)
        assert buffer.getvalue() != frame.png()
        hashes.add(Frame.from_png(buffer.getvalue()).hash)
    assert hashes == {frame.hash}


def test_a_frame_cannot_be_changed() -> None:
    frame = noise(3, 3)
    with pytest.raises(AttributeError):
        frame.pixels = b""  # type: ignore[misc]
    frame.image().putpixel((0, 0), (0, 0, 0))
    assert frame == noise(3, 3)


@pytest.mark.parametrize(("size", "count"), [((2, 2), 11), ((2, 2), 13), ((0, 5), 0), ((5, 0), 0), ((-1, -1), 3)])
def test_bytes_that_do_not_fit_the_size_are_refused(size: tuple[int, int], count: int) -> None:
    with pytest.raises(ValueError, match="are not an RGB image"):
        Frame(Size(*size), bytes(count))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_any_kind_of_image_becomes_rgb(mode: str) -> None:
    image = Image.new("RGB", (8, 8), "white").convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert Frame.from_png(buffer.getvalue()).pixels == b"\xff" * (3 * 64)
    assert Frame.from_image(image).pixels == b"\xff" * (3 * 64)


SOUND = noise(30, 20).png()


def damaged() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """What a hostile or a torn file may look like, by name."""
    header = SOUND.index(b"IHDR")
    data = SOUND.index(b"IDAT")
    yield "empty", lambda: b""
    yield "signature only", lambda: SIGNATURE
    yield "not a PNG", lambda: b"GIF89a" + bytes(100)
    yield "a JPEG", lambda: _saved("JPEG")
    yield "a bitmap", lambda: _saved("BMP")
    yield "random bytes", lambda: random.Random(1).randbytes(2000)  # noqa: S311
    yield "a bomb", lambda: png_of(65535, 65535, bytes(1000))
    yield "a bomb by Pillow's own measure", lambda: png_of(2**31 - 1, 2**31 - 1, bytes(1000))
    yield "just above 40 megapixels", lambda: png_of(8000, 5001, bytes(1000))
    yield "no width", lambda: png_of(0, 10, bytes(1000))
    yield "no height", lambda: png_of(10, 0, bytes(1000))
    yield "no image data", lambda: SIGNATURE + SOUND[8 : data - 4] + chunk(b"IEND", b"")
    yield "wrong checksum of the header", lambda: _flipped(SOUND, header + 20)
    yield "wrong checksum of the data", lambda: _flipped(SOUND, data + 40)
    yield "an unknown filter", lambda: png_of(4, 4, bytes([9] + [0] * 12) * 4)
    yield "data that does not inflate", lambda: SIGNATURE + SOUND[8 : data - 4] + chunk(b"IDAT", b"x" * 50)
    yield "an unknown colour type", lambda: png_of(4, 4, bytes(52), colour=5)
    yield (
        "a text that inflates to 100 MB",
        lambda: png_of(4, 4, bytes(52), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000)))),
    )


def _saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    noise(10, 10).image().save(buffer, kind)
    return buffer.getvalue()


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize("make", [make for _, make in damaged()], ids=[name for name, _ in damaged()])
def test_what_is_no_sound_png_is_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(CorruptEpisode) as caught:
        Frame.from_png(make())
    assert "\n" not in str(caught.value)


def test_a_png_that_is_cut_is_refused_as_long_as_a_pixel_is_missing() -> None:
    refused = 0
    for length in range(len(SOUND)):
        try:
            frame = Frame.from_png(SOUND[:length])
        except CorruptEpisode:
            refused += 1
        else:
            assert frame == noise(30, 20)
    assert refused >= len(SOUND) - 20, "only checksums and the empty last chunk hold nothing that could be lost"


def test_a_file_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(CorruptEpisode, match="bytes; at most"):
        Frame.from_png(SOUND + bytes(MAX_FILE_BYTES))


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed_or_harmless(at: int, mask: int) -> None:
    data = bytearray(SOUND)
    data[at] ^= mask
    try:
        frame = Frame.from_png(bytes(data))
    except CorruptEpisode:
        return
    assert frame == noise(30, 20)


@given(st.binary(max_size=300), st.integers(0, 100))
def test_no_bytes_raise_anything_but_corrupt_episode(data: bytes, keep: int) -> None:
    for candidate in (data, SOUND[:keep] + data, SIGNATURE + data):
        try:
            Frame.from_png(candidate)
        except CorruptEpisode:
            continue
