"""The real command `handeye` in a process of its own, with nothing in its environment that changes what it does."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from environments.desktop.x11.host import descendants

SCRIPTS = Path(sys.executable).parent
HANDEYE = SCRIPTS / "handeye"
ROOT = Path(__file__).parents[2]
_SETTINGS = ("HANDEYE_", "OPENAI_")
_OTHERS = (
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE",
    "PYTHONUNBUFFERED",
)  # fmt: skip

Reply = dict[str, Any]
SUCCESS: Reply = {"thought": "It is done.", "action": "finish", "status": "success", "message": "done"}
WAIT: Reply = {"thought": "Something is to happen.", "action": "wait", "seconds": 5}


def environ(**more: str) -> dict[str, str]:
    """This process's environment without displays, settings and keys, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS) and name not in _OTHERS}
    return kept | {"HF_HUB_OFFLINE": "1", **more}


def handeye(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end. Nothing stands on its standard input unless `options` say so."""
    options = {"stdin": subprocess.DEVNULL, "timeout": 90, **options}
    return subprocess.run(
        [HANDEYE, *arguments],
        cwd=cwd,
        env=environ() if env is None else env,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


@contextlib.contextmanager
def started(*command: str | Path, cwd: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A command that is still running; ended at the end, whatever happens. Standard input is a pipe."""
    options = {"env": environ(), "stdin": subprocess.PIPE, **options}
    process = subprocess.Popen(
        command or (HANDEYE,), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def painted(folder: Path, **more: str) -> dict[str, str]:
    """An environment in which `--env painted` is a screen in memory that another package adds: quick to open."""
    package = folder / "package" / "painted-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: painted\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[handeye.environments]\npainted = tests.screens:PaintedScreen\n")
    return environ(PYTHONPATH=f"{package.parent}{os.pathsep}{ROOT}", **more)


def script(folder: Path, *replies: str | Reply) -> str:
    """The name of a model that plays these replies."""
    file = folder / "replies.json"
    file.write_text(json.dumps(list(replies)))
    return f"scripted:{file}"


def objects(text: str) -> list[dict[str, Any]]:
    """Every line as a JSON object; fails for a line that is none."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(one, dict) for one in found)
    return found


def journal(folder: Path) -> str:
    """What has been recorded below a folder so far, episodes in the order of their names."""
    return "".join(file.read_text() for file in sorted(folder.glob("episodes/*/journal.jsonl")))


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def family(process: subprocess.Popen[str]) -> set[int]:
    """Every process below a running command."""
    return descendants(process.pid)


def running(pids: set[int]) -> set[int]:
    """Those of the processes that have not ended."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(pid)
    return found


def interrupt(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[str, str, float]:
    """Send a signal; what the command had to say, and how many seconds it took to end."""
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    return out, err, time.monotonic() - began
