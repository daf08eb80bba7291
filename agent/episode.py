"""Steps and episodes: what happened, as a reading of the journal."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs

from agent.decision import Act, Answer, Ask, Finish
from agent.model import Message, Reply, Request, Sampling, Timings, Usage
from agent.outcome import Outcome
from environments.action import action_from_dict, action_to_dict, first_problem
from environments.environment import Effect, Settled
from environments.errors import CorruptEpisode
from environments.journal import FRAMES, FrameStore, Record, read_journal
from environments.observation import Observation

MANIFEST = "episode.json"

T = TypeVar("T")


@dataclass(frozen=True)
class Milliseconds:
    """What a step cost: taking the screenshot, encoding for the model, the model, parsing, acting, settling."""

    capture: float = 0.0
    encode: float = 0.0
    model: float = 0.0
    parse: float = 0.0
    act: float = 0.0
    settle: float = 0.0


@dataclass(frozen=True)
class Step:
    """One turn of the loop. `effects` and `settled` belong to the device actions among `acts`, in their order.

    `error` says why there is no decision, why the run ended here, or why not all acts were done.
    """

    index: int
    observation: Observation
    reply: Reply | None = None
    thought: str = ""
    acts: tuple[Act, ...] = ()
    effects: tuple[Effect, ...] = ()
    settled: tuple[Settled, ...] = ()
    error: str = ""
    milliseconds: Milliseconds = field(default=Milliseconds(), compare=False)


def act_to_dict(act: Act) -> dict[str, Any]:
    """An act as JSON values; device actions as in environments/action.py."""
    match act:
        case Answer(text):
            return {"type": "answer", "text": text}
        case Ask(question):
            return {"type": "ask", "question": question}
        case Finish(status, message):
            return {"type": "finish", "status": status, "message": message}
        case _:
            return action_to_dict(act)


def act_from_dict(value: Record) -> Act:
    """The inverse of `act_to_dict`. Raises ValueError, of which InvalidAction is one, for anything else."""
    words: dict[str, type[Act]] = {"answer": Answer, "ask": Ask, "finish": Finish}
    word = words.get(str(value.get("type")))
    if word is None:
        return action_from_dict(value)
    return _read(word, **{key: item for key, item in value.items() if key != "type"})


def observation_to_dict(seen: Observation, frame: str) -> Record:
    """An observation as JSON values, with the hash of its frame."""
    return {
        "id": seen.id,
        "frame": frame,
        "size": list(seen.frame.size),
        "screen": list(seen.screen),
        "display": seen.display,
        "window": list(seen.window) if seen.window else None,
        "rotation": seen.rotation,
        "keyboard_shown": seen.keyboard_shown,
        "elements": [[*node[:3], sorted(node.states), node.bounds, node.depth] for node in seen.elements],
        "elements_absent": seen.elements.absent,
        "elements_note": seen.elements.note,
        "capture_ms": seen.capture_ms,
        "time": seen.time,
    }


def observation_from_dict(value: Record, frames: FrameStore) -> Observation:
    """The inverse of `observation_to_dict`; reads and checks the frame."""
    return _read(
        Observation,
        frame=frames.get(value["frame"]),
        screen=value["screen"],
        display=value["display"],
        window=value["window"],
        rotation=value["rotation"],
        keyboard_shown=value["keyboard_shown"],
        elements={
            "nodes": value["elements"],
            "absent": value["elements_absent"],
            "note": value["elements_note"],
        },
        capture_ms=value["capture_ms"],
        id=value["id"],
        time=value["time"],
    )


def reply_to_dict(reply: Reply) -> Record:
    """A reply as JSON values."""
    return {
        "text": reply.text,
        "token_ids": list(reply.token_ids),
        "image_sizes": [list(size) for size in reply.image_sizes],
        "usage": [reply.usage.prompt_tokens, reply.usage.completion_tokens],
        "timings": [reply.timings.encode_ms, reply.timings.model_ms],
        "truncated": reply.truncated,
    }


def reply_from_dict(value: Record) -> Reply:
    """The inverse of `reply_to_dict`."""
    return _read(
        Reply,
        text=value["text"],
        token_ids=value["token_ids"],
        image_sizes=value["image_sizes"],
        usage=_read(Usage, *value["usage"]),
        timings=_read(Timings, *value["timings"]),
        truncated=value["truncated"],
    )


class Episode(Sequence[Step]):
    """A recorded run: a sequence of Steps, each read, frame included, when it is asked for.

    Raises CorruptEpisode when the folder holds none. `outcome` is None for a run that was cut off; `dropped` says
    what was lost at the end of the journal, if anything.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        reading = read_journal(self.folder)
        self.records = reading.records
        self.dropped = reading.dropped
        self._frames = FrameStore(self.folder / FRAMES)

    @cached_property
    def header(self) -> Record:
        """What was recorded of the run as a whole: goal, environment, model, dialect, versions."""
        return next((record for record in self.records if record["kind"] == "episode"), {})

    @property
    def goal(self) -> str:
        return str(self.header.get("goal", ""))

    @property
    def outcome(self) -> Outcome | None:
        end = self._end()
        with _sound(f"the outcome in {self.folder}"):
            return Outcome(end["outcome"]) if end else None

    @property
    def reason(self) -> str:
        """Why it ended as it did, in words."""
        return str(self._end().get("reason", ""))

    def _end(self) -> Record:
        return next((record for record in reversed(self.records) if record["kind"] == "outcome"), {})

    @cached_property
    def _parts(self) -> tuple[tuple[Record, ...], ...]:
        """The records of each step, in front of them the observation on which it was decided. A step begins with a
        request to the model."""
        parts: list[list[Record]] = []
        seen: Record = {}
        for record in self.records:
            if record["kind"] == "observation":
                seen = record
            elif record["kind"] == "request":
                parts.append([seen])
            if parts and record["kind"] not in ("observation", "outcome"):
                parts[-1].append(record)
        return tuple(tuple(part) for part in parts)

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        with _sound(f"step {number} of {self.folder}"):
            return self._step(number, self._parts[number])

    def __iter__(self) -> Iterator[Step]:
        return (self[index] for index in range(len(self)))

    def requests(self) -> Iterator[Request]:
        """What the model was asked at each step, in full, screenshots included."""
        messages: list[Message] = []
        grammar = None
        for record in self.records:
            if record["kind"] != "request":
                continue
            with _sound(f"a request in {self.folder}"):
                if not 0 <= record["same"] <= len(messages):
                    raise ValueError(f"there are no {record['same']} messages before it")
                del messages[record["same"] :]
                messages += [self._message(message) for message in record["messages"]]
                grammar = record.get("grammar", grammar)
                request = _read(Request, tuple(messages), grammar, _read(Sampling, *record["sampling"]))
            yield request

    def _message(self, value: Record) -> Message:
        parts = [part if isinstance(part, str) else self._frames.get(part["frame"]) for part in value["parts"]]
        return _read(Message, role=value["role"], parts=tuple(parts))

    def _step(self, index: int, records: tuple[Record, ...]) -> Step:
        end = next((record for record in records if record["kind"] == "step"), {})
        reply = next((record for record in records if record["kind"] == "reply"), None)
        return Step(
            index=index,
            observation=observation_from_dict(records[0], self._frames),
            reply=reply_from_dict(reply) if reply else None,
            thought=str(end.get("thought", "")),
            acts=tuple(act_from_dict(act) for act in end.get("acts", ())),
            effects=tuple(_read(Effect, *effect) for effect in end["effects"]) if end else _effects(records),
            settled=tuple(_read(Settled, *record["settled"]) for record in records if record["kind"] == "settled"),
            error=str(end.get("error", "" if end else "the recording ends within this step")),
            milliseconds=_read(Milliseconds, **end.get("milliseconds", {})),
        )


def _effects(records: tuple[Record, ...]) -> tuple[Effect, ...]:
    """What is known of a step whose end is missing: an intent without a result may or may not have happened."""
    effects: list[Effect] = []
    for record in records:
        if record["kind"] == "intent":
            effects.append(Effect("unknown", "the recording ends before the result"))
        elif record["kind"] == "result":
            effects[-1] = _read(Effect, *record["effect"])
    return tuple(effects)


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def _read(kind: type[T], *values: Any, **named: Any) -> T:
    """One of our records, made of values from a file, every type in it checked. Raises ValidationError."""
    value: T = _adapter(kind).validate_python(ArgsKwargs(values, named))
    return value


@contextmanager
def _sound(what: str) -> Iterator[None]:
    """Whatever a damaged or hostile record can cause becomes CorruptEpisode."""
    try:
        yield
    except ValidationError as exc:
        raise CorruptEpisode(f"{what} does not read back: {first_problem(exc)}") from exc
    except (AttributeError, LookupError, TypeError, ValueError) as exc:
        raise CorruptEpisode(f"{what} does not read back: {exc}") from exc


def write_manifest(folder: Path, fields: Record) -> None:
    """Write episode.json, whole or not at all: a summary for people and tools; the journal is what counts."""
    part = folder / f"{MANIFEST}.part"
    text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))  # a lone surrogate becomes \udcff, which is JSON too
    part.replace(folder / MANIFEST)
