"""What a command of the phone is given, and how it answers.

A command is a function of a Call to its exit code. It may raise Failure (words on stderr and a code), Usage, or let a
FileError or BrokenPipeError pass: the shell answers them as Android's tools do.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from environments.phone.device import Device
from environments.phone.files import FileError, Files
from environments.phone.shell.faults import ShellFaults
from environments.phone.shell.streams import Stream

STEPS = 50_000
CPU_SECONDS = 10.0
PROCESSES = 64
NAP = 0.05
WRITABLE = ("/sdcard", "/data/local/tmp")

Rows = Callable[[], Sequence[Mapping[str, object]]]


class Failure(Exception):
    """The command ends with these words on stderr and this code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Interrupted(Exception):
    """The client has gone or the line has used up what it may: everything of it ends."""


class LogLine(NamedTuple):
    """One line of the log; `wall` in seconds since 1970, `priority` a letter."""

    wall: float
    priority: str
    tag: str
    pid: int
    message: str


@dataclass
class Machine:
    """What all commands on one phone share. `programs` is the table of commands by name; `providers` gives the rows of
    content providers by authority and path; `properties` holds what `setprop` has set."""

    device: Device
    files: Files
    programs: Mapping[str, "Program"]
    providers: Mapping[str, Rows] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=2000))
    logged: int = 0
    faults: ShellFaults = field(default_factory=ShellFaults)

    def note(self, priority: str, tag: str, message: str, pid: int = 1234) -> None:
        """Add a line to the log."""
        self.log.append(LogLine(self.device.clock.wall(), priority, tag, pid, message[:4000]))
        self.logged += 1


class Budget:
    """What one line may use: steps in all, seconds of CPU in each of its threads, processes at once."""

    def __init__(self, gone: Callable[[], bool]) -> None:
        self._gone = gone
        self._steps = self._to_read = STEPS
        self._thread = threading.local()
        self._processes = threading.Semaphore(PROCESSES)
        self._ended = False

    def check(self) -> None:
        """Raises Interrupted when the line is to end."""
        now = time.thread_time()
        started: float = self._thread.__dict__.setdefault("started", now)
        if self._ended or now - started > CPU_SECONDS or self._gone():
            self.end()

    def step(self) -> None:
        """One command more. Raises Interrupted."""
        self._steps -= 1
        if self._steps < 0:
            self.end()
        self.check()

    def read(self) -> None:
        """One command more was read. Raises Interrupted."""
        self._to_read -= 1
        if self._to_read < 0:
            self.end()
        self.check()

    def renew(self) -> None:
        """A new line of an interactive shell may use as much again."""
        self._steps = self._to_read = STEPS
        self._thread.__dict__.pop("started", None)

    def end(self) -> NoReturn:
        """Raises Interrupted, here and at the next check of every other thread."""
        self.stop()
        raise Interrupted

    def stop(self) -> None:
        """Whatever of the line still runs ends at its next check."""
        self._ended = True

    def fork(self) -> None:
        """Take a process, to be given back with `exited`. Raises Failure when there are too many."""
        if not self._processes.acquire(blocking=False):
            raise Failure("/system/bin/sh: can't fork - try again")

    def exited(self) -> None:
        self._processes.release()


@dataclass
class Call:
    """One invocation of a command: `args` without its name, paths relative to `cwd`."""

    name: str
    args: list[str]
    machine: Machine
    streams: Mapping[int, Stream]
    budget: Budget
    cwd: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    run: Callable[[list[str], Mapping[int, Stream]], int] = lambda _words, _streams: 126
    script: Callable[[str, list[str]], int] = lambda _text, _args: 126

    @property
    def device(self) -> Device:
        return self.machine.device

    @property
    def files(self) -> Files:
        return self.machine.files

    def out(self, text: str | bytes) -> None:
        self.streams[1].write(encode(text))

    def say(self, text: str) -> None:
        """A line on stdout."""
        self.out(text + "\n")

    def err(self, text: str) -> None:
        """A line on stderr."""
        self.streams[2].write(encode(text + "\n"))

    def check(self) -> None:
        """To be called in every loop that may be long. Raises Interrupted."""
        self.budget.check()

    def sleep(self, seconds: float) -> None:
        """Let the phone's time pass, in naps, so that a client that goes away is noticed."""
        clock = self.device.clock
        until, nap = clock.now() + seconds, NAP
        while (left := until - clock.now()) > 0:
            self.check()
            began = time.monotonic()
            clock.sleep(min(nap, left))
            if time.monotonic() - began < nap / 2:  # the phone's time runs faster than ours
                nap *= 2

    def path(self, name: str) -> str:
        return self.files.resolve(name, self.cwd)

    def target(self, name: str) -> str:
        """The path of what is to be written. Raises FileError where the shell user may not write."""
        return writable(self.files, self.path(name))

    def read(self, name: str) -> bytes:
        """All of a file, or with "-" of the standard input. Raises FileError."""
        if name in ("-", "/dev/stdin"):
            return b"".join(self.chunks())
        return b"" if name == "/dev/null" else self.files.read(self.path(name))

    def chunks(self) -> Iterator[bytes]:
        """The standard input as it comes."""
        while data := self.streams[0].read():
            self.check()
            yield data

    def lines(self) -> Iterator[str]:
        """The lines of the standard input as they come, without their ends."""
        rest = b""
        for data in self.chunks():
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield decode(line)
        if rest:
            yield decode(rest)

    def each(self, names: list[str]) -> Iterator[tuple[str, bytes]]:
        """Name and contents of each file, or of the standard input; what cannot be read is said on stderr, and then
        the last pair is ("", b"")."""
        failed = False
        for name in names or ["-"]:
            try:
                yield name, self.read(name)
            except FileError as exc:
                self.err(f"{self.name}: {name}: {exc.strerror}")
                failed = True
        if failed:
            yield "", b""

    def options(self, flags: str, valued: str = "") -> tuple[dict[str, str], list[str]]:
        """Options and operands by the rules of getopt. Raises Failure for an unknown option, in toybox's words."""
        found: dict[str, str] = {}
        operands: list[str] = []
        waiting = iter(self.args)
        for arg in waiting:
            if arg == "--":
                operands.extend(waiting)
            elif len(arg) < 2 or arg[0] != "-":
                operands.append(arg)
            else:
                self._cluster(arg[1:], flags, valued, found, waiting)
        return found, operands

    def _cluster(self, cluster: str, flags: str, valued: str, found: dict[str, str], waiting: Iterator[str]) -> None:
        for at, letter in enumerate(cluster):
            if letter in valued:
                value = cluster[at + 1 :] or next(waiting, None)
                if value is None:
                    raise Failure(f"{self.name}: Missing argument to '-{letter}' (see \"{self.name} --help\")")
                found[letter] = found[letter] + "\n" + value if letter in found else value
                return
            if letter not in flags:
                raise Failure(f"{self.name}: Unknown option '{letter}' (see \"{self.name} --help\")")
            found[letter] = ""

    def need(self, operands: list[str], count: int = 1) -> None:
        """Raises Failure when there are fewer operands than that."""
        if len(operands) < count:
            raise Failure(f'{self.name}: Needs {count} argument{"s" if count > 1 else ""} (see "{self.name} --help")')


Program = Callable[[Call], int]


def encode(text: str | bytes) -> bytes:
    """UTF-8; bytes that came from a client as no UTF-8 are given back as they were."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def writable(files: Files, path: str) -> str:
    """The path again. Raises FileError where the shell user may not write."""
    name = files.resolve(path)
    if any(name.startswith(folder + "/") for folder in WRITABLE) or name in WRITABLE:
        return name
    raise FileError(13, "Permission denied") if name.startswith("/data") else FileError(30, "Read-only file system")
