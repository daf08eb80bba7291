"""A run can be ended at any moment, from anywhere, and nothing is sent afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.model import Interruptible, Message, Reply, Request
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from agent.person import Callbacks
from agent.run import Agent, Run
from environments.action import Wait
from environments.environment import Effect, Settled
from environments.errors import Stopped
from environments.stop import Stop
from tests.agent.scenes import DONE, TAP, DeafModel, FailingScreen, RaisingModel, agent, say
from tests.screens import PaintedScreen

ROOT = Path(__file__).parents[2]
WAIT = say("wait", seconds=60)
SOON = 0.5
"""Seconds. What is promised is 0.25; a busy machine may take longer to wake a thread."""


class NeverStill(PaintedScreen):
    """Settling waits for the stop signal."""

    def __init__(self) -> None:
        super().__init__()
        self.settling = threading.Event()

    def settle(self, stop: Stop | None = None) -> Settled:
        assert stop is not None
        self.settling.set()
        stop.wait(60)
        return super().settle(stop)


def stopped_after(run: Run, sign: Callable[[], bool], end: Callable[[], object]) -> float:
    """Take all steps; call `end` in another thread as soon as `sign` is there. Seconds from then to the end."""
    called: list[float] = []

    def wait_and_end() -> None:
        while not sign():
            time.sleep(0.002)
        called.append(time.perf_counter())
        end()

    thread = threading.Thread(target=wait_and_end, daemon=True)
    thread.start()
    run.wait()
    ended = time.perf_counter()
    thread.join(10)
    return ended - called[0]


def check_stopped(run: Run, seconds: float, reason: str) -> None:
    assert run.outcome is Outcome.STOPPED
    assert run.reason == reason
    assert run.episode.outcome is Outcome.STOPPED
    assert seconds < SOON


def test_while_the_model_thinks_and_does_not_listen(tmp_path: Path) -> None:
    model, screen = DeafModel(), PaintedScreen()
    run = Agent(model, screen, out=tmp_path).run("win")
    seconds = stopped_after(run, model.asked.is_set, run.stop)
    check_stopped(run, seconds, "stop was asked for")
    journal = (run.folder / "journal.jsonl").read_bytes()
    (step,) = run.episode
    assert (step.reply, step.acts, step.error) == (None, (), "stop was asked for")

    model.release.set()
    model.thread.join(10)
    assert not model.thread.is_alive()
    assert screen.sent == []
    assert (run.folder / "journal.jsonl").read_bytes() == journal
    assert list(run) == []


def test_what_is_still_in_flight_at_the_end_is_told_to_stop(tmp_path: Path) -> None:
    """A Ctrl-C, say, comes without a stop signal of its own."""
    model = DeafModel()
    model.release.set()
    run = Agent(model, FailingScreen("act", 1, KeyboardInterrupt()), out=tmp_path).run("win")
    next(run)
    assert not model.stop.is_set()
    assert run.wait() is Outcome.STOPPED
    assert model.stop.is_set()


def test_a_model_that_was_left_can_be_asked_again_in_another_run(tmp_path: Path) -> None:
    model = DeafModel()
    first = Agent(model, PaintedScreen(), out=tmp_path).run("win")
    stopped_after(first, model.asked.is_set, first.stop)
    model.release.set()
    second = Agent(model, PaintedScreen(), out=tmp_path).run("win")
    assert next(second).reply == Reply(TAP)
    with second:
        pass


def test_while_an_action_waits(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([WAIT, TAP], screen, tmp_path).run("win")
    seconds = stopped_after(run, lambda: bool(screen.sent), lambda: run.stop("enough"))
    check_stopped(run, seconds, "enough")
    assert screen.sent == [Wait(seconds=60)]
    (step,) = run.episode
    assert step.effects == (Effect("unknown", "enough"),)


def test_while_the_screen_settles(tmp_path: Path) -> None:
    screen = NeverStill()
    run = agent([TAP, TAP], screen, tmp_path).run("win")
    seconds = stopped_after(run, screen.settling.is_set, run.stop)
    check_stopped(run, seconds, "stop was asked for")
    assert len(screen.sent) == 1
    assert run.episode[0].effects == (Effect("done"),)
    assert run.episode[0].settled == ()


@pytest.mark.parametrize("question", [TAP, say("ask", question="who?")])
def test_while_the_person_thinks(question: str, tmp_path: Path) -> None:
    asked, release = threading.Event(), threading.Event()

    def think() -> bool:
        asked.set()
        return release.wait(60)

    screen = PaintedScreen(private=False)
    person = Callbacks(confirm=lambda action, reason: think(), answer=lambda question: str(think()))
    run = agent([question, DONE], screen, tmp_path, person=person).run("win")
    seconds = stopped_after(run, asked.is_set, run.stop)
    release.set()
    check_stopped(run, seconds, "stop was asked for")
    assert screen.sent == []
    assert all(effect.status == "not_sent" for effect in run.episode[0].effects)


def test_by_a_stop_file(tmp_path: Path) -> None:
    model, file = DeafModel(), tmp_path / "stop"
    run = Agent(model, PaintedScreen(), out=tmp_path / "out", stop_file=file).run("win")
    seconds = stopped_after(run, model.asked.is_set, file.touch)
    model.release.set()
    check_stopped(run, seconds, f"the stop file {file} exists")


def test_a_stop_file_that_is_there_already_lets_nothing_begin(tmp_path: Path) -> None:
    file = tmp_path / "stop"
    file.touch()
    screen = PaintedScreen()
    run = agent([TAP, DONE], screen, tmp_path / "out", stop_file=str(file)).run("win")
    assert run.wait() is Outcome.STOPPED
    assert (screen.sent, run.taken, len(run.episode)) == ([], 0, 0)


def test_before_it_began(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([TAP, DONE], screen, tmp_path).run("win")
    run.stop("changed my mind")
    assert run.wait() is Outcome.STOPPED
    assert run.reason == "changed my mind"
    assert (screen.sent, run.taken) == ([], 0)


def test_between_two_steps(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([TAP, TAP, DONE], screen, tmp_path).run("win")
    first = next(run)
    run.stop("one is enough")
    run.stop("the first reason stays")
    assert list(run) == []
    assert (run.outcome, run.reason) == (Outcome.STOPPED, "one is enough")
    assert list(run.episode) == [first]
    assert len(screen.sent) == 1


def test_after_the_end_it_changes_nothing(tmp_path: Path) -> None:
    run = agent([DONE], PaintedScreen(), tmp_path).run("win")
    assert run.wait() is Outcome.SUCCESS
    run.stop()
    with run:
        pass
    assert list(run) == []
    assert run.outcome is run.episode.outcome is Outcome.SUCCESS


# Leaving the context manager


def test_leaving_ends_the_run(tmp_path: Path) -> None:
    screen = PaintedScreen()
    with agent([TAP, TAP, DONE], screen, tmp_path).run("win") as run:
        first = next(run)
    assert (run.outcome, run.reason) == (Outcome.STOPPED, "the run was left before its end")
    assert run.episode.outcome is Outcome.STOPPED
    assert list(run.episode) == [first]
    assert list(run) == []
    assert run.outcome is Outcome.STOPPED
    assert len(screen.sent) == 1


def test_leaving_before_it_began(tmp_path: Path) -> None:
    screen = PaintedScreen()
    with agent([TAP, DONE], screen, tmp_path).run("win") as run:
        pass
    assert run.outcome is run.episode.outcome is Outcome.STOPPED
    assert list(run) == []
    assert (screen.sent, screen.observations) == ([], 0)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_leaving_by_an_error_of_ones_own(error: type[BaseException], tmp_path: Path) -> None:
    run = agent([TAP, TAP, DONE], PaintedScreen(), tmp_path).run("win")

    def leave() -> None:
        with run:
            next(run)
            raise error

    with pytest.raises(error):
        leave()
    assert run.outcome is run.episode.outcome is Outcome.STOPPED


def test_leaving_while_another_thread_takes_the_steps(tmp_path: Path) -> None:
    model, screen = DeafModel(), PaintedScreen()
    with Agent(model, screen, out=tmp_path).run("win") as run:
        thread = threading.Thread(target=run.wait)
        thread.start()
        assert model.asked.wait(10)
        started = time.perf_counter()
    assert time.perf_counter() - started < SOON
    thread.join(10)
    model.release.set()
    assert run.outcome is run.episode.outcome is Outcome.STOPPED
    assert len(run.episode) == 1


def test_leaving_after_the_end_keeps_the_outcome(tmp_path: Path) -> None:
    with agent([DONE], PaintedScreen(), tmp_path).run("win") as run:
        run.wait()
    assert run.outcome is run.episode.outcome is Outcome.SUCCESS


# Ctrl-C


@pytest.mark.parametrize(
    ("model", "screen", "sent"),
    [
        (RaisingModel(KeyboardInterrupt()), PaintedScreen(), 0),
        (ScriptedModel([TAP, DONE]), FailingScreen("observe", 1, KeyboardInterrupt()), 0),
        (ScriptedModel([TAP, DONE]), FailingScreen("observe", 2, KeyboardInterrupt()), 1),
        (ScriptedModel([TAP, DONE]), FailingScreen("act", 1, KeyboardInterrupt()), 1),
        (ScriptedModel([TAP, DONE]), FailingScreen("settle", 1, KeyboardInterrupt()), 1),
    ],
)
def test_ctrl_c_anywhere_is_a_stop(
    model: RaisingModel | ScriptedModel, screen: PaintedScreen, sent: int, tmp_path: Path
) -> None:
    run = Agent(model, screen, out=tmp_path).run("win")
    steps = list(run)
    assert (run.outcome, run.reason) == (Outcome.STOPPED, "interrupted from the keyboard")
    assert run.episode.outcome is Outcome.STOPPED
    assert list(run.episode) == steps
    assert all(step.error == "interrupted" for step in steps)
    assert len(screen.sent) == sent


def test_ctrl_c_while_the_person_is_asked(tmp_path: Path) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    screen = PaintedScreen(private=False)
    person = Callbacks(confirm=lambda action, reason: interrupt())
    run = agent([TAP, DONE], screen, tmp_path, person=person).run("win")
    (step,) = run
    assert run.outcome is Outcome.STOPPED
    assert step.effects == (Effect("not_sent", "interrupted"),)
    assert screen.sent == []


PROGRAM = """
import sys
from pathlib import Path
from agent.run import Agent
from tests.agent.scenes import DeafModel
from tests.screens import PaintedScreen

class Model(DeafModel):
    def complete(self, request, stop):
        print("asked", flush=True)
        return super().complete(request, stop)

run = Agent(Model(), PaintedScreen(), out=Path(sys.argv[1])).run("win")
print(run.wait(), run.taken, run.reason, flush=True)
"""


def test_a_real_ctrl_c_while_the_model_thinks(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "asked\n"
        started = time.perf_counter()
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "stopped 1 interrupted from the keyboard\n"
        assert time.perf_counter() - started < SOON
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# The wrapper that lets go of a model


def test_an_interruptible_model_hands_everything_on() -> None:
    requests: list[Request] = []
    model = Interruptible(ScriptedModel([lambda request: requests.append(request) or "hello"], name="echo"))  # type: ignore[func-returns-value]
    request = Request((Message("user", ("hi",)),))
    model.prepare(request)
    assert model.name == "echo"
    assert model.complete(request, Stop()).text == "hello"
    assert requests == [request]
    model.close()


def test_a_stop_before_the_call_asks_nobody() -> None:
    model, stop = DeafModel(), Stop()
    stop.set("no")
    with pytest.raises(Stopped, match="no"):
        Interruptible(model).complete(Request(()), stop)
    assert not model.asked.is_set()
