"""`handeye doctor`: is everything here, and does it work? Each failure comes with the command that mends it."""

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.text import Text

from environments.action import Hotkey, Type
from environments.desktop.driver import DesktopEnvironment
from environments.errors import HandeyeError
from tools.config import Loaded
from tools.doctor_model import examine_model
from tools.finding import EXTRAS, Finding, missing_from
from tools.terminal import clean, open_console

TYPING_TEST = "żółw <br/> ツ 😀 \"';\\"
"""Characters that other tools drop or mistype, in several scripts, with quotes and a backslash."""
READ_BACK_SECONDS = 5.0

OPTIONAL_PROGRAMS = {
    "xclip": "puts the clipboard back after pasting",
    "xterm": "what the typing test types into",
    "galculator": "the calculator of the demo",
    "adb": "Android devices",
}
_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "failed": ("failed", "bold red")}


def examine(loaded: Loaded) -> Iterator[Finding]:
    """Look at one thing after another, the slow ones last."""
    yield _python()
    for extra in EXTRAS:
        yield _extra(extra)
    yield from _programs()
    yield _own_display()
    yield from _private_display()
    yield examine_model(loaded)


def print_findings(findings: Iterator[Finding]) -> list[Finding]:
    """Show each finding as soon as it is made, and return them all."""
    console = open_console()
    seen = []
    for finding in findings:
        word, style = _MARKS[finding.state]
        console.print(Text.assemble((f"{word:<7}", style), (f"{finding.name:<22}", "bold"), clean(finding.detail)))
        if finding.fix and finding.state != "ok":
            console.print(Text(f"       {'':<22}try: {clean(finding.fix, 2000)}", style="cyan"), soft_wrap=True)
        seen.append(finding)
    return seen


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")


def _extra(extra: str) -> Finding:
    missing = missing_from(extra)
    if missing:
        return Finding(f"extra [{extra}]", "note", f"missing: {', '.join(missing)}", f"pip install 'handeye[{extra}]'")
    first = EXTRAS[extra][0]
    return Finding(f"extra [{extra}]", "ok", f"{first} {importlib.metadata.version(first)}")


def _programs() -> Iterator[Finding]:
    for program, purpose in OPTIONAL_PROGRAMS.items():
        if shutil.which(program) is None:
            yield Finding(program, "note", f"not installed: {purpose}", f"apt-get install {program}")
        else:
            yield Finding(program, "ok", purpose)


def _own_display() -> Finding:
    display = os.environ.get("DISPLAY")
    if not display:
        return Finding("your own display", "note", "DISPLAY is not set: only private displays can be used")
    return Finding("your own display", "ok", f"{display}; it is used with --env desktop only")


def _private_display() -> Iterator[Finding]:
    """Open one, type into a real program on it, and read its accessibility tree."""
    start = time.perf_counter()
    try:
        with DesktopEnvironment(private=True) as desktop:
            seconds = time.perf_counter() - start
            yield Finding("private display", "ok", f"{desktop.display} with a window manager, ready in {seconds:.1f} s")
            yield _attempt("typing", lambda: _typing(desktop))
            yield _attempt("accessibility", lambda: _accessibility(desktop))
    except HandeyeError as exc:
        yield Finding("private display", "failed", str(exc), exc.fix)


def _attempt(name: str, work: Callable[[], Finding]) -> Finding:
    try:
        return work()
    except HandeyeError as exc:
        return Finding(name, "failed", str(exc), exc.fix)


def _typing(desktop: DesktopEnvironment) -> Finding:
    """Type into a terminal that writes what it gets to a file, and compare."""
    if shutil.which("xterm") is None:
        return Finding("typing", "note", "not tested, for xterm is not installed", "apt-get install xterm")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "typed"
        desktop.launch(["xterm", "-u8", "-e", "sh", "-c", 'exec cat > "$0"', str(file)])
        desktop.act(Type(text=TYPING_TEST, submit=True), desktop.observe())
        desktop.act(Hotkey(keys=("ctrl", "d")), desktop.observe())
        arrived = _read_back(file)
    if arrived != TYPING_TEST:
        return Finding("typing", "failed", f"{TYPING_TEST!r} arrived as {arrived!r}", "report this: it is a defect")
    return Finding("typing", "ok", f"{TYPING_TEST} arrived in a terminal")


def _read_back(file: Path) -> str:
    """What the file holds as soon as it ends with a newline, or whatever it holds in the end."""
    deadline = time.monotonic() + READ_BACK_SECONDS
    while time.monotonic() < deadline:
        if file.exists() and file.read_text(errors="replace").endswith("\n"):
            break
        time.sleep(0.02)
    return file.read_text(errors="replace").removesuffix("\n") if file.exists() else ""


def _accessibility(desktop: DesktopEnvironment) -> Finding:
    if shutil.which("galculator") is None:
        return Finding("accessibility", "note", "not tested, for galculator is not installed")
    desktop.launch(["galculator"])
    elements = desktop.observe(elements=True).elements
    if not elements.nodes:
        return Finding("accessibility", "failed", elements.absent, "apt-get install at-spi2-core")
    return Finding("accessibility", "ok", f"{len(elements.nodes)} elements read from galculator")
