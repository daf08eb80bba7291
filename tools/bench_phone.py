"""`handeye bench phone`: what the simulated phone costs, and what a step of the Android driver on it takes.

Every ratio is taken in one run, and every run says whether the machine was busy with something else.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from environments.action import Launch, SystemButton, Tap
from environments.android.adb import AdbShell
from environments.android.capture import Capture
from environments.android.server import PrivateAdbServer, adb_program
from environments.errors import HandeyeError
from environments.geometry import Point, Size
from environments.phone.phone import Phone
from environments.simulated import PhoneEnvironment
from tools.phones import SWITCH, open_switches, resident, soak_phone
from tools.quiet import Calibration

LARGE, SMALL = Size(1080, 2400), Size(540, 1200)
DENSITY = {LARGE: 420, SMALL: 210}
FIXED_SLEEP = 1.0
"""Seconds that public agents sleep after an action."""
ROUTE = ("Network & internet", SWITCH, SWITCH, "Internet", "Wi-Fi", "Wi-Fi", "back", "back")
"""A way through Settings: a half of its steps opens or leaves a page, with its transition, the others turn switches."""
FLOCK_SECONDS = 6.0

Row = dict[str, Any]


def measure(*, repeat: int, soak: int, phones: int, quiet: bool) -> list[Row]:
    """All rows, each with a `name`, figures in milliseconds unless the key says otherwise, and the bar it has."""
    console = Console(stderr=True, quiet=quiet)
    calibration = Calibration()
    rows: list[Row] = []
    parts: list[tuple[str, Callable[[], list[Row]]]] = [
        ("drawing", lambda: _drawing(repeat)),
        ("tap to screenshot", lambda: [_tap_to_screenshot(repeat)]),
        ("steps", lambda: _steps(max(2, repeat // 10))),
        ("memory", lambda: [_memory()]),
    ]
    if phones:
        parts.append((f"{phones} phones", lambda: [_flock(phones, LARGE, 20), _flock(phones, SMALL, 60)]))
    if soak:
        parts.append((f"{soak} steps", lambda: [_soak_row(soak)]))
    for name, part in parts:
        with console.status(f"measuring: {name}"):
            rows += part()
    state = calibration.finish()
    return [{"name": "machine", "cores": os.cpu_count(), "busy": state.busy, "why": state.why}, *rows]


def _figures(spent: Sequence[float]) -> dict[str, float]:
    """Median, fastest and 95th percentile of seconds, in milliseconds."""
    ordered = sorted(1000 * seconds for seconds in spent)
    return {
        "median_ms": round(statistics.median(ordered), 3),
        "min_ms": round(ordered[0], 3),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 3),
    }


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _drawing(repeat: int) -> list[Row]:
    """Frames on the phone itself, without the wire: a switch, a scrolled list, a page on its way, and nothing."""
    with Phone(size=LARGE, seed=1) as phone:
        world = phone.world
        world.start("com.android.settings")
        time.sleep(0.3)
        world.screenshot()
        nothing = [_timed(world.screenshot) for _ in range(repeat)]
        switched, scrolled, moving, resets = [], [], [], []
        for _ in range(repeat):
            phone.state.settings.dark_theme = not phone.state.settings.dark_theme
            switched.append(_timed(world.screenshot))
        world.start("com.android.contacts")
        time.sleep(0.3)
        world.touch("down", 540, 1900)
        for number in range(repeat):
            before = world.screenshot()
            world.touch("move", 540, 1700 if number % 2 else 1500)
            scrolled.append(_timed(world.screenshot))
            if world.screenshot() == before:
                raise HandeyeError("the list did not scroll")
        world.touch("cancel", 540, 1500)
        for _ in range(repeat):
            world.key(3)
            world.start("com.android.settings")
            time.sleep(0.03)
            moving.append(_timed(world.screenshot))
            resets.append(_timed(phone.reset))
    changed = "at most 25 ms median"
    return [
        {"name": "a frame when all of the page has changed", **_figures(switched), "bar": changed},
        {"name": "a frame when a list was scrolled", **_figures(scrolled), "bar": changed},
        {"name": "a frame of a page on its way", **_figures(moving), "bar": changed},
        {"name": "a frame when nothing has changed", **_figures(nothing), "bar": "under 1 ms"},
        {"name": "reset()", **_figures(resets), "bar": "under 20 ms"},
    ]


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """This process and what it starts in here have one core to themselves, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _tap_to_screenshot(repeat: int) -> Row:
    """`input tap` on a switch to the decoded screenshot that shows it: phone, adb server and client on one core."""
    with _one_core(), Phone(size=LARGE, seed=1) as phone, PrivateAdbServer() as adb:
        adb.connect(phone.address)
        shell = AdbShell(adb.server, phone.address)
        switch, capture = open_switches(phone), Capture(shell)
        frames = [capture.take().frame]
        spent = []
        for _ in range(repeat):
            started = time.perf_counter()
            shell.run(["input", "tap", str(switch.x), str(switch.y)])
            frames.append(capture.take().frame)
            spent.append(time.perf_counter() - started)
            if frames[-1] == frames[-2]:
                raise HandeyeError("a tap on a switch changed nothing on the screen")
            del frames[0]
    return {"name": "input tap to the next screenshot", **_figures(spent), "bar": "at most 120 ms median"}


def _steps(rounds: int) -> list[Row]:
    """The same route in two ways: observe, act and settle; and the fixed-sleep pattern with the adb program."""
    with PhoneEnvironment(seed=1) as screen:
        route = _points(screen)
        ours = [_our_step(screen, where) for _ in range(rounds) for where in _started(screen, route)]
        with tempfile.TemporaryDirectory() as folder:
            adb = [adb_program(), "-P", str(screen.adb_server.port), "-s", screen.serial]
            file = Path(folder) / "screen.png"
            theirs = [_their_step(adb, file, where) for where in _started(screen, route)]
    ratio = sum(theirs) / len(theirs) / (sum(ours) / len(ours))
    moving = [seconds for at, seconds in enumerate(ours) if ROUTE[at % len(ROUTE)] not in (SWITCH, "Wi-Fi")]
    still = [seconds for at, seconds in enumerate(ours) if ROUTE[at % len(ROUTE)] in (SWITCH, "Wi-Fi")]
    return [
        {"name": "observe, act, settle", **_figures(ours), "mean_ms": round(1000 * sum(ours) / len(ours), 1)},
        {"name": "the same where a page comes or goes", **_figures(moving)},
        {"name": "the same where a switch turns", **_figures(still)},
        {"name": "screencap to a file, pull, tap, sleep 1 s", **_figures(theirs)},
        {"name": "times faster than with the fixed sleep", "ratio": round(ratio, 2), "bar": "at least 5"},
    ]


def _points(screen: PhoneEnvironment) -> list[Point | None]:
    """Where each step of ROUTE taps, None for the back button; found by walking it once."""
    found: list[Point | None] = []
    for where in _started(screen, ROUTE):
        if where == "back":
            found.append(None)
        else:
            node = screen.observe(elements=True).elements.find(name=where)
            if node is None or node.bounds is None:
                raise HandeyeError(f"{where!r} is not on the screen")
            found.append(node.bounds.center)
        _our_step(screen, found[-1])
    return found


def _started(screen: PhoneEnvironment, route: Sequence[Any]) -> Iterator[Any]:
    """The steps of a route, after Settings has been opened from the beginning."""
    screen.phone.reset()
    screen.act(Launch(app="Settings"), screen.observe())
    screen.settle()
    yield from route


def _our_step(screen: PhoneEnvironment, where: Point | None) -> float:
    started = time.perf_counter()
    seen = screen.observe()
    action = SystemButton(button="back") if where is None else Tap(x=where.x, y=where.y)
    effect = screen.act(action, seen)
    screen.settle()
    if effect.status != "done":
        raise HandeyeError(f"a step of the route failed: {effect}")
    return time.perf_counter() - started


def _their_step(adb: list[str], file: Path, where: Point | None) -> float:
    started = time.perf_counter()
    run = partial(subprocess.run, check=True, capture_output=True, timeout=60)
    run([*adb, "shell", "screencap", "-p", "/sdcard/screen.png"])
    run([*adb, "pull", "/sdcard/screen.png", str(file)])
    with Image.open(file) as image:
        image.load()
    tap = ["keyevent", "4"] if where is None else ["tap", str(where.x), str(where.y)]
    run([*adb, "shell", "input", *tap])
    time.sleep(FIXED_SLEEP)
    return time.perf_counter() - started


def _memory(count: int = 6) -> Row:
    """What each phone after the first adds to this process, once it has shown its pages."""
    with contextlib.ExitStack() as stack:
        sizes = []
        for seed in range(count + 1):
            phone = stack.enter_context(Phone(size=LARGE, seed=seed))
            open_switches(phone)
            phone.state.settings.airplane_mode = True
            phone.world.screenshot()
            sizes.append(resident())
    each = (sizes[-1] - sizes[0]) / count / 1e6
    return {"name": "each further phone in a process", "MB": round(each, 1), "bar": "under 40 MB"}


def _flock(count: int, size: Size, bar: int) -> Row:
    """Phones over as many processes as there are cores, each driven over adb as fast as it goes."""
    workers = min(count, os.cpu_count() or 1)
    shares = [count // workers + (at < count % workers) for at in range(workers)]
    command = [sys.executable, "-m", "tools.phones", f"{size.width}x{size.height}", str(DENSITY[size])]
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(share), str(FLOCK_SECONDS)],
                    cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )
            for share in shares
        ]  # fmt: skip
        pipes = [(worker.stdin, worker.stdout) for worker in started if worker.stdin and worker.stdout]
        for _, out in pipes:
            out.readline()  # it is ready
        for to, _ in pipes:
            to.write("go\n")
            to.flush()
        done = [out.readline() for _, out in pipes]
    if not all(line.strip() for line in done):
        raise HandeyeError("a process with phones ended before its time")
    rate = sum(float(line) for line in done)
    name = f"{count} phones of {size.width}x{size.height}, tap and screenshot"
    return {"name": name, "steps_per_second": round(rate, 1), "processes": workers, "bar": f"at least {bar}"}


def _soak_row(steps: int) -> Row:
    return {"name": f"{steps} steps", **soak_phone(steps), "bar": "memory, handles and threads flat"}
