"""The real adb programs, each with a server of its own on a free port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments.phone.wire_services import wait_until


@dataclass(frozen=True)
class AdbProgram:
    """An adb and its running server."""

    path: str
    port: int
    environment: dict[str, str]
    server: subprocess.Popen[bytes]

    def __call__(self, *words: str | Path, stdin: bytes | None = None, serial: str = "") -> "Answer":
        chosen = ["-s", serial] if serial else []
        done = subprocess.run(
            [self.path, "-P", str(self.port), *chosen, *map(str, words)],
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, timeout=60, env=self.environment, check=False,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout, done.stderr)

    def begin(self, *words: str | Path, serial: str = "") -> subprocess.Popen[bytes]:
        """Start it and do not wait."""
        command = [self.path, "-P", str(self.port), *(["-s", serial] if serial else []), *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)

    def connect(self, address: str) -> None:
        said = self("connect", address)
        assert said.text.startswith("connected to"), said
        self.wait_for(address, "device")

    def state(self, address: str) -> str:
        """As `adb devices` has it; empty when it is not listed."""
        lines = [line.split("\t") for line in self("devices").text.splitlines()]
        return next((line[1] for line in lines if line[0] == address and len(line) > 1), "")

    def wait_for(self, address: str, state: str) -> None:
        assert wait_until(lambda: self.state(address) == state, 30), f"{self.state(address)!r} and not {state!r}"


@dataclass(frozen=True)
class Answer:
    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return (self.out + self.err).decode(errors="replace")


def programs() -> dict[str, str]:
    """Those that are installed, by a name for each."""
    found = {"system": shutil.which("adb")}
    try:
        import adbutils  # noqa: PLC0415  (it may be missing)
    except ImportError:
        found["bundled"] = None
    else:
        bundled = Path(adbutils.__file__).parent / "binaries" / "adb"
        found["bundled"] = str(bundled) if bundled.exists() else None
    return {name: path for name, path in found.items() if path is not None}


@contextmanager
def running(path: str, home: Path) -> Iterator[AdbProgram]:
    """Start the server of an adb, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ADB", "ANDROID"))}
    environment = {**kept, "HOME": str(home), "ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS_AUTO_CONNECT": "0"}
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen([path, "-P", str(port), "nodaemon", "server"], stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, env=environment)  # fmt: skip
    try:
        if not wait_until(lambda: _listens(port), 20):
            pytest.fail(f"the server of {path} did not start: {(home / 'server.log').read_text()}")
        yield AdbProgram(path, port, environment, server)
    finally:
        server.kill()
        server.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
