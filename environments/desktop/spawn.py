"""Starting one of our own modules as a child process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any


def spawn(module: str, options: Mapping[str, Any], environment: Mapping[str, str], stderr: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Run `python -m module '{options}'` with pipes for input and output.

    It is in a session of its own, so that Ctrl-C in a terminal goes to the parent alone, and it imports the same
    `environments` as this process, wherever that was found.
    """
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, environment.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(options)],
        env={**environment, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def last_words(stderr: IO[bytes]) -> str:
    """The last line that a child wrote to its standard error, or an empty string."""
    stderr.seek(0)
    lines = stderr.read()[-4000:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
