"""Acts and steps in words for a person: our rendering of the concrete effect, never the model's prose.

A person decides by these words whether an action may be done, so they say where it happens and what it presses.
"""

from dataclasses import asdict
from typing import Any

from agent.decision import Act, Answer, Ask, Finish
from agent.episode import Step, act_to_dict
from environments.action import Drag, Hold, Hotkey, Launch, OpenURL, Press, Scroll, Swipe, SystemButton, Type, Wait
from tools.terminal import MAX_CHARACTERS, clean

_KEYS_IN_TEXT = str.maketrans({"\n": "↵", "\r": "↵", "\t": "⇥"})
"""Characters of a text that are typed as keys which do something."""


def act_in_words(act: Act) -> str:  # noqa: PLR0911, PLR0912  # a line for each
    """Such as `tap 640, 380` or `type "hello" and press enter`."""
    match act:
        case Type(text=text, submit=submit, clear=clear):
            first = "empty the field, " if clear else ""
            return f"{first}type {_quoted(text)}{' and press enter' if submit else ''}"
        case Press(key=key):
            return f"press {key}"
        case Hotkey(keys=keys):
            return f"press {' + '.join(keys)}"
        case Hold(key=key, seconds=seconds):
            return f"hold {key} for {seconds:g} s"
        case Scroll(direction=direction, amount=amount):
            place = "".join(f" at {_pixel(point)}" for point in act.points())
            return f"scroll {direction} by {amount}{place}"
        case Drag(path=path, button=button):
            return f"{_button(button)}drag {_pixel(path[0])} to {_pixel(path[-1])}"
        case Swipe(start=start, end=end):
            return f"swipe {_pixel(start)} to {_pixel(end)}"
        case Launch(app=app):
            return f'start "{clean(app)}"'
        case OpenURL(url=url):
            return f"open {clean(url)}"
        case SystemButton(button=button):
            return f"press the {button} button"
        case Wait(seconds=seconds):
            return f"wait {seconds:g} s"
        case Answer(text):
            return f'say "{clean(text)}"'
        case Ask(question):
            return f'ask "{clean(question)}"'
        case Finish(status, message):
            return f"finish: {status}{f', {clean(message)}' if message else ''}"
        case _:
            return _pointer_in_words(act_to_dict(act))


def _quoted(text: str) -> str:
    """A text to be typed; of a long one the beginning and how long it is."""
    length = f"{len(text)} characters, " if len(text) > MAX_CHARACTERS else ""
    return f'{length}"{clean(text.translate(_KEYS_IN_TEXT))}"'


def _pixel(point: tuple[int, int]) -> str:
    return f"{point[0]}, {point[1]}"


def _button(name: str) -> str:
    return "" if name == "left" else f"{name} "


def _pointer_in_words(act: dict[str, Any]) -> str:
    """Taps and their kin: verb, count, button, modifiers, place."""
    times = {2: "double ", 3: "triple "}.get(act.get("count", 1), "")
    held = "".join(f"{key} + " for key in act.get("modifiers", ()))
    return f"{held}{times}{_button(act.get('button', 'left'))}{act['type'].replace('_', ' ')} {act['x']}, {act['y']}"


def step_as_json(step: Step) -> dict[str, Any]:
    """A step for machines: one line of `handeye run --json`."""
    seen = step.observation
    return {
        "step": step.index,
        "frame": seen.frame.hash,
        "window": list(seen.window) if seen.window else None,
        "thought": step.thought,
        "acts": [act_to_dict(act) for act in step.acts],
        "effects": [asdict(effect) for effect in step.effects],
        "settled": [asdict(settled) for settled in step.settled],
        "error": step.error,
        "milliseconds": {name: round(value, 3) for name, value in asdict(step.milliseconds).items()},
    }
