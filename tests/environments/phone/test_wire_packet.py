"""Packets: any split of the bytes gives the same packets, and what is no packet is refused before it is waited for."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.phone.wire.packet import FIRST_PAYLOAD, Packet, ProtocolError, Unpacker, checksum, header
from tests.environments.phone.wire_client import cut_up, packet

COMMANDS = (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"SYNC", b"STLS")
words = st.integers(0, 0xFFFFFFFF)
packets = st.lists(st.tuples(st.sampled_from(COMMANDS), words, words, st.binary(max_size=300)), max_size=6)


@given(packets, st.lists(st.integers(0, 5000), max_size=40))
def test_any_split_of_the_bytes_gives_the_same_packets(
    sent: list[tuple[bytes, int, int, bytes]], cuts: list[int]
) -> None:
    unpacker = Unpacker()
    data = b"".join(packet(*each) for each in sent)
    found = [each for piece in cut_up(data, cuts) for each in unpacker.feed(piece)]
    assert [(each.command, each.arg0, each.arg1, each.payload) for each in found] == sent
    assert all(each.intact for each in found)
    assert not unpacker.halfway


@given(st.sampled_from(COMMANDS), words, words, st.binary(max_size=100))
def test_a_header_of_ours_is_read_by_the_other_side(command: bytes, arg0: int, arg1: int, payload: bytes) -> None:
    assert header(command, arg0, arg1, payload, checksum(payload)) + payload == packet(command, arg0, arg1, payload)


@given(st.binary(max_size=60))
def test_a_packet_that_has_begun_is_waited_for(tail: bytes) -> None:
    unpacker = Unpacker()
    whole = packet(b"WRTE", 1, 2, tail + b"end")
    assert list(unpacker.feed(whole[:-1])) == []
    assert unpacker.halfway
    assert list(unpacker.feed(whole[-1:])) == [Packet(b"WRTE", 1, 2, tail + b"end", sum(tail + b"end"))]


def test_a_wrong_magic_is_refused_with_the_header() -> None:
    broken = bytearray(packet(b"OPEN", 1, 0, b"shell:"))
    broken[20] ^= 1
    with pytest.raises(ProtocolError, match="magic"):
        list(Unpacker().feed(bytes(broken[:24])))


@pytest.mark.parametrize("length", [FIRST_PAYLOAD + 1, 1 << 20, 0xFFFFFFFF])
def test_a_length_beyond_the_agreed_one_is_refused_before_its_payload(length: int) -> None:
    word = int.from_bytes(b"WRTE", "little")
    head = struct.pack("<6I", word, 1, 1, length, 0, word ^ 0xFFFFFFFF)
    with pytest.raises(ProtocolError, match=str(length)):
        list(Unpacker().feed(head))


def test_the_agreed_length_may_grow_between_two_packets_of_one_piece() -> None:
    unpacker = Unpacker()
    both = packet(b"CNXN", 1, 1) + packet(b"WRTE", 1, 1, b"x" * (FIRST_PAYLOAD + 1))
    found = []
    for each in unpacker.feed(both):
        found.append(each.command)
        unpacker.max_payload = 1 << 20
    assert found == [b"CNXN", b"WRTE"]


def test_a_wrong_checksum_is_seen() -> None:
    [found] = Unpacker().feed(packet(b"WRTE", 1, 1, b"abc", check=1))
    assert not found.intact
    [found] = Unpacker().feed(packet(b"WRTE", 1, 1, b"abc"))
    assert found.intact


def test_packets_leave_nothing_behind() -> None:
    unpacker = Unpacker()
    for _ in range(1000):
        assert len(list(unpacker.feed(packet(b"WRTE", 1, 1, b"x" * 4000)))) == 1
    assert len(unpacker._buffer) == 0
