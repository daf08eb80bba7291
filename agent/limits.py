"""How long a run may go on, and how much it shows the model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`steps` turns of the loop; `seconds` of wall time; `malformed` replies in a row that are sent back with the
    reason before the run gives up; `declined` actions in a row; `screenshots` in each prompt, the present included;
    `tokens` in each reply. Raises ValueError for a limit that would allow nothing."""

    steps: int = 30
    seconds: float = 600.0
    malformed: int = 2
    declined: int = 3
    screenshots: int = 1
    tokens: int = 512

    def __post_init__(self) -> None:
        least = {"steps": 1, "malformed": 0, "declined": 1, "screenshots": 1, "tokens": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} is {getattr(self, name)}; it has to be at least {bound}")
        if not self.seconds > 0:  # NaN too
            raise ValueError(f"seconds is {self.seconds}; it has to be more than 0")
