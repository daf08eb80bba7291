"""The person at a terminal."""

import contextlib
import select
import sys
from typing import IO

from rich.console import Console
from rich.text import Text

from environments.action import Action
from environments.observation import Observation
from environments.stop import Stop
from tools.describe import act_in_words
from tools.show import Show
from tools.terminal import clean

_SLICE_SECONDS = 0.05


class TerminalPerson:
    """Asks in the terminal and waits for a line; a stop ends the waiting. Nobody is there without a terminal."""

    def __init__(self, console: Console, show: Show, stdin: IO[str] | None = None) -> None:
        self._console, self._show = console, show
        self._stdin = stdin if stdin is not None else sys.stdin

    @property
    def attended(self) -> bool:
        return self._console.file.isatty() and self._stdin is not None and self._stdin.isatty()

    def confirm(self, action: Action, seen: Observation, reason: str, stop: Stop) -> bool:
        """Shows what would really be done, where, and why it is asked; only "y" or "yes" is a yes."""
        window = f"{clean(seen.window.app)} - {clean(seen.window.title)}" if seen.window else "no window"
        with self._show.paused():
            self._console.print(Text.assemble(("      may I ", "bold"), (act_in_words(action), "bold cyan"), "?"))
            self._console.print(Text(f"      in front: {window}; {clean(reason)}", style="dim"))
            return (self._line("      [y/N] ", stop) or "").strip().lower() in ("y", "yes")

    def answer(self, question: str, stop: Stop) -> str | None:
        with self._show.paused():
            self._console.print(Text.assemble(("      the model asks: ", "bold"), clean(question, 4000)))
            return self._line("      > ", stop)

    def tell(self, text: str) -> None:
        self._show.tell(text)

    def _line(self, prompt: str, stop: Stop) -> str | None:
        """A line that the person types from now on, or None at the end of the input. Raises Stopped."""
        if self._stdin is None or not self.attended:
            return None
        _forget_typed(self._stdin)
        self._console.print(Text(prompt), end="")
        while not select.select([self._stdin], [], [], _SLICE_SECONDS)[0]:
            stop.check()
        try:
            line = self._stdin.readline()
        except UnicodeDecodeError:  # typed in another encoding than the terminal's
            return ""
        return line.rstrip("\n") if line else None


def _forget_typed(stdin: IO[str]) -> None:
    """What was typed before a question is no answer to it."""
    with contextlib.suppress(ImportError):  # Windows has no termios
        import termios  # noqa: PLC0415

        termios.tcflush(stdin, termios.TCIFLUSH)
