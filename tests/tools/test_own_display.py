"""A person's own display: never touched unless the command says so, and then only as the person allows.

A private display of this test stands in for it, with a terminal on it that writes whatever is typed to a file.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.episode import Episode
from agent.outcome import Outcome
from environments.desktop.driver import DesktopEnvironment
from environments.geometry import Size
from tests.tools.command import (
    HANDEYE,
    SUCCESS,
    Reply,
    environ,
    handeye,
    objects,
    script,
    started,
    wait_until,
)
from tests.tools.doorbell import Doorbell

pytestmark = pytest.mark.display

TYPE: Reply = {"thought": "A terminal is in front.", "action": "type", "text": "touched", "submit": True}
TAP: Reply = {"thought": "Somewhere.", "action": "tap", "x": 500, "y": 500}


# --- a display that counts who comes to it ---


@pytest.fixture
def doorbell() -> Iterator[Doorbell]:
    bell = Doorbell()
    yield bell
    bell.close()


def test_the_doorbell_rings(doorbell: Doorbell) -> None:
    """Else the tests below would prove nothing."""
    subprocess.run(["xclip", "-o"], env=environ(DISPLAY=doorbell.display), capture_output=True, check=False, timeout=30)
    assert doorbell.rung


@pytest.mark.parametrize("arguments", [(), ("--env", "desktop:headless", "--yes")], ids=" ".join)
def test_a_run_never_comes_near_it(arguments: tuple[str, ...], doorbell: Doorbell, tmp_path: Path) -> None:
    model = script(tmp_path, TAP, TYPE, SUCCESS)
    launch = ("--launch", "xterm -e sh -c 'exec cat > typed'")
    env = environ(DISPLAY=doorbell.display, WAYLAND_DISPLAY="wayland-0")
    done = handeye("run", "Do it", "--model", model, *launch, *arguments, "--json", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "typed").read_text() == "touched\n"  # on a display of its own
    assert doorbell.rung == 0


@pytest.mark.parametrize(
    "arguments", [("--help",), ("config",), ("doctor",), ("run", "x", "--env", "none")], ids=" ".join
)
def test_neither_does_any_other_command(arguments: tuple[str, ...], doorbell: Doorbell, tmp_path: Path) -> None:
    handeye(*arguments, cwd=tmp_path, env=environ(DISPLAY=doorbell.display))
    assert doorbell.rung == 0


@pytest.mark.parametrize(("source", "spec"), [("file", "desktop"), ("file", " desktop "), ("variable", "desktop:")])
def test_only_the_command_line_can_choose_it(source: str, spec: str, doorbell: Doorbell, tmp_path: Path) -> None:
    """Not a file in the folder where one happens to be, not a variable that was set some day."""
    env = environ(DISPLAY=doorbell.display, **({"HANDEYE_ENV": spec} if source == "variable" else {}))
    if source == "file":
        (tmp_path / "handeye.toml").write_text(f'env = "{spec}"')
    model = script(tmp_path, TAP, SUCCESS)
    done = handeye("run", "Do it", "--model", model, "--yes", "--json", cwd=tmp_path, env=env)
    assert done.returncode == 2
    (said,) = objects(done.stdout)
    assert "chooses your own display" in said["error"]
    assert said["fix"] == "say so in the command: --env desktop"
    assert doorbell.rung == 0


# --- a display with something on it ---


class OwnDisplay:
    """What a person has in front of them: a terminal, and what was typed into it."""

    def __init__(self, desktop: DesktopEnvironment, file: Path) -> None:
        self.desktop = desktop
        self._file = file
        self._terminal = desktop.launch(["xterm", "-e", "sh", "-c", 'exec cat > "$0"', str(file)])
        wait_until(file.exists)

    @property
    def typed(self) -> str:
        return self._file.read_text()

    @property
    def env(self) -> dict[str, str]:
        return environ() | self.desktop.program_environment

    def close(self) -> None:
        """The terminal goes; the display stays for the next test."""
        os.kill(self._terminal, signal.SIGTERM)
        wait_until(lambda: self.desktop.observe().window is None)


@pytest.fixture(scope="module")
def standing_in() -> Iterator[DesktopEnvironment]:
    with DesktopEnvironment(private=True, size=Size(800, 600)) as desktop:
        yield desktop


@pytest.fixture
def own(standing_in: DesktopEnvironment, tmp_path: Path) -> Iterator[OwnDisplay]:
    display = OwnDisplay(standing_in, tmp_path / "typed")
    yield display
    display.close()


def arguments(folder: Path, *replies: Reply) -> tuple[str, ...]:
    return ("run", "Do it", "--env", "desktop", "--model", script(folder, *replies))


@pytest.mark.parametrize("machine", [(), ("--json",)], ids=["words", "json"])
def test_without_a_terminal_nothing_is_sent(machine: tuple[str, ...], own: OwnDisplay, tmp_path: Path) -> None:
    before = own.desktop.observe().frame
    done = handeye(
        *arguments(tmp_path, TYPE, SUCCESS), *machine, cwd=tmp_path, env=own.env, stdin=None, input="y\n" * 9
    )
    assert done.returncode == 1
    (folder,) = tmp_path.glob("episodes/*")
    episode = Episode(folder)
    assert episode.outcome is Outcome.BLOCKED
    assert "nobody is here to confirm" in episode.reason
    assert [effect.status for effect in episode[0].effects] == ["not_sent"]
    assert not any(record["kind"] == "intent" for record in episode.records)
    assert own.typed == ""
    assert own.desktop.observe().frame == before
    assert "blocked" in done.stdout


def test_with_yes_it_acts(own: OwnDisplay, tmp_path: Path) -> None:
    done = handeye(*arguments(tmp_path, TYPE, SUCCESS), "--yes", "--json", cwd=tmp_path, env=own.env)
    assert done.returncode == 0, done.stdout
    assert objects(done.stdout)[-1]["outcome"] == "success"
    wait_until(lambda: own.typed == "touched\n", 5)


def test_a_screen_that_dies_in_the_middle(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        desktop = stack.enter_context(DesktopEnvironment(private=True, size=Size(800, 600)))
        env = environ() | desktop.program_environment
        wait: Reply = {"thought": "Wait.", "action": "wait", "seconds": 2}
        command = arguments(tmp_path, wait, TAP, SUCCESS)
        with started(HANDEYE, *command, "--yes", "--json", cwd=tmp_path, env=env) as process:
            wait_until(
                lambda: '"kind":"intent"' in "".join(f.read_text() for f in tmp_path.glob("episodes/*/journal*"))
            )
            desktop.close()
            out, err = process.communicate(timeout=60)
        assert process.returncode == 4, err
        end = objects(out)[-1]
        assert end["outcome"] == "device_lost"
        assert Episode(tmp_path / end["episode"]).outcome is Outcome.DEVICE_LOST


# --- a person at a terminal ---


class Session:
    """`handeye` in a terminal; this test reads what it says and types what a person would."""

    def __init__(self, command: tuple[str, ...], folder: Path, env: dict[str, str]) -> None:
        self.screen = ""
        self._keyboard, theirs = os.openpty()
        self.process = subprocess.Popen(
            [HANDEYE, *command],
            cwd=folder,
            env={**env, "TERM": "xterm-256color", "COLUMNS": "200"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # so that Ctrl-C typed in it becomes a signal
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the other end has gone
            while data := os.read(self._keyboard, 4096):
                self.screen += data.decode(errors="replace")

    @property
    def words(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.screen)

    def is_asked(self, times: int = 1) -> None:
        wait_until(lambda: self.words.count("[y/N] ") >= times or self.process.poll() is not None)
        assert self.process.poll() is None, self.words

    def types(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def ends(self) -> int:
        code = self.process.wait(30)
        self._reader.join(10)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._reader.join(10)
        os.close(self._keyboard)


def _take_terminal() -> None:
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextlib.contextmanager
def session(own: OwnDisplay, folder: Path, *replies: Reply, **variables: str) -> Iterator[Session]:
    talk = Session(arguments(folder, *replies), folder, {**own.env, **variables})
    try:
        yield talk
    finally:
        talk.close()


def test_a_y_lets_one_action_through(own: OwnDisplay, tmp_path: Path) -> None:
    with session(own, tmp_path, TYPE, TYPE | {"text": "again"}, SUCCESS) as talk:
        talk.is_asked()
        assert 'may I type "touched" and press enter?' in talk.words
        assert f"this acts on your own screen, {own.desktop.display}" in talk.words
        assert own.typed == ""
        talk.types("y\n")
        talk.is_asked(2)
        assert own.typed == "touched\n"
        talk.types("yes\n")
        assert talk.ends() == 0
    assert own.typed == "touched\nagain\n"
    assert "success: done" in talk.words


@pytest.mark.parametrize("answer", ["\n", "n\n", "yy\n", "\x04"], ids=["nothing", "n", "yy", "end of input"])
def test_anything_else_declines(answer: str, own: OwnDisplay, tmp_path: Path) -> None:
    with session(own, tmp_path, TYPE, SUCCESS) as talk:
        talk.is_asked()
        talk.types(answer)
        assert talk.ends() == 0  # the model is told, and finishes
    assert own.typed == ""
    assert "not sent (the person declined)" in talk.words


def test_declining_again_and_again_ends_the_run(own: OwnDisplay, tmp_path: Path) -> None:
    replies = [TYPE | {"text": f"{number}"} for number in range(5)]
    with session(own, tmp_path, *replies, SUCCESS) as talk:
        for times in (1, 2, 3):
            talk.is_asked(times)
            talk.types("n\n")
        assert talk.ends() == 1
    assert "blocked: the person declined 3 actions in a row" in talk.words
    assert own.typed == ""


def test_what_was_typed_before_the_question_is_no_answer(own: OwnDisplay, tmp_path: Path) -> None:
    with session(own, tmp_path, TYPE, SUCCESS) as talk:
        talk.types("y\n" * 20)
        talk.is_asked()
        talk.types("n\n")
        assert talk.ends() == 0
    assert own.typed == ""


@pytest.mark.parametrize("how", ["typed", "sent"])
def test_ctrl_c_instead_of_an_answer_ends_the_run(how: str, own: OwnDisplay, tmp_path: Path) -> None:
    with session(own, tmp_path, TYPE, SUCCESS) as talk:
        talk.is_asked()
        if how == "typed":
            talk.types("\x03")
        else:
            talk.process.send_signal(signal.SIGINT)
        assert talk.ends() == 1
    assert "stopped: Ctrl-C" in talk.words
    assert own.typed == ""
    (folder,) = tmp_path.glob("episodes/*")
    episode = Episode(folder)
    assert episode.outcome is Outcome.STOPPED
    assert [effect.status for effect in episode[0].effects] == ["not_sent"]


def test_a_question_of_the_model_is_answered_in_the_terminal(own: OwnDisplay, tmp_path: Path) -> None:
    question: Reply = {"thought": "I do not know.", "action": "ask", "question": "Which \x1b[31mfile?"}
    answer: Reply = {"thought": "I do.", "action": "answer", "text": "Thank you."}
    with session(own, tmp_path, question, answer, SUCCESS) as talk:
        wait_until(lambda: "      > " in talk.words)
        assert "the model asks: Which ␛[31mfile?" in talk.words
        talk.types("notes.txt\n")
        assert talk.ends() == 0
    assert "says: Thank you." in talk.words
    (folder,) = tmp_path.glob("episodes/*")
    said = [record for record in Episode(folder).records if record["kind"] == "answer"]
    assert [record["answer"] for record in said] == ["notes.txt"]


def test_no_color_in_a_terminal_is_plain_text_and_still_asks(own: OwnDisplay, tmp_path: Path) -> None:
    with session(own, tmp_path, TYPE, SUCCESS, NO_COLOR="1") as talk:
        talk.is_asked()
        talk.types("y\n")
        assert talk.ends() == 0
    assert "\x1b" not in talk.screen
    assert own.typed == "touched\n"


def test_a_private_display_needs_nobody(tmp_path: Path, own: OwnDisplay) -> None:
    """Colours and a sign of life in a terminal; no question."""
    model = script(tmp_path, TAP, SUCCESS)
    talk = Session(("run", "Do it", "--model", model), tmp_path, own.env)
    try:
        assert talk.ends() == 0
    finally:
        talk.close()
    assert "[y/N]" not in talk.words
    assert "\x1b[" in talk.screen
    assert own.typed == ""


def test_json_in_a_terminal_is_json_only(own: OwnDisplay, tmp_path: Path) -> None:
    talk = Session((*arguments(tmp_path, TYPE, SUCCESS), "--json"), tmp_path, own.env)
    try:
        assert talk.ends() == 1
    finally:
        talk.close()
    assert [json.loads(line).get("outcome") for line in talk.screen.splitlines()] == [None, "blocked"]
    assert own.typed == ""
