"""Acts and steps in words for a person: our rendering of the concrete effect, never the model's prose."""

from dataclasses import asdict
from typing import Any

from agent.decision import Act, Answer, Ask, Finish
from agent.episode import Step, act_to_dict
from environments.action import Drag, Hold, Hotkey, Launch, OpenURL, Press, Scroll, Swipe, SystemButton, Type, Wait
from tools.terminal import clean


def act_in_words(act: Act) -> str:  # noqa: PLR0911, PLR0912  # a line for each
    """Such as `tap 640, 380` or `type "hello" and press enter`."""
    match act:
        case Type(text=text, submit=submit, clear=clear):
            first = "empty the field, " if clear else ""
            return f'{first}type "{clean(text)}"{" and press enter" if submit else ""}'
        case Press(key=key):
            return f"press {key}"
        case Hotkey(keys=keys):
            return f"press {' + '.join(keys)}"
        case Hold(key=key, seconds=seconds):
            return f"hold {key} for {seconds:g} s"
        case Scroll(direction=direction, amount=amount):
            return f"scroll {direction} by {amount}"
        case Drag(path=path):
            return f"drag {_pixel(path[0])} to {_pixel(path[-1])}"
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


def _pixel(point: tuple[int, int]) -> str:
    return f"{point[0]}, {point[1]}"


def _pointer_in_words(act: dict[str, Any]) -> str:
    """Taps and their kin: verb, count, button, modifiers, place."""
    times = {2: "double ", 3: "triple "}.get(act.get("count", 1), "")
    button = "" if act.get("button", "left") == "left" else f"{act['button']} "
    held = "".join(f"{key} + " for key in act.get("modifiers", ()))
    return f"{held}{times}{button}{act['type'].replace('_', ' ')} {act['x']}, {act['y']}"


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
