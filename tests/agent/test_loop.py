"""The loop: what it does with each kind of reply, what the model is told about it, and where it goes round."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.decision import Finish
from agent.dialects.handeye_json import HandeyeJson
from agent.episode import Step
from agent.limits import Limits
from agent.model import Reply
from agent.outcome import Outcome
from agent.person import Callbacks
from agent.run import Agent
from environments.action import Scroll, Tap, Type
from environments.environment import Effect
from environments.errors import CaptureFailed, DeviceLost, InvalidAction, Stopped
from tests.agent.scenes import DONE, TAP, FailingScreen, RaisingModel, Told, agent, finish, say, still, words
from tests.screens import PaintedScreen

PRESS = say("press", key="1")
DOWN = say("scroll", direction="down")


def test_a_run_observes_asks_acts_and_looks_again(tmp_path: Path) -> None:
    told = Told(TAP, say("type", "a field", text="hello"), DONE)
    screen = PaintedScreen()
    run = agent(told.lines, screen, tmp_path).run("say hello")
    steps = list(run)
    assert screen.sent == [Tap(x=160, y=100), Type(text="hello")]
    assert [step.acts for step in steps] == [
        (Tap(x=160, y=100),), (Type(text="hello"),), (Finish("success", "it is done"),)
    ]  # fmt: skip
    assert [step.thought for step in steps] == ["the button", "a field", ""]
    assert [step.index for step in steps] == [0, 1, 2]
    assert [step.effects for step in steps] == [(Effect("done"),), (Effect("done"),), ()]
    assert [len(step.settled) for step in steps] == [1, 1, 0]
    assert [request.frames for request in told.requests] == [(step.observation.frame,) for step in steps]
    assert len({step.observation.id for step in steps}) == screen.observations == 3


def test_the_model_gets_the_goal_the_grammar_and_the_limit_of_tokens(tmp_path: Path) -> None:
    told = Told(DONE)
    screen = PaintedScreen(actions=frozenset({"tap", "wait"}))
    agent(told.lines, screen, tmp_path, limits=Limits(tokens=77)).run("żółw 😀").wait()
    (request,) = told.requests
    assert request.grammar == HandeyeJson().grammar(screen.capabilities)
    assert request.sampling.max_tokens == 77
    assert words(request) == "The goal: żółw 😀\nIn front: Painting - A painted screen"


@pytest.mark.parametrize(
    ("screen", "reply", "said"),
    [
        (PaintedScreen(), TAP, "The action was carried out."),
        (PaintedScreen(still()), TAP, "The action was carried out, but the screen did not change."),
        (
            PaintedScreen(on_act=lambda action: Effect("done", note="the clipboard was used")),
            TAP,
            "The action was carried out. Note: the clipboard was used.",
        ),
        (
            PaintedScreen(still(), on_act=lambda action: Effect("done", note="the clipboard was used")),
            TAP,
            "The action was carried out, but the screen did not change. Note: the clipboard was used.",
        ),
        (
            PaintedScreen(on_act=lambda action: Effect("not_sent", "the window moved")),
            TAP,
            "The action was not carried out: the window moved.",
        ),
        (
            PaintedScreen(on_act=lambda action: Effect("unknown", "the cable was pulled")),
            TAP,
            "It is not known whether the action was carried out (the cable was pulled). Look before you repeat it.",
        ),
        (FailingScreen("act", 1, InvalidAction("no such key")), TAP, "The action was not carried out: no such key."),
        (PaintedScreen(), say("answer", text="42"), "The person was told."),
        (PaintedScreen(), say("ask", question="who?"), "Nobody is there to answer."),
        (PaintedScreen(), "tap it", "Your reply could not be used: the reply does not begin with {; reply with"),
        (PaintedScreen(), say("fly"), "Your reply could not be used: there is no action 'fly'."),
        (PaintedScreen(), say("tap", x=1001, y=0), "Your reply could not be used: x: Input should be less than or"),
    ],
)
def test_the_model_is_told_what_became_of_its_reply(
    screen: PaintedScreen, reply: str, said: str, tmp_path: Path
) -> None:
    told = Told(reply, DONE)
    assert agent(told.lines, screen, tmp_path).run("win").wait() is Outcome.SUCCESS
    assert words(told.requests[1]).startswith(said)
    assert words(told.requests[1]).endswith("\nIn front: Painting - A painted screen")
    assert told.requests[1].messages[-2].parts == (reply,)


def test_an_action_with_an_unknown_effect_is_not_sent_again(tmp_path: Path) -> None:
    screen = PaintedScreen(on_act=lambda action: Effect("unknown", "no answer"))
    run = agent([TAP, DONE], screen, tmp_path).run("win")
    first = next(run)
    assert run.wait() is Outcome.SUCCESS
    assert len(screen.sent) == 1
    assert first.effects == (Effect("unknown", "no answer"),)
    assert len(first.settled) == 1  # something may have happened: look when it is over


def test_what_was_not_sent_is_not_waited_for(tmp_path: Path) -> None:
    run = agent([TAP, DONE], PaintedScreen(on_act=lambda action: Effect("not_sent", "no")), tmp_path).run("win")
    first = next(run)
    assert (first.effects, first.settled, first.error) == ((Effect("not_sent", "no"),), (), "")


@pytest.mark.parametrize("error", [DeviceLost("gone"), CaptureFailed("blind"), Stopped("now"), KeyboardInterrupt()])
def test_an_error_in_the_middle_of_an_action_leaves_its_effect_unknown(error: BaseException, tmp_path: Path) -> None:
    screen = FailingScreen("act", 1, error)
    run = agent([TAP, DONE], screen, tmp_path).run("win")
    (step,) = run
    assert step.effects == (Effect("unknown", str(error) or "interrupted"),)
    assert step.error == (str(error) or "interrupted")
    assert step.acts == (Tap(x=160, y=100),)
    assert len(screen.sent) == 1


def test_bad_replies_are_sent_back_and_a_good_one_starts_the_count_again(tmp_path: Path) -> None:
    told = Told("a", "b", TAP, "c", "d", TAP, "e", "f", DONE)
    screen = PaintedScreen()
    run = agent(told.lines, screen, tmp_path).run("win")
    steps = list(run)
    assert run.outcome is Outcome.SUCCESS
    assert len(screen.sent) == 2
    assert screen.observations == 3  # a bad reply is no reason to look again
    assert [bool(step.error) for step in steps] == [True, True, False, True, True, False, True, True, False]
    assert steps[0].reply == Reply("a", image_sizes=((320, 200),))  # type: ignore[arg-type]
    assert all(not step.acts and not step.effects for step in steps if step.error)


def test_the_end_by_bad_replies_names_the_last_reason(tmp_path: Path) -> None:
    run = agent(["a", "[1]", say("fly")], PaintedScreen(), tmp_path).run("win")
    steps = list(run)
    assert run.outcome is Outcome.MODEL_INVALID
    assert run.reason.startswith("3 replies in a row could not be used: there is no action 'fly'")
    assert "a list" in steps[1].error
    assert "fly" in steps[2].error


# The person


def test_the_person_confirms_answers_and_is_told(tmp_path: Path) -> None:
    heard: list[Any] = []
    person = Callbacks(
        confirm=lambda action, reason: not heard.append((action, reason)),  # type: ignore[func-returns-value]
        answer=lambda question: heard.append(question) or "the red one",  # type: ignore[func-returns-value]
        tell=heard.append,
    )
    screen = PaintedScreen(private=False)
    told = Told(say("ask", question="Which?"), DOWN, say("answer", text="found"), DONE)
    assert agent(told.lines, screen, tmp_path, person=person).run("win").wait() is Outcome.SUCCESS
    assert heard == ["Which?", (Scroll(direction="down"), "this acts on your own screen, painted"), "found"]
    assert screen.sent == [Scroll(direction="down")]
    assert words(told.requests[1]).startswith("The person answers: the red one\n")


def test_a_yes_in_between_starts_the_count_of_declined_actions_again(tmp_path: Path) -> None:
    answers: Iterator[bool] = iter([False, False, True, False, False, True])
    person = Callbacks(confirm=lambda action, reason: next(answers))
    screen = PaintedScreen(private=False)
    told = Told(TAP, PRESS, DOWN, TAP, PRESS, DOWN, DONE)
    run = agent(told.lines, screen, tmp_path, person=person).run("win")
    assert run.wait() is Outcome.SUCCESS
    assert screen.sent == [Scroll(direction="down")] * 2
    assert words(told.requests[1]).startswith("The action was not carried out: the person declined.")


def test_what_the_policy_denies_is_not_sent_and_the_step_says_why(tmp_path: Path) -> None:
    screen = PaintedScreen(private=False)
    run = agent([TAP, DONE], screen, tmp_path).run("win")
    (step,) = run
    assert run.outcome is Outcome.BLOCKED
    assert step.effects == (Effect("not_sent", "painted is a person's own screen, and nobody is here to confirm"),)
    assert step.error == run.reason == step.effects[0].reason
    assert screen.sent == []


# Errors that are bugs


class Bug(Exception):
    """Something that nobody expects."""


@pytest.mark.parametrize("verb", ["observe", "act", "settle"])
def test_a_bug_in_an_environment_comes_out_and_the_episode_stays_readable(verb: str, tmp_path: Path) -> None:
    screen = FailingScreen(verb, 2, Bug("oh"))
    run = agent([TAP, TAP, DONE], screen, tmp_path).run("win")
    steps: list[Step] = []
    with pytest.raises(Bug, match="oh"):
        steps.extend(run)
    check_given_up(run, steps)


def test_a_bug_in_a_model_a_dialect_a_policy_or_a_person_comes_out(tmp_path: Path) -> None:
    def fail(*anything: Any, **more: Any) -> Any:
        raise Bug("oh")

    class Broken(HandeyeJson):
        parse = fail

    class Judge:
        judge = fail

    agents = [
        Agent(RaisingModel(Bug("oh")), PaintedScreen(), out=tmp_path),
        agent([TAP], PaintedScreen(), tmp_path, dialect=Broken()),
        agent([TAP], PaintedScreen(), tmp_path, policy=Judge()),
        agent([TAP], PaintedScreen(private=False), tmp_path, person=Callbacks(confirm=fail)),
        agent([say("ask", question="?")], PaintedScreen(), tmp_path, person=Callbacks(confirm=fail, answer=fail)),
        agent([say("answer", text="!")], PaintedScreen(), tmp_path, person=Callbacks(confirm=fail, tell=fail)),
    ]
    for broken in agents:
        run = broken.run("win")
        with pytest.raises(Bug, match="oh"):
            next(run)
        check_given_up(run, [])


def check_given_up(run: Any, steps: list[Any]) -> None:
    """No outcome is invented, no step is lost, and the one in the making is readable as far as it came."""
    assert run.outcome is None
    assert list(run) == []
    with pytest.raises(RuntimeError, match="given up"):
        run.wait()
    with run:
        pass
    assert run.outcome is None
    episode = run.episode
    assert episode.outcome is None
    assert list(episode)[: len(steps)] == steps
    assert len(episode) <= len(steps) + 1
    assert all(step.error == "the recording ends within this step" for step in list(episode)[len(steps) :])


def test_a_finish_that_is_typed_at_the_last_step_is_the_limit_of_steps(tmp_path: Path) -> None:
    run = agent([say("type", text=finish())] * 3, PaintedScreen(), tmp_path, limits=Limits(steps=2)).run("win")
    assert run.wait() is Outcome.STEP_LIMIT
    assert run.taken == 2
