"""How driver and child talk: messages, the end of them, nonsense, and cancellations that are never lost."""

import io
import os
import queue
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.desktop.pixels import CAPACITY, SharedPixels
from environments.desktop.wire import WireClosed, receive, send

worker = pytest.importorskip("environments.desktop.worker", exc_type=ImportError)

heads = st.dictionaries(
    st.text(max_size=9), st.none() | st.integers() | st.text(max_size=20) | st.booleans(), max_size=5
)


def written(*messages: tuple[dict[str, Any], bytes]) -> bytes:
    stream = io.BytesIO()
    for head, block in messages:
        send(stream, head, block)
    return stream.getvalue()


@given(st.lists(st.tuples(heads, st.binary(max_size=300)), max_size=5))
def test_messages_come_back_in_order_and_then_the_end(messages: list[tuple[dict[str, Any], bytes]]) -> None:
    stream = io.BytesIO(written(*messages))
    assert [receive(stream) for _ in messages] == messages
    with pytest.raises(WireClosed):
        receive(stream)


def test_a_message_that_is_cut_anywhere_is_the_end() -> None:
    whole = written(({"do": "look", "id": 1}, b"pixels"))
    for length in range(len(whole)):
        with pytest.raises(WireClosed):
            receive(io.BytesIO(whole[:length]))


@given(st.binary(max_size=200))
def test_nonsense_is_the_end_and_not_waited_for(data: bytes) -> None:
    with pytest.raises(WireClosed):
        receive(io.BytesIO(data))


@pytest.mark.parametrize(
    "printed", [b"Warning: something\n", b"\0\0\0\x05\0\0\0\0hello", b"\0\0\0\x02\0\0\0\0\xff\xfe"]
)
def test_what_a_library_prints_is_no_message(printed: bytes) -> None:
    with pytest.raises(WireClosed):
        receive(io.BytesIO(printed + bytes(100)))


def test_writing_to_nobody_is_the_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as stream, pytest.raises(WireClosed):
        send(stream, {"do": "look"})
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(WireClosed):
        send(closed, {})


class Recorded:
    """Stands where the display stands: carries out `do_note`, and writes down whether it was cancelled by then."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.platform = self
        self.lost = ()
        self.notes: list[tuple[str, bool]] = []

    def do_note(self, *, text: str) -> tuple[dict[str, Any], bytes]:
        self.notes.append((text, self.cancelled.is_set()))
        return {"noted": text}, b""


def test_a_cancellation_hits_its_order_even_before_that_has_begun_and_no_other() -> None:
    orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
    note = {"do": "note", "id": 0}
    arrives: list[dict[str, Any]] = [
        {**note, "text": "a"},
        {**note, "text": "b"},
        {"do": "cancel"},
        {**note, "text": "c"},
    ]
    messages = written(*((head, b"") for head in arrives))
    worker._listen(io.BytesIO(messages), orders)
    display, out = Recorded(), io.BytesIO()
    worker._serve(display, orders, out)
    assert display.notes == [("a", False), ("b", True), ("c", True)], "the end of the stream cancels the last"
    out.seek(0)
    assert [receive(out)[0] for _ in range(3)] == [{"id": 0, "noted": text} for text in "abc"]


def test_shared_pixels_are_the_same_on_both_sides() -> None:
    ours = SharedPixels.create()
    if ours is None:
        pytest.skip("this system has no anonymous shared files")
    theirs = SharedPixels(os.dup(ours.descriptor))
    assert theirs.put(b"first screenshot")
    first = ours.get(16)
    assert theirs.put(b"second")
    assert (first, ours.get(6)) == (b"first screenshot", b"second")
    theirs.close()
    ours.close()


def test_what_does_not_fit_is_not_half_written() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return CAPACITY + 1

    ours = SharedPixels.create()
    if ours is None:
        pytest.skip("this system has no anonymous shared files")
    ours.put(b"before")
    assert not ours.put(Huge(b"x"))
    assert ours.get(6) == b"before"
    ours.close()
