"""A model that plays given replies: for demos, tests, and runs whose decisions are known beforehand."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from agent.errors import ModelUnavailable
from agent.model import Reply, Request
from environments.stop import Stop

MAX_FILE_BYTES = 16_000_000

Line = str | Reply | Callable[[Request], str]
"""A text, a whole Reply, or a function from the Request to a text."""


class ScriptedModel:
    """Answers with `replies`, one after another, each after `delay` seconds. It looks at no screenshot, so where only
    a text is given, the frames count as seen in their own size."""

    def __init__(self, replies: Iterable[Line], name: str = "scripted", *, delay: float = 0.0) -> None:
        if isinstance(replies, str):
            raise TypeError("replies is a sequence of replies, not one text")
        self._replies = tuple(replies)
        self._name = name
        self._delay = delay
        self._played = 0

    @classmethod
    def from_file(cls, path: str | Path, *, delay: float = 0.0) -> "ScriptedModel":
        """Replies from a JSON file: a list of texts and objects; an object is played as compact JSON.

        Raises ModelUnavailable for what is no such file.
        """
        return cls(_read(Path(path)), name=f"scripted:{Path(path).name}", delay=delay)

    @property
    def name(self) -> str:
        return self._name

    def prepare(self, request: Request) -> None:
        """Nothing can be prepared."""

    def complete(self, request: Request, stop: Stop) -> Reply:
        """The next reply. Raises ModelUnavailable when there is none left; a stopped call uses none up."""
        stop.wait(self._delay)
        if self._played >= len(self._replies):
            raise ModelUnavailable(
                f"{self._name} has played all of its {len(self._replies)} replies and is asked for another",
                fix="add replies to the script, or end it with one that finishes",
            )
        line = self._replies[self._played]
        self._played += 1
        if isinstance(line, Reply):
            return line
        text = line if isinstance(line, str) else line(request)
        return Reply(text, image_sizes=tuple(frame.size for frame in request.frames))

    def close(self) -> None:
        """Nothing is held."""


def _read(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as exc:  # ValueError: a path with a NUL
        raise _wrong(path, f"cannot be read: {exc}") from exc
    if len(data) > MAX_FILE_BYTES:
        raise _wrong(path, f"is longer than {MAX_FILE_BYTES} bytes")
    try:
        script = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise _wrong(path, f"is not JSON: {exc}") from exc
    if not isinstance(script, list) or not script:
        raise _wrong(path, "is not a list with at least one reply")
    return tuple(_text(path, number, entry) for number, entry in enumerate(script, start=1))


def _text(path: Path, number: int, entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict):
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    raise _wrong(path, f"has neither a text nor an object as reply {number}")


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _wrong(path: Path, reason: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"the script {str(path)!r} {reason}", fix="give a JSON file that holds a list of texts and objects"
    )
