"""A phone's shell of about ten words, for tests of the wire."""

import shlex
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from environments.phone.files import Files
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
            if line.startswith("length "):
                output.stdout(str(len(line)).encode())
                return 0
            name, *words = shlex.split(line) or ["interactive"]
            word = getattr(self, f"_{name}", None)
            if word is None:
                output.stderr(f"/system/bin/sh: {name}: inaccessible or not found\n".encode())
                return 127
            return int(word(words, Call(stdin, output, gone)) or 0)
        except BrokenPipeError:
            self.left_early.set()
            raise
        finally:
            self.ended[line] += 1

    def _echo(self, words: list[str], call: "Call") -> None:
        call.output.stdout((" ".join(words) + "\n").encode())

    def _both(self, words: list[str], call: "Call") -> int:
        call.output.stdout(b"good\n")
        call.output.stderr(b"bad\n")
        return 3

    def _exit(self, words: list[str], call: "Call") -> int:
        return int(words[0])

    def _cat(self, words: list[str], call: "Call") -> None:
        while data := call.stdin.read():
            call.output.stdout(data)

    def _count(self, words: list[str], call: "Call") -> None:
        call.output.stdout(str(sum(map(len, iter(call.stdin.read, b"")))).encode())

    def _bytes(self, words: list[str], call: "Call") -> None:
        count = int(words[0])
        call.output.stdout((ALL_BYTES * (count // 256 + 1))[:count])

    def _forever(self, words: list[str], call: "Call") -> None:
        while True:
            call.output.stdout(b"again\n")

    def _interactive(self, words: list[str], call: "Call") -> int:
        while line := call.stdin.read():
            for each in line.split():
                if each.startswith(b"exit"):
                    return int(each[4:] or b"0")
                call.output.stdout(b"<" + each + b">\n")
        return 0

    def _save(self, words: list[str], call: "Call") -> None:
        data = b""
        while not call.gone() and (piece := call.stdin.read()):
            data += piece
        self.files.write(words[0], data)

    def _sleep(self, words: list[str], call: "Call") -> None:
        end = time.monotonic() + float(words[0])
        while time.monotonic() < end:
            if call.gone():
                self.left_early.set()
                return
            time.sleep(0.005)


class Call(NamedTuple):
    stdin: Input
    output: Output
    gone: Callable[[], bool]


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it came to hold within that time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def open_files() -> int:
    """How many this process has open; 0 where that cannot be told."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0
