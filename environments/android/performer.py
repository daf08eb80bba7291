"""Carrying out commands on a device, once, and knowing afterwards what became of them."""

import contextlib
import re
import time
from collections.abc import Callable
from typing import NamedTuple

from environments.android.adb import ACT_SECONDS, AdbShell, Result
from environments.android.apps import App, find_app, installed_apps
from environments.android.connection import AdbLost
from environments.android.input_method import InputMethods, Keyboard, NotTyped
from environments.android.keycodes import DELETE_BACK, DELETE_FORWARD
from environments.android.tree import focused_field
from environments.environment import Command, Effect
from environments.errors import CaptureFailed, DeviceLost, Stopped
from environments.observation import Elements
from environments.stop import Stop

MOST_AT_ONCE = 20
"""Commands in one exchange."""
_UNKNOWN_LENGTH = 200
_KEYS_AT_ONCE = 100
_SHOWN = 80
_FAILED = re.compile(
    r"^\s*(?:Exception\b|Security exception\b|[\w.$]+(?:Exception|Error)\b|Error\b|\*\* No activities found).*$",
    re.MULTILINE,
)


class Broken(Exception):
    """A command did not come off; `sent` is whether it, or a part of it, may have had an effect."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Needs(NamedTuple):
    """What was found out before anything is sent: the input method for a text, and the app to launch."""

    way: Keyboard | None = None
    app: App | None = None


def needs(shell: AdbShell, commands: list[Command], stop: Stop | None = None) -> Needs:
    """Find out what the commands need. Raises InvalidAction when the device lacks it, and DeviceLost."""
    way, app = None, None
    for command in commands:
        if command["do"] == "type":
            way = InputMethods(shell).way(stop)
        if command["do"] == "launch":
            app = find_app(command["app"], installed_apps(shell, stop))
    return Needs(way, app)


class Performance:
    """One action being carried out. `read_elements` reads the accessibility tree."""

    def __init__(
        self, shell: AdbShell, read_elements: Callable[[Stop | None], Elements], found: Needs, stop: Stop | None
    ) -> None:
        self._shell = shell
        self._read_elements = read_elements
        self._found = found
        self._stop = stop or Stop()
        self._done = 0
        self._due = time.monotonic()
        self._finger: list[str] | None = None
        self._notes: list[str] = []

    def run(self, commands: list[Command]) -> Effect:
        """Carry out the commands in order, none of them twice, and lift the finger whatever happens."""
        reason = ""
        sent = False
        try:
            for step in _steps(commands):
                self._stop.check()
                self._do(step)
        except Broken as exc:
            reason, sent = str(exc), exc.sent
        except NotTyped as exc:
            reason, sent = f"{exc} ({exc.typed} characters were typed)" if exc.typed else str(exc), exc.unsure
        except Stopped as exc:
            reason = f"stopped: {exc}"
        except (DeviceLost, CaptureFailed) as exc:  # while reading in between
            reason = str(exc)
        finally:
            self._lift()
        note = "; ".join(self._notes)
        if not reason:
            return Effect("done", note=note)
        if not sent and not self._done:
            return Effect("not_sent", reason, note)
        return Effect("unknown", f"{reason}, after {self._done} of {len(commands)} commands", note)

    def _do(self, step: list[Command]) -> None:
        """A step is one command, or several for the shell."""
        first = step[0]
        match first["do"]:
            case "shell":
                self._send([command["argv"] for command in step])
            case "wait":
                self._due = max(self._due, time.monotonic() - first["seconds"]) + first["seconds"]
                self._stop.wait(max(0.0, self._due - time.monotonic()))
            case "clear":
                self._clear()
            case "type":
                note = InputMethods(self._shell).type(first["text"], self._found.way, self._stop)
                self._note(note)
                self._done += 1
            case "read_back":
                self._read_back(first["text"])
            case "launch":
                self._launch(self._found.app)

    def _send(self, argvs: list[list[str]], *, count: bool = True) -> None:
        """Send commands in one exchange; the device stops at the first that fails."""
        for argv in argvs:
            if "motionevent" in argv:
                self._finger = argv
        try:
            done, last = self._shell.chain(argvs, seconds=ACT_SECONDS + _seconds_of(argvs), stop=self._stop)
        except AdbLost as exc:
            raise Broken(str(exc), sent=exc.sent) from exc
        except Stopped as exc:
            raise Broken(f"stopped: {exc}", sent=True) from exc
        trouble = _trouble(last)
        if trouble and done == len(argvs):
            done -= 1
        if count:
            self._done += done
        if done < len(argvs):
            raise Broken(trouble or f"the device refused: {last.complaint}", sent=done > 0)
        if self._finger is not None and "UP" in self._finger:
            self._finger = None

    def _lift(self) -> None:
        """A finger that was put down must not stay there: cancel its gesture, or else lift it where it is."""
        if self._finger is None:
            return
        head = self._finger[: self._finger.index("motionevent") + 1]
        where = self._finger[len(head) + 1 :]
        with contextlib.suppress(DeviceLost):  # then there is nothing left to do
            if self._shell.run([*head, "CANCEL", *where]).exit_code != 0:
                self._shell.run([*head, "UP", *where])

    def _clear(self) -> None:
        """Empty the focused field wherever its caret stands, by deleting in both directions."""
        field = focused_field(self._read_elements(self._stop))
        left = _UNKNOWN_LENGTH if field is None or "password" in field.states else len(field.text)
        while left > 0:
            keys = [str(DELETE_BACK), str(DELETE_FORWARD)] * min(left, _KEYS_AT_ONCE)
            self._send([["input", "keyevent", *keys]], count=False)
            left -= _KEYS_AT_ONCE
        self._done += 1

    def _read_back(self, text: str) -> None:
        """Note when the field with the focus does not hold the text, or when there is none that could."""
        try:
            elements = self._read_elements(self._stop)
        except (DeviceLost, CaptureFailed):
            return
        field = focused_field(elements)
        if field is None and elements.nodes:
            self._note("no text field has the focus, so the text may have gone nowhere")
        elif field is not None and "password" not in field.states and _plain(text) not in _plain(field.text):
            self._note(f"the field holds {_short(field.text)!r}, where {_short(text)!r} was typed")
        self._done += 1

    def _launch(self, app: App | None) -> None:
        if app is None:
            raise Broken("there is no app to launch", sent=False)
        if app.component:
            self._send([["am", "start", "-n", app.component]])
        else:
            self._send([["monkey", "-p", app.package, "-c", "android.intent.category.LAUNCHER", "1"]])

    def _note(self, words: str) -> None:
        if words:
            self._notes.append(words)


def _steps(commands: list[Command]) -> list[list[Command]]:
    """Commands for the shell that follow one another go together, as far as one exchange has room."""
    steps: list[list[Command]] = []
    for command in commands:
        if command["do"] == "shell" and steps and steps[-1][0]["do"] == "shell" and len(steps[-1]) < MOST_AT_ONCE:
            steps[-1].append(command)
        else:
            steps.append([command])
    return steps


def _seconds_of(argvs: list[list[str]]) -> float:
    """How long commands may take by their nature: a swipe says its milliseconds at the end, a text has its keys."""
    swipes = sum(int(argv[-1]) / 1000 for argv in argvs if "swipe" in argv and len(argv) >= 7)
    return swipes + 0.1 * sum(len(argv[-1]) for argv in argvs if "text" in argv[1:2])


def _trouble(result: Result) -> str:
    """What `input` and `am` complain of, which they do with exit code 0 on some devices."""
    words = f"{result.stderr.decode(errors='replace')}\n{result.text}"
    found = _FAILED.search(words)
    if not found:
        return ""
    line = found[0].strip()[:300]
    if "INJECT_EVENTS" in words:
        return f"the device lets nobody tap: {line}; switch on 'USB debugging (Security settings)' in developer options"
    return line


def _plain(text: str) -> str:
    """Without what a field of one line changes (line ends, tabs), and as uiautomator writes what is beyond the basic
    plane: a dot for each of the two halves of the character."""
    return "".join(".." if ord(character) > 0xFFFF else character for character in text if not character.isspace())


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}...{text[-_SHOWN // 2 :]}"
