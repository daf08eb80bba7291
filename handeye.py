"""The front door of handeye: its public names, each loaded when it is first asked for.

from handeye import Agent, open_environment, open_model, Tap
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

_NAMES = {
    "agent.run": "Agent Run",
    "agent.decision": "Answer Ask Decision Finish FormatError",
    "agent.dialects": "open_dialect",
    "agent.episode": "Episode Milliseconds Step",
    "agent.errors": "ModelUnavailable UnknownName",
    "agent.limits": "Limits",
    "agent.model": "Message Model Reply Request Sampling Timings Usage",
    "agent.models": "open_model",
    "agent.models.scripted": "ScriptedModel",
    "agent.outcome": "Outcome",
    "agent.person": "Callbacks Nobody Person",
    "agent.policy": "AllowAll Judgement OwnScreenPolicy Policy Verdict",
    "environments": "open_environment",
    "environments.action": "Action Drag Hold Hotkey Launch LongPress Move OpenURL PointerDown PointerUp Press Scroll"
    " Swipe SystemButton Tap Type Wait action_from_json action_to_json",
    "environments.contract": "check_environment",
    "environments.environment": "Capabilities Effect Environment Settled",
    "environments.errors": "CaptureFailed CorruptEpisode DeviceLost EnvironmentUnavailable HandeyeError InvalidAction"
    " MissingExtra RecorderFailed Stopped",
    "environments.frame": "Frame",
    "environments.geometry": "Box Point Screen Size",
    "environments.observation": "Element Elements Observation Window",
    "environments.phone.front": "WorldFaults",
    "environments.phone.phone": "Phone",
    "environments.phone.shell.faults": "ShellFaults",
    "environments.phone.wire.faults": "WireFaults",
    "environments.settle": "SettleRule",
    "environments.stop": "Stop",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"handeye has no name {name!r}")
    _check_not_hidden(module.partition(".")[0])
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def _check_not_hidden(room: str) -> None:
    """Raise ImportError when a folder of the user's own stands in front of one of handeye's packages."""
    spec = importlib.util.find_spec(room)
    found = list(spec.submodule_search_locations or [spec.origin]) if spec else []
    if not any(Path(str(place)).resolve() == Path(__file__).resolve().parent / room for place in found):
        where = found[0] if found else "nothing"
        raise ImportError(
            f"handeye's own package {room!r} is hidden by {where}, which stands earlier on Python's path. "
            f"Rename that folder, or keep the program that imports handeye in another one."
        )


def __dir__() -> list[str]:
    return sorted(__all__)
