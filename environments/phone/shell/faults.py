"""What a test can make go wrong in the phone's own commands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShellFaults:
    """None of them is on by default.

    warning: `screencap` writes a warning of several hundred bytes on stdout, in front of the image.
    truncate_png: every PNG that `screencap` makes ends after this many bytes, without an error.
    """

    warning: bool = False
    truncate_png: int | None = None

    def __post_init__(self) -> None:
        if self.truncate_png is not None and self.truncate_png < 0:
            raise ValueError(f"truncate_png counts bytes, not {self.truncate_png}")
