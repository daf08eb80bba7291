"""The closed set of key names."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.errors import InvalidAction
from environments.keys import MODIFIERS, NAMED, SYNONYMS, canonical


@pytest.mark.parametrize("name", NAMED)
def test_every_canonical_name_is_itself_however_it_is_written(name: str) -> None:
    for written in (name, name.upper(), name.title(), name.replace("_", ""), name.replace("_", "-"), f" {name} "):
        assert canonical(written) == name
    assert canonical(name.replace("_", " ")) == name


@pytest.mark.parametrize("name", SYNONYMS)
def test_every_synonym_means_a_canonical_name(name: str) -> None:
    meaning = canonical(name)
    assert meaning == SYNONYMS[name]
    assert canonical(meaning) == meaning
    assert canonical(name.upper().replace("_", "-")) == meaning


def test_synonyms_hide_no_canonical_name() -> None:
    folded = [name.replace("_", "") for name in NAMED]
    assert len(set(folded)) == len(folded)
    for synonym, key in SYNONYMS.items():
        name = synonym.replace("_", "")
        assert name not in folded or NAMED[folded.index(name)] == key


def test_the_modifiers_are_keys() -> None:
    assert [canonical(name) for name in MODIFIERS] == list(MODIFIERS)


@pytest.mark.parametrize("character", string.printable[:95])
def test_a_printable_character_is_its_own_key_and_keeps_its_case(character: str) -> None:
    assert canonical(character) == ("space" if character == " " else character)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Return", "enter"), ("Page_Down", "page_down"), ("PageDown", "page_down"), ("page down", "page_down"),
        ("ESC", "escape"), ("Control", "ctrl"), ("cmd", "super"), ("F12", "f12"), ("plus", "+"), ("ArrowUp", "up"),
        ("Back Space", "backspace"), ("spacebar", "space"), ("Super_L", "super"), ("PrtSc", "print_screen"),
    ],
)  # fmt: skip
def test_names_that_people_and_models_write(written: str, meant: str) -> None:
    assert canonical(written) == meant


@pytest.mark.parametrize(
    ("unknown", "neighbour"),
    [
        ("entr", "enter"), ("retrun", "enter"), ("pagedwn", "page_down"), ("escpe", "escape"), ("f25", "f2"),
        ("contrl", "ctrl"), ("bakcspace", "backspace"), ("delet", "delete"), ("shft", "shift"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_its_neighbours(unknown: str, neighbour: str) -> None:
    with pytest.raises(InvalidAction, match="there is no key") as caught:
        canonical(unknown)
    hint = str(caught.value).partition("did you mean ")[2].rstrip("?")
    assert neighbour in hint.split(", ")
    assert caught.value.fix


@pytest.mark.parametrize("unknown", ["", "ctrl+c", "é", "ż", "ツ", "\n", "\x00", "a b", "x" * 5000, "f0", "ctrl_c"])
def test_what_is_no_key_is_refused_in_one_short_line(unknown: str) -> None:
    with pytest.raises(InvalidAction, match="there is no key") as caught:
        canonical(unknown)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=30))
def test_any_text_is_a_key_of_the_set_or_refused(text: str) -> None:
    try:
        key = canonical(text)
    except InvalidAction:
        return
    assert key in NAMED or (len(key) == 1 and key in string.printable[:94])
    assert canonical(key) == key
