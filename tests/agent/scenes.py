"""What the tests of the loop are made of: replies, screens that fail on cue, models that do not listen."""

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from agent.model import Reply, Request
from agent.models.scripted import Line, ScriptedModel
from agent.run import Agent
from environments.action import Action
from environments.environment import Effect, Settled
from environments.observation import Observation
from environments.stop import Stop
from tests.screens import PaintedScreen


def say(action: str, thought: str = "", **keys: Any) -> str:
    """A reply in handeye-json."""
    return json.dumps({"thought": thought, "action": action, **keys}, ensure_ascii=False)


def finish(status: str = "success", message: str = "it is done") -> str:
    return say("finish", status=status, message=message)


TAP = say("tap", "the button", x=500, y=500)
DONE = finish()


def agent(replies: Sequence[Line], screen: PaintedScreen, out: Path, **options: Any) -> Agent:
    return Agent(ScriptedModel(replies), screen, out=out, **options)


def still(color: str = "white") -> Callable[[], Image.Image]:
    """A screen that nothing changes."""
    image = Image.new("RGB", (64, 48), color)
    return lambda: image


def dotted(position: int) -> Image.Image:
    """A screen that looks different for each position."""
    image = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(image).rectangle((8 * (position % 8), 6 * (position // 8 % 8), 8 * (position % 8) + 6, 47), "black")
    return image


def words(request: Request) -> str:
    """The last thing that the model is told."""
    return str(request.messages[-1].parts[0])


class Told:
    """Replies that keep the requests which they answer."""

    def __init__(self, *replies: str) -> None:
        self.requests: list[Request] = []
        self.lines: list[Line] = [self._line(reply) for reply in replies]

    def _line(self, reply: str) -> Callable[[Request], str]:
        def answer(request: Request) -> str:
            self.requests.append(request)
            return reply

        return answer


class FailingScreen(PaintedScreen):
    """A painted screen on which the `nth` call (from 1) of one verb raises an error. An action that fails is sent."""

    def __init__(self, verb: str, nth: int, error: BaseException, **options: Any) -> None:
        super().__init__(**options)
        self._verb, self._left, self._error = verb, nth, error

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        self._perhaps_fail("observe")
        return super().observe(elements=elements, stop=stop)

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        effect = super().act(action, seen, stop=stop)
        self._perhaps_fail("act")
        return effect

    def settle(self, stop: Stop | None = None) -> Settled:
        self._perhaps_fail("settle")
        return super().settle(stop)

    def _perhaps_fail(self, verb: str) -> None:
        self._left -= verb == self._verb
        if self._left == 0 and verb == self._verb:
            raise self._error


class DeafModel:
    """A model that does not answer before `release`, whatever the stop signal says; then it taps."""

    name = "deaf"

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.release = threading.Event()
        self.thread = threading.current_thread()
        self.stop = Stop()

    def prepare(self, request: Request) -> None:
        pass

    def complete(self, request: Request, stop: Stop) -> Reply:
        self.thread, self.stop = threading.current_thread(), stop
        self.asked.set()
        self.release.wait(60)
        return Reply(TAP)

    def close(self) -> None:
        pass


class RaisingModel(DeafModel):
    """A model that raises whatever it is given, at its first call."""

    name = "raising"

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def complete(self, request: Request, stop: Stop) -> Reply:
        raise self._error
