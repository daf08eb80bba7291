"""What the commands of a line read from and write to: the client, a file of the phone, a pipe, a buffer, nothing."""

import threading
import time
from collections.abc import Callable

from environments.phone.files import MAX_BYTES, FileError, Files
from environments.phone.services import Input

PIPE_BYTES = 262_144
BUFFER_BYTES = 16_000_000
FLUSH_SECONDS = 0.5


class Stream:
    """Nothing: /dev/null, and what every other stream is built on."""

    def read(self) -> bytes:
        """The next bytes, waiting for them; empty at the end."""
        return b""

    def write(self, data: bytes) -> None:
        """Take all of the bytes. Raises BrokenPipeError when nobody will read them, FileError when they do not fit."""

    def close(self) -> None:
        """No more will be written."""


class FromClient(Stream):
    def __init__(self, source: Input) -> None:
        self._source = source

    def read(self) -> bytes:
        return self._source.read()


class ToClient(Stream):
    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: bytes) -> None:
        if data:
            self._write(data)


class FromBytes(Stream):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> bytes:
        data, self._data = self._data, b""
        return data


class Buffer(Stream):
    """What a command substitution catches."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        if len(self.data) + len(data) > BUFFER_BYTES:
            raise BrokenPipeError
        self.data += data


class ToFile(Stream):
    """A file being written: gathered, and put into the file now and then and at the end."""

    def __init__(self, files: Files, path: str, *, append: bool, wall: Callable[[], float]) -> None:
        self._files, self._path, self._wall = files, path, wall
        self._waiting = bytearray()
        self._flushed = time.monotonic()
        files.write(path, b"", append=append, mtime=int(wall()))

    def write(self, data: bytes) -> None:
        if len(self._waiting) + len(data) > MAX_BYTES:
            raise FileError(28, "No space left on device")
        self._waiting += data
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.close()

    def close(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        if data:
            self._files.write(self._path, data, append=True, mtime=int(self._wall()))
        self._flushed = time.monotonic()


class Pipe:
    """Bytes from one command to the next, at most PIPE_BYTES on the way. `check` is called while waiting; what it
    raises ends the wait."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._changed = threading.Condition()
        self._data = bytearray()
        self._written = self._abandoned = False

    def read(self) -> bytes:
        with self._changed:
            while not self._data and not self._written:
                self._changed.wait(0.1)
                self._check()
            data = bytes(self._data)
            self._data.clear()
            self._changed.notify_all()
            return data

    def write(self, data: bytes) -> None:
        with self._changed:
            while len(self._data) >= PIPE_BYTES and not self._abandoned:
                self._changed.wait(0.1)
                self._check()
            if self._abandoned:
                raise BrokenPipeError
            self._data += data
            self._changed.notify_all()

    def close_writing(self) -> None:
        with self._changed:
            self._written = True
            self._changed.notify_all()

    def close_reading(self) -> None:
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()


class PipeEnd(Stream):
    """Either end of a pipe, as the stream of a command."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def read(self) -> bytes:
        return self._pipe.read()

    def write(self, data: bytes) -> None:
        if data:
            self._pipe.write(data)
