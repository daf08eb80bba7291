"""The command line without a screen: help, mistakes in what was asked for, exit codes, and what goes where.

Most of it runs in this process, where it is quick; what depends on a process of its own has one.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.models.tiny import write_tiny_checkpoint
from tests.tools.command import HANDEYE, ROOT, SUCCESS, environ, handeye, objects, script
from tools.cli import main

COMMANDS = [(), ("run",), ("config",), ("doctor",), ("demo",), ("bench",), ("bench", "desktop")]


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing."""
    return tmp_path_factory.mktemp("anywhere")


class Called(NamedTuple):
    """What became of a command."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Gives a command in this process, as call(folder, *arguments, **variables)."""

    def give(folder: Path, *arguments: str, **variables: str) -> Called:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            for name in set(os.environ) - set(environ()):
                patch.delenv(name)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["handeye", *arguments])
            with pytest.raises(SystemExit) as end:
                main()
        assert isinstance(end.value.code, int)
        return Called(end.value.code, *capsys.readouterr())

    return give


# --- help ---


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "handeye")
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_says_what_it_does_and_holds_an_example(
    command: tuple[str, ...], flag: str, anywhere: Path, call: Call
) -> None:
    done = call(anywhere, *command, flag)
    assert (done.code, done.err) == (0, "")
    text = " ".join(done.out.split())
    example = text.rpartition("Example: ")[2]
    assert "handeye " + (" ".join(command) or "run") in example
    assert "\x1b" not in done.out


def test_help_of_run_tells_the_exit_codes(anywhere: Path, call: Call) -> None:
    text = " ".join(call(anywhere, "run", "--help").out.split())
    assert "0 success, 1 not succeeded, 2 usage, 3 drift in a replay, 4 screen or model unavailable" in text


def test_the_examples_are_commands_that_exist(anywhere: Path, call: Call) -> None:
    """Each with --help behind it: an option that is misspelt in an example would be refused first."""
    for command in COMMANDS:
        text = " ".join(call(anywhere, *command, "--help").out.split())
        words = shlex.split(text.rpartition("Example: ")[2])
        while words[0] != "handeye":  # a variable in front
            words.pop(0)
        done = call(anywhere, *words[1:], "--help")
        assert done.code == 0, (command, done.err)


def test_without_a_command_the_help_is_shown(anywhere: Path, call: Call) -> None:
    done = call(anywhere)
    assert done.code == 2
    assert "Pursue a goal on a screen" in done.out + done.err


def test_the_version(anywhere: Path) -> None:
    done = handeye("--version", cwd=anywhere)
    assert done.returncode == 0
    assert done.stdout.startswith("handeye 0.")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['handeye', '--help']\n"
        "from tools.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print('LOADED', *sorted(name for name in sys.modules if '.' not in name))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    heavy = {"torch", "transformers", "pyautogui", "adbutils", "httpx", "mss", "Xlib", "jeepney", "numpy", "rich"}
    assert "typer" in loaded
    assert sorted(loaded & heavy) == []


def test_a_module_of_the_rooms_runs_as_the_script_does(anywhere: Path) -> None:
    env = environ(PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-m", "tools.cli", "--help"], cwd=anywhere, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == handeye("--help", cwd=anywhere).stdout


# --- mistakes: exit code 2, a reason and a way out, and no episode ---


@pytest.fixture
def complaint(call: Call) -> Callable[..., str]:
    """complaint(folder, code, *arguments, **variables): what a command says on standard error, checked to be for a
    person, and that it says the same again to a machine."""

    def give(folder: Path, code: int, *arguments: str, **variables: str) -> str:
        done = call(folder, *arguments, **variables)
        assert done.code == code, done
        assert not list(folder.glob("episodes*"))
        again = call(folder, *arguments, "--json", **variables)
        assert again.code == code
        if done.err.startswith("handeye: "):
            assert (done.out, again.err) == ("", "")
            (said,) = objects(again.out)
            assert set(said) == {"error", "fix"}
            assert " ".join(said["error"].split()) in " ".join(done.err.replace("handeye: ", "").split())
            assert said["fix"] in done.err
        else:  # the options could not be read, nor whether --json is among them
            assert done.err.startswith("Usage: ")
            assert (done.out, again.out) == ("", "")
        return done.err

    return give


Complaint = Callable[..., str]


USAGE = {
    "an unknown option": (("--speed", "3"), "No such option: --speed"),
    "a word too many": (("and", "another"), "unexpected extra argument"),
    "no number": (("--steps", "many"), "Invalid value for '--steps'"),
    "no steps": (("--steps", "0"), "--steps: should be greater than or equal to 1"),
    "no time": (("--seconds", "0"), "--seconds: should be greater than 0"),
    "time that is none": (("--seconds", "nan"), "--seconds: should be a finite number"),
    "no screenshots": (("--screenshots", "-1"), "--screenshots: should be"),
    "an unknown screen": (("--env", "holodeck"), "there is no environment named 'holodeck'"),
    "an unknown desktop": (("--env", "desktop:mine"), "there is no desktop named 'mine'"),
    "an unknown model": (("--model", "oracle:1"), "there is no model named 'oracle'"),
    "a misspelt model": (("--model", "scriptd:x"), "did you mean 'scripted'?"),
    "an unknown dialect": (("--dialect", "klingon"), "there is no dialect named 'klingon'"),
    "a server that is none": (("--model", "chat:m", "--base-url", "ftp://x"), "should be a web address"),
    "no server": (("--model", "chat:m"), "no server is named"),
    "an option of another model": (("--device", "cpu"), "the model 'scripted' takes no option 'device'"),
    "quotes that do not close": (("--launch", "'xterm"), "No closing quotation"),
    "no program": (("--launch", "  "), "--launch names no program"),
}


@pytest.mark.parametrize(("arguments", "reason"), USAGE.values(), ids=USAGE.keys())
def test_a_mistake_in_the_command(
    arguments: tuple[str, ...], reason: str, tmp_path: Path, complaint: Complaint
) -> None:
    model = () if "--model" in arguments else ("--model", script(tmp_path, SUCCESS))
    assert reason in complaint(tmp_path, 2, "run", "Do it", *model, *arguments)


@pytest.mark.parametrize("goal", ["", "  ", "\n\t"])
def test_an_empty_goal(goal: str, tmp_path: Path, complaint: Complaint) -> None:
    said = complaint(tmp_path, 2, "run", goal)
    assert "the goal is empty" in said
    assert "try: handeye run" in said


def test_no_goal_at_all(anywhere: Path, complaint: Complaint) -> None:
    assert "Missing argument" in complaint(anywhere, 2, "run")


def test_a_device_that_means_nothing(tmp_path: Path, complaint: Complaint) -> None:
    folder = write_tiny_checkpoint(tmp_path / "Tiny-VL", with_weights=False)
    assert "device 'toaster' is none of cpu" in complaint(
        tmp_path, 2, "run", "Do it", "--model", f"qwen2vl:{folder}", "--device", "toaster"
    )


BAD_FILES = {
    "no TOML": ("steps = ", "handeye.toml, line 1"),
    "an unknown setting": ("stepz = 3", "the nearest is 'steps'"),
    "a wrong type": ('steps = "many"', "steps = 'many'"),
    "a key": ('api_key = "sk-1"', "holds an api_key"),
}


@pytest.mark.parametrize(("text", "reason"), BAD_FILES.values(), ids=BAD_FILES.keys())
@pytest.mark.parametrize("command", [("run", "Do it"), ("config",), ("doctor",)], ids=" ".join)
def test_a_bad_configuration(
    command: tuple[str, ...], text: str, reason: str, tmp_path: Path, complaint: Complaint
) -> None:
    (tmp_path / "handeye.toml").write_text(text)
    assert reason in complaint(tmp_path, 2, *command)


def test_a_bad_variable(tmp_path: Path, complaint: Complaint) -> None:
    assert "HANDEYE_STEPS: should be" in complaint(tmp_path, 2, "run", "Do it", HANDEYE_STEPS="several")


def test_too_short_a_memory_test_is_refused_before_anything_is_measured(anywhere: Path, complaint: Complaint) -> None:
    assert "more than 200 steps" in complaint(anywhere, 2, "bench", "desktop", "--soak", "200")


# --- what is not there: exit code 4 ---


def test_no_display(tmp_path: Path, complaint: Complaint) -> None:
    said = complaint(tmp_path, 4, "run", "Do it", "--env", "desktop", "--model", script(tmp_path, SUCCESS))
    assert "DISPLAY is not set" in said
    assert "--env desktop:headless" in said


def test_a_display_that_does_not_answer(tmp_path: Path, complaint: Complaint) -> None:
    model = script(tmp_path, SUCCESS)
    said = complaint(tmp_path, 4, "run", "Do it", "--env", "desktop", "--model", model, DISPLAY=":987")
    assert ":987" in said


def test_no_programs_for_a_private_display(tmp_path: Path, complaint: Complaint) -> None:
    said = complaint(tmp_path, 4, "run", "Do it", "--model", script(tmp_path, SUCCESS), PATH=str(tmp_path))
    assert "apt-get install xvfb openbox dbus" in said


SCRIPTS = {
    "no file": (None, "cannot be read"),
    "no JSON": ("[", "is not JSON"),
    "no list": ("{}", "is not a list"),
    "an empty list": ("[]", "is not a list with at least one reply"),
    "a number": ("[1]", "neither a text nor an object"),
}


@pytest.mark.parametrize(("text", "reason"), SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_that_is_none(text: str | None, reason: str, tmp_path: Path, complaint: Complaint) -> None:
    file = tmp_path / "replies.json"
    if text is not None:
        file.write_text(text)
    assert reason in complaint(tmp_path, 4, "run", "Do it", "--model", f"scripted:{file}")


def test_a_model_folder_that_does_not_exist(tmp_path: Path, complaint: Complaint) -> None:
    said = complaint(tmp_path, 4, "run", "Do it", "--model", f"qwen2vl:{tmp_path / 'nowhere'}")
    assert "does not exist" in said
    assert "hf download Qwen/Qwen2-VL-2B-Instruct" in said


def test_a_model_of_another_architecture(tmp_path: Path, complaint: Complaint) -> None:
    folder = write_tiny_checkpoint(tmp_path / "Tiny-VL", with_weights=False)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    said = complaint(tmp_path, 4, "run", "Do it", "--model", f"qwen2vl:{folder}")
    assert "describes a model of type 'llama'" in said
    assert "Qwen/Qwen2-VL-2B-Instruct" in said


def test_hostile_names_cannot_command_the_terminal(tmp_path: Path, call: Call) -> None:
    name = "\x1b[2J\u202e[red]x"
    for option in ("--env", "--model", "--dialect"):
        model = () if option == "--model" else ("--model", script(tmp_path, SUCCESS))
        done = call(tmp_path, "run", "Do it", *model, option, name)
        assert done.code == 2
        assert not set("\x1b\u202e") & set(done.err)
        assert "there is no" in done.err


# --- where it goes ---


def test_nothing_is_written_by_asking_for_settings(anywhere: Path) -> None:
    done = handeye("config", cwd=anywhere)
    assert done.returncode == 0
    assert "desktop:headless" in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert not list(anywhere.iterdir())


def test_settings_for_machines(anywhere: Path) -> None:
    done = handeye("config", "--json", cwd=anywhere, env=environ(HANDEYE_STEPS="7", HANDEYE_API_KEY="sk-hidden"))
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["steps"] == {"name": "steps", "value": 7, "source": "HANDEYE_STEPS", "about": rows["steps"]["about"]}
    assert rows["env"]["source"] == "default"
    assert "sk-hidden" not in done.stdout


def test_a_variable_that_means_nothing_is_named(anywhere: Path) -> None:
    done = handeye("config", cwd=anywhere, env=environ(HANDEYE_STEPZ="7"))
    assert "HANDEYE_STEPZ is set, but there is no such setting" in done.stdout


def test_a_line_of_a_table_is_a_line_in_a_pipe(anywhere: Path) -> None:
    out = "a-long-name/" * 15
    done = handeye("config", cwd=anywhere, env=environ(HANDEYE_OUT=out))
    assert any(line.startswith("out ") and out in line for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    "arguments", [("config",), ("config", "--json"), ("--help",), ("run", "", "--json")], ids=" ".join
)
def test_a_reader_that_has_gone_is_no_traceback(arguments: tuple[str, ...], anywhere: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [HANDEYE, *arguments],
            cwd=anywhere,
            env=environ(),
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    assert done.returncode in (1, 2)


def test_a_narrow_encoding_loses_no_text(tmp_path: Path) -> None:
    env = environ(PYTHONIOENCODING="ascii", HANDEYE_OUT="żółw")
    done = handeye("config", cwd=tmp_path, env=env)
    assert done.returncode == 0
    assert "\\u017c\\xf3\\u0142w" in done.stdout
    assert "handeye: " in handeye("run", "x", "--env", "żółw", cwd=tmp_path, env=env).stderr


def test_standard_input_and_output_may_be_closed(anywhere: Path) -> None:
    code = "import os, sys\nos.close(0)\nos.close(1)\nos.execv(sys.argv[1], sys.argv[1:])"
    for arguments in (["config"], ["run", "x", "--env", "none"]):
        done = subprocess.run(
            [sys.executable, "-c", code, HANDEYE, *arguments],
            cwd=anywhere, env=environ(), stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
