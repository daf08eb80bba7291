"""No text from outside can command a terminal, hide in it, or turn its direction."""

import io
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.terminal import MAX_CHARACTERS, clean, open_console

FORBIDDEN = {
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2066\u2067\u2068\u2069\ufeff",
}


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_what_comes_out_is_printable_in_one_line(text: str) -> None:
    shown = clean(text)
    assert not FORBIDDEN & set(shown)
    assert shown.isprintable()
    shown.encode()  # no half character is left


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S")), max_size=60))
def test_plain_text_in_any_script_is_left_alone(text: str) -> None:
    assert clean(text) == text


@given(st.text(st.characters(exclude_categories=())), st.integers(1, 50))
def test_it_is_never_longer_than_the_limit_and_three_points(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit + 3
    assert shown.endswith("...") or len(text) <= limit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("żółw <br/> ツ 😀 \"';\\", "żółw <br/> ツ 😀 \"';\\"),
        ("one\ntwo\r\nthree\tfour", "one two  three four"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]0;a title\x07after", "␛]0;a title␇after"),
        ("\x9b31m\x7f", "\ufffd31m\ufffd"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u2066b\u2069c\u200bd\u00ade", "abcde"),
        ("half \ud83d", "half \ufffd"),
        ("private \ue000", "private \ufffd"),
        ("no\u00a0break", "no break"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("", ""),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_nothing_can_hide_in_a_sequence_that_has_no_end() -> None:
    """A terminal would swallow what follows; a person who is asked must see it."""
    assert "rm -rf" in clean("\x1b]0;rm -rf /")
    assert "rm -rf" in clean("\x1bPrm -rf /")


def test_a_long_text_is_cut_before_it_is_looked_at() -> None:
    assert clean("x" * 10_000_000) == "x" * MAX_CHARACTERS + "..."
    assert clean("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS


def test_every_control_character_has_a_picture_or_is_a_blank() -> None:
    for number in range(0x20):
        picture = clean(chr(number))
        assert picture == " " or unicodedata.name(picture).startswith("SYMBOL FOR")


# --- the console ---


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(file: io.StringIO) -> str:
    console = open_console(file=file)
    with console.status("working"):
        console.print("[bold red]words[/bold red]", style="green")
    return file.getvalue()


def test_a_terminal_gets_colours_and_movement() -> None:
    assert printed(Terminal()).count("\x1b[") > 2


def test_a_pipe_gets_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(io.StringIO()) == "words\n"


def test_no_color_means_no_escape_sequence_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(Terminal()) == "words\n"


def test_an_empty_no_color_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[" in printed(Terminal())


def test_lines_are_whole_in_a_pipe() -> None:
    file = io.StringIO()
    open_console(file=file).print("word " * 100)
    assert file.getvalue().count("\n") == 1


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    console = open_console(quiet=True)
    with console.status("working"):
        console.print("words")
    assert capfd.readouterr() == ("", "")


def test_standard_error_is_left_to_those_who_ask_for_it(capfd: pytest.CaptureFixture[str]) -> None:
    open_console(stderr=True).print("words")
    assert capfd.readouterr() == ("", f"words{os.linesep}")
