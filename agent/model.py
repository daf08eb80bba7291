"""The seam between the loop and any vision-language model."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from environments.frame import Frame
from environments.geometry import Size
from environments.stop import Stop, call

_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation: texts and screenshots in the order in which the model reads them.

    Everything in it is content, never control: a model backend encodes `<|im_start|>` in a text as plain letters.
    Half a character (a lone surrogate), which no encoding has, becomes U+FFFD.
    """

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Frame, ...]

    def __post_init__(self) -> None:
        parts = tuple(_LONE.sub("\ufffd", part) if isinstance(part, str) else part for part in self.parts)
        object.__setattr__(self, "parts", parts)


@dataclass(frozen=True)
class Sampling:
    """How the reply is drawn; temperature 0 is greedy. `seed` is honoured where the backend can."""

    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None


@dataclass(frozen=True)
class Request:
    """What is asked: the whole conversation, and the JSON schema that the reply should satisfy, if any."""

    messages: tuple[Message, ...]
    grammar: dict[str, Any] | None = None
    sampling: Sampling = Sampling()

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The screenshots in the order in which the model sees them."""
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, Frame))


@dataclass(frozen=True)
class Usage:
    """Tokens read and written, where the backend counts them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Timings:
    """Milliseconds: preparing texts and images for the model, and the model itself."""

    encode_ms: float = 0.0
    model_ms: float = 0.0


@dataclass(frozen=True)
class Reply:
    """What came back. `image_sizes` are the sizes in which the model saw the request's frames, where known;
    `truncated` says that the token limit ended the text."""

    text: str
    token_ids: tuple[int, ...] = ()
    image_sizes: tuple[Size, ...] = ()
    usage: Usage = Usage()
    timings: Timings = field(default=Timings(), compare=False)
    truncated: bool = False


@runtime_checkable
class Model(Protocol):
    """Anything that answers requests. One call at a time."""

    @property
    def name(self) -> str:
        """Which model this is, with its revision where there is one: it goes into the episode."""

    def prepare(self, request: Request) -> None:
        """A hint that `request`, perhaps with more behind it, comes soon; may prefill, may do nothing."""

    def complete(self, request: Request, stop: Stop) -> Reply:
        """Answer. Raises ModelUnavailable, and Stopped soon after `stop` is given."""

    def close(self) -> None:
        """Let go of memory and connections. Safe to call twice."""


class Interruptible:
    """A model that can be left at any moment. What cannot be stopped in it (a layer in flight, a library that knows
    no stop signal) goes on in a thread of its own, and nobody hears its answer."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    def prepare(self, request: Request) -> None:
        self._model.prepare(request)

    def complete(self, request: Request, stop: Stop) -> Reply:
        return call(lambda: self._model.complete(request, stop), stop)

    def close(self) -> None:
        self._model.close()
