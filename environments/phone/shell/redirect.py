"""Redirections: the streams of a command sent to the phone's own files, to each other, or to nothing."""

from collections.abc import Mapping

from environments.phone.files import FileError
from environments.phone.shell.call import Failure, encode, writable
from environments.phone.shell.scope import NAME, Scope
from environments.phone.shell.streams import FromBytes, Stream, ToFile
from environments.phone.shell.tree import Redirect


def redirected(scope: Scope, redirect: Redirect, target: str, streams: dict[int, Stream], opened: list[Stream]) -> None:
    """Change `streams` as one redirection says; what it opens is added to `opened`. Raises Failure."""
    operator = redirect.operator
    if operator in (">&", "<&"):
        if target == "-":
            streams[redirect.fd] = Stream()
        elif target.isdecimal() and len(target) == 1 and int(target) in streams:
            streams[redirect.fd] = streams[int(target)]
        else:
            raise Failure(f"{NAME}: {operator}{target}: bad file descriptor")
        return
    stream = _open(scope, operator, target, streams)
    opened.append(stream)
    streams[redirect.fd] = stream
    if operator.startswith("&"):
        streams[2] = stream


def _open(scope: Scope, operator: str, target: str, streams: Mapping[int, Stream]) -> Stream:
    special = {"/dev/null": Stream(), "/dev/stdin": streams[0], "/dev/stdout": streams[1], "/dev/stderr": streams[2],
               "/dev/tty": streams[1]}.get(target)  # fmt: skip
    if operator == "<<<":
        return FromBytes(encode(target + "\n"))
    if special is not None:
        return _Shared(special)
    reads = operator in ("<", "<>")
    files = scope.machine.files
    try:
        if not target:
            raise FileError(2, "No such file or directory")
        path = files.resolve(target, scope.cwd)
        if reads:
            return FromBytes(files.read(path))
        return ToFile(files, writable(files, path), append=">>" in operator, wall=scope.machine.device.clock.wall)
    except FileError as exc:
        raise Failure(f"{NAME}: can't {'open' if reads else 'create'} {target}: {exc.strerror}") from exc


class _Shared(Stream):
    """A stream that others go on using: closing it here means nothing."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self) -> bytes:
        return self._stream.read()

    def write(self, data: bytes) -> None:
        self._stream.write(data)
