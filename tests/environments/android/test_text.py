"""Text in pieces: joined again they are the text, and none holds what `input text` would turn into something else."""

import base64
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.android.text import (
    KEYS_AT_ONCE,
    PIECE,
    by_keys,
    check_text,
    encoded,
    key_commands,
    pieces,
    split_for_input,
)
from environments.errors import InvalidAction

KEYS = st.text(st.sampled_from("%s abS\\'\"$`;\n\t%%ss~!"), max_size=600)
ANYTHING = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
FAMILY = "👨‍👩‍👧‍👦"


def typed(commands: list[list[str]]) -> str:
    """What Android makes of `input` commands: `%s` becomes a space, from left to right, as in its Input.java."""
    text = ""
    for _, verb, argument in commands:
        if verb == "keyevent":
            text += {"66": "\n", "61": "\t"}[argument]
            continue
        buffer = list(argument)
        at, escaped = 0, False
        while at < len(buffer):
            if escaped:
                escaped = False
                if buffer[at] == "s":
                    buffer[at] = " "
                    at -= 1
                    del buffer[at]
            if buffer[at] == "%":
                escaped = True
            at += 1
        text += "".join(buffer)
    return text


@settings(max_examples=500, deadline=None)
@given(KEYS)
def test_keys_type_exactly_the_text(text: str) -> None:
    commands = key_commands(text)
    assert typed(commands) == text
    assert all(argument.isascii() and argument for _, _, argument in commands)


@settings(max_examples=200, deadline=None)
@given(KEYS)
def test_no_piece_holds_a_percent_and_an_s(text: str) -> None:
    cut = split_for_input(text)
    assert "".join(cut) == text
    assert all("%s" not in piece and 0 < len(piece) <= KEYS_AT_ONCE for piece in cut)


def test_the_two_characters_that_cannot_stand_together() -> None:
    assert key_commands("100%sure %s\n") == [
        ["input", "text", "100%"],
        ["input", "text", "sure%s%"],
        ["input", "text", "s"],
        ["input", "keyevent", "66"],
    ]
    assert key_commands("") == []
    assert key_commands("\t") == [["input", "keyevent", "61"]]


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_what_keys_can_type(text: str) -> None:
    printable = all(0x20 <= ord(character) < 0x7F or character in "\n\t" for character in text)
    assert by_keys(text) == printable


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["żółw ", FAMILY, "e\u0301", "漢字", "👍🏽", "❤️", "a"]), max_size=900))
def test_pieces_take_no_character_apart(parts: list[str]) -> None:
    text = "".join(parts)
    cut = pieces(text)
    assert "".join(cut) == text
    assert all(0 < len(piece) <= PIECE for piece in cut)
    for before, after in pairwise(cut):
        assert not unicodedata.combining(after[0])
        assert after[0] not in "\u200d\ufe0f🏽"
        assert before[-1] != "\u200d"


def test_a_pile_of_marks_is_cut_all_the_same() -> None:
    text = "a" + "\u0301" * 3 * PIECE
    assert "".join(pieces(text)) == text
    assert all(len(piece) <= PIECE for piece in pieces(text))


def test_base64() -> None:
    assert base64.b64decode(encoded("żółw 😀\n")).decode() == "żółw 😀\n"
    assert len(encoded("😀" * PIECE)) < 32_000


@pytest.mark.parametrize("text", ["\0", "a\x1bb", "\r", "\x7f", "\ud800", "\x9b"])
def test_what_nothing_can_type(text: str) -> None:
    with pytest.raises(InvalidAction, match="cannot be typed: U\\+"):
        check_text(text)
    check_text("żółw\n\t😀")
