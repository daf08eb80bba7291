"""The shell and exec services: how a command's streams and its exit code travel.

In the first form (v1) everything it says is one raw stream. In the second (v2) each piece has a byte for what it is
and a length: 0 stdin, 1 stdout, 2 stderr, 3 the exit code, 4 no more stdin, 5 the window's size.
"""

import struct
import threading

from environments.phone.services import Services
from environments.phone.wire.stream import Stream
from environments.phone.wire.terminal import Terminal

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_HEADER = struct.Struct("<BI")
_FRAME = 1 << 18


def serve_shell(stream: Stream, services: Services, options: list[str], line: str) -> None:
    """Run a line for `shell,OPTIONS:LINE`; an empty one is an interactive shell, on a terminal unless "raw" is asked.

    Raises BrokenPipeError when the client has gone.
    """
    framed = "v2" in options
    on_terminal = "pty" in options or (not line and "raw" not in options)
    pipe: _Pipe = _FramedPipe(stream) if framed else _Pipe(stream)
    # `adb exec-in` sends its bytes and closes: the command is not to stop before it has seen them. With v2 a client
    # says that its input is over, and waits for the exit code.
    gone = stream.gone if framed else stream.gone_and_read
    if on_terminal:
        terminal = Terminal(pipe.read, pipe.stdout)
        code = services.run(line, terminal, terminal, gone)
    else:
        code = services.run(line, pipe, pipe, gone)
    pipe.exit(code)


class _Pipe:
    """v1: raw bytes both ways. It is the Input and the Output of a command."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self) -> bytes:
        return self._stream.read()

    def stdout(self, data: bytes) -> None:
        self._stream.write(data)

    def stderr(self, data: bytes) -> None:
        self._stream.write(data)

    def exit(self, code: int) -> None:
        """v1 has no word for it."""


class _FramedPipe(_Pipe):
    """v2."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._writing = threading.Lock()
        self._left = 0  # bytes of stdin that the frame being read still has
        self._at_end = False

    def read(self) -> bytes:
        try:
            while not self._left and not self._at_end:
                kind, length = _HEADER.unpack(self._stream.read_exactly(_HEADER.size))
                if kind == _STDIN:
                    self._left = length
                else:
                    self._at_end = kind == _CLOSE_STDIN
                    self._pass_over(length)
        except EOFError:
            self._at_end = True
        if self._at_end:
            return b""
        data = self._stream.read(min(self._left, _FRAME))
        self._left -= len(data)
        self._at_end = not data
        return data

    def _pass_over(self, length: int) -> None:
        while length:
            length -= len(self._stream.read_exactly(min(length, _FRAME)))

    def stdout(self, data: bytes) -> None:
        self._write(_STDOUT, data)

    def stderr(self, data: bytes) -> None:
        self._write(_STDERR, data)

    def exit(self, code: int) -> None:
        self._write(_EXIT, bytes([code & 0xFF]))

    def _write(self, kind: int, data: bytes) -> None:
        with self._writing:
            for start in range(0, len(data), _FRAME):
                piece = data[start : start + _FRAME]
                self._stream.write(_HEADER.pack(kind, len(piece)) + piece)
