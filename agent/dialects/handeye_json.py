"""The dialect `handeye-json`, for models without a GUI schema of their own, such as plain Qwen2-VL.

A reply is one compact JSON object with coordinates 0-1000:

    {"thought": "The field is empty.", "action": "type", "text": "hello", "submit": true}

The classes below are the grammar, written down once: pydantic parses a reply by them, `grammar` makes the JSON schema
for constrained decoding of them, and the prompt lists their examples.
"""

import difflib
import json
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.decision import Act, Answer, Ask, Decision, Finish, FormatError
from agent.dialect import LEFT_OUT, Turn
from agent.model import Message, Reply
from agent.parsing import Malformed, json_object
from environments import action as device
from environments.environment import Capabilities
from environments.errors import InvalidAction
from environments.frame import Frame
from environments.geometry import GRID, Size, from_grid
from environments.observation import Observation

Grid = Annotated[int, Field(ge=0, le=GRID)]
Text = Annotated[str, Field(max_length=20_000)]


class _Reply(BaseModel):
    """`example` is what the prompt shows; `options` describes the keys that may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    example: ClassVar[dict[str, Any]]
    options: ClassVar[str] = ""
    thought: Annotated[str, Field(max_length=2000)] = ""

    def act(self, size: Size) -> Act:  # noqa: ARG002
        """What it means on a screenshot of this size."""
        raise TypeError(f"{type(self).__name__} has no meaning of its own")


class _At(_Reply):
    x: Grid
    y: Grid

    def pixel(self, size: Size) -> tuple[int, int]:
        return from_grid(self.x, size.width), from_grid(self.y, size.height)


class Tap(_At):
    """tap or click at a point"""

    example = {"action": "tap", "x": 512, "y": 300}
    options = '"count" 2 for a double tap; "button" "right" or "middle"; "modifiers" such as ["ctrl"]'
    action: Literal["tap"]
    count: Annotated[int, Field(ge=1, le=3)] = 1
    button: device.Button = "left"
    modifiers: Annotated[tuple[device.Modifier, ...], Field(max_length=4)] = ()

    def act(self, size: Size) -> Act:
        x, y = self.pixel(size)
        return device.Tap(x=x, y=y, count=self.count, button=self.button, modifiers=self.modifiers)


class LongPress(_At):
    """press at a point and stay"""

    example = {"action": "long_press", "x": 512, "y": 300}
    action: Literal["long_press"]

    def act(self, size: Size) -> Act:
        x, y = self.pixel(size)
        return device.LongPress(x=x, y=y)


class Move(_At):
    """move the pointer without pressing"""

    example = {"action": "move", "x": 512, "y": 300}
    action: Literal["move"]

    def act(self, size: Size) -> Act:
        x, y = self.pixel(size)
        return device.Move(x=x, y=y)


class _FromTo(_At):
    to_x: Grid
    to_y: Grid

    def pixels(self, size: Size) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.pixel(size), (from_grid(self.to_x, size.width), from_grid(self.to_y, size.height))


class Drag(_FromTo):
    """press at a point, move to another, let go"""

    example = {"action": "drag", "x": 100, "y": 200, "to_x": 600, "to_y": 200}
    action: Literal["drag"]

    def act(self, size: Size) -> Act:
        return device.Drag(path=self.pixels(size))


class Swipe(_FromTo):
    """touch at a point, glide to another, lift"""

    example = {"action": "swipe", "x": 500, "y": 800, "to_x": 500, "to_y": 200}
    action: Literal["swipe"]

    def act(self, size: Size) -> Act:
        start, end = self.pixels(size)
        return device.Swipe(start=start, end=end)


class Scroll(_Reply):
    """bring what lies further down (or up, left, right) into view"""

    example = {"action": "scroll", "direction": "down"}
    options = '"amount" 1 to 50 notches, 5 if left out; "x" and "y" where to scroll, the middle if left out'
    action: Literal["scroll"]
    direction: Literal["up", "down", "left", "right"]
    amount: Annotated[int, Field(ge=1, le=50)] = 5
    x: Grid | None = None
    y: Grid | None = None

    def act(self, size: Size) -> Act:
        if (self.x is None) != (self.y is None):
            raise InvalidAction("scroll needs both x and y, or neither")
        if self.x is None or self.y is None:
            return device.Scroll(direction=self.direction, amount=self.amount)
        x, y = from_grid(self.x, size.width), from_grid(self.y, size.height)
        return device.Scroll(direction=self.direction, amount=self.amount, x=x, y=y)


class Type(_Reply):
    """type text where the keyboard focus is"""

    example = {"action": "type", "text": "hello"}
    options = '"submit" true to press enter at the end; "clear" true to empty the field first'
    action: Literal["type"]
    text: Text
    submit: bool = False
    clear: bool = False

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.Type(text=self.text, submit=self.submit, clear=self.clear)


class Press(_Reply):
    """press one key: enter, escape, tab, backspace, delete, up, page_down, f5, a, ..."""

    example = {"action": "press", "key": "enter"}
    action: Literal["press"]
    key: device.Key

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.Press(key=self.key)


class Hotkey(_Reply):
    """press keys together"""

    example = {"action": "hotkey", "keys": ["ctrl", "s"]}
    action: Literal["hotkey"]
    keys: Annotated[tuple[device.Key, ...], Field(min_length=1, max_length=5)]

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.Hotkey(keys=self.keys)


class Launch(_Reply):
    """start an installed application by its name"""

    example = {"action": "launch", "app": "Calculator"}
    action: Literal["launch"]
    app: Annotated[str, Field(min_length=1, max_length=200)]

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.Launch(app=self.app)


class OpenURL(_Reply):
    """open a web page"""

    example = {"action": "open_url", "url": "https://example.org/"}
    action: Literal["open_url"]
    url: Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]+$", max_length=2000)]

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.OpenURL(url=self.url)


class SystemButton(_Reply):
    """press a button of the phone itself: back, home, recents, ..."""

    example = {"action": "system_button", "button": "back"}
    action: Literal["system_button"]
    button: Literal["back", "home", "recents", "power", "volume_up", "volume_down", "notifications"]

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.SystemButton(button=self.button)


class Wait(_Reply):
    """let time pass, when the screen is still busy"""

    example = {"action": "wait", "seconds": 2}
    action: Literal["wait"]
    seconds: Annotated[int, Field(ge=1, le=60)]

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return device.Wait(seconds=float(self.seconds))


class Tell(_Reply):
    """tell the person something, such as the answer to a question, and go on"""

    example = {"action": "answer", "text": "The result is 42."}
    action: Literal["answer"]
    text: Text

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return Answer(self.text)


class Question(_Reply):
    """ask the person for what only the person knows"""

    example = {"action": "ask", "question": "Which account?"}
    action: Literal["ask"]
    question: Text

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return Ask(self.question)


class End(_Reply):
    """end the task: success, failure or impossible, with a message"""

    example = {"action": "finish", "status": "success", "message": "The file is saved."}
    action: Literal["finish"]
    status: Literal["success", "failure", "impossible"]
    message: Text = ""

    def act(self, size: Size) -> Act:  # noqa: ARG002
        return Finish(self.status, self.message)


_DEVICE: tuple[type[_Reply], ...] = (
    Tap, LongPress, Move, Drag, Swipe, Scroll, Type, Press, Hotkey, Launch, OpenURL, SystemButton, Wait,
)  # fmt: skip
_WORDS: tuple[type[_Reply], ...] = (Tell, Question, End)
_SCREENS = {"desktop": "the desktop of a computer", "android": "an Android phone"}


def _offered(actions: frozenset[str]) -> tuple[type[_Reply], ...]:
    return tuple(kind for kind in _DEVICE if kind.example["action"] in actions) + _WORDS


@cache
def _adapter(actions: frozenset[str]) -> TypeAdapter[_Reply]:
    kinds = _offered(actions)
    union: Any = kinds[0]
    for kind in kinds[1:]:
        union |= kind
    return TypeAdapter(Annotated[union, Field(discriminator="action")])


@cache
def _schema(actions: frozenset[str]) -> dict[str, Any]:
    return _adapter(actions).json_schema()


@cache
def _prompt(kind: str, actions: frozenset[str]) -> str:
    """The system prompt for an environment: it never offers an action that the driver lacks."""
    kinds = _offered(actions)
    template = Template((Path(__file__).parents[1] / "prompts" / "handeye_json.md").read_text())
    examples = [{"thought": "...", **reply.example} for reply in kinds]
    lines = [f"- {kind.__doc__}: {json.dumps(example)}" for kind, example in zip(kinds, examples, strict=True)]
    options = [f"- {reply.example['action']}: {reply.options}" for reply in kinds if reply.options]
    return template.substitute(screen=_SCREENS[kind], actions="\n".join(lines), options="\n".join(options)).strip()


class HandeyeJson:
    """The dialect; see the module's head for its form."""

    name = "handeye-json"

    def messages(
        self, goal: str, turns: tuple[Turn, ...], seen: Observation, capabilities: Capabilities
    ) -> tuple[Message, ...]:
        """A system prompt, then screenshot and reply in turn, the report on an action before the next screenshot."""
        messages = [Message("system", (_prompt(capabilities.kind, capabilities.actions),))]
        opening = f"The goal: {goal}"
        for turn in turns:
            messages.append(_show(opening, turn.heading, turn.frame))
            messages.append(Message("assistant", (turn.reply,)))
            opening = turn.report
        messages.append(_show(opening, self.heading(seen), seen.frame))
        return tuple(messages)

    def heading(self, seen: Observation) -> str:
        """The window in front."""
        return f"In front: {seen.window.app} - {seen.window.title[:200]}" if seen.window else "No window is in front."

    def grammar(self, capabilities: Capabilities) -> dict[str, Any]:
        """The JSON schema of every reply that parses, but for the two limits that a schema does not know: a key
        must exist (environments/keys.py), and scroll takes x and y together."""
        return _schema(capabilities.actions)

    def parse(self, reply: Reply, seen: Observation, capabilities: Capabilities) -> Decision | FormatError:
        """One decision with one act, or the reason why not."""
        if reply.truncated:
            return FormatError("the reply was cut off at the limit of tokens; keep the thought short")
        try:
            value = json_object(reply.text)
            _check_verb(value, capabilities.actions)
            said = _adapter(capabilities.actions).validate_json(json.dumps(value))
            return Decision(said.thought, (said.act(seen.frame.size),))
        except ValidationError as exc:
            return FormatError(_problem(exc))
        except (Malformed, InvalidAction) as exc:
            return FormatError(str(exc))


def _show(opening: str, words: str, frame: Frame | None) -> Message:
    return Message("user", (f"{opening}\n{words}", frame if frame is not None else LEFT_OUT))


def _check_verb(value: dict[str, Any], actions: frozenset[str]) -> None:
    """A clearer word on the commonest mistake than pydantic has."""
    names = [kind.example["action"] for kind in _offered(actions)]
    verb = value.get("action")
    if verb is None:
        raise Malformed('the key "action" is missing')
    if not isinstance(verb, str):
        raise Malformed('the value of "action" is not a text')
    if verb in names:
        return
    near = difflib.get_close_matches(verb[:40], names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise Malformed(f"there is no action {verb[:40]!r}.{hint} The actions are: {', '.join(names)}")


def _problem(error: ValidationError) -> str:
    """The first problem, without the name of the union's branch in front."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"][1:])
    if not where.isprintable() or len(where) > 40:  # a key of the model's own
        where = repr(where[:40])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
