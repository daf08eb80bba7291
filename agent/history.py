"""What of the past the next prompt holds: the text of all steps and the last screenshots.

The order is append-only: a prompt is the prompt before it with more behind it, except that a screenshot that is no
longer kept is replaced by a line of text. A model backend can reuse its work up to there.
"""

from dataclasses import replace
from sys import intern

from agent.dialect import Turn
from environments.frame import Frame

MAX_REPLY = 2000
"""Characters of a reply that the prompt repeats; a model that talks without end must not fill its own context."""


class History:
    """`screenshots` is how many a prompt holds in all, the present one included."""

    def __init__(self, screenshots: int = 1) -> None:
        if screenshots < 1:
            raise ValueError("a prompt has to hold at least the present screenshot")
        self._screenshots = screenshots
        self._turns: list[Turn] = []

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    def add(self, heading: str, frame: Frame, reply: str, report: str) -> None:
        """Append a step, and let go of the pixels that no prompt will show again."""
        text = reply if len(reply) <= MAX_REPLY else reply[:MAX_REPLY] + " [...]"
        self._turns.append(Turn(intern(heading), frame, text, intern(report)))  # one string for the many that are alike
        oldest_kept = len(self._turns) - (self._screenshots - 1)
        if oldest_kept > 0 and self._turns[oldest_kept - 1].frame is not None:
            self._turns[oldest_kept - 1] = replace(self._turns[oldest_kept - 1], frame=None)
