"""`handeye demo`: the whole loop on a real program, without a download.

A calculator on a private display computes 12 * 34. The decisions are a script's, made from where the calculator's
accessibility tree says that its keys are; the screenshots go through the real Qwen2-VL processor on their way; the
clicks are real, and the result is read from the calculator itself.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.episode import Episode
from agent.limits import Limits
from agent.model import Message, Reply, Request, Timings
from agent.models import open_model
from agent.models.scripted import ScriptedModel
from agent.models.tiny import write_tiny_checkpoint
from agent.outcome import Outcome
from agent.run import Agent
from environments import open_environment
from environments.environment import Environment
from environments.errors import EnvironmentUnavailable, HandeyeError
from environments.frame import Frame
from environments.geometry import to_grid
from environments.observation import Observation
from environments.stop import Stop
from tools.picture import save_run
from tools.running import ctrl_c_stops
from tools.show import Show
from tools.terminal import clean, open_console

GOAL = "Compute 12 * 34 with the calculator"
KEYS = "12*34="
RESULT = "408"
CALCULATOR = "galculator"


class DemoFailed(HandeyeError):
    """The calculator does not show what it should."""


class ScriptBehindProcessor:
    """A script that is asked only after the real Qwen2-VL processor has turned the request into model input."""

    def __init__(self, script: ScriptedModel, folder: Path) -> None:
        self._script = script
        self._processor: Any = open_model(f"qwen2vl:{folder}")
        self.visual_tokens = 0

    @property
    def name(self) -> str:
        return "a script behind the Qwen2-VL processor"

    def prepare(self, request: Request) -> None:
        """Nothing can be prepared."""

    def warm_up(self, frame: Frame) -> None:
        """Load the processor and run it once."""
        self._processor.prepare_inputs(Request((Message("user", (frame,)),)))

    def complete(self, request: Request, stop: Stop) -> Reply:
        inputs = self._processor.prepare_inputs(request, stop)
        self.visual_tokens += inputs.visual_tokens
        reply = self._script.complete(request, stop)
        return Reply(reply.text, image_sizes=inputs.image_sizes, timings=Timings(encode_ms=inputs.encode_ms))

    def close(self) -> None:
        self._processor.close()


def run_demo(out: str, picture: str | None) -> int:
    """Run it, check the calculator, and return the exit code. Raises HandeyeError with the fix."""
    if shutil.which(CALCULATOR) is None:
        raise EnvironmentUnavailable(
            f"the demo's calculator is not installed: {CALCULATOR}", fix="make demo installs it"
        )
    console = open_console()
    show = Show(console)
    with tempfile.TemporaryDirectory() as folder, open_environment("desktop:headless") as desktop:
        desktop.launch([CALCULATOR])
        script = ScriptedModel(replies(desktop.observe(elements=True)))
        model = ScriptBehindProcessor(script, write_tiny_checkpoint(Path(folder) / "processor", with_weights=False))
        with console.status("loading the Qwen2-VL processor"):  # seconds, the first time
            model.warm_up(desktop.observe().frame)
        run = Agent(model, desktop, limits=Limits(steps=12, seconds=120), out=out).run(GOAL)
        show.goal(GOAL, model.name, f"desktop:headless ({desktop.display})")
        with ctrl_c_stops(run), show.waiting():
            for step in run:
                show.step(step)
        shown = calculator_shows(desktop)
    if run.outcome is None:
        raise DemoFailed("the run was given up")
    _summary(console, run.taken, model.visual_tokens, shown)
    if picture:
        _draw(run.episode, Path(picture))
        console.print(Text.assemble(("picture ", "dim"), clean(picture, 4000)), soft_wrap=True)
    show.end(run.outcome, run.reason, run.folder)
    if run.outcome is Outcome.SUCCESS and shown != RESULT:
        raise DemoFailed(f"the calculator shows {shown!r}, not {RESULT!r}")
    return 0 if run.outcome is Outcome.SUCCESS else 1


def replies(seen: Observation) -> list[str]:
    """What the script says: a tap on each key of the calculator that is seen, then the end."""
    size = seen.frame.size
    said: list[dict[str, Any]] = []
    for key in KEYS:
        element = next((node for node in seen.elements if node.name == key and "button" in node.role), None)
        if element is None or element.bounds is None:
            raise DemoFailed(f"the calculator has no key {key!r}: {seen.elements.absent or 'another layout is set'}")
        x, y = element.bounds.center
        place = {"x": to_grid(x, size.width), "y": to_grid(y, size.height)}
        said.append({"thought": f"The key {key} comes next.", "action": "tap", **place})
    said.append(
        {"thought": "The display shows the result.", "action": "finish", "status": "success", "message": RESULT}
    )
    return [json.dumps(line) for line in said]


def calculator_shows(environment: Environment) -> str:
    """The number on the calculator's display, from the calculator itself: its accessible text."""
    for node in environment.observe(elements=True).elements:
        if node.role == "text" and node.text.strip():
            return node.text.strip()
    return ""


def _draw(episode: Episode, file: Path) -> None:
    try:
        save_run(episode, file)
    except OSError as exc:
        raise DemoFailed(f"the picture {file} cannot be written: {exc.strerror}", fix="choose another file") from exc


def _summary(console: Console, steps: int, visual_tokens: int, shown: str) -> None:
    """What was checked, and how."""
    console.print(Text(f"the calculator shows {shown}, read from the program, not from the script", style="bold"))
    console.print(
        Text(f"{steps} screenshots went through the Qwen2-VL processor: {visual_tokens} visual tokens", style="dim")
    )
