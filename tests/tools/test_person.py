"""The person at a terminal, which here is a pseudo-terminal with this test at its other end."""

import contextlib
import io
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from PIL import Image

from environments.action import Tap, Type
from environments.errors import Stopped
from environments.frame import Frame
from environments.geometry import Screen
from environments.observation import Observation, Window
from environments.stop import Stop
from tests.tools.command import wait_until
from tools.person import TerminalPerson
from tools.show import Show
from tools.terminal import open_console

T = TypeVar("T")
END_OF_INPUT = "\x04"


class Desk:
    """A terminal with a person of ours behind it. `screen` is what the person has read so far."""

    def __init__(self, person: TerminalPerson, keyboard: int) -> None:
        self.person = person
        self.screen = ""
        self._keyboard = keyboard

    @property
    def words(self) -> str:
        """The screen without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.screen)

    def types(self, text: str | bytes) -> None:
        os.write(self._keyboard, text.encode() if isinstance(text, str) else text)

    def reads(self) -> None:
        """In a thread: whatever appears."""
        with contextlib.suppress(OSError):  # the terminal was closed
            while data := os.read(self._keyboard, 4096):
                self.screen += data.decode(errors="replace")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", closefd=False) as stdout, os.fdopen(theirs, "r", closefd=False) as stdin:
        console = open_console(file=stdout)
        desk = Desk(TerminalPerson(console, Show(console), stdin), ours)
        reader = threading.Thread(target=desk.reads, daemon=True)
        reader.start()
        yield desk
    os.close(theirs)
    reader.join(5)
    os.close(ours)


def seen(app: str = "Editor", title: str = "Notes") -> Observation:
    return Observation(Frame.from_image(Image.new("RGB", (4, 4))), Screen(0, 0, 4, 4), ":9", Window("0x1", app, title))


def asked(desk: Desk, question: Callable[[Stop], T], prompt: str, *typed: str | bytes) -> T:
    """The result of a question to which `typed` is the answer, given when the prompt is there."""
    answers: list[T] = []
    thread = threading.Thread(target=lambda: answers.append(question(Stop())), daemon=True)
    thread.start()
    wait_until(lambda: prompt in desk.screen, 10)
    for text in typed:
        desk.types(text)
    thread.join(10)
    assert answers, desk.screen
    return answers[0]


def confirms(desk: Desk, *typed: str | bytes) -> bool:
    return asked(desk, lambda stop: desk.person.confirm(Tap(x=1, y=2), seen(), "why", stop), "[y/N] ", *typed)


@pytest.mark.parametrize("typed", ["y\n", "Y\n", "yes\n", "YES\n", "  y  \n"])
def test_yes(desk: Desk, typed: str) -> None:
    assert confirms(desk, typed)


@pytest.mark.parametrize("typed", ["\n", "n\n", "no\n", "yy\n", "yes please\n", "j\n", "да\n", "y y\n", b"\xff\xfe\n"])
def test_everything_else_is_a_no(desk: Desk, typed: str | bytes) -> None:
    assert not confirms(desk, typed)


def test_the_end_of_input_is_a_no(desk: Desk) -> None:
    assert not confirms(desk, END_OF_INPUT)


def test_half_a_line_is_no_answer_yet(desk: Desk) -> None:
    assert not confirms(desk, "y", "es, but no", "\n")


def test_a_yes_from_before_the_question_does_not_answer_it(desk: Desk) -> None:
    desk.types("y\n")
    wait_until(lambda: "y" in desk.screen)
    assert not confirms(desk, "n\n")


def test_one_yes_answers_one_question(desk: Desk) -> None:
    assert confirms(desk, "y\ny\n")
    desk.screen = ""
    assert not confirms(desk, "n\n")


def test_the_question_shows_the_action_the_window_and_the_reason(desk: Desk) -> None:
    action = Type(text="rm -rf /\n\x1b]0;")
    hostile = seen("Edi\u202etor", "a\x1b[2Jb")
    asked(desk, lambda stop: desk.person.confirm(action, hostile, "your own screen", stop), "[y/N] ", "n\n")
    assert 'may I type "rm -rf /↵␛]0;"?' in desk.words
    assert "in front: Editor - a␛[2Jb; your own screen" in desk.words
    assert "\x1b]" not in desk.screen
    assert "\x1b[2J" not in desk.screen


def test_without_a_window_the_question_says_so(desk: Desk) -> None:
    bare = Observation(Frame.from_image(Image.new("RGB", (4, 4))), Screen(0, 0, 4, 4), ":9")
    asked(desk, lambda stop: desk.person.confirm(Tap(x=1, y=1), bare, "why", stop), "[y/N] ", "\n")
    assert "in front: no window; why" in desk.screen


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("42\n", "42"), ("żółw ツ\n", "żółw ツ"), ("\n", ""), ("  two  words \n", "  two  words "), (END_OF_INPUT, None)],
)
def test_an_answer_is_the_line_as_it_was_typed(desk: Desk, typed: str, answer: str | None) -> None:
    assert asked(desk, lambda stop: desk.person.answer("How many?", stop), "> ", typed) == answer
    assert "the model asks: How many?" in desk.words


def test_a_stop_ends_the_question(desk: Desk) -> None:
    stop = Stop()
    ended: list[float] = []

    def ask() -> None:
        with pytest.raises(Stopped, match="enough"):
            desk.person.confirm(Tap(x=1, y=2), seen(), "why", stop)
        ended.append(time.monotonic())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    wait_until(lambda: "[y/N]" in desk.screen)
    began = time.monotonic()
    stop.set("enough")
    thread.join(10)
    assert ended[0] - began < 1


def test_what_the_model_says_is_shown(desk: Desk) -> None:
    desk.person.tell("It is \x1b[31m408.")
    wait_until(lambda: "says: It is ␛[31m408." in desk.words)


# --- when nobody is there ---


def test_a_terminal_is_attended(desk: Desk) -> None:
    assert desk.person.attended


def test_without_a_terminal_nobody_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when the questions would go to a file, nor when the answers would come from one."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # says something about colours, and nothing about people
    to_file = open_console(file=io.StringIO())
    to_terminal = desk.person._console
    for console, stdin in [(to_file, desk.person._stdin), (to_terminal, io.StringIO("y\n"))]:
        person = TerminalPerson(console, Show(console), stdin)
        assert not person.attended
        assert not person.confirm(Tap(x=1, y=1), seen(), "why", Stop())
        assert person.answer("How many?", Stop()) is None


def test_a_closed_standard_input_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    console = open_console(file=io.StringIO())
    person = TerminalPerson(console, Show(console))
    assert not person.attended
    assert not person.confirm(Tap(x=1, y=1), seen(), "why", Stop())
