"""A step in the making."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from agent.decision import Act
from agent.episode import Milliseconds, Step, act_to_dict
from agent.model import Reply
from environments.environment import Effect, Settled
from environments.journal import Record
from environments.observation import Observation


@dataclass
class Draft:
    """Filled in as the turn goes on; `freeze` gives the Step, complete or cut short."""

    index: int
    seen: Observation
    reply: Reply | None = None
    thought: str = ""
    acts: tuple[Act, ...] = ()
    effects: list[Effect] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    error: str = ""
    _spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Add the time spent inside to `parse`, `act`, `settle` or `model`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._spent[what] = self._spent.get(what, 0.0) + 1000 * (time.perf_counter() - started)

    def freeze(self) -> Step:
        """The step as far as it came."""
        return Step(
            index=self.index,
            observation=self.seen,
            reply=self.reply,
            thought=self.thought,
            acts=self.acts,
            effects=tuple(self.effects),
            settled=tuple(self.settled),
            error=self.error,
            milliseconds=self._milliseconds(),
        )

    def record(self) -> Record:
        """What the journal keeps of a step beside what the three seams have written of it."""
        return {
            "index": self.index,
            "thought": self.thought,
            "acts": [act_to_dict(act) for act in self.acts],
            "effects": [[effect.status, effect.reason, effect.note] for effect in self.effects],
            "error": self.error,
            "milliseconds": asdict(self._milliseconds()),
        }

    def _milliseconds(self) -> Milliseconds:
        spent = dict(self._spent)
        encode = self.reply.timings.encode_ms if self.reply else 0.0
        model = max(0.0, spent.pop("model", 0.0) - encode)
        return Milliseconds(capture=self.seen.capture_ms, encode=encode, model=model, **spent)
