"""Starting one of our own modules as a child process, and ending it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from environments.errors import EnvironmentUnavailable, MissingExtra


class Spawned:
    """`python -m module '{options}'` with pipes: `to` is its standard input and `out` its standard output.

    It is in a session of its own, so that Ctrl-C in a terminal goes to the parent alone, and it imports the same
    `environments` as this process, wherever that was found.
    """

    def __init__(
        self, module: str, options: Mapping[str, Any], environment: Mapping[str, str], descriptors: Sequence[int] = ()
    ) -> None:
        here = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH", "")]))
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, json.dumps(options)],  # -P: not from the current folder
            env={**environment, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,
            pass_fds=descriptors,
        )
        self.to = cast("IO[bytes]", self.process.stdin)
        self.out = cast("IO[bytes]", self.process.stdout)
        self.closed = False

    def last_words(self) -> str:
        """The last line that it wrote to its standard error, or an empty string."""
        if self.closed:
            return ""
        self._stderr.seek(0)
        lines = self._stderr.read()[-4000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def failure(self, what: str, otherwise: str) -> EnvironmentUnavailable:
        """Why it did not come up, from its last words, or `otherwise`: a package that is missing is named."""
        words = self.last_words()
        if "No module named" in words:
            return MissingExtra(what, "desktop", words.rpartition(" ")[2].strip("'"))
        return EnvironmentUnavailable(f"{what} did not start: {words or otherwise}")

    def end(self, seconds: float) -> None:
        """Close its input, which tells it to end, and kill it if it has not done so after `seconds`."""
        with contextlib.suppress(BrokenPipeError):
            self.to.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """Let go of what is left after `end`."""
        self.out.close()
        self._stderr.close()
        self.closed = True
