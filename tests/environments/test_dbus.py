"""The connection to a message bus, against a bus that misbehaves on purpose."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from jeepney import HeaderFields, Message, MessageType, Parser, new_error, new_method_return, new_signal
from jeepney.wrappers import DBusAddress

from environments.desktop.x11.dbus import DAEMON, NAME, Bus, BusLost, Call, Question, property_of

NAME_OF = property_of("org.example.Thing", "Name")


class ScriptedBus:
    """A bus on a socket of its own; `answer` turns each call into the messages that go back."""

    def __init__(self, path: Path, answer: Callable[[Message], list[Message]], greet: str = "OK 0123\r\n") -> None:
        self.address = f"unix:path={path}"
        self.calls: list[Message] = []
        self._answer = answer
        self._greet = greet
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._serials = count(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(ConnectionError):  # the client may hang up at any time
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        read_line(connection)
        connection.sendall(self._greet.encode())
        if read_line(connection) != b"BEGIN\r\n":
            return
        parser = Parser()
        while data := connection.recv(65536):
            for call in parser.feed(data):
                self.calls.append(call)
                if member_of(call) == "Hello":
                    answers = [new_method_return(call, "s", (":1.1",))]
                else:
                    answers = self._answer(call)
                for message in answers:
                    if message is HANG_UP:
                        return
                    if message is BABBLE:
                        connection.sendall(b"TXT " * 100)
                        continue
                    connection.sendall(message.serialise(next(self._serials)))


HANG_UP = new_signal(DBusAddress("/hang/up", interface="org.example.Bus"), "HangUp")
BABBLE = new_signal(DBusAddress("/babble", interface="org.example.Bus"), "Babble")


def member_of(message: Message) -> str:
    return str(message.header.fields[HeaderFields.member])


def held(call: Message, signature: str = "s", value: object = "it") -> Message:
    return new_method_return(call, "v", ((signature, value),))


def read_line(connection: socket.socket) -> bytes:
    """One line, byte by byte: what follows it belongs to the next reader."""
    line = b""
    while not line.endswith(b"\r\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def call(name: str = "org.example.App", path: str = "/thing", question: Question = NAME_OF) -> Call:
    return Call(name, path, question)


Start = Callable[..., ScriptedBus]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[ScriptedBus] = []

    def make(answer: Callable[[Message], list[Message]], **options: str) -> ScriptedBus:
        started.append(ScriptedBus(tmp_path / f"bus{len(started)}", answer, **options))
        return started[-1]

    yield make
    for bus in started:
        bus.close()


def test_answers_come_in_the_order_of_the_calls_however_the_bus_orders_them(start: Start) -> None:
    waiting: list[Message] = []

    def last_first(message: Message) -> list[Message]:
        waiting.append(message)
        if len(waiting) < 5:
            return []
        return [held(m, value=m.header.fields[HeaderFields.path]) for m in reversed(waiting)]

    bus = Bus(start(last_first).address, soon())
    values = bus.ask([call(path=f"/n{number}") for number in range(5)], soon())
    assert values == [("s", f"/n{number}") for number in range(5)]
    bus.close()


def test_many_calls_need_no_more_room_than_a_few(start: Start) -> None:
    scripted = start(lambda message: [held(message, value="x" * 100)])
    bus = Bus(scripted.address, soon())
    values = bus.ask([call(path=f"/n{number}") for number in range(3000)], soon(60))
    assert values == [("s", "x" * 100)] * 3000
    assert len(scripted.calls) == 3001
    bus.close()


def test_an_error_a_foreign_type_and_an_empty_answer_are_none(start: Start) -> None:
    def answer(message: Message) -> list[Message]:
        path = message.header.fields[HeaderFields.path]
        return [
            {
                "/error": new_error(message, "org.example.Error", "s", ("no",)),
                "/number": new_method_return(message, "u", (7,)),
                "/empty": new_method_return(message),
            }.get(path, held(message))
        ]

    bus = Bus(start(answer).address, soon())
    lost: dict[str, str] = {}
    values = bus.ask([call(path=path) for path in ("/error", "/number", "/empty", "/good")], soon(), lost)
    assert values == [None, None, None, ("s", "it")]
    assert lost == {}
    bus.close()


def test_signals_and_answers_to_nobody_are_passed_over(start: Start) -> None:
    signal = new_signal(DBusAddress("/x", interface="org.example.X"), "Changed")
    nobody = new_method_return(signal, "s", ("stray",))
    nobody.header.fields[HeaderFields.reply_serial] = 4_000_000
    bus = Bus(start(lambda message: [signal, nobody, held(message), signal]).address, soon())
    for _ in range(3):
        assert bus.ask([call()], soon()) == [("s", "it")]
    bus.close()


def test_a_silent_program_is_lost_and_the_others_are_not(start: Start) -> None:
    silent = "org.example.Hung"
    kept: list[Message] = []

    def answer(message: Message) -> list[Message]:
        if message.header.fields[HeaderFields.destination] == silent:
            kept.append(message)
            return []
        late = kept if message.header.fields[HeaderFields.path] == "/later" else []
        return [*(held(old, value="late") for old in late), held(message)]

    scripted = start(answer)
    bus = Bus(scripted.address, soon())
    lost: dict[str, str] = {}
    started = time.monotonic()
    assert bus.ask([call(silent), call()], started + 0.3, lost) == [None, ("s", "it")]
    assert time.monotonic() - started >= 0.3
    assert lost == {silent: "did not answer in time"}
    asked = len(scripted.calls)
    assert bus.ask([call(silent), call(path="/later")], soon(), lost) == [
        None,
        ("s", "it"),
    ]  # its late answer disturbs nobody
    assert len(scripted.calls) == asked + 1  # and it was not asked again
    bus.close()


def test_a_program_that_ended_is_lost_but_only_the_bus_can_say_so(start: Start) -> None:
    def answer(message: Message) -> list[Message]:
        error = new_error(message, f"{DAEMON}.Error.ServiceUnknown", "s", ("gone",))
        if message.header.fields[HeaderFields.destination] == "org.example.Ended":
            error.header.fields[HeaderFields.sender] = DAEMON
        else:
            error.header.fields[HeaderFields.sender] = ":1.9"
        return [error]

    bus = Bus(start(answer).address, soon())
    lost: dict[str, str] = {}
    assert bus.ask([call("org.example.Ended"), call("org.example.Liar")], soon(), lost) == [None, None]
    assert lost == {"org.example.Ended": "has ended"}
    bus.close()


@pytest.mark.parametrize("message", [HANG_UP, BABBLE])
def test_a_bus_that_hangs_up_or_babbles_is_lost(start: Start, message: Message) -> None:
    bus = Bus(start(lambda _: [message]).address, soon())
    with pytest.raises(BusLost):
        bus.ask([call()], soon())
    with pytest.raises(BusLost):
        bus.ask([call()], soon())
    bus.close()
    bus.close()


@pytest.mark.parametrize(
    "address", ["", "unix:", "nonsense", "tcp:host=localhost,port=1", "unix:path=/no/such/bus", "unix:path=/etc/passwd"]
)
def test_an_address_without_a_bus_is_lost(address: str) -> None:
    with pytest.raises(BusLost):
        Bus(address, soon())


def test_a_bus_that_refuses_is_lost(start: Start) -> None:
    with pytest.raises(BusLost):
        Bus(start(lambda _: [], greet="REJECTED ANONYMOUS\r\n").address, soon())


def test_a_bus_that_never_greets_is_given_up_at_the_deadline(start: Start) -> None:
    scripted = start(lambda _: [], greet="O")
    started = time.monotonic()
    with pytest.raises(BusLost):
        Bus(scripted.address, started + 0.2)
    assert time.monotonic() - started < 10


def test_a_stopped_bus_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)  # as a stopped process: connections are taken by the kernel alone
    listener.bind(str(tmp_path / "bus"))
    listener.listen()
    started = time.monotonic()
    with pytest.raises(BusLost):
        Bus(f"unix:path={tmp_path}/bus", started + 0.2)
    assert time.monotonic() - started < 10
    listener.close()


def test_no_file_descriptor_is_left_open(start: Start) -> None:
    scripted = start(lambda message: [held(message)])
    before = open_files()
    for _ in range(20):
        bus = Bus(scripted.address, soon())
        bus.ask([call()], soon())
        bus.close()
        with pytest.raises(BusLost):
            Bus("unix:path=/no/such/bus", soon())
    deadline = soon()
    while open_files() > before and time.monotonic() < deadline:  # the other end takes a moment to hang up
        time.sleep(0.01)
    assert open_files() <= before


def test_a_call_is_the_same_message_each_time_but_for_its_number(start: Start) -> None:
    scripted = start(lambda message: [held(message)])
    bus = Bus(scripted.address, soon())
    for _ in range(3):
        bus.ask([call()], soon())
    bus.close()
    first, *others = scripted.calls[1:]
    assert first.header.message_type == MessageType.method_call
    assert first.body == ("org.example.Thing", "Name")
    for other in others:
        assert (other.header.fields, other.body) == (first.header.fields, first.body)
    assert len({message.header.serial for message in scripted.calls}) == 4


def test_names_on_a_bus() -> None:
    for good in (":1.42", "org.example.App", "a.b-c._d"):
        assert NAME.fullmatch(good)
    for bad in ("", ":", "org", "a..b", ".a.b", "a.b.", "a b.c", "a.b\n", "ä.b", "/a.b"):
        assert not NAME.fullmatch(bad)
