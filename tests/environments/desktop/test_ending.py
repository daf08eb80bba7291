"""A private display ends with everything on it, however its owner ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments.desktop.driver import DesktopEnvironment
from environments.desktop.x11.host import descendants
from environments.errors import DeviceLost
from environments.geometry import Size
from tests.environments.desktop.programs import ROOT, alive, needs, pids_of, until

pytestmark = pytest.mark.display

OWNER = """
import json, os, signal, sys, time
from environments.desktop.driver import DesktopEnvironment
from environments.desktop.x11.host import descendants
from environments.geometry import Size

desktop = DesktopEnvironment(private=True, size=Size(640, 480))
desktop.launch(["xterm", "-e", "sh", "-c", "setsid sleep 1000 & exec sleep 1001"])
pids = sorted(descendants(os.getpid()))
names = [open(f"/proc/{pid}/comm").read().strip() for pid in pids]
folder = os.path.dirname(desktop._environment["XAUTHORITY"])
print(json.dumps({"pids": pids, "names": names, "folder": folder, "display": desktop.display}), flush=True)
"""
WAYS = {
    "closed": "desktop.close()",
    "left open": "",
    "an exception": "raise RuntimeError('of its own')",
    "sys.exit": "sys.exit(5)",
    "os._exit": "os._exit(5)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "SIGHUP": "os.kill(os.getpid(), signal.SIGHUP); time.sleep(60)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "a crash": "import ctypes; ctypes.string_at(0)",
}

PROGRAMS = {"openbox", "dbus-daemon", "xterm"}
"""What a host starts; the display itself ends with its last client."""


def gone(owned: dict[str, Any]) -> bool:
    """Whether nothing of a private display is left."""
    number = owned["display"].lstrip(":")
    files = [Path(owned["folder"]), Path(f"/tmp/.X11-unix/X{number}"), Path(f"/tmp/.X{number}-lock")]
    return not any(map(alive, owned["pids"])) and not any(path.exists() for path in files)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_when_the_owner_ends(way: str) -> None:
    needs("xterm")
    done = subprocess.run(
        [sys.executable, "-c", OWNER + WAYS[way]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout, done.stderr
    owned = json.loads(done.stdout)
    names = owned["names"]
    assert {"Xvfb", "openbox", "dbus-daemon", "xterm"} <= set(names)
    assert names.count("sleep") == 2, "one of them has left its terminal's session"
    until(lambda: gone(owned), f"everything ends; {[n for n, p in zip(names, owned['pids'], strict=True) if alive(p)]}")


@pytest.fixture
def owned() -> Iterator[tuple[DesktopEnvironment, dict[str, Any]]]:
    """A private display in this process, and what it is made of."""
    needs("xterm")
    with DesktopEnvironment(private=True, size=Size(640, 480)) as desktop:
        desktop.launch(["xterm"])
        folder = str(Path(desktop._environment["XAUTHORITY"]).parent)
        yield desktop, {"pids": sorted(pids_of(desktop)), "folder": folder, "display": desktop.display}


def test_closing_leaves_nothing_at_once(owned: tuple[DesktopEnvironment, dict[str, Any]]) -> None:
    desktop, parts = owned
    assert len(parts["pids"]) >= 6
    assert not gone(parts)
    desktop.close()
    assert gone(parts), "close returns when everything has ended"
    desktop.close()
    with pytest.raises(DeviceLost):
        desktop.observe()


def test_opening_and_closing_leaks_neither_files_nor_threads_nor_processes() -> None:
    def count() -> tuple[int, int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(descendants(os.getpid()))

    def once() -> None:
        with DesktopEnvironment(private=True, size=Size(320, 240)) as desktop:
            desktop.observe()

    once()
    before = count()
    for _ in range(3):
        once()
    assert count() == before


def test_when_the_host_is_killed_its_programs_end_too(owned: tuple[DesktopEnvironment, dict[str, Any]]) -> None:
    desktop, parts = owned
    programs = [pid for pid in parts["pids"] if Path(f"/proc/{pid}/comm").read_text().strip() in PROGRAMS]
    assert len(programs) >= len(PROGRAMS)
    assert desktop._private is not None
    os.kill(desktop._private._host.process.pid, signal.SIGKILL)
    until(lambda: not any(map(alive, programs)), "the programs end")
    with pytest.raises(DeviceLost):
        desktop.launch(["xterm"])
    desktop.close()
    until(lambda: not any(alive(pid) for pid in parts["pids"]), "display and window manager end with the last client")
    shutil.rmtree(parts["folder"])  # which nobody is left to remove


def test_the_folder_of_a_display_is_for_its_owner_alone(owned: tuple[DesktopEnvironment, dict[str, Any]]) -> None:
    folder = Path(owned[1]["folder"])
    assert folder.parent == Path(tempfile.gettempdir())
    assert folder.stat().st_mode & 0o077 == 0


def test_without_the_cookie_nobody_gets_in(owned: tuple[DesktopEnvironment, dict[str, Any]], tmp_path: Path) -> None:
    desktop, _ = owned
    stranger = {**desktop._environment, "XAUTHORITY": str(tmp_path / "none")}
    connect = "import Xlib.display; Xlib.display.Display()"
    done = subprocess.run([sys.executable, "-c", connect], env=stranger, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Xlib.error" in done.stderr
