"""A real HTTP server on this machine that does to a chat client what servers do on bad days.

    with FaultServer(status(503), says("hello")) as server:
        ...                                 # the first request gets a 503, the second and all later ones a reply
        server.url, server.requests         # where it listens, and what came in

A step is a function of the exchange; the last one is repeated.
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    data: bytes
    client: tuple[str, int]

    @property
    def body(self) -> Any:
        return json.loads(self.data)


class Exchange(BaseHTTPRequestHandler):
    """One connection; its steps write through these few methods."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_POST(self) -> None:
        owner = self.server.owner
        data = self.rfile.read(int(self.headers["content-length"]))
        step = owner.take(
            Received(self.path, {k.lower(): v for k, v in self.headers.items()}, data, self.client_address)
        )
        # The client may hang up at any time; that is what many tests are about.
        with contextlib.suppress(ConnectionError):
            step(self)

    def log_message(self, *args: object) -> None:
        """Nothing is printed."""

    def head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def pause(self, seconds: float) -> None:
        """Wait, but not past the end of the server."""
        if self.server.owner.ending.wait(seconds):
            raise ConnectionAbortedError


Step = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: "FaultServer"

    def handle_error(self, *args: object) -> None:
        """A client that hung up is no news."""


class FaultServer:
    """See the module. `first_seen` is set when the first request is here; `tls` makes it an https server."""

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self._steps = steps
        self._lock = threading.Lock()
        self.requests: list[Received] = []
        self.first_seen = threading.Event()
        self.ending = threading.Event()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.owner = self
        self._scheme = "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/v1"

    def take(self, received: Received) -> Step:
        with self._lock:
            self.requests.append(received)
            self.first_seen.set()
            return self._steps[min(len(self.requests), len(self._steps)) - 1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()


def event(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One server-sent event of a chat stream."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice], **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
SSE = {"Content-Type": "text/event-stream; charset=utf-8"}


def events(*data: bytes, end: bool = True, then: Step | None = None) -> Step:
    """A chunked stream of these bytes, ended as HTTP asks for, or cut."""

    def step(exchange: Exchange) -> None:
        exchange.head(200, {**SSE, "Transfer-Encoding": "chunked"})
        for piece in data:
            exchange.chunk(piece)
        if then is not None:
            then(exchange)
        if end:
            exchange.wfile.write(b"0\r\n\r\n")
        else:
            exchange.close_connection = True

    return step


def says(text: str, finish: str = "stop") -> Step:
    """A good reply: a letter at a time, its finish, its usage, its end."""
    usage = {"choices": [], "usage": {"prompt_tokens": 17, "completion_tokens": 5}}
    count = b"data: " + json.dumps(usage).encode() + b"\n\n"
    return events(b": hello\r\n\r\n", *map(event, text), event(finish=finish), count, DONE)


def document(found: Any, status: int = 200, **headers: str) -> Step:
    """A JSON document in one piece."""
    return raw(json.dumps(found).encode(), status, **{"Content-Type": "application/json", **headers})


def completion(text: str | None, finish: str = "stop") -> dict[str, Any]:
    """The document of a server that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"object": "chat.completion", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}


def raw(data: bytes, status: int = 200, **headers: str) -> Step:
    """These bytes as the body."""

    def step(exchange: Exchange) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        exchange.head(status, {**fields, "Content-Length": str(len(data))})
        exchange.wfile.write(data)

    return step


def status(code: int, words: str = "", **headers: str) -> Step:
    """A refusal in the usual JSON."""
    return document({"error": {"message": words or f"refused with {code}", "type": "test"}}, code, **headers)


def silence(seconds: float, then: Step) -> Step:
    """Nothing at all for a while."""

    def step(exchange: Exchange) -> None:
        exchange.pause(seconds)
        then(exchange)

    return step


def drip(data: bytes, seconds: float = 1.0) -> Step:
    """A stream that comes a byte at a time."""

    def step(exchange: Exchange) -> None:
        exchange.head(200, {**SSE, "Transfer-Encoding": "chunked"})
        for byte in data:
            exchange.chunk(bytes([byte]))
            exchange.pause(seconds)

    return step


def endless(piece: bytes) -> Step:
    """A stream that repeats itself for ever."""

    def step(exchange: Exchange) -> None:
        exchange.head(200, {**SSE, "Transfer-Encoding": "chunked"})
        while not exchange.server.owner.ending.is_set():
            exchange.chunk(piece)

    return step


def reset(exchange: Exchange) -> None:
    """The connection is reset, without a word of HTTP."""
    # Lingering for 0 s turns the close into a reset.
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.close_connection = True


def garbage(exchange: Exchange) -> None:
    """An answer that is no HTTP, and quotes the request's key."""
    exchange.wfile.write(exchange.headers["authorization"].encode() + b"\r\n\r\n")
    exchange.close_connection = True


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port to which no connection is ever made: its queue of new ones is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextlib.contextmanager
def mute_port() -> Iterator[int]:
    """A port that takes connections and never reads from them nor writes to them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]
