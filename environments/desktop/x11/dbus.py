"""A connection to a D-Bus message bus on which nothing waits longer than it is told to.

Calls are sent in batches and their answers read afterwards: one round trip for hundreds of questions. It knows
messages, not accessibility.
"""

import time
from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from environments.errors import HandeyeError, MissingExtra

try:
    from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_call
    from jeepney.bus import get_bus
    from jeepney.io.blocking import prep_socket
except ImportError as exc:
    raise MissingExtra("talking to D-Bus", "desktop", "jeepney") from exc

DAEMON = "org.freedesktop.DBus"
PROPERTIES = f"{DAEMON}.Properties"

_IN_FLIGHT = 400  # calls: few enough to fit into the socket's buffer, so that sending never waits for reading
_READ_BYTES = 1 << 18
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


class Answers(NamedTuple):
    """What came back, in the order of the calls, and why the destinations that failed to answer did so.

    A value is the first value of an answer, or None after an error, an answer of another type or none at all.
    """

    values: list[Any]
    lost: dict[str, str]


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
        if hello.values[0] is None:
            self.close()
            raise BusLost(f"the bus at {address} did not greet back")

    def ask(self, calls: Sequence[Call], deadline: float) -> Answers:
        """Send the calls and collect their answers; what has not come by the deadline is None, its sender lost."""
        answers = Answers([None] * len(calls), {})
        for start in range(0, len(calls), _IN_FLIGHT):
            self._exchange(calls, range(start, min(start + _IN_FLIGHT, len(calls))), deadline, answers)
        return answers

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._socket.close()

    def _exchange(self, calls: Sequence[Call], numbers: range, deadline: float, answers: Answers) -> None:
        pending: dict[int, int] = {}
        outgoing = bytearray()
        for number in numbers:
            if calls[number].destination not in answers.lost:
                serial = next(self._serials)
                pending[serial] = number
                outgoing += _message(calls[number]).serialise(serial)
        self._send(outgoing, deadline)
        try:
            while pending:
                message = self._receive(deadline)
                number = pending.pop(message.header.fields.get(HeaderFields.reply_serial, 0), -1)
                if number >= 0:
                    _take(message, number, calls[number], answers)
        except TimeoutError:
            for number in pending.values():
                answers.lost[calls[number].destination] = "did not answer in time"
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
        while (message := self._parser.get_next_message()) is None:
            self._socket.settimeout(_left(deadline))
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise BusLost("the bus closed the connection")
            self._parser.add_data(data)
        return message


def _left(deadline: float) -> float:
    """Seconds until the deadline; a moment at least, for 0 would make a socket non-blocking."""
    return max(deadline - time.monotonic(), 0.001)


def _message(call: Call) -> Message:
    destination, path, question = call
    address = DBusAddress(path, bus_name=destination, interface=question.interface)
    return new_method_call(address, question.member, question.signature or None, question.body)


def _take(message: Message, number: int, call: Call, answers: Answers) -> None:
    """Put an answer into its place, provided that it is of the type that was asked for."""
    fields = message.header.fields
    if message.header.message_type == MessageType.method_return:
        if fields.get(HeaderFields.signature, "") == call.question.reply and message.body:
            answers.values[number] = message.body[0]
    elif fields.get(HeaderFields.error_name) in _GONE and fields.get(HeaderFields.sender) == DAEMON:
        answers.lost[call.destination] = "has ended"
