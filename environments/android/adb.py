"""The one module that speaks to the shell of a device: a list of strings goes in, and each is quoted here.

The device joins what it is sent to one line for its own shell, so quoting on this side of the wire is all that
stands between a text and a command. Shell protocol v2 keeps output and errors apart and ends with an exit code,
without which an answer does not count as complete (AOSP, shell_protocol.h).
"""

import re
import secrets
import shlex
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from environments.android.connection import MAX_REQUEST, AdbLost, Connection, Deadline, Server, query
from environments.android.devices import wait_for_device
from environments.errors import InvalidAction
from environments.stop import Stop

READ_SECONDS = 10.0
ACT_SECONDS = 15.0
RECONNECT_SECONDS = 20.0
MAX_OUTPUT = 1 << 26
_READ_ATTEMPTS = 4
_SLOW_ATTEMPTS = 2
_ROOM = 256
"""Bytes of a request that are left for the service's name and the marks."""
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = 0, 1, 2, 3, 3

T = TypeVar("T")


class Result(NamedTuple):
    """What a command on the device came to."""

    exit_code: int
    stdout: bytes
    stderr: bytes = b""

    @property
    def text(self) -> str:
        """The output as text, with line ends as they were before a terminal turned them into CR LF."""
        return self.stdout.decode(errors="replace").replace("\r\n", "\n")

    @property
    def complaint(self) -> str:
        """The last line of stderr, else of the output, for a message."""
        words = self.stderr.decode(errors="replace").strip() or self.text.strip()
        return words.splitlines()[-1].strip()[:300] if words else f"exit code {self.exit_code}"


def quote(argv: Sequence[str]) -> str:
    """One command for the device's shell. Raises InvalidAction for what no command line can hold."""
    if not argv:
        raise InvalidAction("there is no command")
    if isinstance(argv, str):
        raise TypeError("a command is a list of strings, not one string")
    for word in argv:
        if not isinstance(word, str):
            raise TypeError(f"a command is made of strings, not of {type(word).__name__}")
        if "\0" in word:
            raise InvalidAction("a NUL character cannot be sent to a device")
    line = " ".join(map(shlex.quote, argv))
    try:
        size = len(line.encode())
    except UnicodeEncodeError as exc:
        raise InvalidAction("half a character (a lone surrogate) cannot be sent to a device") from exc
    if size > MAX_REQUEST - _ROOM:
        raise InvalidAction(f"a command of {size} bytes is too long; at most {MAX_REQUEST - _ROOM} can be sent")
    return line


class AdbShell:
    """The shell of the device `serial` behind an adb server.

    `run`, `run_all` and `chain` send once and raise AdbLost, whose `sent` says whether the device may have done it.
    `read` and `read_all` are for commands that change nothing: they are repeated when the transport breaks, after the
    device is back, which may take up to `reconnect_seconds`. `revive` restarts the adb server when it has gone.
    """

    def __init__(
        self,
        server: Server,
        serial: str,
        *,
        reconnect_seconds: float = RECONNECT_SECONDS,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self.server = server
        self.serial = serial
        self._reconnect_seconds = reconnect_seconds
        self._revive = revive
        self._outage = threading.Lock()
        self._features: frozenset[str] | None = None

    @property
    def features(self) -> frozenset[str]:
        """What the device and the adb server both know, such as `shell_v2`."""
        if self._features is None:
            answer = query(self.server, f"host-serial:{self.serial}:features")
            self._features = frozenset(answer.split(","))
        return self._features

    def run(
        self,
        argv: Sequence[str],
        *,
        seconds: float = ACT_SECONDS,
        stop: Stop | None = None,
        stdin: bytes = b"",
        binary: bool = False,
    ) -> Result:
        """Run one command, once. `binary` output is kept from a terminal where the device has only shell v1."""
        return self._line(quote(argv), Deadline(seconds, stop), stdin, binary=binary)

    def run_all(
        self, commands: Sequence[Sequence[str]], *, seconds: float = ACT_SECONDS, stop: Stop | None = None
    ) -> list[Result]:
        """Run commands one after the other, whatever each comes to, in one exchange. Their stderr is with the last."""
        done, rest = self._marked("; ", commands, Deadline(seconds, stop))
        if len(done) < len(commands):
            raise AdbLost(f"only {len(done)} of {len(commands)} commands answered", "cut", sent=True)
        done[-1] = done[-1]._replace(stderr=rest.stderr)
        return done

    def chain(
        self, commands: Sequence[Sequence[str]], *, seconds: float = ACT_SECONDS, stop: Stop | None = None
    ) -> tuple[int, Result]:
        """Run commands until one fails, in one exchange: how many came off, and the result of the last that ran."""
        if len(commands) == 1:
            only = self.run(commands[0], seconds=seconds, stop=stop)
            return int(only.exit_code == 0), only
        done, rest = self._marked(" && ", commands, Deadline(seconds, stop))
        if len(done) == len(commands):
            return len(done), done[-1]._replace(stderr=rest.stderr)
        return len(done), rest

    def read(
        self, argv: Sequence[str], *, seconds: float = READ_SECONDS, stop: Stop | None = None, binary: bool = False
    ) -> Result:
        """`run` for a command that changes nothing, repeated when the answer is lost."""
        return self.retried(lambda: self.run(argv, seconds=seconds, stop=stop, binary=binary), stop)

    def read_all(
        self, commands: Sequence[Sequence[str]], *, seconds: float = READ_SECONDS, stop: Stop | None = None
    ) -> list[Result]:
        """`run_all` for commands that change nothing, repeated when the answer is lost."""
        return self.retried(lambda: self.run_all(commands, seconds=seconds, stop=stop), stop)

    def retried(self, work: Callable[[], T], stop: Stop | None = None) -> T:
        """Do `work`, which must change nothing, again after each loss, a few times. Raises the last AdbLost."""
        slow = 0
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return work()
            except AdbLost as exc:
                slow += exc.kind == "slow"
                if attempt == _READ_ATTEMPTS or slow == _SLOW_ATTEMPTS:
                    raise
                self.wait_until_back(stop)
        raise AssertionError("the last attempt returns or raises")

    def wait_until_back(self, stop: Stop | None = None) -> None:
        """Return when the device answers again. Raises DeviceLost when it does not, and Stopped.

        What is read side by side is lost side by side: one at a time brings the device back, the others find it so.
        """
        with self._outage:
            wait_for_device(self.server, self.serial, self._reconnect_seconds, stop, self._revive)

    def _marked(self, glue: str, commands: Sequence[Sequence[str]], deadline: Deadline) -> tuple[list[Result], Result]:
        """The results of the commands that ended (with " && ", those that succeeded), and what came after them."""
        mark = f"=={secrets.token_hex(8)}="
        line = glue.join(f"{quote(argv)}{'; ' if glue == '; ' else glue}echo {mark}$?" for argv in commands)
        if len(line.encode()) > MAX_REQUEST - _ROOM:
            raise InvalidAction(f"commands of {len(line.encode())} bytes together are too long")
        whole = self._line(line, deadline)
        pieces = re.split(rb"%b(\d+)\r?\n" % mark.encode(), whole.stdout)
        ends = zip(pieces[0:-1:2], pieces[1::2], strict=True)
        return [Result(int(code), output) for output, code in ends], whole._replace(stdout=pieces[-1])

    def _line(self, line: str, deadline: Deadline, stdin: bytes = b"", *, binary: bool = False) -> Result:
        v2 = "shell_v2" in self.features
        mark = f"=={secrets.token_hex(8)}="
        service = "shell,v2,raw:" + line if v2 else f"{'exec' if binary else 'shell'}:{line}; echo {mark}$?"
        with Connection(self.server, deadline) as connection:
            connection.ask(f"host:transport:{self.serial}")
            connection.sent = True  # from here on the device may do it, whatever we hear
            connection.ask(service)
            if v2:
                return _read_v2(connection, stdin)
            connection.send(stdin)
            return _read_v1(connection, mark.encode())


def _read_v2(connection: Connection, stdin: bytes) -> Result:
    """Packets of one byte for what it is, four for the length (little end first), and the data."""
    if stdin:
        connection.send(_packet(_STDIN, stdin) + _packet(_CLOSE_STDIN, b""))
    output = {_STDOUT: bytearray(), _STDERR: bytearray()}
    total = 0
    while True:
        head = connection.read(5)
        kind, size = head[0], int.from_bytes(head[1:], "little")
        total += size
        if kind not in (_STDOUT, _STDERR, _EXIT) or total > MAX_OUTPUT:
            raise AdbLost(f"the device sent a packet of kind {kind} with {size} bytes", "cut", sent=True)
        data = connection.read(size)
        if kind == _EXIT and size:
            return Result(data[0], bytes(output[_STDOUT]), bytes(output[_STDERR]))
        if kind != _EXIT:
            output[kind] += data


def _packet(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + len(data).to_bytes(4, "little") + data


def _read_v1(connection: Connection, mark: bytes) -> Result:
    """A bare stream whose end carries a mark and the exit code; without them it was cut."""
    stream = connection.read_to_end(MAX_OUTPUT)
    found = re.search(rb"%b(\d+)\r?\n\Z" % re.escape(mark), stream[-200:])
    if not found:
        raise AdbLost("the answer of the device ended before its end", "cut", sent=True)
    return Result(int(found[1]), stream[: len(stream) - len(found[0])])
