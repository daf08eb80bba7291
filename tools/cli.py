"""The command line. Only what a command needs is imported, when it runs: `handeye --help` answers at once."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from environments.errors import (
    CaptureFailed,
    DeviceLost,
    EnvironmentUnavailable,
    HandeyeError,
    InvalidAction,
    UnknownName,
)
from environments.registry import InvalidOption

app = typer.Typer(
    name="handeye",
    help="Give it a goal: it looks at the screen, thinks with a vision-language model, acts, and leaves an episode.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: handeye run 'Write a haiku about autumn' --launch mousepad",
)
bench = typer.Typer(
    help="Measure handeye on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: handeye bench desktop",
)
app.add_typer(bench, name="bench")

Json = Annotated[bool, typer.Option("--json", help="Print JSON only, for machines.")]
Env = Annotated[
    str | None,
    typer.Option("--env", help="The screen: desktop:headless, phone, android[:SERIAL], or desktop for your own."),
]
ModelName = Annotated[
    str | None, typer.Option("--model", help="qwen2vl:FOLDER_OR_ID, chat:MODEL with --base-url, or scripted:FILE.")
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="The address of an OpenAI-compatible server.")]
Device = Annotated[str | None, typer.Option("--device", help="Where a local model computes: cpu, cuda, cuda:1.")]

EXIT_TEXT = "Exit codes: 0 success, 1 not succeeded, 2 usage, 3 drift in a replay, 4 screen or model unavailable."


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"handeye {version('handeye')}")
        raise typer.Exit


@app.callback()
def front(
    version: Annotated[  # its callback answers
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before every command."""


@app.command(epilog=f"{EXIT_TEXT} Example: handeye run 'Compute 12 * 34' --launch galculator --model chat:qwen2-vl")
def run(  # noqa: PLR0913, PLR0917  # one for each option
    goal: Annotated[str, typer.Argument(help="What is to be done, in plain words.")],
    env: Env = None,
    model: ModelName = None,
    dialect: Annotated[str | None, typer.Option(help="How the model is spoken to.")] = None,
    base_url: BaseUrl = None,
    device: Device = None,
    steps: Annotated[int | None, typer.Option(help="The most steps.")] = None,
    seconds: Annotated[float | None, typer.Option(help="The most seconds.")] = None,
    screenshots: Annotated[int | None, typer.Option(help="How many screenshots a prompt holds.")] = None,
    out: Annotated[str | None, typer.Option(help="The folder in which the episode is left.")] = None,
    stop_file: Annotated[str | None, typer.Option(help="End as soon as this file exists.")] = None,
    launch: Annotated[list[str] | None, typer.Option(help="A program to start on the screen first.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before acting on your own screen.")] = False,
    machine: Json = False,
) -> None:
    """Pursue a goal on a screen."""
    options = {
        "env": env, "model": model, "dialect": dialect, "base_url": base_url, "device": device, "steps": steps,
        "seconds": seconds, "screenshots": screenshots, "out": out, "stop_file": stop_file,
    }  # fmt: skip

    def work() -> int:
        from tools.config import load  # noqa: PLC0415
        from tools.running import run_goal  # noqa: PLC0415

        if not goal.strip():
            raise InvalidOption("the goal is empty", fix="handeye run 'Compute 12 * 34'")
        return run_goal(goal, load(options), launch=launch or [], yes=yes, machine=machine)

    _exit(work, machine=machine)


@app.command(epilog="Example: HANDEYE_STEPS=50 handeye config")
def config(machine: Json = False) -> None:
    """Show each setting, its value, and where the value comes from."""

    def work() -> int:
        from tools.config import config_rows, load  # noqa: PLC0415
        from tools.tables import print_config  # noqa: PLC0415

        loaded = load()
        if machine:
            _print_json([row._asdict() for row in config_rows(loaded)])
        else:
            print_config(loaded)
        return 0

    _exit(work, machine=machine)


@app.command(epilog="Example: handeye doctor --model chat:qwen2-vl --base-url http://localhost:8000/v1")
def doctor(model: ModelName = None, base_url: BaseUrl = None, machine: Json = False) -> None:
    """Check that everything handeye needs is here; each failure names the command that mends it."""

    def work() -> int:
        from tools.config import load  # noqa: PLC0415
        from tools.doctor import examine, print_findings  # noqa: PLC0415

        found = examine(load({"model": model, "base_url": base_url}))
        findings = list(found) if machine else print_findings(found)
        if machine:
            _print_json([finding._asdict() for finding in findings])
        return 1 if any(finding.state == "failed" for finding in findings) else 0

    _exit(work, machine=machine)


@app.command(epilog="Example: handeye demo --picture demo.png")
def demo(
    out: Annotated[str, typer.Option(help="The folder in which the episode is left.")] = "episodes",
    picture: Annotated[str | None, typer.Option(help="Write the run as one picture to this PNG file.")] = None,
) -> None:
    """A real calculator on a private display computes 12 * 34 by being looked at and clicked."""

    def work() -> int:
        from tools.demo import run_demo  # noqa: PLC0415

        return run_demo(out, picture)

    _exit(work, machine=False)


@app.command(epilog="Example: handeye phone --seed 7 --fault late-page=0.5")
def phone(  # noqa: PLR0913, PLR0917  # one for each option
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    size: Annotated[str, typer.Option(help="Width and height of the screen in pixels.")] = "1080x2400",
    density: Annotated[int, typer.Option(help="Dots per inch.", min=72, max=2000)] = 420,
    seed: Annotated[int, typer.Option(help="The same seed gives the same phone.")] = 0,
    fault: Annotated[list[str] | None, typer.Option(help="What goes wrong: NAME or NAME=VALUE.")] = None,
    register: Annotated[bool, typer.Option("--register", help="Connect your adb server to it meanwhile.")] = False,
    machine: Json = False,
) -> None:
    """Start a simulated phone for adb clients; Ctrl-C ends it."""

    def work() -> int:
        from tools.phone import serve_phone  # noqa: PLC0415

        return serve_phone(
            port=port, size=size, density=density, seed=seed, faults=fault or [], register=register, machine=machine
        )

    _exit(work, machine=machine)


@app.command(epilog="Example: handeye devices --json")
def devices(machine: Json = False) -> None:
    """List the Android devices that adb knows; what cannot be used comes with what to do about it."""

    def work() -> int:
        from tools.devices import list_devices, print_devices  # noqa: PLC0415

        rows = list_devices()
        _print_json(rows) if machine else print_devices(rows)
        return 0

    _exit(work, machine=machine)


Address = Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the device listens.")]


@app.command(epilog="Example: handeye connect 192.168.1.7:5555")
def connect(address: Address, machine: Json = False) -> None:
    """Connect adb to a device over the network."""

    def work() -> int:
        from tools.devices import connect  # noqa: PLC0415

        _say(connect(address), address, machine=machine)
        return 0

    _exit(work, machine=machine)


@app.command(epilog="Example: handeye disconnect 192.168.1.7:5555")
def disconnect(address: Address, machine: Json = False) -> None:
    """Let go of a device that was connected over the network."""

    def work() -> int:
        from tools.devices import disconnect  # noqa: PLC0415

        _say(disconnect(address), address, machine=machine)
        return 0

    _exit(work, machine=machine)


@bench.command(name="phone", epilog="Example: handeye bench phone --json --soak 20000")
def bench_phone(
    repeat: Annotated[int, typer.Option(help="How often each thing is measured.", min=5)] = 40,
    soak: Annotated[int, typer.Option(help="Steps of the memory test; 0 leaves it out.", min=0)] = 500,
    phones: Annotated[int, typer.Option(help="Phones that are driven side by side; 0 leaves it out.", min=0)] = 16,
    machine: Json = False,
) -> None:
    """Frames, taps, whole steps, many phones, memory and reset of the simulated phone."""

    def work() -> int:
        from tools.bench_desktop import print_rows  # noqa: PLC0415
        from tools.bench_phone import measure  # noqa: PLC0415

        rows = measure(repeat=repeat, soak=soak, phones=phones, quiet=machine)
        _print_json(rows) if machine else print_rows(rows)
        return 0

    _exit(work, machine=machine)


@bench.command(name="desktop", epilog="Example: handeye bench desktop --json --soak 2000")
def bench_desktop(
    repeat: Annotated[int, typer.Option(help="How often each thing is measured.", min=5)] = 60,
    soak: Annotated[int, typer.Option(help="Steps of the memory test; 0 leaves it out.", min=0)] = 2000,
    machine: Json = False,
) -> None:
    """Capture, click, settle, imports and memory on a private display, beside plain pyautogui."""

    def work() -> int:
        from tools.bench_desktop import measure, print_rows  # noqa: PLC0415

        rows = measure(repeat=repeat, soak=soak, quiet=machine)
        if machine:
            _print_json(rows)
        else:
            print_rows(rows)
        return 0

    _exit(work, machine=machine)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")


def _say(words: str, address: str, *, machine: bool) -> None:
    from tools.terminal import clean  # noqa: PLC0415

    if machine:
        _print_json({"address": address, "said": words})
    else:
        typer.echo(clean(words, 2000))


def _exit(work: Callable[[], int], *, machine: bool) -> NoReturn:
    """Do a command's work and leave with its exit code."""
    try:
        code = _attempt(work, machine=machine)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone; nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    raise typer.Exit(code)


def _attempt(work: Callable[[], int], *, machine: bool) -> int:
    """Work, where an error that handeye knows becomes a line and a way out."""
    try:
        return work()
    except HandeyeError as exc:
        if machine:
            _print_json({"error": str(exc), "fix": exc.fix})
        else:
            _complain(exc)
        return _code(exc)
    except KeyboardInterrupt:
        if machine:
            _print_json({"error": "interrupted from the keyboard", "fix": ""})
        return 130  # as shells have it


def _code(error: HandeyeError) -> int:
    """The exit code for a command that an error ended."""
    from agent.errors import ModelUnavailable  # noqa: PLC0415
    from tools.config import ConfigError  # noqa: PLC0415

    if isinstance(error, (EnvironmentUnavailable, ModelUnavailable, DeviceLost, CaptureFailed)):
        return 4
    return 2 if isinstance(error, (ConfigError, InvalidOption, InvalidAction, UnknownName)) else 1


def _complain(error: HandeyeError) -> None:
    from tools.terminal import clean  # noqa: PLC0415

    for line in str(error).splitlines():
        typer.echo(f"handeye: {clean(line, 2000)}", err=True)
    if error.fix:
        typer.echo(f"  try: {clean(error.fix, 2000)}", err=True)


def main() -> None:
    """The entry point of the console script."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  # for as long as the process lives
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as sys.stderr: no text is lost in a narrow encoding
    app(prog_name="handeye")


if __name__ == "__main__":
    main()
