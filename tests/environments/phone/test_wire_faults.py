"""Faults on demand: each does what it says, counts itself, and is over when it is taken back."""

import time
from collections.abc import Iterator

import pytest

from environments.phone.wire import Adbd, WireFaults
from tests.environments.phone.wire_client import WireClient, frames
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, wait_until


@pytest.fixture
def services() -> TenWords:
    return TenWords()


@pytest.fixture
def adbd(services: TenWords) -> Iterator[Adbd]:
    with Adbd(services) as adbd:
        yield adbd


def read_to_the_end(client: WireClient, destination: str) -> tuple[bytes, type[Exception] | None]:
    """The output, and how the connection ended if it did."""
    ours, theirs = client.open(destination)
    output = b""
    try:
        while (answer := client.receive())[0] != b"CLSE":
            if answer[0] == b"WRTE":
                output += answer[3]
                client.send(b"OKAY", ours, theirs)
    except (ConnectionError, EOFError) as error:
        return output, type(error)
    return output, None


def is_well(adbd: Adbd) -> bool:
    try:
        with WireClient(adbd.address) as client:
            return client.ask("shell:echo well") == b"well\n"
    except (ConnectionError, EOFError, AssertionError):
        return False


def test_none_is_on_by_default(adbd: Adbd) -> None:
    assert adbd.faults == WireFaults()
    assert is_well(adbd)
    assert [adbd.fired(name) for name in ("offline", "unauthorized", "refuse", "cut_after", "drip")] == [0] * 5


@pytest.mark.parametrize("wrong", [{"cut_after": -1}, {"drip": 0}, {"drip": -3.0}])
def test_faults_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="bytes"):
        WireFaults(**wrong)  # type: ignore[arg-type]


def test_a_fault_that_there_is_not(adbd: Adbd) -> None:
    with pytest.raises(ValueError, match="gremlins"):
        adbd.fired("gremlins")


def test_offline_never_answers_and_comes_back(adbd: Adbd) -> None:
    adbd.faults = WireFaults(offline=True)
    with WireClient(adbd.address, greet=False) as client:
        client.send(b"CNXN", 0x01000001, 1 << 20, b"host::")
        assert wait_until(lambda: adbd.fired("offline") == 1)
        client.send(b"OPEN", 1, 0, b"shell:echo x\0")
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        adbd.faults = WireFaults()
        with pytest.raises(ConnectionError):
            client.socket.recv(1)
    assert is_well(adbd)


def test_unauthorized_challenges_every_key_and_then_waits(adbd: Adbd) -> None:
    adbd.faults = WireFaults(unauthorized=True)
    with WireClient(adbd.address, greet=False) as client:
        client.send(b"CNXN", 0x01000001, 1 << 20, b"host::")
        tokens = []
        for _ in range(3):
            command, kind, _, token = client.receive()
            assert (command, kind, len(token)) == (b"AUTH", 1, 20)
            tokens.append(token)
            client.send(b"AUTH", 2, 0, b"signature" * 20)
        client.receive()
        assert len(set(tokens)) == 3
        assert adbd.fired("unauthorized") == 4
        client.send(b"AUTH", 3, 0, b"public key\0")
        client.send(b"OPEN", 1, 0, b"shell:echo x\0")
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
    adbd.faults = WireFaults()
    assert is_well(adbd)


def test_refuse_lets_nobody_in_and_drops_who_is(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as inside:
        inside.open("shell:sleep 60")
        adbd.faults = WireFaults(refuse=True)
        with pytest.raises(ConnectionError):
            inside.receive()
    assert services.left_early.wait(10)
    for count in (1, 2, 3):
        assert not is_well(adbd)
        assert adbd.fired("refuse") == count
    adbd.faults = WireFaults()
    assert is_well(adbd)


def test_faults_from_the_start() -> None:
    with Adbd(TenWords(), faults=WireFaults(refuse=True)) as adbd:
        assert not is_well(adbd)
        adbd.faults = WireFaults()
        assert is_well(adbd)


@pytest.mark.parametrize("count", [0, 1, 4, 8, 1024, 500_000, 524_288, 600_000, 1_999_999, 2_000_000])
def test_a_cut_comes_after_exactly_so_many_bytes(adbd: Adbd, count: int) -> None:
    adbd.faults = WireFaults(cut_after=count)
    with WireClient(adbd.address) as client:
        output, end = read_to_the_end(client, "exec:bytes 2000000")
    assert end is ConnectionResetError
    assert output == (ALL_BYTES * 7813)[:count]
    assert adbd.fired("cut_after") == 1
    assert adbd.faults.cut_after is None
    assert is_well(adbd)


def test_a_cut_waits_for_a_stream_that_is_long_enough(adbd: Adbd) -> None:
    adbd.faults = WireFaults(cut_after=100)
    with WireClient(adbd.address) as client:
        assert client.ask("shell:echo short") == b"short\n"
        assert adbd.fired("cut_after") == 0
        output, end = read_to_the_end(client, "exec:bytes 101")
        assert (len(output), end) == (100, ConnectionResetError)


def test_a_cut_counts_the_bytes_of_the_framing(adbd: Adbd) -> None:
    adbd.faults = WireFaults(cut_after=7)
    with WireClient(adbd.address) as client:
        output, end = read_to_the_end(client, "shell,v2:echo abc")
    assert (output, end) == (b"\x01\x04\0\0\0ab", ConnectionResetError)


def test_a_cut_is_seen_by_all_streams_of_the_connection_and_by_no_other(adbd: Adbd, services: TenWords) -> None:
    with WireClient(adbd.address) as other, WireClient(adbd.address) as client:
        client.open("shell:sleep 60")
        adbd.faults = WireFaults(cut_after=10)
        assert read_to_the_end(client, "exec:bytes 5000")[1] is ConnectionResetError
        assert services.left_early.wait(10)
        assert other.ask("shell:echo unharmed") == b"unharmed\n"


def test_a_cut_with_a_client_that_does_not_read_still_comes(adbd: Adbd, services: TenWords) -> None:
    adbd.faults = WireFaults(cut_after=400_000)
    with WireClient(adbd.address) as client:
        client.open("exec:bytes 2000000")
        assert services.left_early.wait(10)
        assert is_well(adbd)


def test_the_command_runs_though_its_answer_is_cut(adbd: Adbd, services: TenWords) -> None:
    adbd.faults = WireFaults(cut_after=0)
    with WireClient(adbd.address) as client:
        assert read_to_the_end(client, "shell,v2:echo once") == (b"", ConnectionResetError)
    assert services.ran["echo once"] == 1


def test_drip_slows_every_stream_and_can_be_taken_back(adbd: Adbd) -> None:
    adbd.faults = WireFaults(drip=2000)
    with WireClient(adbd.address) as client:
        start = time.monotonic()
        assert client.ask("exec:bytes 1000") == (ALL_BYTES * 4)[:1000]
        assert 0.4 < time.monotonic() - start < 5
        assert adbd.fired("drip") == 10
        ours, theirs = client.open("exec:bytes 3000000")
        assert len(client.receive()[3]) == 100
        adbd.faults = WireFaults()
        client.send(b"OKAY", ours, theirs)
        assert len(client.receive()[3]) > 500_000


def test_drip_keeps_order_and_framing(adbd: Adbd) -> None:
    adbd.faults = WireFaults(drip=3000)
    with WireClient(adbd.address) as client:
        assert frames(client.ask("shell,v2:both")) == [(1, b"good\n"), (2, b"bad\n"), (3, b"\3")]


def test_a_drip_does_not_outlive_its_client(adbd: Adbd, services: TenWords) -> None:
    adbd.faults = WireFaults(drip=1)
    with WireClient(adbd.address) as client:
        client.open("shell:forever")
        client.receive()
    assert services.left_early.wait(10)


def test_drop_is_a_phone_that_leaves_for_a_moment(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        adbd.drop()
        with pytest.raises(ConnectionError):
            client.receive()
    assert is_well(adbd)


def test_a_reboot_greets_nobody_for_a_moment(adbd: Adbd) -> None:
    with WireClient(adbd.address) as client:
        adbd.reboot()
        with pytest.raises(ConnectionError):
            client.receive()
    with WireClient(adbd.address, greet=False) as client:
        for _ in range(100):
            client.send(b"CNXN", 0x01000001, 4096, b"host::")
        client.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        assert client.receive()[0] == b"CNXN"
        assert client.ask("shell:echo once") == b"once\n", "all the greetings have one answer"
