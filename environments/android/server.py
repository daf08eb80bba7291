"""The adb program: finding it, starting the user's adb server with it, and running a private server of our own."""

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from adbutils import AdbError, adb_path

from environments.android.connection import AdbLost, Server, query
from environments.android.devices import connect
from environments.errors import EnvironmentUnavailable
from environments.stop import Stop

START_SECONDS = 10.0
_END_SECONDS = 4.0
_PORTS_TRIED = 5
_ONE_DEVICE_SINCE = 33
"""The version of the platform tools from which on an adb server can be kept from USB devices."""

_LOCAL_ONLY = {
    "ADB_LIBUSB": "0",  # where there is no USB, libusb makes every start take three seconds
    "ADB_LOCAL_TRANSPORT_MAX_PORT": "5553",  # else it looks for emulators at 5555 and above
    "ADB_MDNS": "0",
    "ADB_MDNS_AUTO_CONNECT": "0",
}


def adb_program() -> str:
    """The adb on PATH, else the one that adbutils brings. Raises EnvironmentUnavailable when there is neither."""
    try:
        return str(adb_path())
    except (AdbError, OSError) as exc:
        raise EnvironmentUnavailable(
            "the adb program is not installed", fix="apt-get install adb, or: pip install --force-reinstall adbutils"
        ) from exc


def start_server(server: Server) -> None:
    """Start the user's adb server, which then stays. Raises EnvironmentUnavailable when that fails or takes long."""
    if server.host not in ("127.0.0.1", "localhost", "::1"):
        raise EnvironmentUnavailable(
            f"no adb server answers at {server}", fix="start it there, or unset ANDROID_ADB_SERVER_HOST"
        )
    program = adb_program()
    with tempfile.TemporaryFile() as said:  # no pipe: the server that stays behind would hold it open
        try:
            subprocess.run(
                [program, "-P", str(server.port), "start-server"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                timeout=START_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as exc:
            said.seek(0)
            words = said.read()[-500:].decode(errors="replace").strip() or str(exc)
            raise EnvironmentUnavailable(
                f"{program} did not start an adb server: {words}", fix="try it yourself: adb start-server"
            ) from exc


class PrivateAdbServer:
    """An adb server on a free port of its own, which knows only the addresses that it was told.

    It ends with `close` and with this process, however that ends. `server` says where it listens. Raises
    EnvironmentUnavailable when it does not start.
    """

    def __init__(self, program: str | None = None) -> None:
        self._program = program or adb_program()
        self._folder = tempfile.TemporaryDirectory(prefix="handeye-adb-")
        self._options = ["--one-device", "none"] if _version(self._program) >= _ONE_DEVICE_SINCE else []
        self._addresses: list[str] = []
        self._lock = threading.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.pid = 0
        try:
            self.server = self._start_somewhere()
        except BaseException:
            self.close()
            raise

    def connect(self, address: str, stop: Stop | None = None) -> str:
        """Connect to a device at HOST:PORT, whose serial number is then the address."""
        answer = connect(self.server, address, stop)
        if address not in self._addresses:
            self._addresses.append(address)
        return answer

    def revive(self) -> None:
        """Start the server again, where it was, when it has ended; its devices are connected again."""
        with self._lock:
            if self._closed or (self._keeper is not None and self._keeper.poll() is None and self._answers()):
                return
            self._end()
            self._start(self.server)
        for address in self._addresses:
            with contextlib.suppress(EnvironmentUnavailable, AdbLost):  # whoever waits for the device asks again
                connect(self.server, address)

    def close(self) -> None:
        """End the server. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._end()
            self._folder.cleanup()

    def __enter__(self) -> "PrivateAdbServer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _start_somewhere(self) -> Server:
        for attempt in range(1, _PORTS_TRIED + 1):
            server = Server("127.0.0.1", _free_port())
            try:
                self._start(server)
            except EnvironmentUnavailable:  # somebody may have taken the port in the meantime
                self._end()
                if attempt == _PORTS_TRIED:
                    raise
            else:
                return server
        raise AssertionError("the last attempt returns or raises")

    def _start(self, server: Server) -> None:
        argv = [self._program, "-P", str(server.port), *self._options, "nodaemon", "server"]
        folder = Path(self._folder.name)
        folder.mkdir(mode=0o700, exist_ok=True)  # the keeper of a server before this one removed it
        log = folder / "adb.log"
        with log.open("wb") as said:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", str(Path(__file__).with_name("keeper.py")), json.dumps(argv), str(folder)],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
            )
        self.pid = self._started_pid()
        self.server = server
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                words = log.read_bytes()[-500:].decode(errors="replace").strip()
                raise EnvironmentUnavailable(f"{self._program} did not start a private server: {words or 'no answer'}")
            time.sleep(0.01)

    def _started_pid(self) -> int:
        out = self._keeper.stdout if self._keeper else None
        if out is None or not select.select([out], [], [], START_SECONDS)[0]:
            return 0
        line = out.readline().strip()
        return int(line) if line.isdigit() else 0

    def _answers(self) -> bool:
        try:
            query(self.server, "host:version", 2.0)
        except AdbLost:
            return False
        return True

    def _environment(self) -> dict[str, str]:
        """Keys and settings of its own: neither the user's are used nor new ones left in the home folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ADB_", "ANDROID_ADB_"))}
        folder = self._folder.name
        homes = dict.fromkeys(("HOME", "ANDROID_SDK_HOME", "ANDROID_USER_HOME", "TMPDIR"), folder)
        return kept | homes | _LOCAL_ONLY

    def _end(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None or keeper.stdin is None or keeper.stdout is None:
            return
        with contextlib.suppress(BrokenPipeError):
            keeper.stdin.close()
        try:
            keeper.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        keeper.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _version(program: str) -> int:
    """The major version of the platform tools that an adb program belongs to, or 0."""
    try:
        said = subprocess.run([program, "version"], capture_output=True, timeout=START_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        raise EnvironmentUnavailable(f"the adb program {program} does not run: {exc}") from exc
    found = re.search(rb"^Version (\d+)\.", said, re.MULTILINE)
    return int(found[1]) if found else 0
