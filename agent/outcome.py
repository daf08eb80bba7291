"""How a run can end."""

from enum import StrEnum


class Outcome(StrEnum):
    """The closed set. `SUCCESS` comes only from a well-formed Finish of the model."""

    SUCCESS = "success"
    FAILURE = "failure"
    """The model said that it failed."""
    IMPOSSIBLE = "impossible"
    """The model said that it cannot be done."""
    STEP_LIMIT = "step_limit"
    TIME_LIMIT = "time_limit"
    LOOP = "loop"
    """The same actions on the same screens, again and again."""
    BLOCKED = "blocked"
    """The policy or the person did not allow it."""
    STOPPED = "stopped"
    DEVICE_LOST = "device_lost"
    CAPTURE_FAILED = "capture_failed"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_INVALID = "model_invalid"
    """The model's replies could not be used, the reason given to it each time."""
    RECORDER_FAILED = "recorder_failed"
