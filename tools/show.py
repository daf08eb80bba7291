"""A run as a person at a terminal sees it: a block for each step, and a last line with the outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.text import Text

from agent.episode import Step
from agent.outcome import Outcome
from environments.environment import Effect
from tools.describe import act_in_words
from tools.terminal import clean

_MARKS = {"done": ("ok", "green"), "not_sent": ("not sent", "yellow"), "unknown": ("unknown", "red")}


class Show:
    """Prints to one console. Everything that comes from a model or a screen is cleaned, and nothing is markup."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A sign of life on a terminal while steps are on their way."""
        if not self._console.is_terminal:
            yield
            return
        try:
            with self._console.status("looking at the screen") as self._status:
                yield
        finally:
            self._status = None

    def goal(self, goal: str, model: str, screen: str) -> None:
        """What is wanted, of which model, on which screen."""
        self._console.print(Text.assemble(("goal  ", "dim"), (clean(goal), "bold")))
        self._console.print(Text.assemble(("model ", "dim"), clean(model), ("   screen ", "dim"), clean(screen)))

    def step(self, step: Step) -> None:
        """One step: thought, acts with their effects, what went wrong, and where the time went."""
        self._console.print(Text.assemble((f"{step.index + 1:>4}  ", "bold"), clean(step.thought)))
        for number, act in enumerate(step.acts):
            line = Text(f"      {act_in_words(act)}", style="cyan")
            if number < len(step.effects):
                line.append_text(_effect(step.effects[number]))
            self._console.print(line)
        if step.error:
            self._console.print(Text(f"      {clean(step.error)}", style="yellow"))
        timings = _timings(step)
        if timings:
            self._console.print(Text(f"      {timings}", style="dim"))
        if self._status is not None:
            self._status.update(f"step {step.index + 2}: looking, thinking, acting")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No sign of life while a person is asked something."""
        if self._status is not None:
            self._status.stop()
        yield
        if self._status is not None:
            self._status.start()

    def end(self, outcome: Outcome, reason: str, folder: Path) -> None:
        """How it ended, why, and where the episode is, on a line that is never broken."""
        style = "bold green" if outcome is Outcome.SUCCESS else "bold red"
        said = f": {clean(reason)}" if reason else ""
        self._console.print(Text.assemble((outcome.value, style), said))
        self._console.print(Text.assemble(("episode ", "dim"), clean(str(folder), 4000)), soft_wrap=True)

    def tell(self, text: str) -> None:
        """What the model wants the person to know."""
        self._console.print(Text.assemble(("      says: ", "dim"), clean(text, 4000)))


def _effect(effect: Effect) -> Text:
    word, style = _MARKS[effect.status]
    said = effect.reason or effect.note
    return Text.assemble("  ", (word, style), f" ({clean(said)})" if said else "")


def _timings(step: Step) -> str:
    spent = step.milliseconds
    parts = {"capture": spent.capture, "encode": spent.encode, "model": spent.model, "act": spent.act}
    words = [f"{name} {value:.0f}" for name, value in parts.items() if value >= 0.5]
    if step.settled:
        still = "" if all(settled.stable for settled in step.settled) else " (still moving)"
        words.append(f"settle {spent.settle:.0f}{still}")
    return f"{', '.join(words)} ms" if words else ""
