"""A private adb server: on its own port, with its own keys, and gone with its owner however that ends."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from environments.android import server as server_module
from environments.android.connection import AdbLost, Server, query
from environments.android.devices import list_devices
from environments.android.server import PrivateAdbServer, adb_program, start_server
from environments.errors import EnvironmentUnavailable
from tests.environments.android.adb_server import wait_until


def programs() -> list[str]:
    """The adb on PATH and the one that adbutils brings, as far as they are there."""
    import shutil  # noqa: PLC0415

    import adbutils  # noqa: PLC0415

    bundled = Path(adbutils.__file__).parent / "binaries" / "adb"
    found = [shutil.which("adb"), str(bundled) if bundled.exists() else None]
    return [program for program in found if program]


@pytest.fixture(params=programs(), ids=lambda path: Path(path).parents[1].name)
def program(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_serves_and_ends(program: str) -> None:
    with PrivateAdbServer(program) as private:
        assert private.server.port != 5037
        assert query(private.server, "host:version") == "0029"
        assert list_devices(private.server) == []
        assert alive(private.pid)
        folder = Path(private._folder.name)
        assert folder.exists()
    assert not alive(private.pid)
    assert not folder.exists()
    with pytest.raises(AdbLost):
        query(private.server, "host:version")
    private.close()


def test_the_users_keys_and_folders_are_not_touched(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ADB_VENDOR_KEYS", str(tmp_path / "keys"))
    with PrivateAdbServer(program):
        pass
    assert list(tmp_path.iterdir()) == []


def test_two_do_not_meet() -> None:
    with PrivateAdbServer() as one, PrivateAdbServer() as two:
        assert one.server != two.server
        assert one.pid != two.pid
        one.close()
        assert query(two.server, "host:version")


def test_one_that_was_killed_is_started_again() -> None:
    with PrivateAdbServer() as private:
        before = private.server
        os.kill(private.pid, signal.SIGKILL)
        wait_until(lambda: not alive(private.pid))
        old = private.pid
        private.revive()
        assert private.server == before
        assert private.pid != old
        assert query(private.server, "host:version")
        again = private.pid
        private.revive()
        assert private.pid == again, "one that runs is left alone"
    private.revive()
    with pytest.raises(AdbLost):
        query(before, "host:version")


OWNER = """
    import sys, time
    from environments.android.server import PrivateAdbServer

    private = PrivateAdbServer()
    print(private.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_owner(number: int) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert alive(pid)
    os.kill(owner.pid, number)
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not alive(pid), seconds=10)


def test_a_program_that_is_no_adb() -> None:
    with pytest.raises(EnvironmentUnavailable, match=r"does not run|did not start"):
        PrivateAdbServer("/bin/false")
    with pytest.raises(EnvironmentUnavailable, match="does not run"):
        PrivateAdbServer("/no/such/adb")


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "adb"
    program.write_text("#!/bin/sh\n[ \"$1\" = version ] && exit 0\necho 'cannot bind' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(server_module, "_PORTS_TRIED", 2)
    with pytest.raises(EnvironmentUnavailable, match="did not start a private server: cannot bind"):
        PrivateAdbServer(str(program))


def test_without_an_adb_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing() -> str:
        raise server_module.AdbError("No adb exe could be found")

    monkeypatch.setattr(server_module, "adb_path", missing)
    with pytest.raises(EnvironmentUnavailable, match="adb program is not installed") as caught:
        adb_program()
    assert "apt-get install adb" in caught.value.fix


def test_starting_the_users_server_reports_what_went_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "adb"
    program.write_text('#!/bin/sh\n[ "$1" = version ] && exit 0\necho "$@" > "$0.said"\necho no luck >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(program))
    with pytest.raises(EnvironmentUnavailable, match="did not start an adb server: no luck"):
        start_server(Server(port=15037))
    assert (tmp_path / "adb.said").read_text() == "-P 15037 start-server\n"
    with pytest.raises(EnvironmentUnavailable, match=r"no adb server answers at 10\.0\.0\.1:5037"):
        start_server(Server("10.0.0.1"))
