"""Agent and Run: a goal in, Steps and an outcome out, an episode left behind."""

import platform
import re
import threading
import time
import uuid
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from inspect import GEN_CLOSED, getgeneratorstate
from pathlib import Path
from types import TracebackType

from agent.dialect import Dialect
from agent.dialects import open_dialect
from agent.episode import Episode, Step, write_manifest
from agent.errors import ModelUnavailable
from agent.limits import Limits
from agent.loop import Ended, Loop, Seams
from agent.model import Interruptible, Model
from agent.outcome import Outcome
from agent.person import Nobody, Person
from agent.policy import OwnScreenPolicy, Policy
from agent.recording import RecordingEnvironment, RecordingModel, RecordingPerson, new_folder
from environments.environment import Environment
from environments.errors import CaptureFailed, DeviceLost, HandeyeError, RecorderFailed, Stopped
from environments.journal import VERSION, Journal, Record
from environments.stop import Stop

_OUTCOMES: dict[type[HandeyeError], Outcome] = {
    DeviceLost: Outcome.DEVICE_LOST,
    CaptureFailed: Outcome.CAPTURE_FAILED,
    ModelUnavailable: Outcome.MODEL_UNAVAILABLE,
    RecorderFailed: Outcome.RECORDER_FAILED,
}


class Agent:
    """A model in front of a screen. `out` is the folder in which episodes are left; `stop_file` ends a run as soon as
    a file of that name exists."""

    def __init__(  # noqa: PLR0913  # one keyword for each thing that a person may want to swap
        self, model: Model, environment: Environment, *, dialect: str | Dialect = "handeye-json",
        policy: Policy | None = None, person: Person | None = None, limits: Limits | None = None,
        out: Path | str = "episodes", stop_file: Path | str | None = None,
    ) -> None:  # fmt: skip
        self._model, self._environment = model, environment
        self._dialect = open_dialect(dialect) if isinstance(dialect, str) else dialect
        self._policy = policy or OwnScreenPolicy()
        self._person = person or Nobody()
        self._limits = limits or Limits()
        self._out = Path(out)
        self._stop_file = Path(stop_file) if stop_file else None

    def run(self, goal: str) -> "Run":
        """A run towards a goal, which begins when its Steps are asked for.

        Raises ValueError for an empty goal and RecorderFailed when no episode can be written.
        """
        if not goal.strip():
            raise ValueError("the goal is empty")
        journal = Journal(new_folder(self._out, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{_slug(goal)}"))
        header: Record = {
            "id": uuid.uuid4().hex,
            "goal": goal,
            "environment": _describe(self._environment),
            "model": self._model.name,
            "dialect": self._dialect.name,
            "handeye": _version(),
            "python": platform.python_version(),
        }
        journal.write("episode", **header)
        seams = Seams(
            RecordingEnvironment(self._environment, journal),
            RecordingModel(Interruptible(self._model), journal),
            RecordingPerson(self._person, journal),
        )
        stop = Stop(self._stop_file, self._limits.seconds)
        return Run(
            Loop(goal, seams, self._dialect, self._policy, limits=self._limits, stop=stop), journal, header, stop
        )


class Run:
    """Iterate it for its Steps, or `wait` for the end; leaving it as a context manager ends it. `outcome` and `reason`
    are there at the end; `folder` holds the episode from the beginning."""

    def __init__(self, loop: Loop, journal: Journal, header: Record, stop: Stop) -> None:
        self._journal, self._header, self._stop = journal, header, stop
        self._started = time.time()
        self._steps = self._drive(loop)
        self._turn = threading.Lock()
        self.folder = journal.folder
        self.outcome: Outcome | None = None
        self.reason = ""
        self.taken = 0
        self._manifest()

    @property
    def episode(self) -> Episode:
        """The episode as recorded so far."""
        return Episode(self.folder)

    def stop(self, reason: str = "stop was asked for") -> None:
        """End the run soon, from any thread."""
        self._stop.set(reason)

    def wait(self) -> Outcome:
        """Take all steps that are left and return the outcome."""
        for _ in self:
            pass
        if self.outcome is None:
            raise RuntimeError("the run was given up because of an error")
        return self.outcome

    def __iter__(self) -> "Run":
        return self

    def __next__(self) -> Step:
        with self._turn:
            return next(self._steps)

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set("the run was left before its end")
        with self._turn:  # where another thread takes a step, that ends first
            if getgeneratorstate(self._steps) != GEN_CLOSED:
                self._end(Outcome.STOPPED, self._stop.reason)
            self._steps.close()
            self._journal.close()

    def _drive(self, loop: Loop) -> Generator[Step, None, None]:
        """Advance the loop, write each step down, and turn whatever ends it into an outcome."""
        try:
            for draft in loop.drafts():
                self._journal.write("step", **draft.record())
                self.taken += 1
                yield draft.freeze()
        except Ended as end:
            self._end(end.outcome, end.reason)
        except KeyboardInterrupt:
            self._end(Outcome.STOPPED, "interrupted from the keyboard")
        except Stopped as exc:
            self._end(Outcome.TIME_LIMIT if self._stop.timed_out else Outcome.STOPPED, str(exc))
        except tuple(_OUTCOMES) as exc:
            self._end(_outcome_of(exc), str(exc))
        finally:  # also when the consumer left or our own code is wrong: the episode stays readable
            self._stop.set("the run is over")
            self._journal.close()

    def _end(self, outcome: Outcome, reason: str) -> None:
        self.outcome, self.reason = outcome, reason
        try:
            self._journal.write("outcome", durable=True, outcome=outcome.value, reason=reason)
            self._manifest()
        except RecorderFailed as exc:
            self.outcome, self.reason = Outcome.RECORDER_FAILED, str(exc)

    def _manifest(self) -> None:
        """The summary beside the journal."""
        started = datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds")
        fields = {"version": VERSION, **self._header, "started": started}
        if self.outcome is not None:
            seconds = round(time.time() - self._started, 3)
            fields |= {"outcome": self.outcome.value, "reason": self.reason, "steps": self.taken, "seconds": seconds}
        try:
            write_manifest(self.folder, fields)
        except OSError as exc:
            raise RecorderFailed(f"cannot record to {self.folder}: {exc.strerror}") from exc


def _outcome_of(error: HandeyeError) -> Outcome:
    return next(outcome for kind, outcome in _OUTCOMES.items() if isinstance(error, kind))


def _describe(environment: Environment) -> Record:
    capabilities = environment.capabilities
    return {
        "kind": capabilities.kind,
        "platform": capabilities.platform,
        "private": capabilities.private,
        "actions": sorted(capabilities.actions),
    }


def _version() -> str:
    try:
        return version("handeye")
    except PackageNotFoundError:  # run from a source folder
        return "source"


def _slug(goal: str) -> str:
    """A few words of the goal that are safe in a file name."""
    return "-".join(re.findall(r"[a-z0-9]+", goal.lower()))[:40].strip("-") or "run"
