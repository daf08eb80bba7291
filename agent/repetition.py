"""Noticing a run that goes round in circles."""

from typing import NamedTuple

from environments.frame import Frame
from environments.settle import caret_apart


class _Move(NamedTuple):
    action: str
    screen: int


class Repetition:
    """Remembers what was done on which screen. Two screens that differ by a text caret only are the same.

    `SAME` times the same action on the same screen in a row is a circle, and so is `ROUNDS` times the same two
    actions on the same two screens in turn. Pressing a key three times or scrolling on is none: the screen changes.
    """

    SAME = 4
    ROUNDS = 3

    def __init__(self) -> None:
        self._moves: list[_Move] = []
        self._screens: list[tuple[int, Frame]] = []
        self._numbers = 0

    def see(self, action: str, frame: Frame) -> str:
        """Note that `action` (as JSON) is decided on a screen; what circle that closes, or an empty string."""
        self._moves.append(_Move(action, self._number(frame)))
        del self._moves[: -2 * self.ROUNDS]
        last = self._moves[-self.SAME :]
        if len(last) == self.SAME and len(set(last)) == 1:
            return f"the same action on the same screen {self.SAME} times: {action[:200]}"
        rounds = self._moves[-2 * self.ROUNDS :]
        pairs = set(zip(rounds[::2], rounds[1::2], strict=False))
        if len(rounds) == 2 * self.ROUNDS and len(pairs) == 1:
            return f"the same two actions on the same two screens {self.ROUNDS} times, the last: {action[:200]}"
        return ""

    def _number(self, frame: Frame) -> int:
        """A number for the screen: that of a recent one that looks the same, else a new one."""
        for number, known in self._screens:
            if caret_apart(known, frame):
                return number
        self._numbers += 1
        self._screens = [*self._screens[-2:], (self._numbers, frame)]
        return self._numbers
