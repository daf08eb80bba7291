"""Bad input: each gets a clear end, memory stays bounded, and the others are served."""

import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.phone.wire import Adbd, connection
from environments.phone.wire.switchboard import MAX_CONNECTIONS
from tests.environments.phone.wire_client import WireClient, frame, packet
from tests.environments.phone.wire_services import TenWords, open_files, wait_until


@pytest.fixture(scope="module")
def adbd() -> Iterator[Adbd]:
    """One for all: nothing that was done to it may matter to the next."""
    with Adbd(TenWords()) as adbd:
        yield adbd


@pytest.fixture(autouse=True)
def is_well_afterwards(adbd: Adbd) -> Iterator[None]:
    yield
    with WireClient(adbd.address) as client:
        assert client.ask("shell:echo well") == b"well\n"


def connect(adbd: Adbd) -> socket.socket:
    host, _, port = adbd.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def is_let_go(sock: socket.socket) -> bool:
    """Whether the other side ends the connection, which it has ten seconds to do."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


WORDS = (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"SYNC", b"STLS", b"JUNK")
small = st.one_of(st.integers(0, 40), st.sampled_from([0x01000000, 0x01000001, 4096, 0xFFFFFFFF]))
payloads = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"shell:cat\0", b"shell,v2:cat\0", b"sync:\0", b"exec:bytes 70000\0", b"reverse:list-forward\0"]),
)
packets = st.builds(packet, st.sampled_from(WORDS), small, small, payloads)


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.binary(min_size=1, max_size=400), st.lists(packets, max_size=15).map(b"".join)), st.booleans())
def test_garbage(adbd: Adbd, junk: bytes, greeted: bool) -> None:
    greeting = packet(b"CNXN", 0x01000001, 1 << 20, b"host::") if greeted else b""
    with connect(adbd) as sock:
        with suppress(OSError):  # it may be let go before all of it is said
            sock.sendall(greeting + junk)
            sock.shutdown(socket.SHUT_WR)
        assert is_let_go(sock)
    with WireClient(adbd.address) as client:
        assert client.ask("shell:echo fine") == b"fine\n"


@pytest.mark.parametrize(
    "junk", [b"GET / HTTP/1.1\r\nHost: phone\r\n\r\n", b"\x16\x03\x01" * 20, bytes(24), b"\xff" * 24]
)
def test_another_protocol_is_let_go_at_once(adbd: Adbd, junk: bytes) -> None:
    with connect(adbd) as sock:
        sock.sendall(junk)
        assert is_let_go(sock)


@pytest.mark.parametrize(
    ("greeted", "length"), [(False, 4097), (True, (1 << 20) + 1), (True, 0x7FFFFFFF), (False, 0xFFFFFFFF)]
)
def test_a_length_of_four_gigabytes(adbd: Adbd, greeted: bool, length: int) -> None:
    with WireClient(adbd.address, greet=greeted) as client:
        word = int.from_bytes(b"WRTE", "little")
        client.socket.sendall(struct.pack("<6I", word, 1, 1, length, 0, word ^ 0xFFFFFFFF))
        assert is_let_go(client.socket)


@pytest.mark.parametrize("sent", [b"", b"CNXN", packet(b"CNXN", 0x01000001, 4096, b"host::")[:-1]])
def test_half_a_greeting_is_not_waited_for_for_ever(adbd: Adbd, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection, "_PATIENCE", 0.2)
    with connect(adbd) as sock:
        sock.sendall(sent)
        assert is_let_go(sock)


def test_half_a_packet_is_not_waited_for_for_ever_but_silence_is(adbd: Adbd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_PATIENCE", 0.2)
    with WireClient(adbd.address) as silent, WireClient(adbd.address) as half:
        half.socket.sendall(packet(b"OPEN", 1, 0, b"shell:echo x\0")[:30])
        assert is_let_go(half.socket)
        assert silent.ask("shell:echo patient") == b"patient\n"


def test_packets_that_keep_coming_in_halves_are_no_half_packets(adbd: Adbd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_PATIENCE", 0.3)
    with WireClient(adbd.address) as client:
        data = packet(b"OKAY", 9, 9)
        client.socket.sendall(data[:10])
        for _ in range(8):
            threading.Event().wait(0.1)
            client.socket.sendall(data[10:] + data[:10])
        client.socket.sendall(data[10:])
        assert client.ask("shell:echo fine") == b"fine\n"


def test_two_hundred_connections_at_once(adbd: Adbd) -> None:
    before = threading.active_count()
    clients = [WireClient(adbd.address) for _ in range(200)]
    assert threading.active_count() <= before + 1
    assert all(client.ask(f"shell:echo {index}") == f"{index}\n".encode() for index, client in enumerate(clients))
    for client in clients:
        client.socket.close()


def test_silent_connections_make_way_for_one_that_speaks(adbd: Adbd) -> None:
    silent = [connect(adbd) for _ in range(MAX_CONNECTIONS + 50)]
    with WireClient(adbd.address) as client:
        assert client.ask("shell:echo in") == b"in\n"
        assert is_let_go(silent[0])
    for sock in silent:
        sock.close()


def test_when_all_have_spoken_the_newest_is_refused(adbd: Adbd) -> None:
    clients = [WireClient(adbd.address) for _ in range(MAX_CONNECTIONS)]
    with connect(adbd) as one_more:
        assert is_let_go(one_more)
    assert clients[0].ask("shell:echo kept") == b"kept\n"
    for client in clients:
        client.socket.close()

    def lets_in() -> bool:
        with suppress(ConnectionError, EOFError), WireClient(adbd.address) as client:
            return client.ask("shell:echo in") == b"in\n"
        return False

    assert wait_until(lets_in)


def test_a_client_that_asks_and_does_not_read_is_let_go(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        ask = packet(b"OPEN", 1, 0, b"nonsense:\0") * 2000
        client.socket.settimeout(30)
        with suppress(ConnectionError):
            for _ in range(1000):
                client.socket.sendall(ask)
            pytest.fail("all of it was taken")


def memory_peak_of(work: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_slow_clients_cost_little_memory(adbd: Adbd) -> None:
    def work() -> None:
        clients = [WireClient(adbd.address) for _ in range(20)]
        for client in clients:
            for _ in range(3):
                client._ids += 1
                client.send(b"OPEN", client._ids, 0, b"shell:forever\0")
        with WireClient(adbd.address) as quick:
            for _ in range(50):
                assert quick.ask("shell:echo quick") == b"quick\n"
        for client in clients:
            client.socket.close()

    assert memory_peak_of(work) < 60_000_000


def test_unread_input_costs_little_memory(adbd: Adbd) -> None:
    def work() -> None:
        with WireClient(adbd.address) as client:
            opened = [client.open("shell,v2:sleep 60") for _ in range(10)]
            for ours, theirs in opened:
                client.send(b"WRTE", ours, theirs, frame(0, b"x" * 1_000_000))
            assert client.ask("shell:echo other") == b"other\n"

    assert memory_peak_of(work) < 40_000_000


def test_a_thousand_commands_leave_nothing_behind(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        client.ask("shell:echo warm")
        wait_until(lambda: threading.active_count() < 10)
        threads, files = threading.active_count(), open_files()

        def work() -> None:
            for _ in range(1000):
                client.ask("shell,v2:both")

        assert memory_peak_of(work) < 2_000_000
        assert wait_until(lambda: threading.active_count() <= threads)
        assert open_files() <= files
