"""The seam between the wire and the shell: what adbd runs for a client."""

from collections.abc import Callable
from typing import Protocol

from environments.phone.files import Files


class Output(Protocol):
    """Where a command's output goes; both block when the client does not keep up, and raise BrokenPipeError when it
    has gone."""

    def stdout(self, data: bytes) -> None: ...
    def stderr(self, data: bytes) -> None: ...


class Input(Protocol):
    """What a client sends to a command's standard input."""

    def read(self) -> bytes:
        """The next bytes, waiting for them; empty at the end."""


class Services(Protocol):
    """What stands behind the wire. Called in threads of the wire's own, several at once."""

    files: Files
    banner: dict[str, str]
    """ro.product.name, ro.product.model, ro.product.device for the CNXN banner."""

    def run(self, line: str, stdin: Input, output: Output, gone: Callable[[], bool]) -> int:
        """Carry out a shell line, or with an empty one an interactive shell; the exit code. `gone` says that the
        client has closed the stream."""
