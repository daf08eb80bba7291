"""What a device can do, as frozen records with JSON in and out. Coordinates are pixels of the screenshot.

    Tap(x=10, y=20)                     action_from_json('{"type": "tap", "x": 10, "y": 20}')
    Type(text="hello", submit=True)     action_to_json(action)

Every record refuses unknown fields, NaN, infinity and negative coordinates (pydantic.ValidationError).
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from environments.errors import InvalidAction
from environments.geometry import Point
from environments.keys import canonical

MAX_TEXT = 100_000
MAX_PROBLEM = 500
"""Characters of a complaint, which may quote what was wrong: both its ends are kept."""

Coordinate = Annotated[int, Field(ge=0, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)]
Key = Annotated[str, Field(max_length=40), AfterValidator(canonical)]
Modifier = Literal["ctrl", "shift", "alt", "super"]
Button = Literal["left", "middle", "right"]
Pixel = tuple[Coordinate, Coordinate]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def points(self) -> tuple[Point, ...]:
        """Every pixel that the action touches, in order."""
        return ()


class _At(_Record):
    x: Coordinate
    y: Coordinate

    def points(self) -> tuple[Point, ...]:
        return (Point(self.x, self.y),)


class Tap(_At):
    """Tap or click at a point, `count` times."""

    type: Literal["tap"] = "tap"
    count: Annotated[int, Field(ge=1, le=3)] = 1
    button: Button = "left"
    modifiers: tuple[Modifier, ...] = ()


class LongPress(_At):
    """Press at a point, stay for `seconds`, and let go."""

    type: Literal["long_press"] = "long_press"
    seconds: Seconds = 0.8


class Move(_At):
    """Move the pointer without pressing anything."""

    type: Literal["move"] = "move"


class PointerDown(_At):
    """Press a button at a point and keep it down."""

    type: Literal["pointer_down"] = "pointer_down"
    button: Button = "left"


class PointerUp(_At):
    """Let a button go at a point."""

    type: Literal["pointer_up"] = "pointer_up"
    button: Button = "left"


class Drag(_Record):
    """Press at the first point, follow the path, and let go at the last."""

    type: Literal["drag"] = "drag"
    path: Annotated[tuple[Pixel, ...], Field(min_length=2, max_length=1000)]
    seconds: Seconds = 0.3
    button: Button = "left"

    def points(self) -> tuple[Point, ...]:
        return tuple(Point(*pixel) for pixel in self.path)


class Swipe(_Record):
    """Touch at `start`, glide to `end`, and lift."""

    type: Literal["swipe"] = "swipe"
    start: Pixel
    end: Pixel
    seconds: Seconds = 0.3

    def points(self) -> tuple[Point, ...]:
        return (Point(*self.start), Point(*self.end))


class Scroll(_Record):
    """Reveal what lies in `direction`, by `amount` notches of a wheel, with the pointer at x, y (else the middle)."""

    type: Literal["scroll"] = "scroll"
    direction: Literal["up", "down", "left", "right"]
    amount: Annotated[int, Field(ge=1, le=50)] = 5
    x: Coordinate | None = None
    y: Coordinate | None = None

    def points(self) -> tuple[Point, ...]:
        return () if self.x is None or self.y is None else (Point(self.x, self.y),)


class Type(_Record):
    """Type text where the keyboard focus is; `clear` empties the field first, `submit` presses enter at the end."""

    type: Literal["type"] = "type"
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    submit: bool = False
    clear: bool = False


class Press(_Record):
    """Press one key and let it go."""

    type: Literal["press"] = "press"
    key: Key


class Hotkey(_Record):
    """Press keys together: all down in order, all up in reverse."""

    type: Literal["hotkey"] = "hotkey"
    keys: Annotated[tuple[Key, ...], Field(min_length=1, max_length=5)]


class Hold(_Record):
    """Keep a key down for `seconds`."""

    type: Literal["hold"] = "hold"
    key: Key
    seconds: Seconds = 1.0


class Launch(_Record):
    """Start an installed application by the name that people know it by."""

    type: Literal["launch"] = "launch"
    app: Annotated[str, Field(min_length=1, max_length=200)]


class OpenURL(_Record):
    """Open a web page (http and https only)."""

    type: Literal["open_url"] = "open_url"
    url: Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]+$", max_length=2000)]


class SystemButton(_Record):
    """Press one of a phone's own buttons."""

    type: Literal["system_button"] = "system_button"
    button: Literal["back", "home", "recents", "power", "volume_up", "volume_down", "notifications"]


class Wait(_Record):
    """Let time pass."""

    type: Literal["wait"] = "wait"
    seconds: Seconds = 1.0


ACTIONS = (
    Tap, LongPress, Move, PointerDown, PointerUp, Drag, Swipe, Scroll, Type, Press, Hotkey, Hold, Launch, OpenURL,
    SystemButton, Wait,
)  # fmt: skip

Action = (
    Tap | LongPress | Move | PointerDown | PointerUp | Drag | Swipe | Scroll | Type | Press | Hotkey | Hold
    | Launch | OpenURL | SystemButton | Wait
)  # fmt: skip

_ACTION: TypeAdapter[Action] = TypeAdapter(
    Annotated[Action, Field(discriminator="type")], config=ConfigDict(defer_build=True)
)


def action_to_json(action: Action) -> str:
    """The action as one line of JSON, every field spelled out."""
    return json.dumps(action_to_dict(action), ensure_ascii=False, separators=(",", ":"))


def action_to_dict(action: Action) -> dict[str, Any]:
    """The action as JSON values, `type` first."""
    return {"type": action.type, **action.model_dump(mode="json", exclude={"type"})}


def action_from_json(text: str | bytes) -> Action:
    """Read an action. Raises InvalidAction, with what is wrong, for anything that is not exactly one."""
    try:
        return _ACTION.validate_json(text)
    except ValidationError as exc:
        raise InvalidAction(first_problem(exc)) from exc


def action_from_dict(value: object) -> Action:
    """As `action_from_json`, from JSON values that were parsed already."""
    return action_from_json(json.dumps(value))


def first_problem(error: ValidationError) -> str:
    """One line for a person or a model: the field and what is wrong with it, without pydantic's links."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    line = " ".join((f"{where}: {problem['msg']}" if where else str(problem["msg"])).split())
    return line if len(line) <= MAX_PROBLEM else f"{line[: MAX_PROBLEM // 2]} [...] {line[-MAX_PROBLEM // 2 :]}"
