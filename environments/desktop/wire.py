"""How the driver and its child process talk: a JSON head and a block of bytes, each behind its length.

    4 bytes   length of the head, big endian
    4 bytes   length of the block
    head      JSON object, UTF-8
    block     raw bytes (pixels), often empty

The pipe is private to the two, so a message is trusted; the lengths are checked all the same, since a child that
prints something by mistake must be noticed and not waited for.
"""

import json
import struct
from typing import IO, Any

_LENGTHS = struct.Struct(">II")
MAX_HEAD = 16_000_000
MAX_BLOCK = 400_000_000


class WireClosed(Exception):
    """The other side has gone, or does not speak this protocol."""


def send(stream: IO[bytes], head: dict[str, Any], block: bytes | bytearray | memoryview = b"") -> None:
    """Write one message and flush it. Raises WireClosed."""
    body = json.dumps(head, separators=(",", ":")).encode()
    try:
        stream.write(_LENGTHS.pack(len(body), len(block)) + body)
        if block:
            stream.write(block)
        stream.flush()
    except (BrokenPipeError, ConnectionError, ValueError) as exc:  # ValueError: the stream was closed on this side
        raise WireClosed(str(exc)) from exc


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message, waiting for it. Raises WireClosed at the end of the stream or at nonsense."""
    head_length, block_length = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if head_length > MAX_HEAD or block_length > MAX_BLOCK:
        raise WireClosed(f"impossible lengths: {head_length} and {block_length}")
    try:
        head = json.loads(_exactly(stream, head_length))
    except ValueError as exc:
        raise WireClosed(f"a head that is no JSON: {exc}") from exc
    return head, _exactly(stream, block_length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    if not count:
        return b""
    try:
        data = stream.read(count)
    except (OSError, ValueError) as exc:
        raise WireClosed(str(exc)) from exc
    if data is None or len(data) < count:
        raise WireClosed("the stream ended")
    return data
