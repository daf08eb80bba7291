"""The parts of `handeye run` that need no process of their own."""

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from environments.registry import InvalidOption
from tests.screens import PaintedScreen
from tests.tools.command import SUCCESS, objects, script
from tools import running
from tools.config import ConfigError, Loaded, load
from tools.running import EXIT_CODES, FAILED, ctrl_c_stops, key_for_server, open_model_for, run_goal

KEY = "sk-1234567890"


def settings(folder: Path, model: str, **variables: str) -> Loaded:
    return load({"model": model, "out": str(folder / "episodes")}, cwd=folder, environ=variables)


# --- signals ---


class Run:
    """What `ctrl_c_stops` knows of a run."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def stop(self, reason: str) -> None:
        self.reasons.append(reason)


def give(number: int) -> None:
    """A signal, which has been handled when this returns."""
    signal.raise_signal(number)


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_a_signal_asks_the_run_to_stop(number: int, reason: str) -> None:
    run = Run()
    with ctrl_c_stops(run):  # type: ignore[arg-type]
        give(number)
    assert run.reasons == [reason]


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_after_a_signal_ends_the_program(first: int) -> None:
    run = Run()
    with ctrl_c_stops(run):  # type: ignore[arg-type]
        give(first)
        with pytest.raises(KeyboardInterrupt):
            give(signal.SIGINT)
    assert len(run.reasons) == 1


def test_afterwards_the_signals_are_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with contextlib.suppress(ZeroDivisionError), ctrl_c_stops(Run()):  # type: ignore[arg-type]
        give(signal.SIGINT)
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


# --- the model ---


class Model:
    """Notes when it is closed."""

    closed = 0
    name = "m"

    def close(self) -> None:
        self.closed += 1


def test_the_model_is_closed_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    monkeypatch.setattr(running, "open_model", lambda spec, **options: model)
    with contextlib.suppress(ZeroDivisionError), open_model_for(settings(tmp_path, "scripted:x")) as opened:
        assert opened is model  # type: ignore[comparison-overlap]
        assert not model.closed
        raise ZeroDivisionError
    assert model.closed == 1


@pytest.mark.parametrize(
    ("model", "variables", "expected"),
    [
        ("scripted:x", {}, {"device": None}),
        ("scripted:x", {"HANDEYE_API_KEY": KEY, "HANDEYE_BASE_URL": "http://h/v1"}, {"device": None}),
        ("qwen2vl:x", {"HANDEYE_DEVICE": "cpu"}, {"device": "cpu"}),
        (
            "chat:x",
            {"HANDEYE_API_KEY": KEY, "HANDEYE_BASE_URL": "http://h/v1", "HANDEYE_DEVICE": "cpu"},
            {"base_url": "http://h/v1", "api_key": KEY},
        ),
    ],
)
def test_a_model_gets_the_settings_that_concern_it(
    model: str, variables: dict[str, str], expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: dict[str, Any] = {}

    def open_model(spec: str, **options: Any) -> Model:
        got.update(options)
        return Model()

    monkeypatch.setattr(running, "open_model", open_model)
    with open_model_for(settings(tmp_path, model, **variables)):
        assert got == expected


def test_a_value_that_a_model_does_not_take_is_a_mistake_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_model(spec: str, **options: Any) -> Model:
        raise ValueError("device 'toaster' is none")

    monkeypatch.setattr(running, "open_model", open_model)
    with pytest.raises(InvalidOption, match="toaster"), open_model_for(settings(tmp_path, "qwen2vl:x")):
        pass


# --- the key ---

FILE = 'model = "chat:m"\nbase_url = "http://elsewhere.example/v1"\n'


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({}, None),
        ({"HANDEYE_API_KEY": KEY}, KEY),
        ({"HANDEYE_API_KEY": KEY, "OPENAI_API_KEY": "other"}, KEY),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://mine.example"}, KEY),
        ({"OPENAI_API_KEY": KEY, "HANDEYE_BASE_URL": "http://mine.example"}, KEY),
    ],
)
def test_the_key_that_belongs_to_a_server(variables: dict[str, str], key: str | None, tmp_path: Path) -> None:
    (tmp_path / "handeye.toml").write_text(FILE)
    assert key_for_server(load(cwd=tmp_path, environ=variables)) == key


def test_the_key_of_another_tool_does_not_follow_a_file(tmp_path: Path) -> None:
    (tmp_path / "handeye.toml").write_text(FILE)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY holds the key: it is not sent there") as caught:
        key_for_server(load(cwd=tmp_path, environ={"OPENAI_API_KEY": KEY}))
    assert KEY not in str(caught.value) + caught.value.fix


# --- a whole run, on a screen in memory ---


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> PaintedScreen:
    screen = PaintedScreen()
    monkeypatch.setattr(running, "open_environment", lambda spec, **options: screen)
    return screen


def test_it_ends_with_the_exit_code_and_lets_go_of_the_screen(
    screen: PaintedScreen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = script(tmp_path, {"action": "tap", "x": 500, "y": 500}, SUCCESS)
    assert run_goal("Do it", settings(tmp_path, model), launch=[], yes=False, machine=True) == 0
    assert [action.type for action in screen.sent] == ["tap"]
    assert screen.closed
    assert objects(capsys.readouterr().out)[-1]["outcome"] == "success"


def test_a_local_model_is_loaded_before_the_clock_of_the_run_starts(
    screen: PaintedScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes = tmp_path / "episodes"

    class Loading(ScriptedModel):
        loaded = False

        def load(self) -> None:
            assert not episodes.exists()
            self.loaded = True

    model = Loading(['{"action": "finish", "status": "success"}'])
    monkeypatch.setattr(running, "open_model", lambda spec, **options: model)
    assert run_goal("Do it", settings(tmp_path, "scripted:x"), launch=[], yes=False, machine=False) == 0
    assert model.loaded
    assert episodes.exists()


def test_programs_are_started_in_order_and_split_as_a_shell_would(
    screen: PaintedScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(screen, "launch", started.append, raising=False)
    model = script(tmp_path, SUCCESS)
    launch = ["editor 'two words.txt'", "calculator"]
    assert run_goal("Do it", settings(tmp_path, model), launch=launch, yes=False, machine=True) == 0
    assert started == [["editor", "two words.txt"], ["calculator"]]


def test_a_bad_program_is_found_before_anything_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*names: Any, **options: Any) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(running, "open_environment", never)
    monkeypatch.setattr(running, "open_model", never)
    with pytest.raises(InvalidOption, match="No closing quotation"):
        run_goal("Do it", settings(tmp_path, "scripted:x"), launch=["good", "'bad"], yes=False, machine=True)


def test_every_outcome_has_an_exit_code() -> None:
    codes = {outcome: EXIT_CODES.get(outcome, FAILED) for outcome in Outcome}
    assert [outcome for outcome, code in codes.items() if code == 0] == [Outcome.SUCCESS]
    assert {outcome for outcome, code in codes.items() if code == 4} == {
        Outcome.DEVICE_LOST,
        Outcome.CAPTURE_FAILED,
        Outcome.MODEL_UNAVAILABLE,
    }
    assert set(codes.values()) == {0, 1, 4}


def test_a_signal_from_another_thread_is_heard_while_the_model_thinks(screen: PaintedScreen, tmp_path: Path) -> None:
    """The whole way in this process: the signal comes while the scripted model takes its time."""
    thinking = threading.Event()

    class Slow(ScriptedModel):
        def complete(self, request: Any, stop: Any) -> Any:
            thinking.set()
            return super().complete(request, stop)

    def interrupt() -> None:
        assert thinking.wait(10)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "open_model", lambda spec, **options: Slow(["x"], delay=60))
        threading.Thread(target=interrupt, daemon=True).start()
        assert run_goal("Do it", settings(tmp_path, "scripted:x"), launch=[], yes=False, machine=True) == FAILED
    assert not screen.sent
