"""Keeps an adb server for as long as its parent lives. Run as a file, it needs only the standard library.

    python -I keeper.py '["adb", "-P", "PORT", "nodaemon", "server"]' FOLDER

Its standard input is a pipe whose other end only the parent holds: when that ends, however the parent did, the
server is ended and its folder removed. When the server ends first, the keeper ends with its exit code.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys

_END_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Start what the first argument says, say its process id, and wait for the first end of the two."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    ended, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    server = subprocess.Popen(
        json.loads(sys.argv[1]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_keeper,  # noqa: PLW1509  # this process has one thread
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    while server.poll() is None:
        ready, _, _ = select.select([sys.stdin, ended], [], [])
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 1024):
            break
        if ended in ready:
            os.read(ended, 1024)
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
        server.wait()
        shutil.rmtree(sys.argv[2], ignore_errors=True)
    return server.wait()


def _die_with_keeper() -> None:
    """Should the keeper itself be killed, Linux ends the server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
