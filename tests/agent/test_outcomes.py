"""Every way in which a run can end, each reached by a scenario; and that no other way leads to success."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelUnavailable
from agent.limits import Limits
from agent.model import Model
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from agent.person import Callbacks
from agent.run import Agent
from environments.errors import CaptureFailed, DeviceLost
from tests.agent.scenes import DONE, TAP, DeafModel, FailingScreen, RaisingModel, agent, finish, say, still
from tests.screens import PaintedScreen

LOST, UNSEEN = DeviceLost("gone"), CaptureFailed("no picture")


@dataclass(frozen=True)
class Scenario:
    """How a run ends, a part of the reason, how many actions reach the screen, and what it is made of."""

    outcome: Outcome
    reason: str
    sent: int
    model: list[str] | Model
    screen: Callable[[], PaintedScreen] = PaintedScreen
    options: dict[str, Any] = field(default_factory=dict)


SCENARIOS = {
    "success": Scenario(Outcome.SUCCESS, "it is done", 1, [TAP, DONE]),
    "success at once": Scenario(Outcome.SUCCESS, "it is done", 0, [DONE]),
    "failure": Scenario(Outcome.FAILURE, "no such file", 1, [TAP, finish("failure", "no such file")]),
    "impossible": Scenario(Outcome.IMPOSSIBLE, "", 0, [finish("impossible", "")]),
    "step limit": Scenario(Outcome.STEP_LIMIT, "3 steps", 3, [TAP] * 9, options={"limits": Limits(steps=3)}),
    "a model that never answers": Scenario(
        Outcome.TIME_LIMIT, "time is up", 0, DeafModel(), options={"limits": Limits(seconds=0.2)}
    ),
    "an action that takes too long": Scenario(
        Outcome.TIME_LIMIT, "time is up", 1, [say("wait", seconds=60)], options={"limits": Limits(seconds=0.5)}
    ),
    "the same action on the same screen": Scenario(
        Outcome.LOOP, "same action", 3, [TAP] * 9, lambda: PaintedScreen(still())
    ),
    "the policy": Scenario(
        Outcome.BLOCKED, "nobody is here to confirm", 0, [TAP, DONE], lambda: PaintedScreen(private=False)
    ),
    "the person": Scenario(
        Outcome.BLOCKED, "declined 3 actions", 0, [TAP] * 9, lambda: PaintedScreen(private=False),
        {"person": Callbacks(confirm=lambda action, reason: False)},
    ),
    "lost at the first look": Scenario(
        Outcome.DEVICE_LOST, "gone", 0, [TAP, DONE], lambda: FailingScreen("observe", 1, LOST)
    ),
    "lost at a later look": Scenario(
        Outcome.DEVICE_LOST, "gone", 1, [TAP, DONE], lambda: FailingScreen("observe", 2, LOST)
    ),
    "lost while acting": Scenario(
        Outcome.DEVICE_LOST, "gone", 2, [TAP, TAP, DONE], lambda: FailingScreen("act", 2, LOST)
    ),
    "lost while settling": Scenario(
        Outcome.DEVICE_LOST, "gone", 1, [TAP, DONE], lambda: FailingScreen("settle", 1, LOST)
    ),
    "no first screenshot": Scenario(
        Outcome.CAPTURE_FAILED, "no picture", 0, [TAP, DONE], lambda: FailingScreen("observe", 1, UNSEEN)
    ),
    "no later screenshot": Scenario(
        Outcome.CAPTURE_FAILED, "no picture", 2, [TAP] * 3, lambda: FailingScreen("observe", 3, UNSEEN)
    ),
    "no screenshot while acting": Scenario(
        Outcome.CAPTURE_FAILED, "no picture", 1, [TAP, DONE], lambda: FailingScreen("act", 1, UNSEEN)
    ),
    "no screenshot while settling": Scenario(
        Outcome.CAPTURE_FAILED, "no picture", 1, [TAP, DONE], lambda: FailingScreen("settle", 1, UNSEEN)
    ),
    "a model that cannot answer": Scenario(
        Outcome.MODEL_UNAVAILABLE, "401", 0, RaisingModel(ModelUnavailable("401"))
    ),
    "a script at its end": Scenario(Outcome.MODEL_UNAVAILABLE, "asked for another", 2, [TAP, TAP]),
    "replies without sense": Scenario(Outcome.MODEL_INVALID, "3 replies in a row", 1, [TAP, "a", "b", "c", TAP]),
    "replies without sense, at once": Scenario(
        Outcome.MODEL_INVALID, "1 replies in a row", 0, ["a", TAP], options={"limits": Limits(malformed=0)}
    ),
    "interrupted": Scenario(
        Outcome.STOPPED, "keyboard", 1, [TAP, TAP], lambda: FailingScreen("settle", 1, KeyboardInterrupt())
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_ends_as_it_should(name: str, tmp_path: Path) -> None:
    scene = SCENARIOS[name]
    screen = scene.screen()
    model = ScriptedModel(scene.model) if isinstance(scene.model, list) else scene.model
    run = Agent(model, screen, out=tmp_path, **scene.options).run("win")
    steps = list(run)
    assert run.outcome is scene.outcome
    assert scene.reason in run.reason
    assert len(screen.sent) == scene.sent
    assert run.taken == len(steps)
    assert run.episode.outcome is scene.outcome
    assert run.episode.reason == run.reason
    assert list(run.episode) == steps


def test_where_nothing_can_be_recorded_the_run_ends(tmp_path: Path) -> None:
    def put_a_file_in_the_way(action: object) -> None:
        frames = run.folder / "frames"
        frames.rename(run.folder / "elsewhere")
        frames.write_text("in the way")

    screen = PaintedScreen(on_act=put_a_file_in_the_way)
    run = agent([TAP, TAP, DONE], screen, tmp_path).run("win")
    assert run.wait() is Outcome.RECORDER_FAILED
    assert "cannot record" in run.reason
    assert len(screen.sent) == 1


def test_every_outcome_is_reached() -> None:
    reached = {scene.outcome for scene in SCENARIOS.values()} | {Outcome.RECORDER_FAILED}  # the test above
    assert reached == set(Outcome)


@pytest.mark.parametrize(
    "reply",
    [
        say("type", text='{"action": "finish", "status": "success"}'),
        say("type", text="success: the task is done. finish()"),
        say("answer", text="success"),
        say("ask", question="finish?"),
        say("launch", "now I finish with success", app="finish"),
        '"finish"',
        "finish",
        "success",
        '{"status": "success"}',
        finish("Success"),
        finish() + finish(),
        "Done. " + finish(),
        finish() + " I am done.",
        finish()[:-1],
        say("finish", status="success", message="x", extra=1),
    ],
)
def test_only_a_well_formed_finish_is_success(reply: str, tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([reply, finish("failure", "no")], screen, tmp_path).run("write success")
    steps = list(run)
    assert run.outcome is Outcome.FAILURE
    assert len(steps) == 2
    assert all(action.type in ("type", "launch") for action in screen.sent)


def test_a_stop_that_comes_with_the_finish_is_still_a_stop(tmp_path: Path) -> None:
    """The model's answer came too late: nobody read it."""
    model = DeafModel()
    run = Agent(model, PaintedScreen(), out=tmp_path, limits=Limits(seconds=0.1)).run("win")
    (step,) = run
    model.release.set()
    assert run.outcome is Outcome.TIME_LIMIT
    assert step.reply is None
    assert step.error == "the time is up"
