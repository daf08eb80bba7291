"""The wire format of OpenAI-compatible chat servers: what is sent and how an answer is read. It opens no connection.

Facts: the chat completions reference of OpenAI, and section 9.2 of the HTML standard for server-sent events.
Whatever a server sends is untrusted: sizes are bounded, shapes are checked, and half an answer is no answer.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agent.model import Message, Reply, Request, Usage
from environments.frame import Frame

MAX_BODY = 16_000_000
MAX_LINE = 1_000_000
MAX_QUOTED = 300
_CONTROL_TOKEN = re.compile(r"<(?=\|\w+\|>)")
_BROKEN_OFF = ("abort", "error")
_WRONG_ADDRESS = "check the name of the model and the path in base_url, which often ends in /v1"
_FIXES = {
    401: "set OPENAI_API_KEY or HANDEYE_API_KEY to a key that this server knows",
    403: "use a key that may use this model",
    404: _WRONG_ADDRESS,
    **dict.fromkeys((400, 413, 422), "send fewer or smaller screenshots, or give the server a longer context"),
    429: "wait, or raise the server's limit for this key",
}


class Failure(Exception):
    """One attempt came to nothing. `words` are the server's, as they came: they go through `quote` before any eye.
    `after` is the number of seconds that the server asks to wait, `fix` what a person can do."""

    def __init__(  # noqa: PLR0913 - a record of what is known
        self, message: str, *, retry: bool, words: str = "", status: int = 0, after: float = 0.0, fix: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry = retry
        self.words = words
        self.status = status
        self.after = after
        self.fix = fix or _FIXES.get(status, "")


@dataclass
class Accepted:
    """Which fields this server takes where servers differ; learnt from its refusals."""

    usage: bool = True
    limit: str = "max_tokens"

    def learn(self, refusal: str) -> bool:
        """Whether a refusal in these words teaches something, so that asking once more makes sense."""
        if self.usage and ("stream_options" in refusal or "include_usage" in refusal):
            self.usage = False
            return True
        if self.limit == "max_tokens" and "max_completion_tokens' instead" in refusal:
            self.limit = "max_completion_tokens"
            return True
        return False


def is_passing(status: int) -> bool:
    """Whether an HTTP status may be gone at the next attempt."""
    return status in (408, 409, 425, 429) or (status >= 500 and status != 501)


def quote(text: str, key: str) -> str:
    """A server's words, fit for a message: one line of at most 300 printable characters, without the key."""
    line = "".join(c for c in " ".join(text.split()) if c == " " or not unicodedata.category(c).startswith(("C", "Z")))
    line = line.replace(key, "***") if key else line
    return line if len(line) <= MAX_QUOTED else line[: MAX_QUOTED - 1] + "…"


def not_chat(words: str) -> Failure:
    """Something answers, but not as a chat server does."""
    return Failure("the server's answer is no chat completion", words=words, retry=False, fix=_WRONG_ADDRESS)


def body(request: Request, model: str, messages: list[dict[str, Any]], accepted: Accepted, structured: bool) -> bytes:
    """The JSON document to POST."""
    sampling = request.sampling
    document: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        accepted.limit: sampling.max_tokens,
        "temperature": sampling.temperature,
    }
    if sampling.seed is not None:
        document["seed"] = sampling.seed
    if accepted.usage:
        document["stream_options"] = {"include_usage": True}
    if structured and request.grammar is not None:
        schema = {"name": "reply", "strict": True, "schema": request.grammar}
        document["response_format"] = {"type": "json_schema", "json_schema": schema}
    return json.dumps(document, separators=(",", ":")).encode()


def message(turn: Message, data_uri: Callable[[Frame], str]) -> dict[str, Any]:
    """One turn. Texts alone become one string, which every server's template takes, in a system turn too."""
    if not any(isinstance(part, Frame) for part in turn.parts):
        return {"role": turn.role, "content": "".join(_plain(part) for part in turn.parts if isinstance(part, str))}
    content: list[dict[str, Any]] = []
    for part in turn.parts:
        if isinstance(part, Frame):
            content.append({"type": "image_url", "image_url": {"url": data_uri(part)}})
        else:
            content.append({"type": "text", "text": _plain(part)})
    return {"role": turn.role, "content": content}


def _plain(text: str) -> str:
    """A server reads `<|im_start|>` in a text as a control token, wherever it stands; a blank makes it letters."""
    return _CONTROL_TOKEN.sub("< ", text)


def read_document(data: bytes) -> Reply:
    """The reply in an answer that was not streamed. Raises Failure."""
    answer = _Answer("message")
    answer.add(data)
    return answer.reply(ended=True)


def read_stream(chunks: Iterable[bytes]) -> Reply:
    """The reply in a stream of server-sent events, read up to its [DONE]. Raises Failure, for want of an end too."""
    answer = _Answer("delta")
    for line in _lines(chunks):
        name, _, value = line.partition(b":")
        if name != b"data":
            continue
        if value.strip() == b"[DONE]":
            return answer.reply(ended=True)
        if value.strip():
            answer.add(value)
    return answer.reply(ended=False)


def error_words(data: bytes) -> str:
    """What the body of a refusal says: the message inside the usual JSON, or else the text itself."""
    text = data.decode(errors="replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for key in ("error", "message"):
        if isinstance(found, dict):
            found = found.get(key, found)
    return found if isinstance(found, str) else text


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        if b"\n" in chunk:
            *whole, pending = pending.split(b"\n")
            yield from (bytes(line) for line in whole)
        if len(pending) > MAX_LINE:
            raise Failure(f"the server sent a line of more than {MAX_LINE} bytes", retry=False)
    yield bytes(pending)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError) as exc:  # most likely the rest of it never came
        raise Failure("the server's answer is no whole JSON document", words=_start(data), retry=True) from exc


def _start(data: bytes) -> str:
    return data[:4096].decode(errors="replace")


class _Answer:
    """What has come so far. The text of a choice stands in its `part`: "delta" in a stream, "message" otherwise."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.texts: list[str] = []
        self.finish = ""
        self.usage = Usage()
        self.last = b""

    def add(self, data: bytes) -> None:
        """Take in one document."""
        self.last = data
        document = _parsed(data)
        if not isinstance(document, dict):
            raise self._foreign()
        if document.get("error"):
            raise _told_failure(document["error"])
        usage = document.get("usage")
        if isinstance(usage, dict):
            self.usage = Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
        choices = document.get("choices")
        if not isinstance(choices, list | None):
            raise self._foreign()
        for choice in choices or ():  # the last event holds none where it brings the usage
            self._take(choice)

    def reply(self, *, ended: bool) -> Reply:
        """The reply, if it is whole: its finish was told, or the server said that this is all."""
        if ended and not self.texts:
            raise self._foreign()
        if self.finish in _BROKEN_OFF or not (ended or self.finish):
            raise Failure("the reply broke off before its end", retry=True)
        return Reply(_unicode("".join(self.texts)), usage=self.usage, truncated=self.finish == "length")

    def _take(self, choice: Any) -> None:
        if not isinstance(choice, dict):
            raise self._foreign()
        if choice.get("index") not in (0, None):
            return
        said = choice.get(self.part) or {}
        if not isinstance(said, dict):
            raise self._foreign()
        self.texts.append(_text(said.get("content")) or _text(said.get("refusal")))
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self.finish = finish

    def _foreign(self) -> Failure:
        return not_chat(_start(self.last))


def _told_failure(error: Any) -> Failure:
    """An error in the place of an answer, or in the middle of one, under status 200."""
    words, code = error, None
    if isinstance(error, dict):
        words, code = error.get("message", error), error.get("code")
    status = code if isinstance(code, int) and 400 <= code <= 599 else 500
    return Failure("the server broke off with an error", words=str(words), status=status, retry=is_passing(status))


def _text(content: Any) -> str:
    """Content is a text, nothing, or a list of parts; a part without a text is the model's thinking."""
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _unicode(text: str) -> str:
    """Surrogates that JSON escapes brought in, perhaps in two events: joined where they are a pair, else U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
