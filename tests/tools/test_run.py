"""`handeye run` on real programs: what they were left with, what was said, and what was recorded."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agent.decision import Finish
from agent.episode import Episode, Step
from agent.outcome import Outcome
from environments.action import Hotkey, Type
from tests.tools.command import HANDEYE, SUCCESS, WAIT, Reply, handeye, objects, painted, script, started
from tools.describe import step_as_json

pytestmark = pytest.mark.display

TEXT = "żółw <br/> ツ 😀 \"';\\\nand a second line"


def types(text: str, **more: Any) -> Reply:
    return {"thought": "There is a place for text.", "action": "type", "text": text, **more}


def keys(*names: str) -> Reply:
    return {"thought": "A few keys.", "action": "hotkey", "keys": list(names)}


def only_episode(folder: Path) -> Episode:
    (episode,) = folder.glob("episodes/*")
    return Episode(episode)


# --- the main job ---


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """A run in which a text is typed into a real editor and saved."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "notes.txt").write_text("")
    model = script(folder, types(TEXT), keys("ctrl", "s"), WAIT | {"seconds": 0.1}, SUCCESS)
    arguments = ("--model", model, "--env", "desktop:headless", "--launch", "mousepad notes.txt")
    return folder, handeye("run", "Write a note", *arguments, "--json", cwd=folder)


def test_what_was_typed_is_in_the_file_that_the_editor_saved(written: tuple[Path, Any]) -> None:
    folder, done = written
    assert done.returncode == 0, done.stderr
    assert (folder / "notes.txt").read_text().removesuffix("\n") == TEXT


def test_every_line_is_json_and_the_last_tells_how_it_went(written: tuple[Path, Any]) -> None:
    folder, done = written
    *steps, end = objects(done.stdout)
    assert done.stderr == ""
    assert end["outcome"] == "success"
    assert end["reason"] == "done"
    assert end["steps"] == len(steps) == 4
    assert [step["step"] for step in steps] == [0, 1, 2, 3]
    assert (folder / end["episode"] / "episode.json").is_file()


def test_the_lines_say_what_the_episode_says(written: tuple[Path, Any]) -> None:
    folder, done = written
    *lines, end = objects(done.stdout)
    episode = Episode(folder / end["episode"])
    assert [json.loads(json.dumps(step_as_json(step))) for step in episode] == [
        line | {"milliseconds": _of(step)} for line, step in zip(lines, episode, strict=True)
    ]


def _of(step: Step) -> Any:
    return step_as_json(step)["milliseconds"]


def test_the_episode_reads_back(written: tuple[Path, Any]) -> None:
    folder, _ = written
    episode = only_episode(folder)
    assert episode.goal == "Write a note"
    assert episode.outcome is Outcome.SUCCESS
    assert episode.reason == "done"
    assert len(episode) == 4
    assert episode[0].acts == (Type(text=TEXT),)
    assert episode[0].effects[0].status == "done"
    assert episode[1].acts == (Hotkey(keys=("ctrl", "s")),)
    assert episode[3].acts == (Finish("success", "done"),)
    assert episode[0].observation.frame != episode[1].observation.frame  # the text can be seen
    window = episode[0].observation.window
    assert window is not None
    assert "notes.txt" in window.title
    assert episode[0].milliseconds.capture > 0
    assert episode[0].milliseconds.settle > 0


def test_a_terminal_gets_the_text_that_a_person_would_see_there(tmp_path: Path) -> None:
    reads = "xterm -u8 -e sh -c 'exec cat > typed'"
    model = script(tmp_path, types("echo żółw", submit=True), types("ツ 😀", submit=True), keys("ctrl", "d"), SUCCESS)
    done = handeye("run", "Say something", "--model", model, "--launch", reads, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "typed").read_text() == "echo żółw\nツ 😀\n"


def test_two_programs_can_be_launched(tmp_path: Path) -> None:
    model = script(tmp_path, types("to the second", submit=True), keys("ctrl", "d"), SUCCESS)
    launch = [f"xterm -e sh -c 'exec cat > {name}'" for name in ("first", "second")]
    done = handeye("run", "x", "--model", model, "--launch", launch[0], "--launch", launch[1], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "first").read_text() == ""
    assert (tmp_path / "second").read_text() == "to the second\n"


def test_words_for_people(tmp_path: Path) -> None:
    """Nothing but text in a pipe, and the episode at the end, on a line of its own however long it is."""
    out = "/".join(["a folder with a long name"] * 5)
    model = script(tmp_path, types("hello"), SUCCESS)
    done = handeye("run", "Say [red]hello[/red]", "--model", model, "--out", out, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "goal  Say [red]hello[/red]"
    assert lines[1] == "model scripted:replies.json   screen desktop:headless"
    assert lines[3] == '      type "hello"  ok'
    assert lines[-2] == "success: done"
    folder = lines[-1].removeprefix("episode ")
    assert folder.startswith(out)
    assert Episode(tmp_path / folder).outcome is Outcome.SUCCESS
    assert all(line.isprintable() for line in lines)


def test_a_goal_that_is_no_text_in_any_encoding(tmp_path: Path) -> None:
    goal = os.fsdecode(b"Do \xff it")
    command = ("run", goal, "--env", "painted", "--model", script(tmp_path, SUCCESS), "--json")
    done = handeye(*command, cwd=tmp_path, env=painted(tmp_path))
    assert done.returncode == 0, done.stderr
    assert objects(done.stdout)[-1]["outcome"] == "success"
    assert only_episode(tmp_path).goal == goal


# --- how it ends ---


def ends(folder: Path, *arguments: str, replies: list[str | Reply], env: str = "painted") -> tuple[int, dict[str, Any]]:
    """The exit code and the last line of a run, on a screen of another package's where a real one would not matter;
    the episode is checked to say the same."""
    command = ("run", "Do it", "--env", env, "--model", script(folder, *replies), "--json", *arguments)
    done = handeye(*command, cwd=folder, env=painted(folder))
    assert "Traceback" not in done.stderr
    end = objects(done.stdout)[-1]
    episode = Episode(folder / end["episode"])
    assert (episode.outcome, episode.reason) == (end["outcome"], end["reason"])
    assert len(episode) == end["steps"]
    return done.returncode, end


@pytest.mark.parametrize("status", ["failure", "impossible"])
def test_a_model_that_gives_up(status: str, tmp_path: Path) -> None:
    code, end = ends(tmp_path, replies=[SUCCESS | {"status": status, "message": "no such button"}])
    assert (code, end["outcome"], end["reason"]) == (1, status, "no such button")


def test_the_limit_of_steps(tmp_path: Path) -> None:
    code, end = ends(tmp_path, "--steps", "2", replies=[types("a"), types("b"), types("c"), SUCCESS])
    assert (code, end["outcome"], end["steps"]) == (1, "step_limit", 2)


def test_the_limit_of_time(tmp_path: Path) -> None:
    code, end = ends(tmp_path, "--seconds", "0.5", replies=[WAIT | {"seconds": 30}, SUCCESS])
    assert (code, end["outcome"], end["steps"]) == (1, "time_limit", 1)


def test_replies_that_mean_nothing(tmp_path: Path) -> None:
    code, end = ends(tmp_path, replies=["", "Hello!", '{"action": "fly"}', SUCCESS])
    assert (code, end["outcome"], end["steps"]) == (1, "model_invalid", 3)


def test_going_round_in_circles(tmp_path: Path) -> None:
    tap: Reply = {"thought": "Again.", "action": "tap", "x": 900, "y": 900}
    code, end = ends(tmp_path, replies=[tap] * 9, env="desktop:headless")
    assert (code, end["outcome"]) == (1, "loop")


def test_a_script_that_is_too_short(tmp_path: Path) -> None:
    code, end = ends(tmp_path, replies=[types("a")])
    assert (code, end["outcome"]) == (4, "model_unavailable")
    assert "asked for another" in end["reason"]


def test_a_screen_of_another_package_that_starts_no_programs(tmp_path: Path) -> None:
    command = ("run", "Do it", "--env", "painted", "--model", script(tmp_path, SUCCESS), "--json", "--launch", "xterm")
    done = handeye(*command, cwd=tmp_path, env=painted(tmp_path))
    assert done.returncode == 4
    assert objects(done.stdout) == [{"error": "programs cannot be started on this screen", "fix": "leave --launch out"}]


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    model = script(tmp_path, SUCCESS)
    done = handeye("run", "Do it", "--model", model, "--launch", "no-such-program --flag", "--json", cwd=tmp_path)
    assert done.returncode == 4
    assert "no-such-program" in objects(done.stdout)[0]["error"]
    assert not (tmp_path / "episodes").exists()


def test_an_episode_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "episodes").write_text("a file stands in the way")
    command = ("run", "Do it", "--env", "painted", "--model", script(tmp_path, SUCCESS), "--json")
    done = handeye(*command, cwd=tmp_path, env=painted(tmp_path))
    assert done.returncode == 1
    (said,) = objects(done.stdout)
    assert "cannot record to" in said["error"]
    assert said["fix"] == "choose another folder"


def test_the_settings_of_a_file_count(tmp_path: Path) -> None:
    (tmp_path / "handeye.toml").write_text('steps = 1\nout = "records"\nscreen_size = "640x400"\n')
    done = handeye("run", "Do it", "--model", script(tmp_path, types("a"), types("b")), "--json", cwd=tmp_path)
    *_, end = objects(done.stdout)
    assert (end["outcome"], end["steps"]) == ("step_limit", 1)
    (folder,) = (tmp_path / "records").iterdir()
    assert Episode(folder)[0].observation.frame.size == (640, 400)


# --- a reader that goes away ---


@pytest.mark.parametrize("machine", [(), ("--json",)], ids=["words", "json"])
def test_a_reader_that_wants_one_line_only(machine: tuple[str, ...], tmp_path: Path) -> None:
    """As `handeye run ... | head -1` does; the run ends, says nothing more, and its episode has an end."""
    model = script(tmp_path, *[types(letter) for letter in "abcdefgh"], SUCCESS)
    command = ("run", "Do it", "--env", "painted", "--model", model, *machine)
    with started(HANDEYE, *command, cwd=tmp_path, env=painted(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 1
        assert process.stderr.read() == ""
    episode = only_episode(tmp_path)
    assert episode.outcome is Outcome.STOPPED
    assert len(episode) < 9
