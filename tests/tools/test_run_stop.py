"""A run that is stopped from outside ends soon, says so, and leaves nothing running behind it."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.episode import Episode
from agent.outcome import Outcome
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.tools.command import (
    HANDEYE,
    ROOT,
    SUCCESS,
    WAIT,
    Reply,
    environ,
    family,
    interrupt,
    journal,
    objects,
    painted,
    running,
    script,
    started,
    wait_until,
)

pytestmark = pytest.mark.display

LONG = "abcdefghij klmnopqrst\n" * 900
SIGNALS = [signal.SIGINT, signal.SIGTERM]

Process = subprocess.Popen[str]
Phase = Callable[[Path], contextlib.AbstractContextManager[Process]]
"""A run, as soon as it is in the middle of something."""


def recorded(folder: Path, kind: str) -> int:
    return journal(folder).count(f'"kind":"{kind}"')


@contextlib.contextmanager
def typing(folder: Path) -> Iterator[Process]:
    replies: list[Reply] = [{"thought": str(number), "action": "type", "text": LONG} for number in range(50)]
    arguments = ("--model", script(folder, *replies), "--launch", "xterm -e sh -c 'exec cat > typed'", "--json")
    with started(HANDEYE, "run", "Type", *arguments, "--steps", "50", cwd=folder) as process:
        file = folder / "typed"
        wait_until(lambda: file.exists() and file.stat().st_size > len(LONG))  # part of the second text is there
        yield process


@contextlib.contextmanager
def waiting(folder: Path) -> Iterator[Process]:
    model = script(folder, WAIT | {"seconds": 60}, SUCCESS)
    with started(HANDEYE, "run", "Wait", "--model", model, "--json", cwd=folder) as process:
        wait_until(lambda: recorded(folder, "intent"))
        assert len(family(process)) > 2
        yield process


@contextlib.contextmanager
def asking_a_server(folder: Path) -> Iterator[Process]:
    with FaultServer(fs.silence(60, fs.reset)) as server:
        arguments = ("--env", "painted", "--model", "chat:m", "--base-url", server.url, "--json")
        with started(HANDEYE, "run", "Ask", *arguments, cwd=folder, env=painted(folder)) as process:
            assert server.first_seen.wait(30)
            yield process


@contextlib.contextmanager
def thinking(folder: Path) -> Iterator[Process]:
    """A model that is slow by itself, which only a program of one's own can have."""
    code = f"""
from handeye import Agent, ScriptedModel
from tests.screens import PaintedScreen
from tools.running import _print_json, ctrl_c_stops

model = ScriptedModel([{json.dumps(json.dumps(SUCCESS))}], delay=60)
with Agent(model, PaintedScreen()).run("Think") as run, ctrl_c_stops(run):
    _print_json(run)
raise SystemExit(run.outcome == "stopped")
"""
    command = (sys.executable, "-c", code)
    with started(*command, cwd=folder, env=environ(PYTHONPATH=str(ROOT))) as process:
        wait_until(lambda: recorded(folder, "request"))
        yield process


PHASES: dict[str, Phase] = {
    "typing": typing,
    "waiting": waiting,
    "asking a server": asking_a_server,
    "thinking": thinking,
}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: signal.Signals(number).name)
@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES.keys())
def test_a_signal_ends_the_run_within_a_second(phase: Phase, number: int, tmp_path: Path) -> None:
    took: list[float] = []
    while not took or (min(took) > 1 and len(took) < 3):  # a busy machine gets another try
        folder = tmp_path / str(len(took))
        folder.mkdir()
        with phase(folder) as process:
            others = family(process)
            out, err, seconds = interrupt(process, number)
            took.append(seconds)
            assert process.returncode == 1, err
            assert err == ""
            end = objects(out)[-1]
            assert end["outcome"] == "stopped"
            assert end["reason"] == ("Ctrl-C" if number == signal.SIGINT else "SIGTERM")
            assert Episode(folder / end["episode"]).outcome is Outcome.STOPPED
            wait_until(lambda pids=others: not running(pids), 5)  # type: ignore[misc]
    assert min(took) <= 1


def test_typing_stops_in_the_middle_of_the_text(tmp_path: Path) -> None:
    """What was being typed is unknown, of the rest nothing is sent, and nothing is typed after the end."""
    statuses: list[str] = []
    while "unknown" not in statuses and len(statuses) < 4:  # the signal may come just behind a text
        folder = tmp_path / str(len(statuses))
        folder.mkdir()
        with typing(folder) as process:
            out, _, _ = interrupt(process)
        end = objects(out)[-1]
        last = Episode(folder / end["episode"])[-1]
        statuses += [effect.status for effect in last.effects] or ["none"]
        typed = (folder / "typed").read_text()
        assert len(typed) < 50 * len(LONG)
        assert (LONG * 50).startswith(typed)
    assert "unknown" in statuses


def test_the_stop_file(tmp_path: Path) -> None:
    model = script(tmp_path, WAIT | {"seconds": 60}, SUCCESS)
    arguments = ("--env", "painted", "--model", model, "--stop-file", "stop here", "--json")
    with started(HANDEYE, "run", "Wait", *arguments, cwd=tmp_path, env=painted(tmp_path)) as process:
        wait_until(lambda: recorded(tmp_path, "intent"))
        (tmp_path / "stop here").touch()
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "")
    end = objects(out)[-1]
    assert end["outcome"] == "stopped"
    assert end["reason"] == "the stop file stop here exists"


def test_a_stop_file_that_is_there_already_lets_nothing_happen(tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    reply: Reply = {"thought": "Quick.", "action": "type", "text": "too late", "submit": True}
    launch = "xterm -e sh -c 'exec cat > typed'"
    arguments = ("--model", script(tmp_path, reply, SUCCESS), "--stop-file", "stop", "--launch", launch, "--json")
    with started(HANDEYE, "run", "Type", *arguments, cwd=tmp_path) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert [one["outcome"] for one in objects(out)] == ["stopped"]
    assert (tmp_path / "typed").read_text() == ""


def test_words_for_people_say_that_it_was_stopped(tmp_path: Path) -> None:
    model = script(tmp_path, WAIT | {"seconds": 60}, SUCCESS)
    command = (HANDEYE, "run", "Wait", "--env", "painted", "--model", model)
    with started(*command, cwd=tmp_path, env=painted(tmp_path)) as process:
        wait_until(lambda: recorded(tmp_path, "intent"))
        out, err, _ = interrupt(process)
    assert (process.returncode, err) == (1, "")
    *_, outcome, episode = out.splitlines()
    assert outcome == "stopped: Ctrl-C"
    assert Episode(tmp_path / episode.removeprefix("episode ")).outcome is Outcome.STOPPED


def test_a_kill_leaves_no_process_and_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        others = family(process)
        process.kill()
        process.wait(10)
        wait_until(lambda: not running(others), 10)
    (folder,) = tmp_path.glob("episodes/*")
    episode = Episode(folder)
    assert episode.outcome is None
    assert episode[0].effects[0].status == "unknown"


def test_ctrl_c_before_the_run_begins_ends_the_command(tmp_path: Path) -> None:
    """While a program is still being started there is no run to be stopped and no episode."""
    model = script(tmp_path, SUCCESS)
    with started(HANDEYE, "run", "x", "--model", model, "--launch", "sleep 60", "--json", cwd=tmp_path) as process:
        wait_until(lambda: any(_command_of(pid).startswith("sleep") for pid in family(process)))
        others = family(process)
        out, err, _ = interrupt(process)
    assert (process.returncode, err) == (130, "")
    assert objects(out) == [{"error": "interrupted from the keyboard", "fix": ""}]
    assert not (tmp_path / "episodes").exists()
    wait_until(lambda: not running(others), 5)


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
