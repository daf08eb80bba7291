"""What the doctor finds, and the packages that each extra of handeye brings."""

import importlib.util
from typing import Literal, NamedTuple

EXTRAS = {
    "vlm": ("torch", "torchvision", "transformers", "accelerate", "qwen_vl_utils", "av", "jinja2"),
    "android": ("adbutils",),
    "desktop": ("pyautogui", "mss", "pyvirtualdisplay", "jeepney"),
}


class Finding(NamedTuple):
    """One thing that was looked at. A `note` limits what can be done; `failed` breaks what is set up."""

    name: str
    state: Literal["ok", "note", "failed"]
    detail: str
    fix: str = ""


def missing_from(extra: str) -> list[str]:
    """The modules of an extra that are not installed. None of them is imported."""
    return [module for module in EXTRAS[extra] if importlib.util.find_spec(module) is None]
