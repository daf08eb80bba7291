"""The process that owns a private display: Xvfb, a window manager, a D-Bus session, and every program started there.

Run as `python -m environments.desktop.x11.host '{"width": 1280, ...}'`. It answers one JSON line on standard output
when the display is ready, then takes one JSON line for each program to start. When its standard input ends, however
its parent ended, it ends everything: as a child subreaper it inherits each program that detached itself.
"""

import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pyvirtualdisplay.abstractdisplay import XStartError, XStartTimeoutError
from pyvirtualdisplay.xvfb import XvfbDisplay
from Xlib.display import Display
from Xlib.error import DisplayError

from environments.desktop.x11.atspi import enable
from environments.desktop.x11.screen import X11Screen
from environments.errors import EnvironmentUnavailable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TERM_SECONDS = 0.5
_MANAGER_SECONDS = 10.0
_ATTEMPTS = 5
_FIRST_NUMBER, _NUMBERS = 1000, 50_000


class Host:
    """`open` starts the display, `start` programs on it, and `end` ends all that was started, half-started too."""

    def __init__(self, size: tuple[int, int], folder: Path) -> None:
        self._folder = folder
        self._size = size
        self._xvfb: XvfbDisplay | None = None
        self.environment: dict[str, str] = {}

    def open(self) -> dict[str, Any]:
        """Start everything and return what the driver needs to know. Raises OSError or pyvirtualdisplay's errors."""
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        name, authority = self._start_server()
        self.environment = _program_environment(name, authority, self._folder)
        self._start_window_manager(name)
        bus = self._start_bus()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        with contextlib.suppress(EnvironmentUnavailable):  # then there are no elements, and observing says so
            enable(bus)
        return {"display": name, "environment": self.environment}

    def _start_server(self) -> tuple[str, Path]:
        """Start Xvfb, open to nobody without the cookie; the display's name and the file that holds the cookie."""
        folder = self._folder
        authority = folder / "Xauthority"
        cookie = secrets.token_bytes(16)
        authority.write_bytes(_authority_entry(_FAMILY_WILD, b"", b"", cookie))
        # -terminate: should this process be killed, the server ends with its last client. (-noreset would undo it.)
        name = self._start_xvfb(["-terminate", "-auth", str(authority)])
        entries = [(_FAMILY_LOCAL, os.uname().nodename.encode()), (_FAMILY_WILD, b"")]
        number = name.lstrip(":").encode()
        authority.write_bytes(b"".join(_authority_entry(kind, host, number, cookie) for kind, host in entries))
        return name, authority

    def _start_xvfb(self, arguments: list[str]) -> str:
        """Start Xvfb under a random number, so that a server which ends just now does not remove our socket as its
        own; the display's name."""
        for attempt in range(_ATTEMPTS):
            number = f":{_FIRST_NUMBER + secrets.randbelow(_NUMBERS)}"
            self._xvfb = XvfbDisplay(size=self._size, manage_global_env=False, extra_args=[number, *arguments])
            try:
                self._xvfb.start()
                break
            except XStartError:  # the number is taken
                if attempt == _ATTEMPTS - 1:
                    raise
        return str(self._xvfb.new_display_var) if self._xvfb else ""

    def _start_window_manager(self, name: str) -> None:
        """Start openbox and wait until it manages windows. Raises OSError.

        Meanwhile a connection of our own keeps the server, which ends with its last client.
        """
        os.environ["XAUTHORITY"] = self.environment["XAUTHORITY"]
        keeper = Display(name)
        try:
            self.start(["openbox", "--sm-disable", "--config-file", str(Path(__file__).with_name("openbox.xml"))])
            if not X11Screen(keeper).wait_for_window_manager(_MANAGER_SECONDS):
                raise OSError("no window manager came up")
        finally:
            keeper.close()

    def start(self, argv: list[str], cwd: str | None = None) -> int:
        """Start a program on the display and return its process id. Raises OSError."""
        return subprocess.Popen(
            argv,
            env=self.environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # this process has one thread
        ).pid

    def _start_bus(self) -> str:
        reading, writing = os.pipe()
        subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", f"--print-address={writing}"],
            env=self.environment,
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # as in start
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            return pipe.readline().strip()

    def end(self) -> None:
        """End every program, politely and then surely, and the display last."""
        server = self._server()
        for number, wait in ((signal.SIGTERM, _TERM_SECONDS), (signal.SIGKILL, _TERM_SECONDS)):
            deadline = time.monotonic() + wait
            for pid in descendants(os.getpid()) - server:
                _signal(pid, number)
            while descendants(os.getpid()) - server and time.monotonic() < deadline:
                _reap()
                time.sleep(0.01)
        if self._xvfb is not None and (process := self._xvfb._subproc) is not None:
            process.terminate()  # pyvirtualdisplay only kills, and a server that is killed leaves its socket behind
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_TERM_SECONDS)
            self._xvfb.stop()
        _reap()

    def _server(self) -> set[int]:
        process = self._xvfb and self._xvfb._subproc
        return {process.pid} if process else set()


_FAMILY_LOCAL, _FAMILY_WILD = 256, 65535


def _authority_entry(family: int, address: bytes, number: bytes, cookie: bytes) -> bytes:
    """One entry of an .Xauthority file (libXau, Xauth.h): 16-bit family, then four counted strings."""
    parts = (address, number, b"MIT-MAGIC-COOKIE-1", cookie)
    return family.to_bytes(2, "big") + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _program_environment(display: str, authority: Path, folder: Path) -> dict[str, str]:
    """The environment of programs on the private display: nothing in it leads to the user's own session."""
    foreign = ("WAYLAND_DISPLAY", "SESSION_MANAGER", "DBUS_SESSION_BUS_ADDRESS", "XDG_SESSION_ID", "DESKTOP_SESSION")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | {
        "DISPLAY": display,
        "XAUTHORITY": str(authority),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_SESSION_TYPE": "x11",
        "GDK_BACKEND": "x11",
        "GTK_A11Y": "atspi",
        "NO_AT_BRIDGE": "0",
        "QT_QPA_PLATFORM": "xcb",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        "GSETTINGS_BACKEND": "memory",  # the user's settings are neither read nor changed
        "GTK_IM_MODULE": "gtk-im-context-simple",  # no input method between our keys and the program
        "QT_IM_MODULE": "compose",
        "XMODIFIERS": "@im=none",
    }


def descendants(root: int) -> set[int]:
    """The process ids below `root`, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except OSError:  # it has ended in the meantime
                continue
            state, parent = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(entry.name))
    found: set[int] = set()
    front = [root]
    while front:
        front = [child for pid in front for child in children.get(pid, ())]
        found.update(front)
    return found


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _reap() -> None:
    """Collect children that have ended, inherited ones included."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _serve(host: Host) -> None:
    for line in sys.stdin:
        _reap()
        order = json.loads(line)
        try:
            _say({"pid": host.start(order["argv"], order.get("cwd"))})
        except OSError as exc:
            _say({"error": f"{order['argv'][0]}: {exc.strerror}"})


def main() -> None:
    """Serve until standard input ends or SIGTERM comes."""
    options = json.loads(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    with tempfile.TemporaryDirectory(prefix="handeye-display-") as folder:
        host = Host((options["width"], options["height"]), Path(folder))
        try:
            _say({"ready": host.open()})
            _serve(host)
        except (OSError, XStartError, XStartTimeoutError, DisplayError) as exc:
            _say({"error": f"{exc}"})
        finally:
            host.end()


if __name__ == "__main__":
    main()
