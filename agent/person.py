"""The person behind a run: who confirms, and who answers questions."""

from collections.abc import Callable
from typing import Protocol

from environments.action import Action
from environments.observation import Observation
from environments.stop import Stop, call


class Person(Protocol):
    """Asked by the loop. Both questions may wait for long; they raise Stopped when `stop` is given."""

    @property
    def attended(self) -> bool:
        """Whether anybody is there."""

    def confirm(self, action: Action, seen: Observation, reason: str, stop: Stop) -> bool:
        """Whether the action may be done."""

    def answer(self, question: str, stop: Stop) -> str | None:
        """The answer to the model's question, or None when there is none."""

    def tell(self, text: str) -> None:
        """Something that the model wants the person to know."""


class Nobody:
    """Nothing is confirmed and nothing answered."""

    attended = False

    def confirm(self, action: Action, seen: Observation, reason: str, stop: Stop) -> bool:  # noqa: ARG002
        return False

    def answer(self, question: str, stop: Stop) -> str | None:  # noqa: ARG002
        return None

    def tell(self, text: str) -> None:
        """Nobody hears it; it is in the episode."""


class Callbacks:
    """A person made of functions, for programs: `confirm(action, reason)`, `answer(question)`, `tell(text)`.

    The two questions are asked in a thread of their own: a function that still waits when the run is stopped is left.
    """

    attended = True

    def __init__(
        self,
        *,
        confirm: Callable[[Action, str], bool],
        answer: Callable[[str], str | None] = lambda question: None,  # noqa: ARG005
        tell: Callable[[str], None] = lambda text: None,  # noqa: ARG005
    ) -> None:
        self._confirm, self._answer, self._tell = confirm, answer, tell

    def confirm(self, action: Action, seen: Observation, reason: str, stop: Stop) -> bool:  # noqa: ARG002
        return call(lambda: self._confirm(action, reason), stop) is True

    def answer(self, question: str, stop: Stop) -> str | None:
        return call(lambda: self._answer(question), stop)

    def tell(self, text: str) -> None:
        self._tell(text)
