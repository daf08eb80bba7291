"""No part of a stream is taken for the whole, however it is cut."""

import json
import random

import pytest

from agent.models import chat_wire
from tests.agent import fault_server as fs


def test_the_wire_reads_bytes_in_any_cut() -> None:
    whole = fs.event("żół") + b": ping\r\n" + fs.event("w 😀", "stop") + fs.DONE
    rng = random.Random(3)  # noqa: S311 - where to cut
    for _ in range(200):
        cuts = sorted(rng.sample(range(len(whole)), 6))
        pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        assert chat_wire.read_stream(pieces).text == "żółw 😀"


def test_no_beginning_of_a_stream_is_a_reply() -> None:
    whole = b"".join(fs.event(letter) for letter in '{"tap": [1, 2]}')
    for length in range(len(whole)):
        with pytest.raises(chat_wire.Failure) as caught:
            chat_wire.read_stream([whole[:length]])
        assert caught.value.retry
    document = json.dumps(fs.completion("hello")).encode()
    for length in range(len(document)):
        with pytest.raises(chat_wire.Failure) as caught:
            chat_wire.read_document(document[:length])
        assert caught.value.retry
