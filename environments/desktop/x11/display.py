"""X displays from the side of the process that wants one: a private one, or the user's own."""

import json
import os
import select
import shutil
import threading
from pathlib import Path
from typing import Any

from environments.desktop.spawn import Spawned
from environments.errors import DeviceLost, EnvironmentUnavailable
from environments.geometry import Size

READY_SECONDS = 30.0
START_SECONDS = 5.0
END_SECONDS = 5.0
DEFAULT_SIZE = Size(1280, 800)
PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "dbus-daemon": "dbus"}
"""What a private display is made of, and the Debian package of each."""


class PrivateDisplay:
    """Xvfb with a window manager and a D-Bus session of its own; all of it ends with `close` or with this process.

    `name` is a display such as ":1"; `environment` is what a program needs to appear on it. Raises
    EnvironmentUnavailable when it does not start, MissingExtra without pyvirtualdisplay.
    """

    def __init__(self, size: Size = DEFAULT_SIZE) -> None:
        missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
        if missing:
            raise EnvironmentUnavailable(
                "a private display needs programs that are not installed", fix=f"apt-get install {' '.join(missing)}"
            )
        self._lock = threading.Lock()
        options = {"width": size.width, "height": size.height}
        self._host = Spawned("environments.desktop.x11.host", options, os.environ)
        try:
            ready = self._answer(READY_SECONDS)
        except DeviceLost as exc:
            failure = self._host.failure("a private display", str(exc))
            self.close()
            raise failure from exc
        if "error" in ready:
            self.close()
            raise EnvironmentUnavailable(f"a private display did not start: {ready['error']}")
        self.name: str = ready["ready"]["display"]
        self.environment: dict[str, str] = ready["ready"]["environment"]

    def start(self, argv: list[str], cwd: str | None = None) -> int:
        """Start a program on the display; it ends with it. Returns its process id.

        Raises EnvironmentUnavailable when the program cannot be started, DeviceLost when the display is gone.
        """
        with self._lock:
            try:
                self._host.to.write(json.dumps({"argv": argv, "cwd": cwd or str(Path.cwd())}).encode() + b"\n")
                self._host.to.flush()
            except BrokenPipeError as exc:
                raise DeviceLost("the private display has ended") from exc
            answer = self._answer(START_SECONDS)
        if "error" in answer:
            raise EnvironmentUnavailable(f"cannot start {answer['error']}")
        pid: int = answer["pid"]
        return pid

    def _answer(self, seconds: float) -> dict[str, Any]:
        """The next line that the host says. Raises DeviceLost when none comes."""
        ready, _, _ = select.select([self._host.out], [], [], seconds)
        line = self._host.out.readline() if ready else b""
        if not line:
            raise DeviceLost("the private display has ended" if ready else f"no answer within {seconds:g} s")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End every program on the display, and the display. Safe to call twice."""
        if not self._host.closed:
            self._host.end(END_SECONDS)
            self._host.close()


def own_environment() -> dict[str, str]:
    """The environment that leads to the user's own display."""
    if not os.environ.get("DISPLAY"):
        wayland = " (Wayland is not driven yet)" if os.environ.get("WAYLAND_DISPLAY") else ""
        raise EnvironmentUnavailable(
            f"there is no display: DISPLAY is not set{wayland}",
            fix="use --env desktop:headless for a private display, or run this in a graphical session",
        )
    environment = dict(os.environ)
    if "XAUTHORITY" not in environment and not Path("~/.Xauthority").expanduser().exists():
        environment["XAUTHORITY"] = os.devnull  # python-xlib takes a missing file for an error, and X does not
    return environment
