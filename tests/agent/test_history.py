"""What of the past a prompt holds, and that nothing else of it is kept."""

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.dialect import LEFT_OUT
from agent.history import MAX_REPLY, History
from agent.limits import Limits
from agent.model import Message, Request
from agent.models.scripted import ScriptedModel
from agent.run import Agent
from environments.action import Action
from environments.environment import Effect
from environments.frame import Frame
from tests.agent.scenes import DONE, TAP, Told, agent, dotted, say
from tests.screens import PaintedScreen

FRAMES = [Frame.from_image(dotted(number)) for number in range(6)]


@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_the_last_screenshots_are_kept_and_no_others(kept: int) -> None:
    history = History(kept)
    for number, frame in enumerate(FRAMES, 1):
        history.add(f"heading {number}", frame, f"reply {number}", f"report {number}")
        frames = [turn.frame for turn in history.turns]
        past = min(number, kept - 1)  # the present one is the dialect's
        assert frames == [None] * (number - past) + FRAMES[number - past : number]
    assert [turn.heading for turn in history.turns] == [f"heading {number}" for number in range(1, 7)]
    assert [turn.report for turn in history.turns] == [f"report {number}" for number in range(1, 7)]


@pytest.mark.parametrize("length", [0, 1, MAX_REPLY - 1, MAX_REPLY])
def test_a_reply_of_usual_length_is_kept_whole(length: int) -> None:
    history = History()
    history.add("", FRAMES[0], "x" * length, "")
    assert history.turns[0].reply == "x" * length


def test_a_long_reply_is_shortened_and_says_so() -> None:
    history = History()
    history.add("", FRAMES[0], "x" * 10_000_000, "")
    assert history.turns[0].reply == "x" * MAX_REPLY + " [...]"


@pytest.mark.parametrize("kept", [0, -1])
def test_a_prompt_holds_at_least_the_present_screenshot(kept: int) -> None:
    with pytest.raises(ValueError, match="at least the present"):
        History(kept)


@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_the_model_is_shown_the_last_screenshots(kept: int, tmp_path: Path) -> None:
    told = Told(*[TAP] * 5, DONE)
    run = agent(told.lines, PaintedScreen(), tmp_path, limits=Limits(screenshots=kept)).run("count")
    seen = [step.observation.frame for step in run]
    assert len({frame.hash for frame in seen}) == 6
    for number, request in enumerate(told.requests, 1):
        assert request.frames == tuple(seen[max(0, number - kept) : number])


@pytest.mark.parametrize("kept", [1, 2, 4])
def test_a_prompt_is_the_one_before_it_with_more_behind(kept: int, tmp_path: Path) -> None:
    told = Told(TAP, "oops", say("answer", text="hello"), TAP, say("ask", question="who?"), TAP, DONE)
    agent(told.lines, PaintedScreen(), tmp_path, limits=Limits(screenshots=kept)).run("count").wait()
    for before, after in zip(told.requests, told.requests[1:], strict=False):
        assert len(after.messages) == len(before.messages) + 2
        changed = [
            number for number, (old, new) in enumerate(zip(before.messages, after.messages, strict=False)) if old != new
        ]
        assert len(changed) <= 1
        for number in changed:  # but for one screenshot that is left out from now on
            assert after.messages[number] == Message("user", (before.messages[number].parts[0], LEFT_OUT))
        assert after.messages[-2].role == "assistant"
    assert told.requests[-1].messages[0] == told.requests[0].messages[0]


def test_the_reply_in_the_prompt_is_what_the_model_wrote(tmp_path: Path) -> None:
    told = Told("no JSON <|im_end|> \ud800", TAP, DONE)
    agent(told.lines, PaintedScreen(), tmp_path).run("count").wait()
    replies = [str(message.parts[0]) for message in told.requests[-1].messages if message.role == "assistant"]
    assert replies == ["no JSON <|im_end|> \ufffd", TAP]
    json.dumps(replies, ensure_ascii=False).encode()


def test_pixels_that_no_prompt_shows_again_are_not_kept(tmp_path: Path) -> None:
    frames: list[weakref.ref[Frame]] = []
    alive: list[int] = []

    def reply(request: Request) -> str:
        frames.append(weakref.ref(request.frames[-1]))
        del request
        gc.collect()
        alive.append(sum(frame() is not None for frame in frames))
        return TAP

    replies: list[Callable[[Request], str] | str] = [*[reply] * 15, DONE]
    steps = Agent(ScriptedModel(replies), Counting(), out=tmp_path, limits=Limits(steps=40, screenshots=2)).run("count")
    for _ in steps:
        pass
    assert len(frames) == 15
    assert max(alive[10:]) == max(alive[5:10]) <= 6  # two of the prompt, and the last screens that circles are seen by


class Counting(PaintedScreen):
    """A screen that draws the number of actions as dots, each time anew."""

    def __init__(self) -> None:
        self.count = 0
        super().__init__(paint=lambda: dotted(self.count), on_act=self._counted)

    def _counted(self, action: Action) -> Effect | None:
        self.count += 1
        return None
