"""The person: nobody, or functions; only a plain yes is one."""

import threading
from typing import Any

import pytest

from agent.person import Callbacks, Nobody, Person
from environments.action import Action, Tap
from environments.errors import Stopped
from environments.stop import Stop
from tests.screens import PaintedScreen

SEEN = PaintedScreen().observe()
TAP = Tap(x=1, y=2)


def test_nobody_confirms_nothing_and_answers_nothing() -> None:
    person: Person = Nobody()
    assert not person.attended
    assert person.confirm(TAP, SEEN, "why", Stop()) is False
    assert person.answer("who?", Stop()) is None
    person.tell("42")


def test_callbacks_get_what_they_need_to_decide() -> None:
    heard: list[Any] = []

    def confirm(action: Action, reason: str) -> bool:
        heard.append((action, reason))
        return True

    person: Person = Callbacks(confirm=confirm, answer=lambda question: question.upper(), tell=heard.append)
    assert person.attended
    assert person.confirm(TAP, SEEN, "why", Stop()) is True
    assert person.answer("who?", Stop()) == "WHO?"
    person.tell("42")
    assert heard == [(TAP, "why"), "42"]


def test_whoever_only_confirms_has_no_answer() -> None:
    person = Callbacks(confirm=lambda action, reason: True)
    assert person.answer("who?", Stop()) is None
    person.tell("42")


@pytest.mark.parametrize("said", [False, None, 0, 1, "no", "yes", [True]])
def test_only_true_is_a_yes(said: Any) -> None:
    assert Callbacks(confirm=lambda action, reason: said).confirm(TAP, SEEN, "why", Stop()) is False


def test_an_error_in_a_callback_comes_out() -> None:
    person = Callbacks(confirm=lambda action, reason: bool(1 / 0), answer=lambda question: str(1 / 0))
    with pytest.raises(ZeroDivisionError):
        person.confirm(TAP, SEEN, "why", Stop())
    with pytest.raises(ZeroDivisionError):
        person.answer("who?", Stop())


def test_a_question_ends_with_the_stop_signal() -> None:
    asked, release, stop = threading.Event(), threading.Event(), Stop()

    def think() -> bool:
        asked.set()
        return release.wait(60)

    person = Callbacks(confirm=lambda action, reason: think(), answer=lambda question: str(think()))

    def end_it() -> None:
        asked.wait(10)
        stop.set("enough")

    threading.Thread(target=end_it, daemon=True).start()
    with pytest.raises(Stopped, match="enough"):
        person.confirm(TAP, SEEN, "why", stop)
    with pytest.raises(Stopped, match="enough"):
        person.answer("who?", stop)
    release.set()
