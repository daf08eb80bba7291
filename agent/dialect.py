"""How a family of models is spoken to and how it answers."""

from dataclasses import dataclass
from typing import Any, Protocol

from agent.decision import Decision, FormatError
from agent.model import Message, Reply
from environments.environment import Capabilities
from environments.frame import Frame
from environments.observation import Observation

LEFT_OUT = "(an earlier screenshot, left out)"


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of the past: what was shown, what the model replied, and what became of it.

    `heading` says in words what the screenshot shows; `frame` is None when the screenshot is no longer kept.
    """

    heading: str
    frame: Frame | None
    reply: str
    report: str


class Dialect(Protocol):
    """Messages out, decisions in. Pure: no state is kept between calls."""

    @property
    def name(self) -> str: ...

    def messages(
        self, goal: str, turns: tuple[Turn, ...], seen: Observation, capabilities: Capabilities
    ) -> tuple[Message, ...]:
        """The conversation so far, ending with what is seen now. Only its end differs from the call before."""

    def heading(self, seen: Observation) -> str:
        """What stands above a screenshot in words, since pixels do not say it for sure."""

    def grammar(self, capabilities: Capabilities) -> dict[str, Any] | None:
        """The JSON schema of a reply, when a reply is JSON."""

    def parse(self, reply: Reply, seen: Observation, capabilities: Capabilities) -> Decision | FormatError:
        """What a reply means on the screen that was seen. Never raises for anything that a model can write."""
