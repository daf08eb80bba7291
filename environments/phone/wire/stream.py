"""One stream of a connection: a blocking pipe for the thread that serves it, flow control for the loop that feeds it.

Nothing in it grows with what a peer sends or fails to read: a reader that lags holds back the OKAY, and a writer that
is ahead of its client waits.
"""

import threading
import time
from collections import deque
from typing import Protocol

from environments.phone.wire.faults import FaultState
from environments.phone.wire.packet import ProtocolError

_READ_AHEAD = 1 << 18
_MAX_PIECES = 1024
_UNREAD_PATIENCE = 1.0


class Link(Protocol):
    """What a stream asks of its connection. Everything but `soon` is called in the loop's thread."""

    max_payload: int
    faults: FaultState

    @property
    def congested(self) -> bool:
        """Whether the client lags so far that nothing more may be sent."""

    def takes_more(self) -> bool:
        """Whether there is room for bytes that nobody waits for yet."""

    def now(self) -> float: ...
    def send(self, command: bytes, arg0: int, arg1: int, payload: bytes | memoryview = b"") -> None: ...
    def forget(self, stream: "Stream") -> None: ...
    def cut(self) -> None:
        """Reset the connection once all that was sent is on its way."""

    def later(self, stream: "Stream", seconds: float) -> None:
        """Call the stream's `pump` after a while."""

    def soon(self, stream: "Stream") -> None:
        """Call the stream's `pump` in the loop's thread; from any thread."""


class Stream:
    """`local` is our id of the stream, `remote` the client's."""

    def __init__(self, link: Link, local: int, remote: int) -> None:
        self.local, self.remote = local, remote
        self._link = link
        self._changed = threading.Condition()
        self._inbound = bytearray()
        self._owed = 0  # OKAYs
        self._outbound: deque[memoryview] = deque()
        self._queued = 0
        self._sent = 0
        self._unacknowledged = False
        self._pump_asked = False
        self._closing = False
        self._ended = False
        self._last_read = 0.0
        self._drip_until = 0.0

    @property
    def unread(self) -> int:
        """How many bytes of the client's are held here."""
        return len(self._inbound)

    # The serving thread's side.

    def read(self, most: int = _READ_AHEAD) -> bytes:
        """The next bytes, waiting for them; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._inbound or self._ended)
            data = bytes(memoryview(self._inbound)[:most])
            del self._inbound[: len(data)]
            self._last_read = time.monotonic()
            if self._owed:
                self._link.soon(self)
        return data

    def read_exactly(self, count: int) -> bytes:
        """Raises EOFError when the client closes before."""
        data = self.read(count)
        while len(data) < count:
            more = self.read(count - len(data))
            if not more:
                raise EOFError(f"the stream ended {count - len(data)} bytes early")
            data += more
        return data

    def write(self, data: bytes) -> None:
        """Queue bytes, waiting while the client does not keep up. What fits one packet is never split over two.

        Raises BrokenPipeError when the client has gone.
        """
        rest = memoryview(data)
        while rest:
            with self._changed:
                self._changed.wait_for(self._may_queue)
                if self._ended or self._closing:
                    raise BrokenPipeError("the client has closed the stream")
                piece, rest = rest[: self._link.max_payload], rest[self._link.max_payload :]
                self._outbound.append(piece)
                self._queued += len(piece)
                self._ask_for_pump()

    def close(self) -> None:
        """Let what is queued be sent, then close; returns at once."""
        with self._changed:
            self._closing = True
            self._ask_for_pump()

    def gone(self) -> bool:
        """Whether the client has closed the stream."""
        return self._ended

    def gone_and_read(self) -> bool:
        """As `gone`, but not while what the client sent before is still being read."""
        with self._changed:
            if not self._ended or not self._inbound:
                return self._ended
            return time.monotonic() - self._last_read > _UNREAD_PATIENCE

    def _may_queue(self) -> bool:
        room = self._queued < self._link.max_payload and len(self._outbound) < _MAX_PIECES
        return room or self._ended or self._closing

    def _ask_for_pump(self) -> None:
        if not (self._pump_asked or self._unacknowledged or self._ended):
            self._pump_asked = True
            self._link.soon(self)

    # The loop's side.

    def arrived(self, data: bytes) -> None:
        """A WRTE. Raises ProtocolError when too much was sent without waiting for OKAYs.

        Some is: when its own client has closed, adb's server sends all that is left without waiting.
        """
        if self._owed and not self._link.takes_more():
            raise ProtocolError("a stream was written to without waiting for its OKAYs")
        with self._changed:
            self._inbound += data
            self._owed += 1
            self._changed.notify_all()
        self._settle_okay()

    def acknowledged(self) -> None:
        """An OKAY."""
        self._unacknowledged = False
        self.pump()

    def end(self, *, lost: bool = False) -> None:
        """The client has closed the stream or, with `lost`, the connection has gone and what it sent is incomplete."""
        with self._changed:
            self._ended = True
            if lost:
                self._inbound.clear()
            self._outbound.clear()
            self._queued = 0
            self._last_read = time.monotonic()
            self._changed.notify_all()

    def pump(self) -> None:
        """Send what may be sent now."""
        self._settle_okay()
        with self._changed:
            self._pump_asked = False
            if self._ended or self._unacknowledged or self._link.congested:
                return
            if self._outbound:
                self._send_next()
            elif self._closing:
                self._ended = True
                self._link.send(b"CLSE", self.local, self.remote)
                self._link.forget(self)
            self._changed.notify_all()

    def _settle_okay(self) -> None:
        with self._changed:
            if len(self._inbound) < _READ_AHEAD and not self._ended:
                for _ in range(self._owed):
                    self._link.send(b"OKAY", self.local, self.remote)
                self._owed = 0

    def _send_next(self) -> None:
        faults, size = self._link.faults, self._link.max_payload
        cut, drip = faults.now.cut_after, faults.now.drip
        if cut is not None:
            size = min(size, max(0, cut - self._sent))
        if drip is not None:
            wait = self._drip_until - self._link.now()
            if wait > 0:
                self._pump_asked = True
                self._link.later(self, wait)
                return
            size = min(size, max(1, int(drip / 20)))
        payload = self._take(size)
        if payload:
            self._unacknowledged = True
            self._sent += len(payload)
            self._link.send(b"WRTE", self.local, self.remote, payload)
            if drip is not None:
                faults.fired["drip"] += 1
                self._drip_until = self._link.now() + len(payload) / drip
        if cut is not None and self._sent >= cut:
            self._link.cut()

    def _take(self, size: int) -> bytes | memoryview:
        """Up to `size` bytes of what is queued: whole pieces where they fit, so that a reply stays in one packet."""
        pieces: list[memoryview] = []
        while self._outbound and size >= len(self._outbound[0]):
            pieces.append(self._outbound.popleft())
            size -= len(pieces[-1])
        if not pieces and size:
            pieces.append(self._outbound[0][:size])
            self._outbound[0] = self._outbound[0][size:]
        payload = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._queued -= len(payload)
        return payload
