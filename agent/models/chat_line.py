"""The line to a chat server: one kept-alive HTTP connection that another thread can hang up, and the time limit."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from agent.models.chat_wire import MAX_BODY, Failure
from environments.stop import Stop

_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 30.0
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Limit(Stop):
    """The caller's stop signal and a time of its own in one, so that whatever waits obeys both."""

    def __init__(self, stop: Stop, seconds: float) -> None:
        super().__init__(seconds=seconds)
        self._outer = stop
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the time is up."""
        return self._end - time.monotonic()

    def is_set(self) -> bool:
        if self._outer.is_set():
            self.set(self._outer.reason)
        return super().is_set()


class _Redaction(logging.Filter):
    """Takes the key out of log lines: those of httpcore quote a response's headers, and a server may echo the key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self._key in text:
            record.msg, record.args = text.replace(self._key, "***"), ()
        return True


@contextlib.contextmanager
def _redacted(key: str) -> Iterator[None]:
    """For the time of an exchange, because loggers belong to the whole process."""
    redaction = _Redaction(key)
    loggers = [logging.getLogger(name) for name in _LOGGERS] if key else []
    for logger in loggers:
        logger.addFilter(redaction)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(redaction)


class Line:
    """Opened when first needed. One exchange at a time; only `hang_up` may be called from another thread."""

    def __init__(self, url: httpx.URL, key: str, timeout: float) -> None:
        self._url = url
        self._key = key
        self._headers = {
            "User-Agent": "handeye",
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
        self._client: httpx.Client | None = None
        self._socket: socket.socket | None = None

    @contextlib.contextmanager
    def post(self, content: bytes, limit: Limit) -> Iterator[httpx.Response]:
        """Send a JSON document; the body of the response is still to be read. Raises httpx.TransportError, Failure."""

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
                self._socket = info["return_value"].get_extra_info("socket")
            elif event == "http11.send_request_headers.started":
                limit.check()  # connecting cannot be interrupted: what was stopped meanwhile is not sent at all

        if self._client is None:
            self._client = self._opened()
        stream = self._client.stream("POST", self._url, content=content, extensions={"trace": trace})
        with _redacted(self._key), stream as response:
            yield response

    def hang_up(self) -> None:
        """Break the connection, so that a thread that waits for it wakes with an error.

        The socket is shut down, not closed: a closed one leaves its reader asleep. A connection that is still being
        made has no socket yet; its thread ends with the connection's own time limit.
        """
        line = self._socket
        if line is not None:
            with contextlib.suppress(OSError):  # it may be closed already
                # The plain socket's method: that of TLS would take the cipher away from under the reading thread.
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def hung_up_after(self, seconds: float) -> Iterator[None]:
        """A bound on reading what nobody needs any more, however slowly it comes."""
        timer = threading.Timer(seconds, self.hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        client, self._client, self._socket = self._client, None, None
        if client is not None:
            client.close()

    def _opened(self) -> httpx.Client:
        host = self._url.host
        direct = {f"all://[{host}]" if ":" in host else f"all://{host}": None} if host in _LOOPBACK else {}
        try:
            return httpx.Client(
                headers=self._headers,
                timeout=self._timeout,
                follow_redirects=False,  # the key goes to no other address
                mounts=direct,  # no proxy can reach this machine's own servers
                limits=httpx.Limits(max_connections=1, keepalive_expiry=_IDLE_SECONDS),
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as exc:
            reason = "the proxy or certificate settings in the environment cannot be used"
            fix = "look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"
            raise Failure(reason, words=str(exc), retry=False, fix=fix) from exc


def chunks(response: httpx.Response, limit: Limit) -> Iterator[bytes]:
    """The body as it comes, bounded in time and size. Raises Stopped, httpx.TransportError and Failure."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":  # unpacking would undo the bound on the size
        raise Failure("the server compressed its answer, unasked", words=encoding, retry=False)
    size = 0
    for chunk in response.iter_raw():
        limit.check()
        size += len(chunk)
        if size > MAX_BODY:
            raise Failure(f"the server's answer is longer than {MAX_BODY} bytes", retry=False)
        yield chunk
