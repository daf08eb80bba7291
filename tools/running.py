"""The command `handeye run`: opens what the settings name, runs the agent, shows it, and tells how it went."""

import contextlib
import json
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from agent.dialects import open_dialect
from agent.limits import Limits
from agent.model import Model
from agent.models import open_model
from agent.outcome import Outcome
from agent.person import Nobody, Person
from agent.policy import AllowAll
from agent.run import Agent, Run
from environments import open_environment
from environments.errors import EnvironmentUnavailable, HandeyeError
from environments.geometry import Size
from environments.registry import InvalidOption
from tools.config import ConfigError, Loaded
from tools.describe import step_as_json
from tools.person import TerminalPerson
from tools.show import Show
from tools.terminal import clean, open_console

EXIT_CODES = {
    Outcome.SUCCESS: 0,
    Outcome.DEVICE_LOST: 4,
    Outcome.CAPTURE_FAILED: 4,
    Outcome.MODEL_UNAVAILABLE: 4,
}
"""0 success, 1 the task did not succeed, 2 usage, 3 drift in a replay, 4 screen or model unavailable."""
FAILED = 1


def run_goal(goal: str, loaded: Loaded, *, launch: Sequence[str], yes: bool, machine: bool) -> int:
    """Pursue a goal and return the exit code. Raises HandeyeError for what keeps the run from beginning."""
    settings = loaded.settings
    programs = [_arguments(command) for command in launch]
    dialect = open_dialect(settings.dialect)
    console = open_console(quiet=machine)
    show = Show(console)
    with open_model_for(loaded) as model, _environment(loaded) as environment:
        for program in programs:
            _launch(environment, program)
        person: Person = Nobody() if machine else TerminalPerson(console, show)
        agent = Agent(
            model,
            environment,
            dialect=dialect,
            policy=AllowAll() if yes else None,
            person=person,
            limits=Limits(steps=settings.steps, seconds=settings.seconds, screenshots=settings.screenshots),
            out=settings.out,
            stop_file=settings.stop_file,
        )
        _load(model, console)
        with agent.run(goal) as run, ctrl_c_stops(run):
            if machine:
                _print_json(run)
            else:
                show.goal(goal, model.name, settings.env)
                _print_steps(run, show)
    return EXIT_CODES.get(run.outcome, FAILED) if run.outcome else FAILED


@contextlib.contextmanager
def open_model_for(loaded: Loaded) -> Iterator[Model]:
    """The model that the settings name, closed at the end. Raises what open_model does, and ConfigError."""
    settings = loaded.settings
    options: dict[str, Any] = {"device": settings.device}
    if settings.model.startswith("chat:"):
        if settings.base_url is None:
            raise ConfigError("no server is named", fix="give --base-url, or set HANDEYE_BASE_URL")
        options = {"base_url": settings.base_url, "api_key": key_for_server(loaded)}
    try:
        model = open_model(settings.model, **options)
    except ValueError as exc:
        if isinstance(exc, HandeyeError):
            raise
        raise InvalidOption(str(exc)) from exc  # a device that means nothing, say
    try:
        yield model
    finally:
        model.close()


def key_for_server(loaded: Loaded) -> str | None:
    """The key, unless a file chose the server while the key belongs to another tool: a folder that somebody else
    made must not be able to have it sent anywhere. Raises ConfigError then."""
    key = loaded.settings.api_key
    if key is None:
        return None
    from_file = loaded.file is not None and loaded.sources["base_url"] == str(loaded.file)
    if from_file and loaded.sources["api_key"] != "HANDEYE_API_KEY":
        raise ConfigError(
            f"{loaded.file} chooses the server, but {loaded.sources['api_key']} holds the key: it is not sent there",
            fix="set HANDEYE_API_KEY to the key that is meant for this server, or to nothing in both variables",
        )
    return key.get_secret_value()


def _environment(loaded: Loaded) -> Any:
    """Open the screen. The user's own is shown to a model only when the command line says so: neither a file in the
    folder where one happens to be nor a forgotten variable can choose it. Raises ConfigError then."""
    settings, source = loaded.settings, loaded.sources["env"]
    name, _, which = settings.env.partition(":")
    if name.strip() == "desktop" and not which and source != "--env":
        raise ConfigError(f"{source} chooses your own display", fix="say so in the command: --env desktop")
    options: dict[str, Any] = {}
    if settings.env == "desktop:headless":
        width, height = settings.screen_size.split("x")
        options["size"] = Size(int(width), int(height))
    return open_environment(settings.env, **options)


def _load(model: Model, console: Console) -> None:
    """Load a local model before the clock of the run starts: it takes seconds to minutes."""
    load = getattr(model, "load", None)
    if load is not None:
        with console.status(f"loading {clean(model.name)}") if console.is_terminal else contextlib.nullcontext():
            load()


def _arguments(command: str) -> list[str]:
    """A command line as a shell would split it. Raises InvalidOption."""
    fix = "give a program and its arguments, such as --launch 'mousepad notes.txt'"
    try:
        arguments = shlex.split(command)
    except ValueError as exc:
        raise InvalidOption(f"--launch {command!r}: {exc}", fix=fix) from exc
    if not arguments:
        raise InvalidOption("--launch names no program", fix=fix)
    return arguments


def _launch(environment: Any, program: list[str]) -> None:
    start = getattr(environment, "launch", None)
    if start is None:
        raise EnvironmentUnavailable("programs cannot be started on this screen", fix="leave --launch out")
    start(program)


@contextlib.contextmanager
def ctrl_c_stops(run: Run) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run with the outcome `stopped`; a second Ctrl-C ends the program."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run.stop("Ctrl-C" if number == signal.SIGINT else "SIGTERM")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _print_steps(run: Run, show: Show) -> None:
    with show.waiting():
        for step in run:
            show.step(step)
    if run.outcome is not None:
        show.end(run.outcome, run.reason, run.folder)


def _print_json(run: Run) -> None:
    """A line for each step and one for the end, as they happen."""
    for step in run:
        _line(step_as_json(step))
    outcome = run.outcome.value if run.outcome else None
    _line({"outcome": outcome, "reason": run.reason, "steps": run.taken, "episode": str(run.folder)})


def _line(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")
    sys.stdout.flush()
