"""`handeye doctor`: is everything here, and does it work? Each failure comes with the command that mends it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console
from rich.text import Text

from agent.errors import ModelUnavailable
from environments.action import Hotkey, Type
from environments.desktop.driver import DesktopEnvironment
from environments.errors import HandeyeError
from tools.config import Loaded, Settings
from tools.running import key_for_server
from tools.terminal import clean

TYPING_TEST = "żółw <br/> ツ 😀 \"';\\"
"""Characters that other tools drop or mistype, in several scripts, with quotes and a backslash."""
READ_BACK_SECONDS = 5.0

EXTRAS = {
    "vlm": ("torch", "torchvision", "transformers", "accelerate", "qwen_vl_utils", "av", "jinja2"),
    "android": ("adbutils",),
    "desktop": ("pyautogui", "mss", "pyvirtualdisplay", "jeepney"),
}
OPTIONAL_PROGRAMS = {
    "xclip": "puts the clipboard back after pasting",
    "xterm": "what the typing test types into",
    "galculator": "the calculator of the demo",
    "adb": "Android devices",
}
_MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "failed": ("failed", "bold red")}


class Finding(NamedTuple):
    """One thing that was looked at. A `note` limits what can be done; `failed` breaks what is set up."""

    name: str
    state: Literal["ok", "note", "failed"]
    detail: str
    fix: str = ""


def examine(loaded: Loaded) -> Iterator[Finding]:
    """Look at one thing after another, the slow ones last."""
    yield _python()
    for extra, modules in EXTRAS.items():
        yield _extra(extra, modules)
    yield from _programs()
    yield _own_display()
    yield from _private_display()
    yield _model(loaded)


def print_findings(findings: Iterator[Finding]) -> list[Finding]:
    """Show each finding as soon as it is made, and return them all."""
    console = Console(highlight=False)
    seen = []
    for finding in findings:
        word, style = _MARKS[finding.state]
        console.print(Text.assemble((f"{word:<7}", style), (f"{finding.name:<22}", "bold"), clean(finding.detail)))
        if finding.fix and finding.state != "ok":
            console.print(Text(f"       {'':<22}try: {finding.fix}", style="cyan"))
        seen.append(finding)
    return seen


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} at {sys.executable}")


def _extra(extra: str, modules: tuple[str, ...]) -> Finding:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        return Finding(f"extra [{extra}]", "note", f"missing: {', '.join(missing)}", f"pip install 'handeye[{extra}]'")
    first = modules[0]
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


def _model(loaded: Loaded) -> Finding:
    """Whether the configured model could be used, without loading or asking it."""
    settings = loaded.settings
    kind, _, rest = settings.model.partition(":")
    try:
        if kind == "chat":
            return _server(settings, key_for_server(loaded))
        if kind == "qwen2vl" or "/" in kind:
            return _checkpoint(rest or settings.model)
        from agent.models import open_model  # noqa: PLC0415

        open_model(settings.model).close()
    except HandeyeError as exc:
        return Finding("model", "failed", str(exc), exc.fix)
    return Finding("model", "ok", settings.model)


def _server(settings: Settings, key: str | None) -> Finding:
    """Ask the server for its list of models; some servers have none, but any answer shows that it is there."""
    import httpx  # noqa: PLC0415

    if settings.base_url is None:
        return Finding("model", "failed", "no server is named", "give --base-url, or set HANDEYE_BASE_URL")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{settings.base_url.rstrip('/')}/models", headers=headers, timeout=10)
    except httpx.HTTPError as exc:
        fix = "start the server, or mend --base-url"
        return Finding("model", "failed", f"{settings.base_url} does not answer: {exc}", fix)
    if answer.status_code in (401, 403):
        return Finding("model", "failed", f"the server refuses the key ({answer.status_code})", "set HANDEYE_API_KEY")
    return Finding("model", "ok", f"{settings.model} at {settings.base_url} (status {answer.status_code})")


def _checkpoint(source: str) -> Finding:
    """A folder must be whole; a hub id may still have to be fetched."""
    from agent.models import checkpoint  # noqa: PLC0415
    from agent.models.qwen2vl import ARCHITECTURE  # noqa: PLC0415

    if checkpoint.is_hub_id(source):
        return _cached(source)
    folder = checkpoint.local_folder(source)
    checkpoint.read_config(folder, ARCHITECTURE)
    checkpoint.check_weights(folder)
    return Finding("model", "ok", f"{folder}: configuration and weights are whole")


def _cached(hub_id: str) -> Finding:
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415
    except ImportError:
        return Finding("model", "failed", f"{hub_id} needs the extra [vlm]", "pip install 'handeye[vlm]'")
    try:
        config = try_to_load_from_cache(hub_id, "config.json")
    except ValueError as exc:
        raise ModelUnavailable(f"{hub_id} is no name of a model: {exc}") from exc
    if isinstance(config, str):
        return Finding("model", "ok", f"{hub_id} is in the cache")
    return Finding("model", "note", f"{hub_id} is not downloaded yet; the first run does it", f"hf download {hub_id}")
