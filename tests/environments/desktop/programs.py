"""Real programs on a private display, and ways to see what really reached them."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from environments.action import Hotkey, Press
from environments.desktop.driver import DesktopEnvironment
from environments.desktop.x11.host import descendants

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE = 20.0
"""How long anything may take on a machine that is busy elsewhere."""


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until the condition is true, and return what it said."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"in vain for {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def end(pid: int) -> None:
    """End a process, surely."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), f"process {pid} ends")


def windows(desktop: DesktopEnvironment) -> list[int]:
    """The ids of the windows that the window manager has."""
    found: list[int] = desktop._child.call("windows")[0]["windows"]
    return found


def pids_of(desktop: DesktopEnvironment) -> set[int]:
    """Every process that a private display is made of, and those that were started on it."""
    assert desktop._private is not None
    host = desktop._private._host.process.pid
    return {host, desktop._child.pid} | descendants(host)


def process_named(desktop: DesktopEnvironment, name: str) -> int:
    """The process of this name on a private display."""
    return next(pid for pid in pids_of(desktop) if Path(f"/proc/{pid}/comm").read_text().strip() == name)


def environment_of(desktop: DesktopEnvironment) -> dict[str, str]:
    """The environment variables of programs on the display."""
    return dict(desktop._environment)


def ask_x(environment: Mapping[str, str], verb: str, *arguments: int) -> Any:
    """What another client of the X server says: see xclient.py."""
    done = subprocess.run(
        [sys.executable, str(HERE / "xclient.py"), verb, *map(str, arguments)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def python_with_tk() -> str:
    """A Python that has tkinter, in which the test programs are written."""
    for python in (sys.executable, "/usr/bin/python3"):
        if Path(python).exists() and subprocess.run([python, "-c", "import tkinter"], check=False).returncode == 0:
            return python
    pytest.skip("no Python here has tkinter (python3-tk)")


def needs(*programs: str) -> None:
    """Skip the test where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


class Program:
    """A program with a window on the display; within `with` it runs, and its window is in front at the beginning."""

    def __init__(self, desktop: DesktopEnvironment, argv: list[str]) -> None:
        self.desktop = desktop
        self.argv = argv
        self.pid = 0

    def __enter__(self) -> Self:
        self._before = set(windows(self.desktop))
        self.pid = self.desktop.launch(self.argv)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self.pid)
        until(lambda: not set(windows(self.desktop)) - self._before, f"the window of {self.argv[0]} closes")


class Terminal(Program):
    """An xterm in which `cat` writes what is typed to a file, line by line."""

    def __init__(self, desktop: DesktopEnvironment, file: Path) -> None:
        needs("xterm")
        self.file = file
        super().__init__(desktop, ["xterm", "-u8", "-e", "sh", "-c", 'exec cat > "$0"', str(file)])

    def __enter__(self) -> Self:
        super().__enter__()
        until(self.file.exists, "cat opens its file")
        return self

    def text(self) -> str:
        """What has arrived so far, in whole lines."""
        return self.file.read_text()

    def wait_for(self, text: str) -> None:
        """Wait until exactly this text has arrived; what differs is shown otherwise."""
        assert_arrives(self.text, text)


class Editor(Program):
    """A mousepad with a file of its own."""

    def __init__(self, desktop: DesktopEnvironment, file: Path, content: str = "") -> None:
        needs("mousepad")
        self.file = file
        file.write_text(content)
        super().__init__(desktop, ["mousepad", "--disable-server", str(file)])

    def saved(self) -> str:
        """Save with ctrl+s and read the file, without the newline that mousepad ends it with."""
        before = self.file.stat().st_mtime_ns
        self.desktop.settle()
        effect = self.desktop.act(Hotkey(keys=("ctrl", "s")), self.desktop.observe())
        assert effect.status == "done"
        until(lambda: self.file.stat().st_mtime_ns != before and self.file.stat().st_size, "mousepad saves its file")
        return self.file.read_text().removesuffix("\n")


class Panel(Program):
    """The full-screen window of panel.py, which writes down every event that reaches it."""

    def __init__(self, desktop: DesktopEnvironment, file: Path) -> None:
        self.file = file
        super().__init__(desktop, [python_with_tk(), str(HERE / "panel.py"), str(file)])

    def __enter__(self) -> Self:
        super().__enter__()
        until(self.file.exists, "the panel is ready")
        self._read = 0
        return self

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything, or everything of these kinds, that happened since `forget`."""
        found = [json.loads(line) for line in self._lines()[self._read :]]
        return [event for event in found if not kinds or event["kind"] in kinds]

    def forget(self) -> None:
        """From here on `events` begins anew; a key of its own marks that all that was sent before has arrived."""
        self._read = len(self._lines())
        assert self.desktop.act(Press(key="f20"), self.desktop.observe()).status == "done"
        until(lambda: [e["kind"] for e in self.events() if e.get("key") == "F20"] == ["key", "key_up"], "F20")
        self._read = len(self._lines())

    def _lines(self) -> list[str]:
        """The lines that were written to their end."""
        return self.file.read_text().split("\n")[:-1]

    def wait_for(self, count: int, *kinds: str) -> list[dict[str, Any]]:
        """Wait until so many events of these kinds have happened, and return them."""
        until(lambda: len(self.events(*kinds)) >= count, f"{count} events of {kinds}; there are {self.events()[-9:]}")
        return self.events(*kinds)


def assert_arrives(read: Callable[[], str], expected: str) -> None:
    """Wait until what is read is `expected`; else show the first difference."""
    deadline = time.monotonic() + PATIENCE
    last, changed = "", time.monotonic()
    while (text := read()) != expected and time.monotonic() < deadline:
        if text != last:
            last, changed = text, time.monotonic()
        elif len(text) >= len(expected) and time.monotonic() - changed > 1:
            break
        time.sleep(0.02)
    assert_same(text, expected)


def assert_same(text: str, expected: str) -> None:
    """Compare long texts and show the first difference only."""
    if text != expected:
        at = next(
            (i for i, (a, b) in enumerate(zip(text, expected, strict=False)) if a != b), min(len(text), len(expected))
        )
        shown = text[max(0, at - 10) : at + 30], expected[max(0, at - 10) : at + 30]
        pytest.fail(f"{len(text)} of {len(expected)} characters; at {at}: {shown[0]!r} and not {shown[1]!r}")
