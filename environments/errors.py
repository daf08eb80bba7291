"""What can go wrong in an environment.

    HandeyeError
    |-- InvalidAction          an action that no driver could carry out (bad key, point off the screen)
    |-- EnvironmentUnavailable the environment cannot be opened here; `fix` says what to do
    |   `-- MissingExtra       an optional dependency is not installed
    |-- DeviceLost             it was open and is gone (X server died, device unplugged)
    |-- CaptureFailed          a screenshot could not be read, retries included
    |-- RecorderFailed         the journal or a frame could not be written
    |-- CorruptEpisode         a stored episode or frame is not what it claims to be
    |-- UnknownName            a table of names (environments, models, dialects) does not hold this one
    `-- Stopped                the stop signal was given while something waited

Errors of other libraries are translated into these once, where they are met, with `from exc`.
"""


class HandeyeError(Exception):
    """The root of every error that handeye raises on purpose.

    `fix` is one line that a person can act on, or empty.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class InvalidAction(HandeyeError, ValueError):
    """The action itself is wrong; nothing was sent."""


class EnvironmentUnavailable(HandeyeError):
    """The environment cannot be opened on this machine as it is now."""


class MissingExtra(EnvironmentUnavailable, ImportError):
    """A part of handeye needs packages that are not installed."""

    def __init__(self, what: str, extra: str, module: str) -> None:
        super().__init__(
            f"{what} needs the package '{module}', which is not installed",
            fix=f"pip install 'handeye[{extra}]'",
        )


class DeviceLost(HandeyeError):
    """The screen that was being driven is gone."""


class CaptureFailed(HandeyeError):
    """No trustworthy screenshot could be taken."""


class RecorderFailed(HandeyeError):
    """The episode could not be written, so nothing may be done either."""


class CorruptEpisode(HandeyeError):
    """A stored file is not what its name or checksum says."""


class UnknownName(HandeyeError, LookupError):
    """A table of names does not hold this one."""


class Stopped(HandeyeError):
    """Raised by whatever was waiting when the stop signal came."""
