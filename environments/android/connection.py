"""One conversation with an adb server: its smart-socket protocol under one total deadline, on adbutils' socket.

Here adbutils' exceptions and those of sockets become AdbLost, once. Nothing here starts a server.
"""

import os
import time
from typing import Literal, NamedTuple

from environments.errors import DeviceLost, MissingExtra
from environments.stop import Stop

try:
    from adbutils import AdbConnection, AdbError
except ImportError as exc:
    raise MissingExtra("an Android device", "android", "adbutils") from exc

DEFAULT_PORT = 5037
MAX_REQUEST = 32_768
"""Bytes of one request; the length field of the protocol has room for twice as many."""
MAX_BLOCK = 0xFFFF
_SLICE_SECONDS = 0.05
_CHUNK = 1 << 18


class AdbLost(DeviceLost):
    """The conversation broke. `kind` says how:

        refused   nothing listens where the adb server should be
        failed    the server or the device said no; the message is theirs
        cut       the connection ended in the middle
        slow      the total deadline passed

    `sent` is whether the request may have reached the device; it has not when the answer was a plain no.
    """

    def __init__(
        self, message: str, kind: Literal["refused", "failed", "cut", "slow"], *, sent: bool = False, fix: str = ""
    ) -> None:
        super().__init__(message, fix=fix)
        self.kind = kind
        self.sent = sent


class Server(NamedTuple):
    """Where an adb server listens."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def default_server() -> Server:
    """The user's adb server, as $ANDROID_ADB_SERVER_HOST and $ANDROID_ADB_SERVER_PORT name it."""
    port = os.environ.get("ANDROID_ADB_SERVER_PORT", "")
    host = os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
    return Server(host, int(port) if port.isdigit() else DEFAULT_PORT)


class Deadline:
    """A point in time that a call has, whatever drips in until then, and the stop signal."""

    def __init__(self, seconds: float, stop: Stop | None = None) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._stop = stop

    def slice(self) -> float:
        """The seconds that may be waited before asking again. Raises Stopped; TimeoutError when the time is over."""
        if self._stop is not None:
            self._stop.check()
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if self._stop is None else min(left, _SLICE_SECONDS)


class _Plain(AdbConnection):  # type: ignore[misc]  # adbutils ships no types that strict checking accepts
    """adbutils' connection without its habit of starting an adb server, for up to 20 s, when none listens."""

    def _safe_connect(self) -> object:
        return self._create_socket()


class Connection:
    """A connection to `server`. Every method raises AdbLost, and Stopped when the deadline's stop is given.

    `sent` is set by the caller once what it asked for may have an effect; it ends up in the AdbLost.
    """

    def __init__(self, server: Server, deadline: Deadline) -> None:
        self._server = server
        self._deadline = deadline
        self._buffer = bytearray()
        self.sent = False
        self._check_time()
        try:
            self._socket = _Plain(*server).conn
        except (AdbError, OSError) as exc:
            raise AdbLost(
                f"no adb server answers at {server}", "refused", fix="start it with: adb start-server"
            ) from exc

    def ask(self, service: str) -> None:
        """Send a request and read OKAY. A FAIL becomes an AdbLost of kind `failed` with its words."""
        data = service.encode()
        if len(data) > MAX_REQUEST:
            raise ValueError(f"a request of {len(data)} bytes; at most {MAX_REQUEST} can be sent")
        self.send(b"%04x" % len(data) + data)
        self.status()

    def status(self) -> None:
        """Read OKAY or FAIL."""
        word = self.read(4)
        if word == b"FAIL":
            reason = self.block().decode(errors="replace").strip()
            self.sent = False
            raise AdbLost(reason or "the adb server refused without a reason", "failed")
        if word != b"OKAY":
            raise self._lost(f"the adb server answered {bytes(word)!r} instead of OKAY or FAIL", "cut")

    def block(self) -> bytes:
        """A block with its length in four hex digits before it."""
        length = self.read(4)
        try:
            size = int(length, 16)
        except ValueError as exc:
            raise self._lost(f"the adb server announced {length!r} bytes", "cut") from exc
        return self.read(size)

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                self._socket.settimeout(self._deadline.slice())
                view = view[self._socket.send(view) :]
            except TimeoutError:
                self._check_time()
            except OSError as exc:
                raise self._lost(f"the connection to the adb server broke: {exc}", "cut") from exc

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        while len(self._buffer) < size:
            if not self._fill():
                raise self._lost(f"the connection ended after {len(self._buffer)} of {size} bytes that were due", "cut")
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return data

    def read_to_end(self, limit: int) -> bytes:
        """Everything until the other side closes, which an abrupt end cannot be told from. At most `limit` bytes."""
        while self._fill():
            if len(self._buffer) > limit:
                raise self._lost(f"the answer is longer than {limit} bytes", "cut")
        return bytes(self._buffer)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _fill(self) -> bool:
        """Wait for more bytes; False at the end of the stream."""
        while True:
            try:
                self._socket.settimeout(self._deadline.slice())
                chunk = self._socket.recv(_CHUNK)
            except TimeoutError:
                self._check_time()
            except OSError as exc:
                raise self._lost(f"the connection to the adb server broke: {exc}", "cut") from exc
            else:
                self._buffer += chunk
                return bool(chunk)

    def _check_time(self) -> None:
        try:
            self._deadline.slice()
        except TimeoutError as exc:
            raise self._lost(f"no complete answer within {self._deadline.seconds:g} s", "slow") from exc

    def _lost(self, message: str, kind: Literal["cut", "slow"]) -> AdbLost:
        return AdbLost(message, kind, sent=self.sent)


def query(server: Server, service: str, seconds: float = 5.0, stop: Stop | None = None) -> str:
    """The server's own answer to a `host:` request, such as the list of devices. Raises AdbLost and Stopped."""
    with Connection(server, Deadline(seconds, stop)) as connection:
        connection.ask(service)
        return connection.block().decode(errors="replace")
