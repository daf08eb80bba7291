"""Recording: wrappers around the three seams of a run, which write what passes and may refuse to let it pass.

The loop does not know whether it is recorded, and no record depends on it but those of its own thoughts: what was
parsed, what was refused, how it ended.
"""

from pathlib import Path
from typing import Any

from agent.episode import observation_to_dict, reply_to_dict
from agent.model import Message, Model, Reply, Request
from agent.person import Person
from environments.action import Action, action_to_dict
from environments.environment import Capabilities, Command, Effect, Environment, Settled
from environments.errors import RecorderFailed
from environments.frame import Frame
from environments.journal import Journal, Record
from environments.observation import Observation
from environments.stop import Stop


class RecordingEnvironment:
    """An environment whose every look is stored, and whose every action is announced before it is sent.

    An intent that cannot be written raises RecorderFailed, and the action is not sent.
    """

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self._environment = environment
        self._journal = journal

    @property
    def capabilities(self) -> Capabilities:
        return self._environment.capabilities

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        seen = self._environment.observe(elements=elements, stop=stop)
        self._journal.write("observation", **observation_to_dict(seen, self._journal.frame(seen.frame)))
        return seen

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        return self._environment.commands(action, seen)

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        commands = self._environment.commands(action, seen)
        self._journal.write(
            "intent", durable=True, action=action_to_dict(action), observation=seen.id, commands=commands
        )
        effect = self._environment.act(action, seen, stop=stop)
        self._journal.write("result", effect=[effect.status, effect.reason, effect.note])
        return effect

    def settle(self, stop: Stop | None = None) -> Settled:
        settled = self._environment.settle(stop)
        self._journal.write("settled", settled=[settled.seconds, settled.frames, settled.stable])
        return settled

    def close(self) -> None:
        """Nothing: whoever opened the environment closes it."""


class RecordingModel:
    """A model whose requests and replies are stored; of a request only what differs from the one before."""

    def __init__(self, model: Model, journal: Journal) -> None:
        self._model = model
        self._journal = journal
        self._before: list[int] = []
        self._grammar: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        return self._model.name

    def prepare(self, request: Request) -> None:
        self._model.prepare(request)

    def complete(self, request: Request, stop: Stop) -> Reply:
        fingerprints = [_fingerprint(message) for message in request.messages]
        same = _common(self._before, fingerprints)
        self._before = fingerprints
        messages = [self._message(message) for message in request.messages[same:]]
        sampling = [request.sampling.max_tokens, request.sampling.temperature, request.sampling.seed]
        grammar: dict[str, Any] = {} if request.grammar == self._grammar else {"grammar": request.grammar}
        self._grammar = request.grammar
        self._journal.write("request", same=same, messages=messages, sampling=sampling, **grammar)
        reply = self._model.complete(request, stop)
        self._journal.write("reply", **reply_to_dict(reply))
        return reply

    def close(self) -> None:
        """Nothing: whoever opened the model closes it."""

    def _message(self, message: Message) -> Record:
        parts = [{"frame": self._journal.frame(part)} if isinstance(part, Frame) else part for part in message.parts]
        return {"role": message.role, "parts": parts}


class RecordingPerson:
    """A person whose decisions and answers are stored."""

    def __init__(self, person: Person, journal: Journal) -> None:
        self._person = person
        self._journal = journal

    @property
    def attended(self) -> bool:
        return self._person.attended

    def confirm(self, action: Action, seen: Observation, reason: str, stop: Stop) -> bool:
        confirmed = self._person.confirm(action, seen, reason, stop)
        self._journal.write("confirm", action=action_to_dict(action), reason=reason, confirmed=confirmed)
        return confirmed

    def answer(self, question: str, stop: Stop) -> str | None:
        answer = self._person.answer(question, stop)
        self._journal.write("answer", question=question, answer=answer)
        return answer

    def tell(self, text: str) -> None:
        self._journal.write("tell", text=text)
        self._person.tell(text)


def new_folder(out: Path, name: str) -> Path:
    """Make a folder below `out` that was not there before, named `name` or `name-2`, `name-3`, ...

    Raises RecorderFailed when it cannot be made.
    """
    number, folder = 1, out / name
    try:
        out.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
                folder = out / f"{name}-{number}"
            else:
                return folder
    except OSError as exc:
        raise RecorderFailed(f"cannot record to {folder}: {exc.strerror}", fix="choose another folder") from exc


def _fingerprint(message: Message) -> int:
    """A number that tells messages apart within one process: a run of thousands of steps keeps no old prompt."""
    return hash((message.role, *(part.hash if isinstance(part, Frame) else part for part in message.parts)))


def _common(before: list[int], now: list[int]) -> int:
    """How many messages at the beginning are the same."""
    for index, (old, new) in enumerate(zip(before, now, strict=False)):
        if old != new:
            return index
    return min(len(before), len(now))
