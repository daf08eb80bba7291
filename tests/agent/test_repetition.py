"""A run that goes round in circles ends as such; one that gets on does not."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from agent.limits import Limits
from agent.outcome import Outcome
from agent.repetition import Repetition
from environments.environment import Effect
from environments.frame import Frame
from tests.agent.scenes import DONE, TAP, agent, dotted, say, still
from tests.screens import PaintedScreen

PRESS = say("press", key="1")
DOWN = say("scroll", direction="down")
SCREENS = [Frame.from_image(dotted(number)) for number in range(8)]


def first_circle(moves: list[tuple[str, int]]) -> int | None:
    """After how many moves (action, screen) a circle is seen."""
    repetition = Repetition()
    for number, (action, screen) in enumerate(moves, 1):
        if repetition.see(action, SCREENS[screen]):
            return number
    return None


def test_the_same_move_again_and_again_is_a_circle() -> None:
    assert first_circle([("tap", 0)] * 9) == Repetition.SAME
    assert first_circle([("type", 1), ("tap", 2), *[("tap", 0)] * 9]) == 2 + Repetition.SAME
    assert first_circle([("tap", 0)] * (Repetition.SAME - 1)) is None


def test_two_moves_in_turn_are_a_circle() -> None:
    assert first_circle([("open", 0), ("close", 1)] * 9) == 2 * Repetition.ROUNDS
    assert first_circle([("tap", 0), ("tap", 1)] * 9) == 2 * Repetition.ROUNDS
    assert first_circle([("left", 0), ("right", 0)] * 9) == 2 * Repetition.ROUNDS
    assert first_circle([("look", 5), ("open", 0), ("close", 1)] + [("open", 0), ("close", 1)] * 9) == 7


@pytest.mark.parametrize(
    "moves",
    [
        [("tap", number % 8) for number in range(40)],  # the screen goes on
        [("tap", 0), ("tap", 0), ("tap", 0), ("tap", 1)] * 9,
        [("a", 0), ("b", 1), ("c", 2)] * 9,  # three in turn: a form with three fields looks like that
        [(str(number), 0) for number in range(40)],
    ],
)
def test_what_gets_on_is_none(moves: list[tuple[str, int]]) -> None:
    assert first_circle(moves) is None


def test_the_reason_names_the_action_and_is_short() -> None:
    repetition = Repetition()
    reasons = [repetition.see('{"type":"type","text":"' + "x" * 100_000, SCREENS[0]) for _ in range(4)]
    assert reasons[:3] == ["", "", ""]
    assert "same action on the same screen 4 times" in reasons[3]
    assert '"text":"xxx' in reasons[3]
    assert len(reasons[3]) < 300


def test_few_screens_are_remembered() -> None:
    repetition = Repetition()
    for number in range(200):
        repetition.see("tap", SCREENS[number % 8])
    assert len(repetition._screens) <= 3
    assert len(repetition._moves) <= 2 * Repetition.ROUNDS


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2)), max_size=30))
def test_a_circle_is_seen_exactly_when_there_is_one(moves: list[tuple[str, int]]) -> None:
    def is_circle(end: int) -> bool:
        same, rounds = moves[max(0, end - 4) : end], moves[max(0, end - 6) : end]
        in_turn = len(rounds) == 6 and rounds[0:2] == rounds[2:4] == rounds[4:6]
        return (len(same) == 4 and len(set(same)) == 1) or in_turn

    assert first_circle(moves) == next((end for end in range(1, len(moves) + 1) if is_circle(end)), None)


# In a run


def outcome_of(replies: list[str], screen: PaintedScreen, out: Path) -> tuple[Outcome, int]:
    outcome = agent([*replies, DONE], screen, out, limits=Limits(steps=50)).run("win").wait()
    return outcome, len(screen.sent)


def test_a_b_a_b_between_the_same_two_screens_is_a_circle(tmp_path: Path) -> None:
    screen = PaintedScreen(lambda: dotted(len(screen.sent) % 2))
    assert outcome_of([TAP, PRESS] * 5, screen, tmp_path) == (Outcome.LOOP, 5)


def test_another_action_in_between_breaks_a_circle(tmp_path: Path) -> None:
    replies = [TAP, TAP, TAP, PRESS, TAP, TAP, TAP, PRESS, PRESS, DOWN]
    assert outcome_of(replies, PaintedScreen(still()), tmp_path) == (Outcome.SUCCESS, 10)


@pytest.mark.parametrize("reply", [PRESS, DOWN, TAP])
def test_the_same_action_again_is_no_circle_while_the_screen_changes(reply: str, tmp_path: Path) -> None:
    screen = PaintedScreen(lambda: dotted(len(screen.sent)))
    assert outcome_of([reply] * 20, screen, tmp_path) == (Outcome.SUCCESS, 20)


@pytest.mark.parametrize("reply", [PRESS, DOWN])
def test_a_caret_that_blinks_does_not_hide_a_circle(reply: str, tmp_path: Path) -> None:
    def paint() -> Image.Image:
        image = Image.new("RGB", (64, 48), "white")
        if screen.observations % 2:
            ImageDraw.Draw(image).rectangle((20, 10, 21, 30), "black")
        return image

    screen = PaintedScreen(paint)
    assert outcome_of([reply] * 9, screen, tmp_path) == (Outcome.LOOP, 3)


def test_the_action_that_closes_the_circle_is_not_sent_and_the_step_says_why(tmp_path: Path) -> None:
    run = agent([TAP] * 9, PaintedScreen(still()), tmp_path).run("win")
    *_, last = run
    assert run.outcome is Outcome.LOOP
    assert last.effects == (Effect("not_sent", run.reason),)
    assert last.error == run.reason
