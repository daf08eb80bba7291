"""The main job on the phone: an agent with a scripted model, over real ADB, and what the phone knows afterwards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.limits import Limits
from agent.model import Request
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from agent.run import Agent
from environments.geometry import Size
from environments.simulated import PhoneEnvironment
from tests.environments.phone.walks import RULE, find

SIZES = {"small": (Size(540, 1200), 210), "large": (Size(1080, 2400), 420)}
NAME = "李小龙"


def say(action: str, **keys: Any) -> str:
    return json.dumps({"thought": "the next step", "action": action, **keys}, ensure_ascii=False)


def tap_on(screen: PhoneEnvironment, name: str) -> Callable[[Request], str]:
    """A reply that taps what has this name by the time it is asked for, in the dialect's thousandths."""

    def reply(_: Request) -> str:
        seen, where = find(screen, name)
        width, height = seen.frame.size
        return say("tap", x=round(1000 * where.x / width), y=round(1000 * where.y / height))

    return reply


@pytest.mark.parametrize("size", SIZES)
def test_airplane_mode_and_a_contact_with_a_chinese_name(size: str, tmp_path: Path) -> None:
    pixels, density = SIZES[size]
    with PhoneEnvironment(size=pixels, density=density, seed=2, rule=RULE) as screen:
        state = screen.phone.state
        people = set(state.contacts)
        assert not state.settings.airplane_mode
        replies = [
            say("launch", app="Settings"),
            tap_on(screen, "Network & internet"),
            tap_on(screen, "Airplane mode"),
            say("launch", app="Contacts"),
            tap_on(screen, "Create new contact"),
            say("type", text=NAME),
            tap_on(screen, "Phone"),
            say("type", text="+48 600 100 200"),
            tap_on(screen, "Save"),
            tap_on(screen, "Search contacts"),
            say("type", text=NAME[1:]),
            say("finish", status="success", message="both are done"),
        ]
        run = Agent(ScriptedModel(replies), screen, out=tmp_path, limits=Limits(steps=20)).run("Fly and remember")
        effects = [(step.index, effect) for step in run for effect in step.effects]
        assert run.outcome is Outcome.SUCCESS, (run.reason, effects)
        assert [effect.status for _, effect in effects] == ["done"] * 11, effects
        assert state.settings.airplane_mode
        [added] = [contact for number, contact in state.contacts.items() if number not in people]
        assert (added.name, added.phone.replace(" ", "")) == (NAME, "+48600100200")
        assert screen.phone.world.input_method.endswith("LatinIME"), "the input method is the one it was"
        shown = screen.observe(elements=True).elements
        assert any(NAME in (node.name, node.text) for node in shown.nodes), "the search finds it"
    assert len(run.episode) == 12


def test_a_goal_that_is_not_reached_leaves_the_phone_as_it_was(tmp_path: Path) -> None:
    with PhoneEnvironment(size=Size(540, 1200), density=210, seed=2, rule=RULE) as screen:
        before = screen.phone.world.screenshot()
        replies = [say("launch", app="No such app"), say("finish", status="impossible", message="no such app")]
        run = Agent(ScriptedModel(replies), screen, out=tmp_path).run("Open what is not there")
        assert run.wait() is Outcome.IMPOSSIBLE
        assert screen.phone.world.screenshot() == before
