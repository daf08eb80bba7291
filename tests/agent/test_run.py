"""Agent and Run: what a run takes, what it hands out, and the folder that it leaves behind."""

import json
import os
import re
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.dialects.handeye_json import HandeyeJson
from agent.limits import Limits
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from agent.policy import AllowAll
from agent.run import Agent, Run
from environments.errors import UnknownName
from tests.agent.scenes import DONE, TAP, agent, say
from tests.screens import PaintedScreen


def manifest(run: Run) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((run.folder / "episode.json").read_text())
    return value


def test_a_run_begins_when_its_steps_are_asked_for(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([TAP, DONE], screen, tmp_path).run("win")
    assert (screen.observations, screen.sent, run.outcome, run.taken) == (0, [], None, 0)
    next(run)
    assert (len(screen.sent), run.outcome, run.taken) == (1, None, 1)
    assert run.wait() is Outcome.SUCCESS
    assert run.taken == 2
    assert run.wait() is Outcome.SUCCESS


def test_the_steps_come_as_they_happen(tmp_path: Path) -> None:
    screen = PaintedScreen()
    sent = [len(screen.sent) for _ in agent([TAP, TAP, TAP, DONE], screen, tmp_path).run("win")]
    assert sent == [1, 2, 3, 3]


def test_one_agent_can_run_again_and_again(tmp_path: Path) -> None:
    screen = PaintedScreen()
    runner = agent([TAP, DONE, DONE, TAP, TAP, DONE], screen, tmp_path)
    runs = [runner.run("win") for _ in range(3)]
    assert [run.wait() for run in runs] == [Outcome.SUCCESS] * 3
    assert [len(run.episode) for run in runs] == [2, 1, 3]
    assert len({run.folder for run in runs}) == 3
    assert len({run.episode.header["id"] for run in runs}) == 3


def test_a_run_closes_neither_screen_nor_model(tmp_path: Path) -> None:
    screen = PaintedScreen()
    with agent([DONE], screen, tmp_path).run("win") as run:
        run.wait()
    assert not screen.closed


def test_two_threads_may_ask_for_the_steps(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([TAP] * 20 + [DONE], screen, tmp_path).run("win")
    taken: list[int] = []
    threads = [threading.Thread(target=lambda: taken.extend(step.index for step in run)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(21))
    assert len(screen.sent) == 20


@pytest.mark.parametrize("goal", ["", " ", "\n\t "])
def test_an_empty_goal_is_refused(goal: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="goal is empty"):
        agent([DONE], PaintedScreen(), tmp_path / "out").run(goal)
    assert not (tmp_path / "out").exists()


def test_a_dialect_is_given_by_name_or_as_itself(tmp_path: Path) -> None:
    for dialect in ("handeye-json", HandeyeJson()):
        assert agent([DONE], PaintedScreen(), tmp_path, dialect=dialect).run("win").wait() is Outcome.SUCCESS
    with pytest.raises(UnknownName, match="handeye-json"):
        agent([DONE], PaintedScreen(), tmp_path, dialect="handeye-jason")


def test_a_policy_is_swapped(tmp_path: Path) -> None:
    screen = PaintedScreen(private=False)
    assert agent([TAP, DONE], screen, tmp_path, policy=AllowAll()).run("win").wait() is Outcome.SUCCESS
    assert len(screen.sent) == 1


# The folder


@pytest.mark.parametrize(
    ("goal", "slug"),
    [
        ("Compute 12 * 34!", "compute-12-34"),
        ("../../etc/passwd", "etc-passwd"),
        ("żółw ツ 😀", "w"),
        ("ツ", "run"),
        ("a" * 500, "a" * 40),
        ("rm -rf / ; $(reboot) `x` \x00\n", "rm-rf-reboot-x"),
        ("CON", "con"),
        ("-", "run"),
        ("x" * 39 + " y", "x" * 39),
        ("\udcff broken", "broken"),
    ],
)
def test_the_folder_is_named_by_the_time_and_a_slug_of_the_goal(goal: str, slug: str, tmp_path: Path) -> None:
    run = agent([DONE], PaintedScreen(), tmp_path / "deep" / "out").run(goal)
    assert run.folder.parent == tmp_path / "deep" / "out"
    assert re.fullmatch(rf"\d{{8}}-\d{{6}}-{slug}", run.folder.name)
    assert run.wait() is Outcome.SUCCESS
    assert run.episode.goal == manifest(run)["goal"] == goal


def test_folders_of_runs_that_begin_together_do_not_collide(tmp_path: Path) -> None:
    runner = agent([], PaintedScreen(), tmp_path)
    runs: list[Run] = []
    threads = [
        threading.Thread(target=lambda: runs.extend(runner.run("the same goal") for _ in range(5))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.folder for run in runs}) == len(runs) == 30
    assert len(list(tmp_path.iterdir())) == 30
    for run in runs:
        with run:
            pass


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        run = agent([TAP, DONE], PaintedScreen(), tmp_path).run("win")
        run.wait()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [run.folder, *run.folder.iterdir()]}
    assert modes == {run.folder.name: 0o700, "journal.jsonl": 0o600, "episode.json": 0o600, "frames": 0o700}


def test_the_manifest_says_what_runs_and_in_the_end_how_it_went(tmp_path: Path) -> None:
    run = agent([TAP, DONE], PaintedScreen(), tmp_path).run("win")
    begun = manifest(run)
    assert begun["version"] == 1
    assert {"goal": "win", "model": "scripted", "dialect": "handeye-json"}.items() <= begun.items()
    assert "outcome" not in begun
    run.wait()
    ended = manifest(run)
    assert begun.items() <= ended.items()
    assert (ended["outcome"], ended["reason"], ended["steps"]) == ("success", "it is done", 2)
    assert ended["seconds"] >= 0


def test_no_secret_of_the_surroundings_is_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"OPENAI_API_KEY": "sk-a1b2c3d4", "HANDEYE_API_KEY": "he-e5f6g7", "AWS_SECRET_ACCESS_KEY": "aws-h8i9"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    run = agent([TAP, "oops", say("ask", question="?"), DONE], PaintedScreen(), tmp_path).run("win")
    run.wait()
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        data = path.read_bytes()
        assert not any(value.encode() in data or name.encode() in data for name, value in secrets.items())


def test_no_file_stays_open_after_a_run(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    runner = Agent(ScriptedModel([TAP, DONE] * 30), PaintedScreen(), out=tmp_path, limits=Limits(steps=5))
    runner.run("win").wait()
    before = open_files()
    for _ in range(20):
        runner.run("win").wait()
        with runner.run("win"):
            pass
    assert open_files() == before
