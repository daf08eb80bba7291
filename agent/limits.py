"""How long a run may go on, and how much it shows the model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`steps` turns of the loop; `seconds` of wall time; `malformed` replies in a row that are sent back with the
    reason before the run gives up; `declined` actions in a row; `screenshots` in each prompt, the present included;
    `tokens` in each reply."""

    steps: int = 30
    seconds: float = 600.0
    malformed: int = 2
    declined: int = 3
    screenshots: int = 1
    tokens: int = 512
