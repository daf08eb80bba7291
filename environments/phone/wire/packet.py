"""ADB's packets: a header of six little-endian words, then the payload. Bytes in, packets out; nothing else."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

VERSION = 0x01000001
"""The newest protocol spoken here, and the first one whose packets carry no checksum."""

FIRST_VERSION = 0x01000000
MAX_PAYLOAD = 1 << 20
FIRST_PAYLOAD = 4096
"""The most that a packet may carry before both sides have said how much they take."""

_HEADER = struct.Struct("<4sIIII4s")


class ProtocolError(Exception):
    """What arrived is not ADB; the connection cannot go on."""


class Packet(NamedTuple):
    """`command` is one of CNXN, AUTH, OPEN, OKAY, WRTE, CLSE, SYNC, STLS, in ASCII."""

    command: bytes
    arg0: int
    arg1: int
    payload: bytes = b""
    checksum: int = 0

    @property
    def intact(self) -> bool:
        """Whether the checksum, the plain sum of the bytes, is right."""
        return self.checksum == checksum(self.payload)


def checksum(payload: bytes) -> int:
    return sum(payload) & 0xFFFFFFFF


def header(command: bytes, arg0: int, arg1: int, payload: bytes | memoryview = b"", check: int = 0) -> bytes:
    """The 24 bytes in front of a payload."""
    return _HEADER.pack(command, arg0, arg1, len(payload), check, _magic(command))


def _magic(command: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in command)


class Unpacker:
    """Cuts what arrives into packets. Never holds more than one packet and the piece that was fed last."""

    def __init__(self) -> None:
        self.max_payload = FIRST_PAYLOAD
        self._buffer = bytearray()

    @property
    def halfway(self) -> bool:
        """Whether a packet has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are complete now. `max_payload` may be changed between two of them.

        Raises ProtocolError for a wrong magic and for a length above `max_payload`, before the payload is waited for.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            command, arg0, arg1, length, check, magic = _HEADER.unpack_from(self._buffer)
            if magic != _magic(command):
                raise ProtocolError(f"{bytes(command)!r} is followed by a wrong magic")
            if length > self.max_payload:
                raise ProtocolError(f"a payload of {length} bytes, where {self.max_payload} are agreed")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[_HEADER.size : end])
            del self._buffer[:end]
            yield Packet(command, arg0, arg1, payload, check)
