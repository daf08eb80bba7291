"""An adb client at the level of packets, written from the protocol's description; it shares no code with the server."""

import socket
import struct
from collections.abc import Callable
from itertools import pairwise
from types import TracebackType

VERSION = 0x01000001


def packet(command: bytes, arg0: int, arg1: int, payload: bytes = b"", *, check: int | None = None) -> bytes:
    """A whole packet, its checksum right unless another is given."""
    word = int.from_bytes(command, "little")
    checksum = sum(payload) if check is None else check
    return struct.pack("<6I", word, arg0, arg1, len(payload), checksum & 0xFFFFFFFF, word ^ 0xFFFFFFFF) + payload


def cut_up(data: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes in pieces, cut at those places, which may lie anywhere."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


class WireClient:
    """Speaks with one adbd. Reads raise ConnectionError when it resets the connection, EOFError when it ends."""

    def __init__(self, address: str, *, version: int = VERSION, max_data: int = 1 << 20, greet: bool = True) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ids = 0
        self.version = version
        self.banner = b""
        if greet:
            try:
                self._greet(max_data)
            except BaseException:
                self.socket.close()
                raise

    def _greet(self, max_data: int) -> None:
        self.send(b"CNXN", self.version, max_data, b"host::features=shell_v2")
        command, self.their_version, self.their_max, self.banner = self.receive()
        assert command == b"CNXN"

    def __enter__(self) -> "WireClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, command: bytes, arg0: int, arg1: int, payload: bytes = b"") -> None:
        self.socket.sendall(packet(command, arg0, arg1, payload))

    def receive(self) -> tuple[bytes, int, int, bytes]:
        """Command, both arguments, payload; with its checksum and its magic looked at."""
        word, arg0, arg1, length, check, magic = struct.unpack("<6I", self._exactly(24))
        payload = self._exactly(length)
        assert magic == word ^ 0xFFFFFFFF
        assert check == sum(payload) & 0xFFFFFFFF or (self.version >= VERSION and check == 0)
        return word.to_bytes(4, "little"), arg0, arg1, payload

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError(f"{len(data)} of {count} bytes")
            data += piece
        return bytes(data)

    def open(self, destination: str) -> tuple[int, int]:
        """Our id and theirs; theirs is 0 when it was refused."""
        self._ids += 1
        self.send(b"OPEN", self._ids, 0, destination.encode() + b"\0")
        command, theirs, ours, _ = self.receive()
        assert command in (b"OKAY", b"CLSE")
        assert ours == self._ids
        return ours, theirs

    def receive_until_lost(self) -> None:
        """Pass over what comes; raises the error with which the connection ends."""
        while True:
            self.receive()

    def ask(
        self, destination: str, stdin: bytes = b"", *, answered: Callable[[bytes], bool] = lambda _: False
    ) -> bytes:
        """Open, write `stdin` in pieces as the OKAYs come, and collect the output until it closes, or is `answered`."""
        ours, theirs = self.open(destination)
        assert theirs, f"{destination} was refused"
        output, clear = bytearray(), True
        while True:
            if clear and stdin:
                piece, stdin, clear = stdin[: self.their_max], stdin[self.their_max :], False
                self.send(b"WRTE", ours, theirs, piece)
            command, _, _, payload = self.receive()
            if command == b"OKAY":
                clear = True
            elif command == b"WRTE":
                output += payload
                self.send(b"OKAY", ours, theirs)
            if command == b"CLSE" or answered(bytes(output)):
                self.send(b"CLSE", ours, theirs)
                return bytes(output)


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """The pieces of a shell v2 stream."""
    found = []
    while data:
        kind, length = struct.unpack_from("<BI", data)
        assert len(data) >= 5 + length, "a frame is cut off"
        found.append((kind, data[5 : 5 + length]))
        data = data[5 + length :]
    return found


def frame(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<BI", kind, len(data)) + data


def output_of(data: bytes) -> tuple[bytes, bytes, int | None]:
    """stdout, stderr and exit code of a shell v2 stream."""
    pieces = frames(data)
    codes = [piece[0] for kind, piece in pieces if kind == 3]
    return (
        b"".join(piece for kind, piece in pieces if kind == 1),
        b"".join(piece for kind, piece in pieces if kind == 2),
        codes[0] if codes else None,
    )
