"""A connection to a D-Bus message bus on which nothing waits longer than it is told to.

Calls are sent in batches and their answers read afterwards: one round trip for hundreds of questions. It knows
messages, not accessibility.
"""

import re
import struct
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from environments.errors import HandeyeError, MissingExtra

try:
    from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_call
    from jeepney.bus import get_bus
    from jeepney.io.blocking import prep_socket
except ImportError as exc:
    raise MissingExtra("talking to D-Bus", "desktop", "jeepney") from exc

NAME = re.compile(r":?[\w-]+(\.[\w-]+)+", re.ASCII)
"""What the name of a program on a bus looks like; the bus hangs up on whoever writes to any other."""
DAEMON = "org.freedesktop.DBus"
PROPERTIES = f"{DAEMON}.Properties"

_IN_FLIGHT = 200  # calls: few enough to fit into the socket's buffer, so that sending never waits for reading
_SERIAL = slice(8, 12)  # where a message has its number
_READ_BYTES = 1 << 18
_MALFORMED = (LookupError, ValueError, AssertionError, struct.error)  # what jeepney's parser raises
_GONE = {f"{DAEMON}.Error.{name}" for name in ("ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected")}


class BusLost(HandeyeError):
    """The bus itself cannot be reached, or has ended."""


class Question(NamedTuple):
    """A method and its arguments; `reply` is the D-Bus signature that an answer must have to be believed."""

    interface: str
    member: str
    reply: str
    signature: str = ""
    body: tuple[Any, ...] = ()


class Call(NamedTuple):
    """A question put to one object of one program."""

    destination: str
    path: str
    question: Question


def property_of(interface: str, name: str) -> Question:
    """The question for a property; its value comes as a pair of signature and value."""
    return Question(PROPERTIES, "Get", "v", "ss", (interface, name))


def to_daemon(member: str, reply: str, signature: str = "", body: tuple[Any, ...] = ()) -> Call:
    """A call that the bus itself answers."""
    return Call(DAEMON, "/org/freedesktop/DBus", Question(DAEMON, member, reply, signature, body))


class Bus:
    """One connection. `address` is that of the bus ("unix:path=..."); deadlines are of time.monotonic().

    Every method raises BusLost when the bus is not there; the connection is then of no more use.
    """

    def __init__(self, address: str, deadline: float) -> None:
        try:
            self._socket = prep_socket(get_bus(address), timeout=_left(deadline))
        except (OSError, ValueError, RuntimeError) as exc:
            raise BusLost(f"no bus answers at {address}: {exc}") from exc
        self._parser = Parser()
        self._serials = count(1)
        hello = self.ask([to_daemon("Hello", "s")], deadline)
        if hello[0] is None:
            self.close()
            raise BusLost(f"the bus at {address} did not greet back")

    def ask(self, calls: Sequence[Call], deadline: float, lost: dict[str, str] | None = None) -> list[Any]:
        """Send the calls and collect the first value of each answer, in the order of the calls.

        It is None after an error, for an answer of another type, and where no answer came by the deadline. Then,
        and when a program has ended, `lost` says so of its name; programs that are in it already are not asked.
        """
        lost = {} if lost is None else lost
        values: list[Any] = [None] * len(calls)
        for start in range(0, len(calls), _IN_FLIGHT):
            self._exchange(calls, range(start, min(start + _IN_FLIGHT, len(calls))), deadline, values, lost)
        return values

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._socket.close()

    def _exchange(
        self, calls: Sequence[Call], numbers: range, deadline: float, values: list[Any], lost: dict[str, str]
    ) -> None:
        """One round trip: fill in the values of the calls with these numbers."""
        pending: dict[int, int] = {}
        outgoing = bytearray()
        for number in numbers:
            if calls[number].destination not in lost:
                serial = next(self._serials)
                pending[serial] = number
                message = _serialised(calls[number])
                outgoing += message[: _SERIAL.start] + struct.pack("<I", serial) + message[_SERIAL.stop :]
        self._send(outgoing, deadline)
        try:
            while pending:
                message = self._receive(deadline)
                number = pending.pop(message.header.fields.get(HeaderFields.reply_serial, 0), -1)
                if number < 0:  # a signal, or an answer that came too late
                    continue
                if _has_ended(message):
                    lost[calls[number].destination] = "has ended"
                values[number] = _value(message, calls[number].question.reply)
        except TimeoutError:
            for number in pending.values():
                lost[calls[number].destination] = "did not answer in time"
        except OSError as exc:
            raise BusLost(f"the connection to the bus broke: {exc}") from exc

    def _send(self, data: bytearray, deadline: float) -> None:
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(data)
        except OSError as exc:  # after a part of a message nothing else can be said, so a timeout is final too
            raise BusLost(f"the bus takes no messages: {exc}") from exc

    def _receive(self, deadline: float) -> Message:
        """The next message. Raises TimeoutError at the deadline, BusLost at the end of the connection."""
        try:
            while (message := self._parser.get_next_message()) is None:
                self._socket.settimeout(_left(deadline))
                data = self._socket.recv(_READ_BYTES)
                if not data:
                    raise BusLost("the bus closed the connection")
                self._parser.add_data(data)
        except _MALFORMED as exc:
            raise BusLost("what the bus sends is not D-Bus") from exc
        return message


def _left(deadline: float) -> float:
    """Seconds until the deadline; a moment at least, for 0 would make a socket non-blocking."""
    return max(deadline - time.monotonic(), 0.001)


@lru_cache(maxsize=8192)
def _serialised(call: Call) -> bytes:
    """The message, little endian, its serial still to be set: most calls are made again at the next read."""
    destination, path, question = call
    address = DBusAddress(path, bus_name=destination, interface=question.interface)
    message = new_method_call(address, question.member, question.signature or None, question.body)
    data: bytes = message.serialise(serial=1)
    return data


def _has_ended(message: Message) -> bool:
    """Whether the bus says that nobody has this name any more."""
    fields = message.header.fields
    return fields.get(HeaderFields.error_name) in _GONE and fields.get(HeaderFields.sender) == DAEMON


def _value(message: Message, signature: str) -> Any:
    """The first value of an answer, provided that it is of the type that was asked for."""
    if message.header.message_type != MessageType.method_return or not message.body:
        return None
    return message.body[0] if message.header.fields.get(HeaderFields.signature) == signature else None
