"""As much of a terminal as a person at `adb shell` needs: echo, backspace, and the control characters.

adb puts the person's own terminal into raw mode and leaves all of this to the phone.
"""

from collections.abc import Callable

_INTERRUPT, _END = 0x03, 0x04
_BACKSPACES = (0x08, 0x7F)
_MAX_LINE = 1 << 20


class Terminal:
    """The Input and the Output of a command: lines come in, and both its outputs go to the one screen."""

    on_terminal = True
    """A shell that reads this prompts."""

    def __init__(self, read: Callable[[], bytes], write: Callable[[bytes], None]) -> None:
        self._read, self._write = read, write
        self._typed = bytearray()
        self._line = bytearray()
        self._at_end = False

    def read(self) -> bytes:
        """The next line, its newline included; empty at the end, which Ctrl-D on an empty line is too."""
        while not self._at_end:
            if not self._typed:
                self._typed += self._read()
                self._at_end = not self._typed
            while self._typed:
                if self._complete(self._typed.pop(0)):
                    line = bytes(self._line)
                    self._line.clear()
                    return line
        return b""

    def stdout(self, data: bytes) -> None:
        self._write(data.replace(b"\n", b"\r\n"))

    def stderr(self, data: bytes) -> None:
        self.stdout(data)

    def _complete(self, byte: int) -> bool:
        """Take one key; whether a line is ready."""
        if byte in (0x0A, 0x0D):
            self._line.append(0x0A)
            self._write(b"\r\n")
            return True
        if byte == _END:
            self._at_end = not self._line
            return bool(self._line)
        if byte == _INTERRUPT:
            self._line.clear()
            self._write(b"^C\r\n")
            self._line.append(0x0A)
            return True
        if byte in _BACKSPACES:
            self._erase()
        elif len(self._line) < _MAX_LINE:
            self._line.append(byte)
            self._write(bytes([byte]))
        return False

    def _erase(self) -> None:
        """The last character, which may be several bytes of UTF-8."""
        if self._line:
            while self._line and self._line.pop() & 0xC0 == 0x80:
                pass
            self._write(b"\b \b")
