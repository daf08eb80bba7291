"""A phone's shell of about ten words, for tests of the wire."""

import shlex
import threading
import time
from collections import Counter
from collections.abc import Callable

from environments.phone.files import FileError, Files
from environments.phone.services import Input, Output

ALL_BYTES = bytes(range(256))


class TenWords:
    """Services for tests. `ran` counts the lines that were run, `ended` those that have come to their end."""

    def __init__(self) -> None:
        self.files = Files()
        self.banner = {
            "ro.product.name": "sdk_phone",
            "ro.product.model": "Ten Words",
            "ro.product.device": "tenwords",
        }
        self.ran: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.left_early = threading.Event()
        """Set once a command has noticed that its client is gone."""

    def run(self, line: str, stdin: Input, output: Output, gone: Callable[[], bool]) -> int:
        self.ran[line] += 1
        try:
            return self._run(line, stdin, output, gone)
        except BrokenPipeError:
            self.left_early.set()
            raise
        finally:
            self.ended[line] += 1

    def _run(self, line: str, stdin: Input, output: Output, gone: Callable[[], bool]) -> int:
        if line.startswith("length "):
            output.stdout(str(len(line)).encode())
            return 0
        name, *words = shlex.split(line) or [""]
        if name == "":
            return self._interactive(stdin, output)
        if name == "echo":
            output.stdout((" ".join(words) + "\n").encode())
        elif name == "both":
            output.stdout(b"good\n")
            output.stderr(b"bad\n")
            return 3
        elif name == "exit":
            return int(words[0])
        elif name == "cat":
            while data := stdin.read():
                output.stdout(data)
        elif name == "save":
            return self._save(words[0], stdin, output, gone)
        elif name == "count":
            output.stdout(str(sum(map(len, iter(stdin.read, b"")))).encode())
        elif name == "bytes":
            count = int(words[0])
            output.stdout((ALL_BYTES * (count // 256 + 1))[:count])
        elif name == "forever":
            while True:
                output.stdout(b"again\n")
        elif name == "sleep":
            return self._sleep(float(words[0]), gone)
        else:
            output.stderr(f"/system/bin/sh: {name}: inaccessible or not found\n".encode())
            return 127
        return 0

    def _interactive(self, stdin: Input, output: Output) -> int:
        while line := stdin.read():
            for each in line.split():
                if each.startswith(b"exit"):
                    return int(each[4:] or b"0")
                output.stdout(b"<" + each + b">\n")
        return 0

    def _save(self, path: str, stdin: Input, output: Output, gone: Callable[[], bool]) -> int:
        data = b""
        while not gone() and (piece := stdin.read()):
            data += piece
        try:
            self.files.write(path, data)
        except FileError as error:
            output.stderr(f"save: {path}: {error.strerror}\n".encode())
            return 1
        return 0

    def _sleep(self, seconds: float, gone: Callable[[], bool]) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if gone():
                self.left_early.set()
                return 1
            time.sleep(0.005)
        return 0


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it came to hold within that time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
