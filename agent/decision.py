"""What a reply means: actions for the device and words for a person, or a reason why it means nothing."""

from dataclasses import dataclass
from typing import Literal

from environments.action import Action


@dataclass(frozen=True)
class Answer:
    """Something to tell the person; the run goes on."""

    text: str


@dataclass(frozen=True)
class Ask:
    """A question for the person; the answer goes back to the model."""

    question: str


@dataclass(frozen=True)
class Finish:
    """The end of the task, in the model's judgement."""

    status: Literal["success", "failure", "impossible"]
    message: str = ""


Act = Action | Answer | Ask | Finish


@dataclass(frozen=True)
class Decision:
    """A well-formed reply: at least one act, to be done in order."""

    thought: str
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class FormatError:
    """A reply that cannot be used. The reason is written for the model, which gets it back."""

    reason: str
