"""Several acts in one reply: done in order, each checked again, and none sent behind one that was refused."""

import json
from pathlib import Path
from typing import Any

from agent.decision import Act, Answer, Ask, Decision, Finish, FormatError
from agent.dialects.handeye_json import HandeyeJson
from agent.model import Reply
from agent.outcome import Outcome
from agent.person import Callbacks
from environments.action import Action, Press, action_from_dict
from environments.environment import Capabilities, Effect
from environments.observation import Observation, Window
from tests.agent.scenes import Told, agent, words
from tests.screens import PaintedScreen


class Lines:
    """A dialect with one act a line, as JSON; no line at all is a bad reply."""

    name = "lines"

    def __init__(self) -> None:
        self._json = HandeyeJson()
        self.messages, self.heading = self._json.messages, self._json.heading

    def grammar(self, capabilities: Capabilities) -> dict[str, Any] | None:
        return None

    def parse(self, reply: Reply, seen: Observation, capabilities: Capabilities) -> Decision | FormatError:
        acts = tuple(self._act(json.loads(line)) for line in reply.text.splitlines())
        return Decision("", acts) if acts else FormatError("there is no line")

    @staticmethod
    def _act(value: dict[str, Any]) -> Act:
        words: dict[str, Any] = {"answer": Answer, "ask": Ask, "finish": Finish}
        word = words.get(value["type"])
        return word(*value["words"]) if word else action_from_dict(value)


def lines(*acts: dict[str, Any]) -> str:
    return "\n".join(json.dumps(act) for act in acts)


KEY_A, KEY_B = {"type": "press", "key": "a"}, {"type": "press", "key": "b"}
SUCCESS = {"type": "finish", "words": ["success", "done"]}


def test_several_acts_of_a_reply_are_done_in_order(tmp_path: Path) -> None:
    heard: list[str] = []
    person = Callbacks(confirm=lambda action, reason: False, answer=lambda question: "blue", tell=heard.append)
    screen = PaintedScreen()
    told = Told(
        lines(KEY_A, {"type": "answer", "words": ["42"]}, KEY_B, {"type": "ask", "words": ["which?"]}, KEY_A),
        lines(KEY_B, SUCCESS),
    )
    run = agent(told.lines, screen, tmp_path, dialect=Lines(), person=person).run("win")
    first, second = run
    assert run.outcome is Outcome.SUCCESS
    assert screen.sent == [Press(key="a"), Press(key="b"), Press(key="a"), Press(key="b")]
    assert heard == ["42"]
    assert len(first.effects) == len(first.settled) == 3
    assert first.error == second.error == ""
    assert words(told.requests[1]).splitlines()[:5] == [
        "The action was carried out.",
        "The person was told.",
        "The action was carried out.",
        "The person answers: blue",
        "The action was carried out.",
    ]


def test_a_later_act_is_refused_when_the_window_in_front_has_changed(tmp_path: Path) -> None:
    def open_dialog(action: Action) -> None:
        screen.window = Window("0x2", "Dialog", "Really?")

    screen = PaintedScreen(on_act=open_dialog)
    told = Told(lines(KEY_A, KEY_B, KEY_A, SUCCESS), lines({"type": "finish", "words": ["failure", "lost"]}))
    run = agent(told.lines, screen, tmp_path, dialect=Lines()).run("win")
    first, _ = run
    assert run.outcome is Outcome.FAILURE  # the success behind the refused action was not believed
    assert screen.sent == [Press(key="a")]
    assert [effect.status for effect in first.effects] == ["done", "not_sent"]
    assert "window in front changed" in first.effects[1].reason
    assert first.error == "one action was not carried out, and 2 behind it were left out"
    told_lines = words(told.requests[1]).splitlines()
    assert told_lines[0] == "The action was carried out."
    assert told_lines[1].startswith("The action was not carried out: the window in front changed from Painting")
    assert told_lines[2] == "The rest of your reply was left out."
    assert told_lines[3] == "In front: Dialog - Really?"
    assert run.episode[0] == first


def test_nothing_follows_an_action_whose_effect_is_unknown(tmp_path: Path) -> None:
    screen = PaintedScreen(on_act=lambda action: Effect("unknown", "no answer"))
    run = agent([lines(KEY_A, KEY_B), lines(SUCCESS)], screen, tmp_path, dialect=Lines()).run("win")
    assert run.wait() is Outcome.SUCCESS
    assert screen.sent == [Press(key="a")]


def test_the_last_act_of_a_reply_that_fails_leaves_nothing_out(tmp_path: Path) -> None:
    screen = PaintedScreen(on_act=lambda action: Effect("not_sent", "no"))
    told = Told(lines(KEY_A), lines(SUCCESS))
    run = agent(told.lines, screen, tmp_path, dialect=Lines()).run("win")
    first, _ = run
    assert first.error == ""
    assert "rest" not in words(told.requests[1])


def test_the_same_key_several_times_in_one_reply_is_no_circle(tmp_path: Path) -> None:
    screen = PaintedScreen()
    run = agent([lines(*[KEY_A] * 8, SUCCESS)], screen, tmp_path, dialect=Lines()).run("win")
    assert run.wait() is Outcome.SUCCESS
    assert screen.sent == [Press(key="a")] * 8


def test_each_act_of_a_reply_passes_the_policy_on_the_screen_as_it_is_then(tmp_path: Path) -> None:
    asked: list[Action] = []

    def confirm(action: Action, reason: str) -> bool:
        asked.append(action)
        return len(asked) != 2

    screen = PaintedScreen(private=False)
    person = Callbacks(confirm=confirm)
    told = Told(lines(KEY_A, KEY_B, KEY_A), lines(SUCCESS))
    run = agent(told.lines, screen, tmp_path, dialect=Lines(), person=person).run("win")
    first, _ = run
    assert screen.sent == [Press(key="a")]
    assert asked == [Press(key="a"), Press(key="b")]
    assert first.effects == (Effect("done"), Effect("not_sent", "the person declined"))
