"""`handeye bench desktop`: what looking, clicking, settling and remembering cost on a private display.

Every ratio is taken in one run, and every run says whether the machine was busy with something else.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from agent.model import Message, Request
from agent.models import open_model
from agent.models.tiny import write_tiny_checkpoint
from environments.action import Tap
from environments.desktop.driver import DesktopEnvironment
from environments.errors import HandeyeError, MissingExtra
from environments.frame import Frame
from environments.geometry import Size
from environments.journal import Journal
from environments.registry import InvalidOption
from tools.quiet import Calibration
from tools.soak import WARM_UP, soak_figures
from tools.tables import print_table
from tools.terminal import open_console

SIZE = Size(1280, 800)
MOVEMENTS = ((0.3, 60.0), (0.6, 60.0), (0.6, 30.0), (1.0, 60.0))
"""Seconds and pictures per second of the movements whose end the settle wait has to find."""

DRAWN = 0.06
"""Seconds between two looks: the noise has moved by then, so that no look gets off with the pixels of the last."""

Row = dict[str, Any]


def measure(*, repeat: int, soak: int, quiet: bool) -> list[Row]:
    """All rows, each with a `name`, figures in milliseconds unless the key says otherwise, and the bar it has.

    `soak` is the number of steps of the memory test, 0 for none. Raises InvalidOption when they are too few.
    """
    if 0 < soak <= WARM_UP:
        raise InvalidOption(f"the memory test needs more than {WARM_UP} steps", fix="give --soak 2000, or 0 for none")
    console = open_console(stderr=True, quiet=quiet)
    calibration = Calibration()
    rows: list[Row] = []
    parts: list[tuple[str, Callable[[], list[Row]]]] = [
        ("looking and clicking", lambda: _look_and_click(repeat)),
        ("frames", lambda: _frames(max(5, repeat // 4))),
        ("settling", _settling),
        ("imports", _imports),
    ]
    if soak:
        parts.append((f"{soak} steps", lambda: [_soak_row(soak)]))
    for name, part in parts:
        with console.status(f"measuring: {name}"):
            rows += part()
    state = calibration.finish()
    return [{"name": "machine", "cores": os.cpu_count(), "busy": state.busy, "why": state.why}, *rows]


def _timed(work: Callable[[int], object], repeat: int, pause: float = 0.0) -> dict[str, float]:
    """Median, fastest and 95th percentile of `work(0)`, `work(1)`, ... in milliseconds; `pause` seconds between."""
    spent = []
    for number in range(repeat):
        start = time.perf_counter()
        work(number)
        spent.append(1000 * (time.perf_counter() - start))
        time.sleep(pause)
    spent.sort()
    return {
        "median_ms": round(statistics.median(spent), 2),
        "min_ms": round(spent[0], 2),
        "p95_ms": round(spent[int(0.95 * (len(spent) - 1))], 2),
    }


def _noisy(desktop: DesktopEnvironment, file: Path, seconds: float, fps: float) -> None:
    command = [sys.executable, "-m", "tools.noisy", str(file), "--seconds", str(seconds), "--fps", str(fps)]
    desktop.launch(command, cwd=str(Path(__file__).parents[1]))


def _look_and_click(repeat: int) -> list[Row]:
    """Capture, hash and click on a screen full of noise that moves, beside plain pyautogui on the same screen."""
    with DesktopEnvironment(private=True, size=SIZE) as desktop, tempfile.TemporaryDirectory() as folder:
        _noisy(desktop, Path(folder) / "times", 0.02, 60.0)  # each click changes the picture for the next look

        def look_and_click(number: int) -> None:
            seen = desktop.observe()
            _ = seen.frame.hash
            desktop.act(Tap(x=100 + number % 50, y=100), seen)

        def look(_: int) -> str:
            return desktop.observe().frame.hash

        _timed(look_and_click, 5, DRAWN)
        figures = _timed(look_and_click, repeat, DRAWN)
        ours: Row = {"name": "capture + pixel hash + click", **figures, "bar": "at most 15 ms median"}
        rows: list[Row] = [ours, {"name": "capture + pixel hash, nothing changed", **_timed(look, repeat)}]
        peer = _peer(desktop, max(5, repeat // 6))
    if "absent" in peer:
        return [*rows, {"name": "pyautogui.screenshot() + click", "absent": peer["absent"]}]
    slow, quick = (round(peer[key] / ours["median_ms"], 1) for key in ("default", "pause_0"))
    return [
        *rows,
        {"name": "pyautogui.screenshot() + click", "median_ms": round(peer["default"], 2)},
        {"name": "the same with PAUSE = 0", "median_ms": round(peer["pause_0"], 2)},
        {"name": "times faster than pyautogui as it comes", "ratio": slow, "bar": "at least 7"},
        {"name": "times faster than with PAUSE = 0", "ratio": quick},
    ]


def _peer(desktop: DesktopEnvironment, repeat: int) -> Row:
    """What plain pyautogui needs; XDG_SESSION_TYPE tells its screenshot library that this is X11."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.peer", str(repeat)],
        env=desktop.program_environment,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        return {"absent": words[-1] if words else "it failed"}
    row: Row = json.loads(done.stdout)
    return row


def _frames(repeat: int) -> list[Row]:
    """A frame of noise, which nothing compresses, and one of a desktop: as PNG, in the journal, for the model."""
    rows: list[Row] = []
    for name, frame in (("noise", _noise_frame()), ("desktop", _desktop_frame())):
        png = _timed(partial(_png, frame), repeat)
        rows += [
            {"name": f"PNG of {name}", **png, "kB": len(frame.png()) // 1000},
            {"name": f"journal: {name}, encoded, written and synced", **_journal(frame, repeat)},
            {"name": f"Qwen2-VL processor: {name}", **_processor(frame, repeat)},
        ]
    return rows


def _png(frame: Frame, _: int) -> bytes:
    return frame.png()


def _noise_frame() -> Frame:
    return Frame(SIZE, os.urandom(3 * SIZE.width * SIZE.height))


def _desktop_frame() -> Frame:
    with DesktopEnvironment(private=True, size=SIZE) as desktop:
        desktop.launch(["xterm", "-e", "sh", "-c", "ls -l /usr/bin; cat"])
        return desktop.observe().frame


def _journal(frame: Frame, repeat: int) -> dict[str, float]:
    """Each time into a new journal, since a frame that is stored already costs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        journals = [Journal(Path(folder) / str(number)) for number in range(repeat)]
        figures = _timed(lambda number: journals[number].frame(frame), repeat)
        for journal in journals:
            journal.close()
        return figures


def _processor(frame: Frame, repeat: int) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        model: Any = open_model(f"qwen2vl:{write_tiny_checkpoint(Path(folder) / 'tiny', with_weights=False)}")
        request = Request((Message("user", (frame,)),))
        try:
            tokens = model.prepare_inputs(request).visual_tokens
        except MissingExtra as exc:
            return {"absent": str(exc)}
        return {**_timed(lambda _: model.prepare_inputs(request), repeat), "visual_tokens": tokens}


def _settling() -> list[Row]:
    """How long after the true end of a movement the settle wait ends; negative would be too early."""
    rows: list[Row] = []
    for seconds, fps in MOVEMENTS:
        with DesktopEnvironment(private=True, size=SIZE) as desktop, tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "times"
            _noisy(desktop, file, seconds, fps)
            late = sorted(_one_settle(desktop, file) for _ in range(8))
        figures = {"median_ms": statistics.median(late), "min_ms": late[0], "max_ms": late[-1]}
        name = f"settle after {seconds:g} s at {fps:g} pictures a second"
        rounded = {key: round(value, 1) for key, value in figures.items()}
        rows.append({"name": name, **rounded, "bar": "within 60 ms of the true end"})
    return rows


def _one_settle(desktop: DesktopEnvironment, file: Path) -> float:
    known = len(file.read_text().splitlines()) if file.exists() else 0
    desktop.act(Tap(x=300, y=300), desktop.observe())
    desktop.settle()
    ended = time.monotonic()
    deadline = ended + 10
    while not file.exists() or len(file.read_text().splitlines()) <= known:
        if time.monotonic() > deadline:
            raise HandeyeError("the moving program does not answer")
        time.sleep(0.005)
    return 1000 * (ended - float(file.read_text().splitlines()[-1].split()[1]))


def _imports() -> list[Row]:
    """Each in a fresh process, best of five: what a person waits for before anything happens."""
    rooms = "import time; t = time.perf_counter(); import agent, environments; print(time.perf_counter() - t)"
    names = rooms.replace("import agent, environments", "from handeye import Agent, Tap, open_environment, open_model")
    code = [sys.executable, "-c"]
    seconds = min(float(subprocess.run([*code, rooms], capture_output=True, check=True).stdout) for _ in range(5))
    used = min(float(subprocess.run([*code, names], capture_output=True, check=True).stdout) for _ in range(5))
    helped = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tools.cli", "--help"], capture_output=True, check=True)
        helped.append(time.perf_counter() - start)
    return [
        {"name": "import agent, environments", "min_ms": round(1000 * seconds, 1), "bar": "under 300 ms"},
        {"name": "from handeye import Agent, Tap, open_environment, open_model", "min_ms": round(1000 * used, 1)},
        {"name": "handeye --help", "min_ms": round(1000 * min(helped), 1), "bar": "under 500 ms"},
    ]


def _soak_row(steps: int) -> Row:
    bar = "under 1 kB a step after the first 200; handles, processes and threads constant"
    return {"name": f"{steps} steps of a run", **soak_figures(steps), "bar": bar}


def print_rows(rows: list[Row]) -> None:
    """The rows as a table; the first says whether the machine was quiet."""
    machine = rows[0]
    print_table(("what", "figures", "bar"), [(row["name"], _figures(row), row.get("bar", "")) for row in rows[1:]])
    if machine["busy"]:
        words = f"The machine was busy with something else: {machine['why']}. Measure again."
        open_console().print(words, style="bold yellow")


def _figures(row: Row) -> str:
    return "  ".join(f"{key} {value}" for key, value in row.items() if key not in ("name", "bar"))
