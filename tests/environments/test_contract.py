"""The contract: sound environments pass, and each broken promise is found and named."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from environments import open_environment
from environments.action import ACTIONS, Action, Tap, Type, Wait
from environments.contract import ContractBroken, check_environment, samples
from environments.environment import Capabilities, Command, Effect, Environment, Settled
from environments.errors import DeviceLost, InvalidAction
from environments.geometry import Size
from environments.observation import Elements, Observation
from environments.stop import Stop
from tests.screens import EVERY_ACTION, PaintedScreen


def test_a_painted_screen_keeps_every_promise() -> None:
    screen = PaintedScreen()
    assert isinstance(screen, Environment)
    checked = check_environment(screen)
    assert len(checked) == len(set(checked)) >= 10
    assert screen.closed
    assert {action.type for action in screen.sent} <= {"wait"}, "the screen is only waited on, never touched"


def test_without_close_it_stays_open() -> None:
    screen = PaintedScreen()
    assert "closing" not in check_environment(screen, close=False)
    assert screen.observe().frame.size == (320, 200)


@pytest.mark.parametrize("actions", [{"wait"}, {"wait", "tap"}, {"wait", "move", "type"}, EVERY_ACTION - {"launch"}])
def test_an_environment_may_offer_few_actions(actions: set[str]) -> None:
    check_environment(PaintedScreen(actions=frozenset(actions)))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1440, 3120)])
def test_a_screen_may_have_any_size(size: tuple[int, int]) -> None:
    check_environment(PaintedScreen(lambda: Image.new("RGB", size)))


@pytest.mark.display
def test_a_private_desktop_keeps_every_promise() -> None:
    with open_environment("desktop:headless", size=Size(640, 480)) as desktop:
        assert isinstance(desktop, Environment)
        check_environment(desktop)


def test_there_is_a_sample_of_every_action() -> None:
    chosen = samples(Size(100, 50))
    assert set(chosen) == {kind.model_fields["type"].default for kind in ACTIONS}
    assert all(chosen[name].type == name for name in chosen)


class Forgetful(PaintedScreen):
    """Takes a screenshot that costs nothing and has the id of the last one."""

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), id="o0")


class Backwards(PaintedScreen):
    _times = itertools.count(1000, -1)

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), time=next(self._times))


class Timeless(PaintedScreen):
    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), capture_ms=0)


class Crooked(PaintedScreen):
    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), rotation=90)


class Nameless(PaintedScreen):
    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), display="")


class Growing(PaintedScreen):
    def __init__(self) -> None:
        widths = itertools.count(100)
        super().__init__(lambda: Image.new("RGB", (next(widths), 100)))


class Silent(PaintedScreen):
    """Says neither what elements there are nor why there are none."""

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(
            super().observe(elements=elements, stop=stop), elements=Elements(absent="" if elements else "no")
        )


class Curious(PaintedScreen):
    """Reads elements that nobody asked for, and so has no reason for their absence."""

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return replace(super().observe(elements=elements, stop=stop), elements=Elements())


class Boastful(PaintedScreen):
    """Offers an action that does not exist."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, actions=EVERY_ACTION | {"teleport"})


class Useless(PaintedScreen):
    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, actions=frozenset())


class Restless(PaintedScreen):
    """Does not even offer to wait."""

    def __init__(self) -> None:
        super().__init__(actions=EVERY_ACTION - {"wait"})


class Moody(PaintedScreen):
    _moods = itertools.cycle([True, False])

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, private=next(self._moods))


class Impure(PaintedScreen):
    _calls = itertools.count()

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        return [*super().commands(action, seen), {"do": "count", "value": next(self._calls)}]


class Mute(PaintedScreen):
    def commands(self, action: Action, seen: Observation) -> list[Command]:
        return super().commands(action, seen)[:0]


class Tuples(PaintedScreen):
    """Its commands are no JSON values: what is read back from a journal would differ."""

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        return [{**command, "at": (1, 2)} for command in super().commands(action, seen)]


class Obliging(PaintedScreen):
    """Takes actions that it does not offer."""

    def __init__(self) -> None:
        super().__init__(actions=EVERY_ACTION)

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, actions=EVERY_ACTION - {"swipe"})


class Boundless(PaintedScreen):
    """Takes points outside the screen."""

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        try:
            return super().commands(action, seen)
        except InvalidAction:
            if action.type in self.capabilities.actions:
                return [{"do": action.type}]
            raise


class Cornered(PaintedScreen):
    """Refuses the corners, as a fail-safe does."""

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        if (0, 0) in action.points() and action.type == "tap":
            return []
        return super().commands(action, seen)


class Careless(PaintedScreen):
    """Acts on a screen that is no longer the one that was seen."""

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        return super().act(action, self.observe(), stop=stop)


class Taciturn(PaintedScreen):
    """Refuses without a reason."""

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        effect = super().act(action, seen, stop=stop)
        return effect if effect.status == "done" else Effect(effect.status)


class Impatient(PaintedScreen):
    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        return Effect("unknown") if action == Wait(seconds=0.01) else super().act(action, seen, stop=stop)


class Blind(PaintedScreen):
    """Says that the screen is still without looking."""

    def settle(self, stop: Stop | None = None) -> Settled:
        super().settle(stop)
        return Settled(0, 0, stable=True)


class Unstoppable(PaintedScreen):
    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        return super().act(Wait(seconds=0) if stop else action, seen)


class Dawdling(PaintedScreen):
    def settle(self, stop: Stop | None = None) -> Settled:
        return super().settle()


class Staring(PaintedScreen):
    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        return super().observe(elements=elements)


class Undying(PaintedScreen):
    def close(self) -> None:
        pass


class OnceOnly(PaintedScreen):
    def close(self) -> None:
        if self.closed:
            raise DeviceLost("it was closed before")
        super().close()


BROKEN: list[tuple[Callable[[], PaintedScreen], str]] = [
    (Forgetful, "an id of its own"),
    (Backwards, "never runs backwards"),
    (Timeless, "takes time"),
    (Crooked, "quarter turns"),
    (Nameless, "names its display"),
    (Growing, "the size of a screen at rest"),
    (Silent, "elements are there, or absent with a reason"),
    (Curious, "elements that were not asked for are absent"),
    (Boastful, "unknown actions are offered: ['teleport']"),
    (Useless, "at least one action"),
    (Restless, "every environment can wait"),
    (Moody, "capabilities do not change"),
    (Impure, "the same each time"),
    (Mute, "and not empty"),
    (Tuples, "are JSON values"),
    (Obliging, "swipe, which is not offered, is refused"),
    (Boundless, "outside the screen is refused"),
    (Cornered, "the corner 0, 0 can be reached"),
    (Careless, "on a screen of another size is not sent"),
    (Taciturn, "has a reason"),
    (Impatient, "waiting is done"),
    (Blind, "looks at the screen at least once"),
    (Unstoppable, "after the stop signal nothing is sent"),
    (Dawdling, "settling ends with Stopped"),
    (Staring, "observing ends with Stopped"),
    (Undying, "a closed environment is a lost one"),
]


@pytest.mark.parametrize(("make", "promise"), BROKEN, ids=[make.__name__ for make, _ in BROKEN])
def test_a_broken_promise_is_found_and_named(make: Callable[[], PaintedScreen], promise: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        check_environment(make())
    assert promise in str(caught.value)


def test_an_environment_that_cannot_be_closed_twice_does_not_pass() -> None:
    with pytest.raises(DeviceLost):
        check_environment(OnceOnly())


def test_what_a_painted_screen_is_sent_is_in_its_list() -> None:
    drawn: list[Any] = []
    screen = PaintedScreen(on_act=drawn.append)
    seen = screen.observe()
    tap, words = Tap(x=1, y=2), Type(text="żółw")
    assert screen.act(tap, seen) == Effect("done")
    assert screen.act(words, seen) == Effect("done")
    with pytest.raises(InvalidAction):
        screen.act(Tap(x=320, y=0), seen)
    screen.rotation = 1
    assert screen.act(tap, seen).status == "not_sent"
    assert screen.sent == drawn == [tap, words]
    assert screen.observe().frame != seen.frame, "without a painter of its own the screen shows that something happened"
    assert json.loads(json.dumps(screen.commands(words, seen))) == [
        {"do": "type", "type": "type", "text": "żółw", "submit": False, "clear": False}
    ]
