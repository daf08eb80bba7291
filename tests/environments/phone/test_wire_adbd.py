"""The server and its streams, spoken to packet by packet."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.phone.wire import Adbd
from tests.environments.phone.wire_client import WireClient, cut_up, frame, output_of, packet
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, open_files, wait_until


@pytest.fixture
def services() -> TenWords:
    return TenWords()


@pytest.fixture
def adbd(services: TenWords) -> Iterator[Adbd]:
    with Adbd(services) as adbd:
        yield adbd


@pytest.fixture(scope="module")
def shared() -> Iterator[Adbd]:
    """One for the property tests, which look at nothing of it but the answers."""
    with Adbd(TenWords()) as adbd:
        yield adbd


# Greeting.


def test_the_banner_tells_the_phone_and_its_features(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        state, _, rest = client.banner.decode().partition("::")
        fields = dict(field.split("=", 1) for field in rest.split(";") if field)
        assert state == "device"
        assert fields["ro.product.model"] == "Ten Words"
        assert fields["features"].split(",") == [
            "shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir", "sendrecv_v2",
        ]  # fmt: skip
        assert (client.their_version, client.their_max) == (0x01000001, 1 << 20)


def test_an_old_client_gets_small_packets_with_checksums(adbd: Adbd) -> None:
    with WireClient(adbd.address, version=0x01000000, max_data=4096) as client:
        client.their_max = 4096
        ours, theirs = client.open("exec:bytes 10000")
        sizes, output = [], b""
        while True:
            command, _, _, payload = client.receive()  # which checks the sums
            if command == b"CLSE":
                break
            sizes.append(len(payload))
            output += payload
            client.send(b"OKAY", ours, theirs)
        assert sizes == [4096, 4096, 10000 - 8192]
        assert output == (ALL_BYTES * 40)[:10000]
        assert client.ask("exec:cat", b"x" * 5000 + b"", answered=lambda out: len(out) == 5000) == b"x" * 5000


def test_an_old_client_with_a_wrong_checksum_is_let_go(adbd: Adbd) -> None:
    with WireClient(adbd.address, version=0x01000000) as client:
        client.socket.sendall(packet(b"OPEN", 1, 0, b"shell:echo x\0", check=7))
        with pytest.raises(ConnectionError):
            client.receive()


def test_a_newer_client_needs_no_checksum(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        client.socket.sendall(packet(b"OPEN", 1, 0, b"shell:echo x\0", check=0))
        assert client.receive()[0] == b"OKAY"


def test_a_second_greeting_starts_afresh(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as client:
        client.open("shell:sleep 60")
        client.send(b"CNXN", 0x01000001, 1 << 20, b"host::")
        assert client.receive()[0] == b"CNXN"
        assert services.left_early.wait(10)
        assert client.ask("shell:echo again") == b"again\n"


@pytest.mark.parametrize("first", [b"OPEN", b"WRTE", b"STLS"])
def test_nothing_comes_before_the_greeting(adbd: Adbd, first: bytes) -> None:
    with WireClient(adbd.address, greet=False) as client:
        client.send(first, 1, 0, b"shell:echo x\0")
        with pytest.raises(ConnectionError):
            client.receive()


@pytest.mark.parametrize(("version", "most"), [(0, 4096), (0x01000001, 0)])
def test_a_greeting_that_cannot_be_meant(adbd: Adbd, version: int, most: int) -> None:
    with WireClient(adbd.address, greet=False) as client:
        client.send(b"CNXN", version, most, b"host::")
        with pytest.raises(ConnectionError):
            client.receive()


# Streams.


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), max_size=12))
def test_any_split_of_the_connection_gives_the_same_answers(shared: Adbd, cuts: list[int]) -> None:
    with WireClient(shared.address) as client:
        for piece in cut_up(packet(b"OPEN", 7, 0, b"shell,v2:cat\0"), cuts):
            client.socket.sendall(piece)
        command, theirs, ours, _ = client.receive()
        assert (command, ours) == (b"OKAY", 7)
        for piece in cut_up(packet(b"WRTE", 7, theirs, frame(0, b"typed") + frame(4)), cuts):
            client.socket.sendall(piece)
        output = b""
        while (answer := client.receive())[0] != b"CLSE":
            if answer[0] == b"WRTE":
                output += answer[3]
                client.send(b"OKAY", 7, theirs)
        assert output_of(output) == (b"typed", b"", 0)


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=12))
def test_any_split_of_stdin_over_packets_gives_the_same_stdin(shared: Adbd, said: bytes, cuts: list[int]) -> None:
    framed = frame(0, said) + frame(5, b"80x24,0x0\0") + frame(0, b"!") + frame(4)
    todo = cut_up(framed, cuts)
    with WireClient(shared.address) as client:
        ours, theirs = client.open("shell,v2:cat")
        output = b""
        client.send(b"WRTE", ours, theirs, todo.pop(0))
        while (answer := client.receive())[0] != b"CLSE":
            if answer[0] == b"OKAY" and todo:
                client.send(b"WRTE", ours, theirs, todo.pop(0))
            elif answer[0] == b"WRTE":
                output += answer[3]
                client.send(b"OKAY", ours, theirs)
        assert output_of(output) == (said + b"!", b"", 0)


def test_one_packet_at_a_time_is_on_its_way(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("exec:bytes 3000000")
        received = len(client.receive()[3])
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        while received < 3_000_000:
            client.send(b"OKAY", ours, theirs)
            received += len(client.receive()[3])
        client.send(b"OKAY", ours, theirs)
        assert client.receive()[:3] == (b"CLSE", theirs, ours)


def test_a_stalled_stream_holds_up_no_other(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        stalled, their_stalled = client.open("exec:bytes 3000000")
        assert client.receive()[0] == b"WRTE"
        for index in range(20):
            assert client.ask(f"exec:echo {index}") == f"{index}\n".encode()
        client.send(b"OKAY", stalled, their_stalled)
        assert client.receive()[:3] == (b"WRTE", their_stalled, stalled)


def test_a_client_that_reads_late_gets_all_of_thirty_streams(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as client:
        for number in range(1, 31):
            client.send(b"OPEN", number, 0, b"exec:bytes 1000000\0")
        assert wait_until(lambda: services.ran.total() == 30)
        threading.Event().wait(0.2)  # in which as much is sent as the server sends to one that does not read
        sizes: dict[int, int] = {}
        closed = 0
        while closed < 30:
            command, theirs, ours, payload = client.receive()
            closed += command == b"CLSE"
            if command == b"WRTE":
                sizes[ours] = sizes.get(ours, 0) + len(payload)
                client.send(b"OKAY", ours, theirs)
        assert sizes == dict.fromkeys(range(1, 31), 1_000_000)


def test_streams_are_told_apart(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        opened = [client.open("exec:cat") for _ in range(8)]
        assert len({theirs for _, theirs in opened}) == 8
        for ours, theirs in opened:
            client.send(b"WRTE", ours, theirs, f"stream {ours}".encode())
        echoed: dict[int, bytes] = {}
        while len(echoed) < 8:
            command, theirs, ours, payload = client.receive()
            if command == b"WRTE":
                echoed[ours] = payload
                client.send(b"OKAY", ours, theirs)
        assert echoed == {ours: f"stream {ours}".encode() for ours, _ in opened}


def test_a_write_to_a_closed_stream_is_answered_with_a_close(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        client.send(b"WRTE", 5, 999, b"hello?")
        assert client.receive()[:3] == (b"CLSE", 999, 5)
        client.send(b"OKAY", 5, 999)  # passed over, as is a close of nothing
        client.send(b"CLSE", 5, 999)
        assert client.ask("shell:echo still here") == b"still here\n"


def test_a_close_is_answered_once_and_ends_the_command(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("shell:sleep 60")
        client.send(b"CLSE", ours, theirs)
        assert client.receive()[:3] == (b"CLSE", theirs, ours)
        assert services.left_early.wait(10)
        assert client.ask("shell:echo next") == b"next\n"


def test_a_close_unblocks_a_writer(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("shell:forever")
        assert client.receive()[0] == b"WRTE"
        assert not services.left_early.is_set()
        client.send(b"CLSE", ours, theirs)
        assert services.left_early.wait(10)


def test_a_lost_connection_ends_its_commands_and_threads(adbd: Adbd, services: TenWords) -> None:
    before = threading.active_count()
    with WireClient(adbd.address) as client:
        for _ in range(5):
            client.open("shell:sleep 60")
    assert wait_until(lambda: services.ended["sleep 60"] == 5)
    assert wait_until(lambda: threading.active_count() <= before)


def test_an_idle_server_has_one_thread() -> None:
    before = threading.active_count()
    phones = [Adbd(TenWords()) for _ in range(16)]
    for phone in phones:
        phone.start()
    clients = [WireClient(phone.address) for phone in phones]
    assert [client.ask("shell:echo hi") for client in clients] == [b"hi\n"] * 16
    assert wait_until(lambda: threading.active_count() == before + 16)
    for phone in phones:
        phone.close()
    assert threading.active_count() == before


def test_a_client_that_closes_may_send_the_rest_without_waiting(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as client:  # as adb's server does for `exec-in` when its client has closed
        ours, theirs = client.open("exec:save /sdcard/in")
        for number in range(20):
            client.send(b"WRTE", ours, theirs, bytes([number]) * 500_000)
        client.send(b"CLSE", ours, theirs)
        assert wait_until(lambda: services.ended.total() == 1)
        assert services.files.read("/sdcard/in") == b"".join(bytes([number]) * 500_000 for number in range(20))


def test_each_write_has_its_okay(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("exec:count")
        for _ in range(50):
            client.send(b"WRTE", ours, theirs, b"x" * 100_000)
        assert [client.receive()[:3] for _ in range(50)] == [(b"OKAY", theirs, ours)] * 50


def test_a_client_that_never_waits_is_let_go(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("shell,v2:sleep 60")
        with suppress(ConnectionError):
            for _ in range(40):
                client.send(b"WRTE", ours, theirs, bytes(1 << 20))
        with pytest.raises((ConnectionError, EOFError)):
            client.receive_until_lost()


def test_a_reader_that_lags_holds_back_the_okay(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("shell:sleep 60")
        client.send(b"WRTE", ours, theirs, b"x" * (1 << 20))
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        assert client.ask("exec:echo other") == b"other\n"


def test_more_streams_than_a_connection_may_have_are_refused(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        opened = [client.open("shell:sleep 60") for _ in range(33)]
        assert [bool(theirs) for _, theirs in opened] == [True] * 32 + [False]
        client.send(b"CLSE", *opened[0])
        assert client.receive()[0] == b"CLSE"
        assert client.ask("shell:echo room again") == b"room again\n"


def test_all_connections_together_have_a_bound_of_threads(adbd: Adbd) -> None:
    clients = [WireClient(adbd.address) for _ in range(6)]
    for client in clients:
        for _ in range(30):
            client._ids += 1
            client.send(b"OPEN", client._ids, 0, b"shell:sleep 60\0")
    assert wait_until(lambda: threading.active_count() >= 128)
    assert threading.active_count() < 140
    for client in clients:
        client.socket.close()
    with WireClient(adbd.address) as client:
        assert wait_until(lambda: threading.active_count() < 20)
        assert client.ask("shell:echo fine") == b"fine\n"


# Services.


@pytest.mark.parametrize(
    "destination",
    ["", "nonsense", "shell", "sync", "framebuffer:", "tcp:22", "tcp:8080:localhost", "local:/tmp/x", "localabstract:x",
     "localfilesystem:/etc/passwd", "dev:/dev/null", "jdwp:1", "abb_exec:package", "tcpip:5555", "usb:", "backup:all",
     "sink:10", "source:10", "spin", "host:version", "exec", "unix:/run/x"],
)  # fmt: skip
def test_what_is_not_served_is_refused(adbd: Adbd, destination: str) -> None:
    with WireClient(adbd.address) as client:
        assert client.open(destination) == (1, 0)
        assert client.ask("shell:echo still here") == b"still here\n"


@pytest.mark.parametrize(
    ("destination", "answer"),
    [("root:", b"adbd cannot run as root in production builds\n"), ("unroot:", b"adbd not running as root\n"),
     ("remount:", b'Not running as root. Try "adb root" first.\n'), ("jdwp", b"")],
)  # fmt: skip
def test_what_only_says_something(adbd: Adbd, destination: str, answer: bytes) -> None:
    with WireClient(adbd.address) as client:
        assert client.ask(destination) == answer


def test_the_list_of_debugged_programs_is_empty_and_stays_open(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        assert client.ask("track-jdwp", answered=lambda out: out == b"0000") == b"0000"


def test_a_reboot_drops_everyone_and_comes_back(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as other, WireClient(adbd.address) as client:
        other.open("shell:sleep 60")
        client.open("reboot:")
        for lost in (client, other):
            with pytest.raises((ConnectionError, EOFError)):
                lost.receive()

    start = time.monotonic()
    with WireClient(adbd.address) as again:
        assert again.ask("shell:echo up") == b"up\n"
    assert 0.1 < time.monotonic() - start < 10, "it takes a moment"


@pytest.mark.parametrize("request_and_answer", [
    ("forward:localabstract:scrcpy;tcp:27183", b"OKAY"),
    ("forward:tcp:0;tcp:1", b"OKAY000532768"),
    ("forward:tcp:99999;tcp:1", b"FAIL001cbad forward: tcp:99999;tcp:1"),
    ("forward:tcp:1", b"FAIL0012bad forward: tcp:1"),
    ("forward:tcp:1;file:/etc", b"FAIL001cbad forward: tcp:1;file:/etc"),
    ("killforward:tcp:1", b"FAIL001alistener 'tcp:1' not found"),
    ("killforward-all", b"OKAY"),
    ("list-forward", b"0000"),
])  # fmt: skip
def test_reverse_one_by_one(adbd: Adbd, request_and_answer: tuple[str, bytes]) -> None:
    request, answer = request_and_answer
    with WireClient(adbd.address) as client:
        assert client.ask(f"reverse:{request}") == answer


def test_reverse_keeps_a_table(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        client.ask("reverse:forward:tcp:7;tcp:70")
        assert client.ask("reverse:forward:norebind:tcp:7;tcp:71").startswith(b"FAIL")
        assert client.ask("reverse:forward:tcp:7;tcp:72") == b"OKAY"
        assert client.ask("reverse:list-forward") == b"0014host-1 tcp:7 tcp:72\n"
        assert client.ask("reverse:killforward:tcp:7") == b"OKAY"
        assert client.ask("reverse:list-forward") == b"0000"
        answers = [client.ask(f"reverse:forward:tcp:{port};tcp:1")[:4] for port in range(1, 70)]
        assert answers == [b"OKAY"] * 64 + [b"FAIL"] * 5


# Starting and ending.


def test_a_port_that_is_taken_is_an_error(adbd: Adbd) -> None:
    port = int(adbd.address.rpartition(":")[2])
    second = Adbd(TenWords(), port=port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.close()


def test_it_ends_with_commands_running_and_leaves_nothing(services: TenWords) -> None:
    threads = threading.active_count()
    files = open_files()
    adbd = Adbd(services)
    adbd.start()
    clients = [WireClient(adbd.address) for _ in range(3)]
    for client in clients:
        client.open("shell:sleep 60")
        client.open("shell:forever")
    adbd.close()
    adbd.close()
    assert threading.active_count() == threads
    assert services.ended == {"sleep 60": 3, "forever": 3}
    for client in clients:
        with pytest.raises((ConnectionError, EOFError)):
            client.receive_until_lost()
        client.socket.close()
    assert open_files() <= files
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(adbd.address.rpartition(":")[2])))


def test_it_starts_again_after_an_end(services: TenWords) -> None:
    for _ in range(3):
        with Adbd(services) as adbd, WireClient(adbd.address) as client:
            assert client.ask("shell:echo hi") == b"hi\n"


def test_clients_side_by_side(adbd: Adbd) -> None:
    def work(number: int) -> bool:
        with WireClient(adbd.address) as client:
            return all(client.ask(f"exec:echo {number} {turn}") == f"{number} {turn}\n".encode() for turn in range(50))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
