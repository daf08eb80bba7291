"""Whether an action may be done: a rule that looks at the action and the screen, never at the model's words."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from environments.action import Action
from environments.environment import Capabilities
from environments.observation import Observation


class Verdict(StrEnum):
    ALLOW = "allow"
    CONFIRM = "confirm"
    DENY = "deny"


class Judgement(NamedTuple):
    """A verdict and why, in words for a person."""

    verdict: Verdict
    reason: str = ""


class Policy(Protocol):
    def judge(self, action: Action, seen: Observation, capabilities: Capabilities, *, attended: bool) -> Judgement:
        """Judge one action on what was seen; `attended` says that a person is there to be asked."""


class OwnScreenPolicy:
    """Allow everything on a private screen; on the user's own, ask the person, and refuse when nobody is there."""

    def judge(self, action: Action, seen: Observation, capabilities: Capabilities, *, attended: bool) -> Judgement:
        if capabilities.private or action.type == "wait":
            return Judgement(Verdict.ALLOW)
        if attended:
            return Judgement(Verdict.CONFIRM, f"this acts on your own screen, {seen.display}")
        return Judgement(Verdict.DENY, f"{seen.display} is a person's own screen, and nobody is here to confirm")


class AllowAll:
    """Allow everything: for a person who has said so."""

    def judge(self, action: Action, seen: Observation, capabilities: Capabilities, *, attended: bool) -> Judgement:  # noqa: ARG002
        return Judgement(Verdict.ALLOW)
