"""Any model behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, `transformers serve`, hosted ones.

The answer is streamed, so that a stop takes effect at once. A request is repeated as a whole when the fault may pass,
and half an answer is never returned. The key is in no message, no repr and no log line of this module.
"""

import base64
import http.client
import logging
import math
import random
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from agent.errors import ModelUnavailable
from agent.model import Reply, Request, Timings
from agent.models.chat_line import Limit, Line, chunks
from agent.models.chat_wire import (
    MAX_BODY,
    Accepted,
    Failure,
    body,
    error_words,
    is_passing,
    message,
    not_chat,
    quote,
    read_document,
    read_stream,
)
from environments.errors import Stopped
from environments.frame import Frame
from environments.stop import Stop, call

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_CACHED_CHARACTERS = 32_000_000
_REFUSAL_BYTES = 65_536
_TAIL_SECONDS = 1.0

_log = logging.getLogger(__name__)


class ChatModel:
    """`model` as the server at `base_url` knows it. `timeout` is the longest silence in seconds, `total` the time for
    one call with all its repetitions, of which there are at most `retries`. `structured` sends the request's grammar
    as `response_format`; servers differ in taking it.

    Raises ModelUnavailable for an address or a key that cannot be one.
    """

    def __init__(  # noqa: PLR0913 - one per property of the server
        self,
        model: str,
        *,
        base_url: str,
        api_key: str | None = None,
        timeout: float = 60.0,
        total: float = 300.0,
        retries: int = 5,
        structured: bool = False,
    ) -> None:
        if not (0 < timeout < math.inf and 0 < total < math.inf and retries >= 0):
            raise ValueError("timeout and total are positive seconds, retries is 0 or more")
        if not model.strip():
            raise ModelUnavailable("no model is named", fix="name it after the colon: chat:MODEL")
        self._model = model
        self._url = _endpoint(base_url)
        self._key = _checked_key(api_key or "")
        self._timeout = timeout
        self._total = total
        self._retries = retries
        self._structured = structured
        self._accepted = Accepted()
        self._images = _Images()
        self._line: Line | None = None

    def __repr__(self) -> str:
        return f"ChatModel({self._model!r}, base_url={str(self._url)!r}, api_key={'***' if self._key else None!r})"

    @property
    def name(self) -> str:
        return f"chat:{self._model}"

    def prepare(self, request: Request) -> None:
        """Nothing is sent ahead: these servers keep prefixes by themselves."""

    def complete(self, request: Request, stop: Stop) -> Reply:
        """Ask the server. Raises ModelUnavailable, and Stopped within 250 ms in every phase.

        The work is done by a thread, whose connection is hung up when it is left behind; one that is just connecting
        ends with the time limit for that, at most 10 s, and sends nothing.
        """
        limit = Limit(stop, self._total)
        self._line = line = self._line or Line(self._url, self._key, self._timeout)
        try:
            return call(lambda: self._answer(request, line, limit), limit)
        except ModelUnavailable:
            raise  # from the thread, which has ended
        except BaseException as exc:
            limit.set("the call was left")  # Ctrl-C in this thread is no stop of the caller's
            line.hang_up()
            self._line = None
            if isinstance(exc, Stopped) and not stop.is_set():
                raise ModelUnavailable(
                    f"{self._url} gave no whole answer within {self._total:g} s",
                    fix="raise the total time, or ask for fewer tokens",
                ) from None
            raise

    def close(self) -> None:
        """Close the connection; a later call would open another."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _answer(self, request: Request, line: Line, limit: Limit) -> Reply:
        """The whole work of one call, in its own thread."""
        try:
            started = time.perf_counter()
            messages = [message(turn, lambda frame: self._images.data_uri(frame, limit)) for turn in request.messages]
            encoded = time.perf_counter()
            reply = self._repeated(request, messages, line, limit)
            return replace(reply, timings=replace(reply.timings, encode_ms=1e3 * (encoded - started)))
        finally:
            if limit.is_set():
                line.close()

    def _repeated(self, request: Request, messages: list[dict[str, object]], line: Line, limit: Limit) -> Reply:
        attempt = 0
        while True:
            content = body(request, self._model, messages, self._accepted, self._structured)
            try:
                return self._exchange(content, line, limit)
            except Failure as failure:
                if failure.status in (400, 422) and self._accepted.learn(failure.words):
                    continue
                limit.check()  # what went wrong after a stop was the hanging up
                pause = _pause(attempt, failure.after)
                if not failure.retry or attempt >= self._retries or pause >= limit.left:
                    raise self._unavailable(failure, attempt + 1) from failure.__cause__
                reason = self._quoted(failure)
            attempt += 1
            _log.info("asking again in %.1f s: %s", pause, reason)
            limit.wait(pause)

    def _exchange(self, content: bytes, line: Line, limit: Limit) -> Reply:
        """One attempt. Raises Failure."""
        started = time.perf_counter()
        try:
            with line.post(content, limit) as response:
                if response.status_code != http.client.OK:
                    raise _refusal(response, line, limit)
                reply = _read(response, line, limit)
                return replace(reply, timings=Timings(model_ms=1e3 * (time.perf_counter() - started)))
        except httpx.TransportError as exc:
            # A foreign error may quote what a server echoed.
            cause = None if self._key and self._key in str(exc) else exc
            raise self._broken(exc) from cause

    def _broken(self, error: httpx.TransportError) -> Failure:
        words, fix = str(error), "start the server, or correct base_url"
        if "CERTIFICATE_VERIFY_FAILED" in words:
            return Failure("no trust", words=words, retry=False, fix="name the server's authority in SSL_CERT_FILE")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Failure("no connection", words=words, retry=True, fix=fix)
        if isinstance(error, httpx.TimeoutException):
            return Failure(f"the server was silent for {self._timeout:g} s", retry=True, fix="raise the timeout")
        if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
            return Failure("the connection broke", words=words, retry=True, fix="look into the server's log")
        return Failure("the server cannot be asked", words=words, retry=False, fix=fix)

    def _unavailable(self, failure: Failure, attempts: int) -> ModelUnavailable:
        wait = f"; it asks to wait {failure.after:.0f} s" if failure.after else ""
        tries = f" ({attempts} attempts)" if attempts > 1 else ""
        return ModelUnavailable(f"{self._url}: {self._quoted(failure)}{wait}{tries}", fix=failure.fix)

    def _quoted(self, failure: Failure) -> str:
        words = quote(failure.words, self._key)
        return f"{failure.message}: {words}" if words else failure.message


class _Images:
    """Screenshots as data URIs. A history shows the same frame again and again, so the last ones are kept."""

    def __init__(self) -> None:
        self._uris: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()  # a thread that was left behind may still be encoding

    def data_uri(self, frame: Frame, stop: Stop) -> str:
        stop.check()
        key = frame.hash
        with self._lock:
            if key in self._uris:
                self._uris.move_to_end(key)
                return self._uris[key]
        uri = "data:image/png;base64," + base64.b64encode(frame.png()).decode("ascii")
        with self._lock:
            self._uris[key] = uri
            while len(self._uris) > 1 and sum(map(len, self._uris.values())) > _CACHED_CHARACTERS:
                self._uris.popitem(last=False)
        return uri


def _endpoint(base_url: str) -> httpx.URL:
    """Where to POST. Raises ModelUnavailable for what is no plain address of a server."""
    fix = "give base_url as in http://localhost:8000/v1, and the key by itself"
    try:
        url = httpx.URL(base_url.strip())
        url.host.encode("idna")  # what the resolver would choke on
    except (httpx.InvalidURL, UnicodeError) as exc:
        raise ModelUnavailable("base_url is no address of a server", fix=fix) from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ModelUnavailable("base_url is no http:// or https:// address", fix=fix)
    if url.userinfo or url.query or url.fragment:  # these would show up in logs
        raise ModelUnavailable("base_url holds a password, a query or a fragment", fix=fix)
    return url.copy_with(path=url.path.rstrip("/") + "/chat/completions")


def _checked_key(key: str) -> str:
    """The key without blanks around it. What no header can hold would otherwise be quoted in an error of HTTP's."""
    key = key.strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise ModelUnavailable("the API key holds characters that no key has", fix="copy the key again, on one line")
    return key


def _read(response: httpx.Response, line: Line, limit: Limit) -> Reply:
    """The reply in a response with status 200, streamed or whole. Raises Failure and httpx.TransportError."""
    kind = response.headers.get("content-type", "").lower()
    incoming = chunks(response, limit)
    if kind.startswith("application/json"):
        return read_document(b"".join(incoming))
    if not kind.startswith("text/event-stream"):
        raise not_chat(kind)
    reply = read_stream(incoming)
    # Only when all has been read can the connection be used again; but the reply is whole already.
    _taken(incoming, line, MAX_BODY)
    return reply


def _refusal(response: httpx.Response, line: Line, limit: Limit) -> Failure:
    """What an answer with a status other than 200 says."""
    status = response.status_code
    words = error_words(_taken(chunks(response, limit), line, _REFUSAL_BYTES))
    named = f"status {status} {http.client.responses.get(status, '')}".rstrip()
    fix = ""
    if response.is_redirect:  # followed by nobody: the key was meant for this address alone
        words = f"the server points to {response.headers['location']}"
        fix = "set base_url to the address that is meant"
    after = _retry_after(response.headers)
    return Failure(named, retry=is_passing(status), words=words, status=status, after=after, fix=fix)


def _taken(incoming: Iterator[bytes], line: Line, most: int) -> bytes:
    """The rest of a response, as far as it comes within a second."""
    data = bytearray()
    try:
        with line.hung_up_after(_TAIL_SECONDS):
            for chunk in incoming:
                data += chunk
                if len(data) >= most:
                    break
    except (httpx.TransportError, Failure) as exc:
        _log.debug("the end of an answer did not come: %s", type(exc).__name__)
    return bytes(data[:most])


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds, of which a server's own clock counts where it sends a date (RFC 9110, 10.2.3); 0 without a sound one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return float(value)
    try:
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        wait: timedelta = parsedate_to_datetime(value) - now
        return max(0.0, wait.total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: one of the two names no time zone
        return 0.0


def _pause(attempt: int, after: float) -> float:
    """Seconds before the next attempt: what the server asks for and a little, or else twice as long each time."""
    jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients out, guards nothing
    if after > 0:
        return after + jitter * _FIRST_PAUSE / 2
    return jitter * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt, 10))
