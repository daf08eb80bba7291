"""A run in which everything occurs that a step can hold, for the tests of what is read back."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from agent.episode import Step
from agent.model import Reply, Timings, Usage
from agent.models.scripted import Line, ScriptedModel
from agent.person import Callbacks
from agent.run import Agent, Run
from environments.environment import Effect
from environments.geometry import Box, Size
from environments.observation import Element, Elements, Observation
from environments.stop import Stop
from tests.agent.scenes import DONE, TAP, say
from tests.screens import PaintedScreen

TREE = Elements(
    (
        Element("frame", "Calculator", "", frozenset({"active", "showing"}), Box(0, 0, 320, 200), 0),
        Element("button", "ż 😀", "text", frozenset(), None, 1),
    )
)


class Furnished(PaintedScreen):
    """A screen with a tree, a keyboard, and actions that go in every way."""

    def __init__(self) -> None:
        ways = iter([Effect("done", note="by the clipboard"), Effect("unknown", "no answer"), Effect("not_sent", "no")])
        super().__init__(on_act=lambda action: next(ways, None), private=False)

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        seen = super().observe(elements=elements, stop=stop)
        return dataclasses.replace(seen, elements=TREE, keyboard_shown=True)


RICH = Reply(
    TAP, token_ids=(1, 2, 151645), image_sizes=(Size(308, 196),), usage=Usage(400, 20), timings=Timings(1e6, 20.25)
)
REPLIES: list[Line] = [
    RICH,
    say("type", "żółw", text="żółw <br/> ツ 😀 \"';\\ \x7f"),
    "no JSON at all \ud800",
    say("press", key="a"),
    say("ask", question="who?"),
    say("answer", text="42"),
    say("hotkey", keys=["ctrl", "s"]),
    DONE,
]


def furnished_run(out: Path, replies: Sequence[Line] = REPLIES) -> tuple[Run, list[Step]]:
    person = Callbacks(confirm=lambda action, reason: True, answer=lambda question: "me")
    run = Agent(ScriptedModel(replies), Furnished(), person=person, out=out).run("do żółw")
    return run, list(run)
