"""A screenshot: immutable RGB pixels with a hash, and their lossless PNG."""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, UnidentifiedImageError

from environments.errors import CorruptEpisode
from environments.geometry import Size

try:  # deflate several times faster than zlib's where a wheel exists; the format written is the same
    from isal import isal_zlib as _deflate
except ImportError:
    import zlib as _deflate

MAX_PIXELS = 40_000_000
MAX_FILE_BYTES = 64_000_000
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Frame:
    """`pixels` holds `size.height` rows of `size.width` RGB triples, 8 bits each, without padding.

    Raises ValueError when the number of bytes and the size disagree.
    """

    size: Size
    pixels: bytes

    def __post_init__(self) -> None:
        width, height = self.size
        if width < 1 or height < 1 or len(self.pixels) != 3 * width * height:
            raise ValueError(f"{len(self.pixels)} bytes are not an RGB image of {width}x{height}")

    @classmethod
    def from_image(cls, image: Image.Image) -> "Frame":
        """A frame of any Pillow image; transparency is dropped."""
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        return cls(Size(*rgb.size), rgb.tobytes())

    @classmethod
    def from_png(cls, data: bytes) -> "Frame":
        """Decode a PNG from anywhere. Raises CorruptEpisode for what is no sound PNG of at most 40 megapixels."""
        if len(data) > MAX_FILE_BYTES:
            raise CorruptEpisode(f"the image file has {len(data)} bytes; at most {MAX_FILE_BYTES} are read")
        try:
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise CorruptEpisode(
                        f"the image is {image.width}x{image.height}; at most {MAX_PIXELS} pixels are read"
                    )
                image.load()
                return cls.from_image(image)
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
            raise CorruptEpisode(f"the image does not decode: {exc}") from exc

    @cached_property
    def hash(self) -> str:
        """64 hex digits: SHA-256 of the size and the pixels, the same whatever file format held them."""
        digest = hashlib.sha256(b"%dx%d\n" % self.size)
        digest.update(self.pixels)
        return digest.hexdigest()

    def image(self) -> Image.Image:
        """A Pillow image of its own."""
        return Image.frombytes("RGB", self.size, self.pixels)

    def png(self) -> bytes:
        """The frame as a PNG, losslessly (PNG specification, third edition, W3C 2025: chunks, filter type 0)."""
        width, height = self.size
        stride = 3 * width
        pixels = memoryview(self.pixels)
        rows = bytearray()
        for start in range(0, len(pixels), stride):
            rows.append(0)
            rows += pixels[start : start + stride]
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        body = _deflate.compress(bytes(rows), 1)
        return b"".join((_PNG_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
