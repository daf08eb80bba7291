"""One client's connection: the handshake, and which packet belongs to which stream."""

import asyncio
import logging
import secrets
import socket
import struct
from contextlib import suppress

from environments.phone.wire.packet import (
    FIRST_PAYLOAD,
    FIRST_VERSION,
    MAX_PAYLOAD,
    VERSION,
    Packet,
    ProtocolError,
    Unpacker,
    checksum,
    header,
)
from environments.phone.wire.stream import Stream
from environments.phone.wire.switchboard import Switchboard

_log = logging.getLogger(__name__)

_PATIENCE = 20.0
"""Seconds that a client may take to say CNXN, and for a packet that it has begun."""

_MAX_SENT = 1 << 19
"""The most that is sent in one packet, whatever a client takes: adb's server passes on the last packet while it waits
for the next, which with the largest packets it hardly can."""

_MAX_STREAMS = 32
_CONGESTED = 1 << 20
_HOPELESS = 4 << 20
_DRAIN_SECONDS = 2.0
_TOKEN, _PUBLIC_KEY = 1, 3


class Connection(asyncio.Protocol):
    """All of it runs in the loop's thread, but for `soon`."""

    def __init__(self, switchboard: Switchboard) -> None:
        self.max_payload = FIRST_PAYLOAD
        self.faults = switchboard.faults
        self.greeted = False
        self._expected = False  # once the phone is up again
        self._switchboard = switchboard
        self._loop = asyncio.get_running_loop()
        self._unpacker = Unpacker()
        self._version = FIRST_VERSION
        self._streams: dict[int, Stream] = {}
        self._last_id = 0
        self._lagging = False
        self._over = False
        self._deadline: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (a TCP server makes no other)
        self._transport = transport
        transport.set_write_buffer_limits(high=_CONGESTED)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._switchboard.admit(self):
            self._watch()
        else:
            self.reset()

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        try:
            for packet in self._unpacker.feed(data):
                self._unwatch()
                self._receive(packet)
                if self._over:
                    return
        except ProtocolError as error:
            _log.info("a client was let go: %s", error)
            self.reset()
        else:
            self._watch()

    def pause_writing(self) -> None:
        self._lagging = True

    def resume_writing(self) -> None:
        self._lagging = False
        for stream in list(self._streams.values()):
            stream.pump()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        self._stop()
        self._switchboard.left(self)

    # What streams call.

    @property
    def congested(self) -> bool:
        return self._lagging or self._over

    def takes_more(self) -> bool:
        return self._switchboard.takes_more()

    def now(self) -> float:
        return self._loop.time()

    def send(self, command: bytes, arg0: int, arg1: int, payload: bytes | memoryview = b"") -> None:
        if self._over:
            return
        summed = command == b"CNXN" or self._version < VERSION
        head = header(command, arg0, arg1, payload, checksum(bytes(payload)) if summed else 0)
        self._transport.write(b"".join((head, payload)))
        if self._transport.get_write_buffer_size() > _HOPELESS:
            _log.info("a client was let go: it asks and does not read")
            self.reset()

    def forget(self, stream: Stream) -> None:
        self._streams.pop(stream.local, None)

    def later(self, stream: Stream, seconds: float) -> None:
        self._loop.call_later(seconds, stream.pump)

    def soon(self, stream: Stream) -> None:
        with suppress(RuntimeError):  # the loop has ended, and the stream with it
            self._loop.call_soon_threadsafe(stream.pump)

    def cut(self) -> None:
        if not self._over:
            self.faults.spend_cut()
            self.reset_once_sent()

    # Ends.

    def reset(self) -> None:
        """End the connection with a TCP reset: nothing more is sent, and the client's next read fails."""
        self._stop()
        sock = self._transport.get_extra_info("socket")
        if sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def reset_once_sent(self) -> None:
        """As `reset`, but what was sent before reaches a client that reads."""
        self._over = True
        self._try_reset(self.now() + _DRAIN_SECONDS)

    def _try_reset(self, deadline: float) -> None:
        # A reset throws away what the kernel still holds.
        waiting = self._transport.get_write_buffer_size() or _unsent(self._transport.get_extra_info("socket"))
        if waiting and self.now() < deadline:
            self._loop.call_later(0.002, self._try_reset, deadline)
        else:
            self.reset()

    def _stop(self) -> None:
        self._over = True
        self._unwatch()
        for stream in self._streams.values():
            stream.end(lost=True)
        self._streams.clear()

    def _watch(self) -> None:
        """Keep a deadline while there is something that the client has to finish."""
        owes = not self.greeted or self._unpacker.halfway
        if owes and self._deadline is None and not any(self.faults.now.door):
            self._deadline = self._loop.call_later(_PATIENCE, self.reset)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # Packets.

    def _receive(self, packet: Packet) -> None:
        if packet.command == b"CNXN":
            self._greet(packet)
        elif packet.command == b"AUTH" and self.faults.now.unauthorized:
            if packet.arg0 != _PUBLIC_KEY:  # that one waits for a person to accept it, who never does
                self._challenge()
        elif packet.command == b"STLS":
            raise ProtocolError("TLS was not offered")
        elif not self.greeted:
            if not any(self.faults.now.door):
                raise ProtocolError(f"{packet.command!r} before CNXN")
        elif self._version < VERSION and not packet.intact:
            raise ProtocolError("a wrong checksum")
        elif packet.command == b"OPEN":
            self._open(packet)
        elif packet.command in (b"OKAY", b"WRTE", b"CLSE"):
            self._pass_on(packet)
        # AUTH, SYNC and unknown commands mean nothing here; adbd passes over them too.

    def _greet(self, packet: Packet) -> None:
        newer = packet.arg0 >= VERSION
        if packet.arg0 < FIRST_VERSION or packet.arg1 == 0 or not (packet.intact or (newer and not packet.checksum)):
            raise ProtocolError("a CNXN that cannot be meant")
        if self.faults.now.offline:
            self.faults.fired["offline"] += 1
        elif self.faults.now.unauthorized:
            self._challenge()
        elif not self._switchboard.down_for:
            self._welcome(packet)
        elif not self._expected:
            # Answered late rather than refused: adb's server tries a phone that refuses it again only ten seconds on.
            self._expected = True
            self._loop.call_later(self._switchboard.down_for, self._welcome, packet)

    def _welcome(self, packet: Packet) -> None:
        if self._over:
            return
        self._unwatch()
        for stream in self._streams.values():
            stream.end(lost=True)
        self._streams.clear()
        self.greeted, self._expected = True, False
        self._version = min(packet.arg0, VERSION)
        self._unpacker.max_payload = min(packet.arg1, MAX_PAYLOAD)
        self.max_payload = min(packet.arg1, MAX_PAYLOAD, _MAX_SENT)
        self.send(b"CNXN", VERSION, MAX_PAYLOAD, self._switchboard.banner)

    def _challenge(self) -> None:
        self.faults.fired["unauthorized"] += 1
        self.send(b"AUTH", _TOKEN, 0, secrets.token_bytes(20))

    def _open(self, packet: Packet) -> None:
        if packet.arg0 == 0:
            raise ProtocolError("OPEN without an id")
        service = self._switchboard.find(packet.payload.rstrip(b"\0").decode(errors="replace"))
        if service is None or len(self._streams) >= _MAX_STREAMS:
            self.send(b"CLSE", 0, packet.arg0)
            return
        self._last_id += 1
        stream = Stream(self, self._last_id, packet.arg0)
        self._streams[stream.local] = stream
        self.send(b"OKAY", stream.local, stream.remote)
        if not self._switchboard.serve(service, stream):
            stream.close()

    def _pass_on(self, packet: Packet) -> None:
        stream = self._streams.get(packet.arg1)
        closes_failed_open = packet.command == b"CLSE" and packet.arg0 == 0
        if stream is None or not (stream.remote == packet.arg0 or closes_failed_open):
            if packet.command == b"WRTE":
                self.send(b"CLSE", packet.arg1, packet.arg0)
        elif packet.command == b"OKAY":
            stream.acknowledged()
        elif packet.command == b"WRTE":
            stream.arrived(packet.payload)
        else:
            self.forget(stream)
            stream.end()
            self.send(b"CLSE", stream.local, stream.remote)


def _unsent(sock: socket.socket) -> int:
    """Bytes that the kernel has accepted and the peer has not; 0 where that cannot be asked."""
    try:
        from fcntl import ioctl  # noqa: PLC0415  (not on every system)
        from termios import TIOCOUTQ  # noqa: PLC0415

        answer = ioctl(sock.fileno(), TIOCOUTQ, b"\0" * 4)
    except (ImportError, OSError):
        return 0
    return int(struct.unpack("i", answer)[0])
